"""Resolutions: what leads decided where people disagree; append-only, a change or a withdrawal is a row of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.records import Mark
from core.store.content import clean
from core.store.dialect import parts
from core.store.tables import PersonRow, ResolutionRow


@dataclass(frozen=True, slots=True)
class Subject:
    """What is resolved: a trace, a step of one, a pair, or a ranking (row ids)."""

    trace_id: int | None = None
    step_id: str = ""
    pair_id: int | None = None
    ranking_id: int | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution with who made it; `answer` and `marks` are what an annotation would hold for the question.

    `adopted_id` is the annotation, preference or order whose answer it is. `schema` is "" for a pair's preference.
    `part_of` is the resolved order that says so of a pair, if one does.
    """

    id: int
    subject: Subject
    schema_id: int | None
    schema: str
    question: str
    answer: Any
    marks: tuple[Mark, ...]
    adopted_id: int | None
    reason: str
    person_id: int
    person: str
    revision: int
    current: bool
    withdrawn: bool
    at: datetime
    part_of: int | None


def add_resolution(
    session: Session,
    subject: Subject,
    schema: tuple[int | None, str],
    question: str,
    answer: Any,
    marks: Sequence[Mark],
    person: int,
    reason: str = "",
    adopted_id: int | None = None,
    withdrawn: bool = False,
    part_of: int | None = None,
    at: datetime | None = None,
) -> ResolutionRow:
    """Write the newest word on a question of a subject under a schema (row id, key); what stood before stays.

    Pairs and rankings are resolved once a question, whatever the schema.
    """
    same = (*_of(subject, schema[1]), ResolutionRow.question == question)
    last = session.scalar(select(func.max(ResolutionRow.revision)).where(*same)) or 0
    session.execute(update(ResolutionRow).where(*same, ResolutionRow.current).values(current=False))
    row = ResolutionRow(
        trace_id=subject.trace_id,
        step_uid=subject.step_id,
        pair_id=subject.pair_id,
        ranking_id=subject.ranking_id,
        part_of=part_of,
        schema_id=schema[0],
        schema_key=schema[1],
        question=question,
        answer=answer,
        marks=[asdict(mark) for mark in marks],
        adopted_id=adopted_id,
        reason=clean(reason.strip()),
        person_id=person,
        revision=last + 1,
        current=not withdrawn,
        withdrawn=withdrawn,
        at=at or now(),
    )
    session.add(row)
    session.flush()
    return row


def _of(subject: Subject, schema: str) -> tuple[Any, ...]:
    if subject.trace_id is None:
        return (_compared(subject),)
    same_step = ResolutionRow.step_uid == subject.step_id
    return (ResolutionRow.trace_id == subject.trace_id, same_step, ResolutionRow.schema_key == schema)


def resolution_history(session: Session, subject: Subject) -> list[Resolved]:
    """Everything that was decided on a subject, withdrawals too, oldest first; of a run, on its steps as well."""
    run = subject.trace_id is not None
    found = _read(session, ResolutionRow.trace_id == subject.trace_id if run else _compared(subject))
    return [one for one in found if not subject.step_id or one.subject.step_id == subject.step_id]


def _compared(subject: Subject) -> ColumnElement[bool]:
    if subject.pair_id is not None:
        return ResolutionRow.pair_id == subject.pair_id
    return ResolutionRow.ranking_id == subject.ranking_id


def parts_of(session: Session, resolution: int) -> list[Resolved]:
    """What a resolved order says of each two of its candidates, where it still stands."""
    return _read(session, ResolutionRow.part_of == resolution, ResolutionRow.current)


def current_resolutions(session: Session) -> list[Resolved]:
    """All resolutions that stand, oldest first."""
    return _read(session, ResolutionRow.current)


def resolutions_of_traces(session: Session, trace_ids: Sequence[int], question: str) -> dict[int, Resolved]:
    """Trace → the newest resolution of a question on the trace as a whole that stands, whatever the schema."""
    found: dict[int, Resolved] = {}
    for some in parts(trace_ids):
        asked = (ResolutionRow.trace_id.in_(some), ResolutionRow.step_uid == "")
        for one in _read(session, *asked, ResolutionRow.question == question, ResolutionRow.current):
            found[one.subject.trace_id or 0] = one
    return found


def by_subject(resolutions: Sequence[Resolved]) -> Mapping[tuple[Subject, str, str], Resolved]:
    """(subject, schema key, question) → resolution, of those that stand; a pair's and a ranking's schema key is ""."""
    return {
        (one.subject, "" if one.subject.trace_id is None else one.schema, one.question): one
        for one in resolutions
        if one.current
    }


def _read(session: Session, *which: Any) -> list[Resolved]:
    query = (
        select(ResolutionRow, PersonRow.name)
        .join(PersonRow, PersonRow.id == ResolutionRow.person_id)
        .where(*which)
        .order_by(ResolutionRow.id)
    )
    return [
        Resolved(
            row.id,
            Subject(row.trace_id, row.step_uid, row.pair_id, row.ranking_id),
            row.schema_id,
            row.schema_key,
            row.question,
            row.answer,
            tuple(Mark(**mark) for mark in row.marks),
            row.adopted_id,
            row.reason,
            row.person_id,
            name,
            row.revision,
            row.current,
            row.withdrawn,
            row.at,
            row.part_of,
        )
        for row, name in session.execute(query)
    ]
