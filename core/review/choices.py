"""Choices between the two sides of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Choice, Preference
from core.review.answers import choice_body, read_choice
from core.review.subjects import Asked, Stored, Submission
from core.store.items import refresh_items
from core.store.pairs import add_preference, pair_row, said_preference
from core.store.schemas import get_schema
from core.store.tables import ItemRow, PreferenceRow


def read(session: Session, asked: Asked, body: Mapping[str, Any]) -> Preference:
    """The choice that was sent, turned to the pair's own A and B; raises InvalidInput."""
    schema = asked.claim.schema_id or asked.queue.schema_id
    questions = None if schema is None else get_schema(session, schema)
    left = asked.claim.left or "a"
    return read_choice(body, pair_row(session, _pair(asked)).uid, asked.person.name, left, questions)


def said(session: Session, asked: Asked) -> Submission | None:
    """The person's current choice on the pair, if there is one."""
    row = _row(session, asked)
    if row is None:
        return None
    body = choice_body(row.choice, row.left, row.reason, row.confidence, row.active_seconds, row.answers)
    return Submission(row.id, row.revision, row.submitted_at, row.place, body)


def same(session: Session, asked: Asked, answer: Preference) -> bool:
    """Whether the choice says nothing new."""
    row = _row(session, asked)
    given = (answer.choice.value, answer.reason, answer.confidence, dict(answer.answers))
    return row is not None and given == (row.choice, row.reason, row.confidence, row.answers)


def store(session: Session, asked: Asked, answer: Preference, at: datetime, place: str) -> Stored:
    """Write a choice, and bring the pair's items in line."""
    row = _write(session, asked, answer, at, place)
    return Stored(row.id, None, row.revision, row.submitted_at)


def withdraw(session: Session, asked: Asked, at: datetime, place: str) -> None:
    """Take the person's choice back."""
    row = _row(session, asked)
    if row is not None:
        empty = Preference("", asked.person.name, Choice(row.choice), row.left)
        _write(session, asked, empty, at, place, withdrawn=True)


def _row(session: Session, asked: Asked) -> PreferenceRow | None:
    return said_preference(session, _pair(asked), asked.person.id, asked.repeat)


def _write(
    session: Session, asked: Asked, preference: Preference, at: datetime, place: str, withdrawn: bool = False
) -> PreferenceRow:
    pair = _pair(asked)
    row = add_preference(
        session,
        pair,
        asked.person.id,
        replace(preference, pair_id=""),
        at,
        asked.item.id,
        asked.blind,
        withdrawn,
        place,
        asked.claim.schema_id or asked.queue.schema_id,
    )
    refresh_items(session, ItemRow.pair_id, [pair])
    return row


def _pair(asked: Asked) -> int:
    if asked.item.pair_id is None:
        raise NotFound("The pair of this item has been removed.", field="item")
    return asked.item.pair_id
