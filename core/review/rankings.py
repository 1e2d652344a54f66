"""Orders of several candidates: what a person puts first, next and last, and the preferences that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.records import Choice, Preference, Task
from core.review.answers import read_choice
from core.review.pairing import pair_of
from core.review.subjects import Asked, Stored, Submission
from core.store.items import refresh_items
from core.store.pairs import add_preference, find_pairs, insert_pairs, said_preference
from core.store.rankings import (
    Candidate,
    Order,
    add_given,
    candidates,
    given_before,
    letters_of,
    ranking_row,
    said_ranking,
)
from core.store.revisions import SURPLUS
from core.store.schemas import get_schema
from core.store.tables import ItemRow, RankingGivenRow, TaskRow


class _SentOrder(BaseModel):
    model_config = ConfigDict(extra="ignore")
    places: list[int | None] = Field(default_factory=list, max_length=6)


def read(session: Session, asked: Asked, body: Mapping[str, Any]) -> Order:
    """The order that was sent: a place for each candidate as they were shown, 1 the best; equal places are a tie.

    What is said beside it is what may be said beside a choice: why, and answers to the questions of the queue's
    schema. Raises InvalidInput.
    """
    shown = _shown(session, asked)
    try:
        places = _SentOrder.model_validate(body).places
    except ValidationError as error:
        raise InvalidInput("Each candidate has one place, a number.", field="places") from error
    placed = [place for place in places if place is not None]
    if len(placed) < len(shown):
        left = len(shown) - len(placed)
        raise InvalidInput(f"Give every answer a place: {left} {'has' if left == 1 else 'have'} none.", field="places")
    if len(placed) != len(shown) or not all(1 <= place <= len(shown) for place in placed):
        raise InvalidInput(f"Places go from 1 to {len(shown)}, one for each candidate.", field="places")
    schema = asked.claim.schema_id or asked.queue.schema_id
    questions = None if schema is None else get_schema(session, schema)
    beside = read_choice({**body, "choice": "equal"}, "", asked.person.name, "a", questions)
    by_place = sorted(zip(placed, shown, strict=True))
    tiers = tuple(
        tuple(letter for place, letter in by_place if place == this)
        for this in sorted({place for place, _ in by_place})
    )
    return Order(tiers, shown, beside.reason, beside.answers, beside.active_seconds)


def said(session: Session, asked: Asked) -> Submission | None:
    """The order that the person gives now, if any, turned to how the candidates stand for them."""
    row = _row(session, asked)
    if row is None:
        return None
    place_of = {letter: place for place, tier in enumerate(row.order, 1) for letter in tier}
    body = {
        "places": [place_of.get(letter) for letter in _shown(session, asked)],
        "reason": row.reason,
        "answers": dict(row.answers),
        "active_seconds": row.active_seconds,
    }
    return Submission(row.id, row.revision, row.submitted_at, row.place, body)


def same(session: Session, asked: Asked, answer: Order) -> bool:
    """Whether the order says nothing new."""
    row = _row(session, asked)
    given = ([sorted(tier) for tier in answer.tiers], answer.reason, dict(answer.answers))
    return row is not None and given == ([sorted(tier) for tier in row.order], row.reason, row.answers)


def store(session: Session, asked: Asked, answer: Order, at: datetime, place: str) -> Stored:
    """Write an order and, for each two candidates, the preference that says the same; bring the items in line."""
    row = _write(session, asked, answer, at, place)
    return Stored(row.id, None, row.revision, row.submitted_at)


def withdraw(session: Session, asked: Asked, at: datetime, place: str) -> None:
    """Take the person's order back, and the preferences that it made."""
    row = _row(session, asked)
    if row is not None:
        order = Order(tuple(map(tuple, row.order)), row.shown)
        _write(session, asked, order, at, place, withdrawn=True)


def _write(
    session: Session, asked: Asked, order: Order, at: datetime, place: str, withdrawn: bool = False
) -> RankingGivenRow:
    ranking, schema = _ranking(asked), asked.claim.schema_id or asked.queue.schema_id
    before = given_before(session, ranking, asked.person.id)
    row = add_given(session, ranking, asked.person.id, order, at, asked.item.id, asked.blind, withdrawn, place, schema)
    touched = []
    for pair, preference in preferences_in(session, ranking, order):
        stands = said_preference(session, pair, asked.person.id, asked.repeat)
        own = stands is not None and stands.given_id in before
        if stands is not None and not own and (withdrawn or place == SURPLUS):
            continue  # they chose between these two by themselves: that stands
        if stands is None and withdrawn:
            continue
        add_preference(
            session,
            pair,
            asked.person.id,
            replace(preference, person=asked.person.name),
            at,
            asked.item.id,
            asked.blind,
            withdrawn,
            place,
            given_id=row.id,
        )
        touched.append(pair)
    refresh_items(session, ItemRow.pair_id, touched)
    refresh_items(session, ItemRow.ranking_id, [ranking])
    return row


def preferences_in(session: Session, ranking: int, order: Order) -> list[tuple[int, Preference]]:
    """What an order says of each two candidates: the row id of their pair (made if it is new) and the choice.

    A tie is "equal". Of two candidates the one that was shown first stands on the left.
    """
    row, letters = ranking_row(session, ranking), candidates(session, ranking)
    task = _task(session, row.task_id)
    tier = {letter: number for number, of_it in enumerate(order.tiers) for letter in of_it}
    twos = list(combinations(order.shown, 2))
    pairs = [pair_of(row.prompt, task, letters[one], letters[other]) for one, other in twos]
    insert_pairs(session, pairs)
    ids = find_pairs(session, [pair.pair_id for pair in pairs])
    found = []
    for (first, second), pair in zip(twos, pairs, strict=True):
        side = "a" if _is_side_a(letters[first], pair.text_a, pair.trace_a, pair.step_a, pair.name_a) else "b"
        other = "b" if side == "a" else "a"
        better = side if tier[first] < tier[second] else other
        choice = Choice.EQUAL if tier[first] == tier[second] else Choice(better)
        found.append((ids[pair.pair_id], Preference(pair.pair_id, "", choice, side)))
    return found


def _is_side_a(candidate: Candidate, *side: str) -> bool:
    return (candidate.text, candidate.trace, candidate.step, candidate.name) == side


def _task(session: Session, task_id: int | None) -> Task | None:
    row = session.get(TaskRow, task_id) if task_id is not None else None
    return None if row is None else Task(row.key, row.title)


def _row(session: Session, asked: Asked) -> RankingGivenRow | None:
    return said_ranking(session, _ranking(asked), asked.person.id, asked.repeat)


def _shown(session: Session, asked: Asked) -> str:
    return asked.claim.left or letters_of(session, _ranking(asked))


def _ranking(asked: Asked) -> int:
    if asked.item.ranking_id is None:
        raise NotFound("The candidates of this item have been removed. The next item is shown.", field="item")
    return asked.item.ranking_id
