"""Pairs and the preferences between their sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import Choice, Pair, Preference, Role
from core.store.catalog import task_ids
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.revisions import begin_revision, newest_said
from core.store.tables import PairRow, PersonRow, PreferenceRow
from core.store.traces import ids_of


@dataclass(frozen=True, slots=True)
class Preferred:
    """A current preference with who gave it."""

    id: int
    pair_id: int
    person: str
    role: Role
    choice: Choice
    left: str
    reason: str
    confidence: int | None
    active_seconds: float | None
    submitted_at: datetime


def insert_pairs(session: Session, pairs: Sequence[Pair]) -> dict[str, int]:
    """Write the pairs that are new; pair id → row id of those."""
    tasks = task_ids(session, [pair.task for pair in pairs if pair.task is not None])
    traces = ids_of(session, {uid for pair in pairs for uid in (pair.trace_a, pair.trace_b) if uid})
    at = now()
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        missing = [uid for uid in (pair.trace_a, pair.trace_b) if uid and uid not in traces]
        if missing:
            raise NotFound(f"The pair {pair.pair_id} points at trace {missing[0]}, which is not here: import it first.")
        rows.append(
            {
                "uid": clean(pair.pair_id, 200),
                "source": clean(pair.source, 100),
                "task_id": tasks[pair.task.key] if pair.task is not None else None,
                "prompt": clean(pair.prompt),
                "text_a": clean(pair.text_a),
                "text_b": clean(pair.text_b),
                "trace_a_id": traces.get(pair.trace_a),
                "trace_b_id": traces.get(pair.trace_b),
                "step_a": clean(pair.step_a, 200),
                "step_b": clean(pair.step_b, 200),
                "name_a": clean(pair.name_a),
                "name_b": clean(pair.name_b),
                "attributes": dict(pair.attributes),
                "created_at": at,
            }
        )
    return find_pairs(session, list(insert_new(session, PairRow, rows, PairRow.uid)))


def pair_row(session: Session, pair_id: int) -> PairRow:
    """One pair; raises NotFound."""
    row = session.get(PairRow, pair_id)
    if row is None:
        raise NotFound(f"There is no pair {pair_id}. It may have been removed.")
    return row


def find_pairs(session: Session, uids: Sequence[str]) -> dict[str, int]:
    """Row ids of the pairs that are stored, by the ids their sources gave them."""
    found: dict[str, int] = {}
    for some in parts(sorted(set(uids))):
        query = select(PairRow.uid, PairRow.id).where(PairRow.uid.in_(some))
        found.update(session.execute(query).all())
    return found


def list_pairs(session: Session) -> list[PairRow]:
    """All pairs, oldest first."""
    return list(session.scalars(select(PairRow).order_by(PairRow.id)))


def add_preference(
    session: Session,
    pair_id: int,
    person: int,
    preference: Preference,
    submitted_at: datetime,
    item_id: int | None = None,
    blind: bool = False,
    withdrawn: bool = False,
    place: str = "",
    schema_id: int | None = None,
    given_id: int | None = None,
) -> PreferenceRow:
    """Write a person's newest word on a pair; what they said before stays, not current.

    `place` as in `core.store.annotations.add_annotation`; `given_id` is the ranking that it was part of.
    """
    mine = (PreferenceRow.pair_id == pair_id, PreferenceRow.person_id == person)
    revision = begin_revision(session, PreferenceRow, mine, place)
    row = PreferenceRow(
        pair_id=pair_id,
        item_id=item_id,
        person_id=person,
        revision=revision,
        current=not withdrawn and not place,
        withdrawn=withdrawn,
        place=place,
        schema_id=schema_id,
        given_id=given_id,
        blind=blind,
        choice=preference.choice.value,
        left=preference.left,
        reason=clean(preference.reason),
        answers=dict(preference.answers),
        confidence=preference.confidence,
        active_seconds=preference.active_seconds,
        submitted_at=submitted_at,
    )
    session.add(row)
    session.flush()
    return row


def said_preference(session: Session, pair_id: int, person: int, repeat: int | None = None) -> PreferenceRow | None:
    """What a person says on a pair now, or said in answer to a hidden repeat (item), if anything."""
    mine = (PreferenceRow.pair_id == pair_id, PreferenceRow.person_id == person)
    return newest_said(session, PreferenceRow, mine, repeat)


def import_preferences(session: Session, given: Sequence[tuple[Preference, int, int]]) -> int:
    """Write (preference, pair row id, person row id) of people who never spoke of the pair; how many were new."""
    known: set[tuple[int, int]] = set()
    for some in parts(sorted({pair for _, pair, _ in given})):
        said = select(PreferenceRow.pair_id, PreferenceRow.person_id)
        found = session.execute(said.where(PreferenceRow.pair_id.in_(some)))
        known.update((pair, person) for pair, person in found)
    at, rows = now(), []
    for preference, pair, person in given:
        if (pair, person) not in known:
            known.add((pair, person))
            rows.append(_first_word(preference, pair, person, preference.submitted_at or at))
    if rows:
        session.execute(insert(PreferenceRow), rows)
    return len(rows)


def _first_word(preference: Preference, pair: int, person: int, at: datetime) -> dict[str, Any]:
    return {
        "pair_id": pair,
        "person_id": person,
        "revision": 1,
        "current": True,
        "withdrawn": False,
        "place": "",
        "blind": False,
        "answers": dict(preference.answers),
        "choice": preference.choice.value,
        "left": preference.left,
        "reason": clean(preference.reason),
        "confidence": preference.confidence,
        "active_seconds": preference.active_seconds,
        "submitted_at": at,
    }


def preferences_of(session: Session, pair_ids: Sequence[int] | None = None) -> list[Preferred]:
    """Current preferences on the pairs (None: all), oldest first."""
    query = (
        select(PreferenceRow, PersonRow.name, PersonRow.role)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .where(PreferenceRow.current)
        .order_by(PreferenceRow.submitted_at, PreferenceRow.id)
    )
    if pair_ids is not None:
        query = query.where(PreferenceRow.pair_id.in_(pair_ids))
    return [
        Preferred(
            row.id,
            row.pair_id,
            name,
            Role(role),
            Choice(row.choice),
            row.left,
            row.reason,
            row.confidence,
            row.active_seconds,
            row.submitted_at,
        )
        for row, name, role in session.execute(query)
    ]
