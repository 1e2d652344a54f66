"""A lead's order of candidates: checked, and written as the resolution of each pair that it says something of.

The newest resolution of a pair is the one that stands, be it made by itself or as a part of an order, as with what
people say.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.review.rankings import preferences_in
from core.store.rankings import Order, letters_of
from core.store.resolutions import Resolved, Subject, add_resolution, parts_of
from core.store.work import ORDER, PREFERENCE


def read_order(session: Session, ranking: int, answer: Any) -> list[list[str]]:
    """Tiers of letters, the best first, with each candidate of the ranking in one of them; raises InvalidInput."""
    tiers = answer if isinstance(answer, list) and all(isinstance(tier, list) and tier for tier in answer) else []
    placed = [str(letter) for tier in tiers for letter in tier]
    if sorted(placed) != list(letters_of(session, ranking)):
        raise InvalidInput("Give every answer one place in the order.", field=ORDER)
    return [sorted(map(str, tier)) for tier in tiers]


def resolve_parts(session: Session, order: Resolved) -> None:
    """Let a resolved order be the resolution of each pair of its candidates."""
    ranking, about = order.subject.ranking_id or 0, (order.schema_id, order.schema)
    given = Order(tuple(map(tuple, order.answer)), letters_of(session, ranking))
    for pair, preference in preferences_in(session, ranking, given):
        subject = Subject(pair_id=pair)
        add_resolution(
            session, subject, about, PREFERENCE, preference.choice.value, (), order.person_id, order.reason,
            part_of=order.id,
        )  # fmt: skip


def withdraw_parts(session: Session, order: int, withdrawn: Resolved) -> None:
    """Take back what a resolved order (row id) said of its pairs, where that still stands."""
    for part in parts_of(session, order):
        about = (part.schema_id, part.schema)
        add_resolution(
            session, part.subject, about, PREFERENCE, None, (), withdrawn.person_id, withdrawn.reason,
            withdrawn=True, part_of=withdrawn.id,
        )  # fmt: skip
