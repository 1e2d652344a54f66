"""Every word that was ever said on a run or a pair: all revisions, whether they count or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.records import Correction, Mark, Role
from core.store.resolutions import Subject
from core.store.tables import AnnotationRow, LabelSchemaRow, PersonRow, PreferenceRow
from core.store.work import PREFERENCE


@dataclass(frozen=True, slots=True)
class Revision:
    """One submission, edit or withdrawal; of a pair, `answers` hold the choice under "preference".

    `schema` and `version` are the questions it answers ("" and 0: none). `place` says why it stands apart; `adopted_by`
    who let a surplus one count; `bulk` that it was given to many runs at once. `left` is the side that stood there.
    """

    id: int
    subject: Subject
    person_id: int
    person: str
    role: Role
    revision: int
    current: bool
    withdrawn: bool
    place: str
    adopted_by: str
    bulk: bool
    schema_id: int | None
    schema: str
    version: int
    blind: bool
    answers: Mapping[str, Any]
    marks: tuple[Mark, ...]
    corrections: tuple[Correction, ...]
    left: str
    reason: str
    confidence: int | None
    active_seconds: float | None
    at: datetime


def revisions(session: Session, subject: Subject) -> list[Revision]:
    """All revisions on a subject, oldest first; of a run, those on its steps as well."""
    return _of_pair(session, subject) if subject.pair_id is not None else _of_run(session, subject)


_ADOPTED_BY = aliased(PersonRow)


def _of_run(session: Session, subject: Subject) -> list[Revision]:
    query = (
        select(AnnotationRow, PersonRow.name, PersonRow.role, _ADOPTED_BY.name, LabelSchemaRow.version)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .outerjoin(_ADOPTED_BY, _ADOPTED_BY.id == AnnotationRow.adopted_by)
        .join(LabelSchemaRow, LabelSchemaRow.id == AnnotationRow.schema_id)
        .where(AnnotationRow.trace_id == subject.trace_id)
        .order_by(AnnotationRow.submitted_at, AnnotationRow.id)
    )
    if subject.step_id:
        query = query.where(AnnotationRow.step_uid == subject.step_id)
    return [
        Revision(
            row.id,
            Subject(row.trace_id, row.step_uid),
            row.person_id,
            person,
            Role(role),
            row.revision,
            row.current,
            row.withdrawn,
            row.place,
            adopted_by or "",
            row.bulk_id is not None,
            row.schema_id,
            row.schema_key,
            version,
            row.blind,
            row.answers,
            tuple(Mark(**mark) for mark in row.marks),
            tuple(Correction(**correction) for correction in row.corrections),
            "",
            "",
            None,
            row.active_seconds,
            row.submitted_at,
        )
        for row, person, role, adopted_by, version in session.execute(query)
    ]


def _of_pair(session: Session, subject: Subject) -> list[Revision]:
    query = (
        select(PreferenceRow, PersonRow.name, PersonRow.role, _ADOPTED_BY.name, LabelSchemaRow)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .outerjoin(_ADOPTED_BY, _ADOPTED_BY.id == PreferenceRow.adopted_by)
        .outerjoin(LabelSchemaRow, LabelSchemaRow.id == PreferenceRow.schema_id)
        .where(PreferenceRow.pair_id == subject.pair_id)
        .order_by(PreferenceRow.submitted_at, PreferenceRow.id)
    )
    return [
        Revision(
            row.id,
            Subject(pair_id=row.pair_id),
            row.person_id,
            person,
            Role(role),
            row.revision,
            row.current,
            row.withdrawn,
            row.place,
            adopted_by or "",
            False,
            row.schema_id,
            "" if schema is None else schema.key,
            0 if schema is None else schema.version,
            row.blind,
            {PREFERENCE: row.choice, **row.answers},
            (),
            (),
            row.left,
            row.reason,
            row.confidence,
            row.active_seconds,
            row.submitted_at,
        )
        for row, person, role, adopted_by, schema in session.execute(query)
    ]
