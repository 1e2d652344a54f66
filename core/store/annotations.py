"""Annotations: every submission, edit and withdrawal is a row of its own; `current` is the one that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.orm import Session

from core.records import Annotation, Correction, Mark, Role
from core.store.content import clean
from core.store.dialect import parts
from core.store.revisions import begin_revision, newest_said
from core.store.tables import AnnotationRow, PersonRow, TraceRow


@dataclass(frozen=True, slots=True)
class Given:
    """An annotation with who gave it, as readers and exports need it; `in_bulk` to many runs at once."""

    id: int
    trace_id: int
    step_id: str
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
    in_bulk: bool = False


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
    place: str = "",
    bulk_id: int | None = None,
) -> AnnotationRow:
    """Write a person's newest word on a trace, or a step, under a schema (row id, key); what they said before stays.

    It counts (is current) unless it is a withdrawal or has a `place` apart; what counted before no longer does, unless
    this is a hidden repeat, which replaces nothing.
    """
    mine = _of(trace_id, annotation.step_id, person, schema[1])
    revision = begin_revision(session, AnnotationRow, mine, place)
    row = AnnotationRow(
        trace_id=trace_id,
        step_uid=clean(annotation.step_id, 200),
        item_id=item_id,
        person_id=person,
        schema_id=schema[0],
        schema_key=schema[1],
        revision=revision,
        current=not withdrawn and not place,
        withdrawn=withdrawn,
        place=place,
        bulk_id=bulk_id,
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


def _of(trace_id: int, step_uid: str, person: int, schema: str) -> tuple[Any, ...]:
    return (
        AnnotationRow.trace_id == trace_id,
        AnnotationRow.step_uid == step_uid,
        AnnotationRow.person_id == person,
        AnnotationRow.schema_key == schema,
    )


def recount(session: Session, trace_id: int) -> None:
    """Bring the trace's number of labels up to date."""
    count = select(func.count()).where(AnnotationRow.trace_id == trace_id, AnnotationRow.current).scalar_subquery()
    session.execute(update(TraceRow).where(TraceRow.id == trace_id).values(n_annotations=count))


def said_annotation(
    session: Session, trace_id: int, step_uid: str, person: int, schema: str, repeat: int | None = None
) -> AnnotationRow | None:
    """What a person said on a trace or step under a schema (key), whether it counts or is surplus, if anything.

    A label that they gave to many runs at once is not what they said of this one.

    `repeat` is a hidden repeat (item): what they said in answer to that.
    """
    mine = (*_of(trace_id, step_uid, person, schema), AnnotationRow.bulk_id.is_(None))
    return newest_said(session, AnnotationRow, mine, repeat)


def says_the_same(row: AnnotationRow, annotation: Annotation) -> bool:
    """Whether an annotation says nothing that the stored one does not (time spent aside)."""
    marks = [asdict(mark) for mark in annotation.marks]
    corrections = [asdict(correction) for correction in annotation.corrections]
    return (row.answers, row.marks, row.corrections) == (dict(annotation.answers), marks, corrections)


def annotation_with_key(session: Session, key: str) -> int | None:
    """The row id of an imported annotation by its key."""
    return session.scalar(select(AnnotationRow.id).where(AnnotationRow.key == clean(key, 200)).limit(1))


_SAID = AnnotationRow
_BY = (
    select(
        *(_SAID.id, _SAID.trace_id, _SAID.step_uid, _SAID.item_id, _SAID.person_id, PersonRow.name, PersonRow.role),
        *(_SAID.schema_id, _SAID.schema_key, _SAID.revision, _SAID.blind),
        *(cast(said, Text) for said in (_SAID.answers, _SAID.marks, _SAID.corrections)),
        *(_SAID.active_seconds, _SAID.submitted_at, _SAID.bulk_id.is_not(None)),
    )
    .join(PersonRow, PersonRow.id == _SAID.person_id)
    .order_by(_SAID.submitted_at, _SAID.id)
)


def annotations_of(session: Session, trace_ids: Sequence[int] | None = None, corrected: bool = False) -> list[Given]:
    """Current annotations of the traces (None: all), oldest first; if asked, only those that correct something."""
    query = _BY.where(_SAID.current)
    if corrected:
        query = query.where(cast(_SAID.corrections, Text) != "[]")
    if trace_ids is None:
        return [_given(row) for row in session.execute(query)]
    some = [query.where(_SAID.trace_id.in_(part)) for part in parts(trace_ids)]
    found = [_given(row) for one in some for row in session.execute(one)]
    return found if len(some) < 2 else sorted(found, key=lambda given: (given.submitted_at, given.id))


def annotations_with_ids(session: Session, ids: Sequence[int]) -> dict[int, Given]:
    """Row id → annotation, whether it counts or not."""
    found: dict[int, Given] = {}
    for some in parts(ids):
        query = _BY.where(_SAID.id.in_(some))
        found |= {row.id: _given(row) for row in session.execute(query)}
    return found


def _given(row: Any) -> Given:
    """The annotation of a row of `_BY`: values, no mapped objects, for a dataset asks for all at once."""
    row_id, trace, step, item, person, name, role, schema_id, schema, revision, blind, *said, seconds, at, in_bulk = row
    answers, marks, corrections = said
    return Given(
        row_id,
        trace,
        step,
        item,
        person,
        name,
        Role(role),
        schema_id,
        schema,
        revision,
        blind,
        orjson.loads(answers),
        () if marks == "[]" else tuple(Mark(**mark) for mark in orjson.loads(marks)),
        () if corrections == "[]" else tuple(Correction(**one) for one in orjson.loads(corrections)),
        seconds,
        at,
        bool(in_bulk),
    )
