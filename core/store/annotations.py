"""Annotations: every submission, edit and withdrawal is a row of its own; `current` is the one that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.records import Annotation, Correction, Mark, Role
from core.store.content import clean
from core.store.tables import AnnotationRow, PersonRow, TraceRow


@dataclass(frozen=True, slots=True)
class Given:
    """A current annotation with who gave it, as readers and exports need it."""

    id: int
    trace_id: int
    item_id: int | None
    person_id: int
    person: str
    role: Role
    schema_id: int
    schema: str
    revision: int
    blind: bool
    answers: Mapping[str, Any]
    marks: tuple[Mark, ...]
    corrections: tuple[Correction, ...]
    active_seconds: float | None
    submitted_at: datetime


def add_annotation(
    session: Session,
    trace_id: int,
    person: int,
    schema: tuple[int, str],
    annotation: Annotation,
    submitted_at: datetime,
    item_id: int | None = None,
    blind: bool = False,
    withdrawn: bool = False,
) -> AnnotationRow:
    """Write a person's newest word on a trace under a schema (row id, key); what they said before stays, not current.

    A withdrawal is a row too: it is never current.
    """
    mine = (
        AnnotationRow.trace_id == trace_id,
        AnnotationRow.person_id == person,
        AnnotationRow.schema_key == schema[1],
    )
    last = session.scalar(select(func.max(AnnotationRow.revision)).where(*mine)) or 0
    session.execute(update(AnnotationRow).where(*mine, AnnotationRow.current).values(current=False))
    row = AnnotationRow(
        trace_id=trace_id,
        item_id=item_id,
        person_id=person,
        schema_id=schema[0],
        schema_key=schema[1],
        revision=last + 1,
        current=not withdrawn,
        withdrawn=withdrawn,
        blind=blind,
        answers=dict(annotation.answers),
        marks=[asdict(mark) for mark in annotation.marks],
        corrections=[asdict(correction) for correction in annotation.corrections],
        active_seconds=annotation.active_seconds,
        submitted_at=submitted_at,
        key=clean(annotation.key, 200),
    )
    session.add(row)
    session.flush()
    recount(session, trace_id)
    return row


def recount(session: Session, trace_id: int) -> None:
    """Bring the trace's number of labels up to date."""
    count = select(func.count()).where(AnnotationRow.trace_id == trace_id, AnnotationRow.current).scalar_subquery()
    session.execute(update(TraceRow).where(TraceRow.id == trace_id).values(n_annotations=count))


def current_annotation(session: Session, trace_id: int, person: int, schema: str) -> AnnotationRow | None:
    """What a person says on a trace under a schema (key) now, if anything."""
    query = select(AnnotationRow).where(AnnotationRow.trace_id == trace_id, AnnotationRow.person_id == person)
    return session.scalar(query.where(AnnotationRow.schema_key == schema, AnnotationRow.current))


def says_the_same(row: AnnotationRow, annotation: Annotation) -> bool:
    """Whether an annotation says nothing that the stored one does not (time spent aside)."""
    marks = [asdict(mark) for mark in annotation.marks]
    corrections = [asdict(correction) for correction in annotation.corrections]
    return (row.answers, row.marks, row.corrections) == (dict(annotation.answers), marks, corrections)


def annotation_with_key(session: Session, key: str) -> int | None:
    """The row id of an imported annotation by its key."""
    return session.scalar(select(AnnotationRow.id).where(AnnotationRow.key == clean(key, 200)).limit(1))


def annotations_of(session: Session, trace_ids: Sequence[int] | None = None) -> list[Given]:
    """Current annotations of the traces (None: all), oldest first."""
    query = (
        select(AnnotationRow, PersonRow.name, PersonRow.role)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current)
        .order_by(AnnotationRow.submitted_at, AnnotationRow.id)
    )
    if trace_ids is not None:
        query = query.where(AnnotationRow.trace_id.in_(trace_ids))
    return [given_from_row(*row) for row in session.execute(query)]


def given_from_row(row: AnnotationRow, person: str, role: str) -> Given:
    """The annotation that a row holds."""
    return Given(
        row.id,
        row.trace_id,
        row.item_id,
        row.person_id,
        person,
        Role(role),
        row.schema_id,
        row.schema_key,
        row.revision,
        row.blind,
        row.answers,
        tuple(Mark(**mark) for mark in row.marks),
        tuple(Correction(**correction) for correction in row.corrections),
        row.active_seconds,
        row.submitted_at,
    )
