"""Every word that was ever said on a run, a pair or a ranking: all revisions, whether they count or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.records import Correction, Mark, Role
from core.store.resolutions import Subject
from core.store.tables import AnnotationRow, LabelSchemaRow, PersonRow, PreferenceRow, RankingGivenRow
from core.store.work import ORDER, PREFERENCE


@dataclass(frozen=True, slots=True)
class Revision:
    """One submission, edit or withdrawal; `answers` hold a pair's choice as "preference", a ranking's order as "order".

    `schema` and `version` are the questions it answers ("" and 0: none). `place` says why it stands apart; `adopted_by`
    who let a surplus one count; `bulk` that it was given to many runs at once. `left` is the side that stood there, or
    a ranking's letters as they stood.
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
    return _of_run(session, subject) if subject.trace_id is not None else _of_candidates(session, subject)


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


def _of_candidates(session: Session, subject: Subject) -> list[Revision]:
    table: Any = PreferenceRow if subject.pair_id is not None else RankingGivenRow
    same = PreferenceRow.pair_id == subject.pair_id
    if subject.pair_id is None:
        same = RankingGivenRow.ranking_id == subject.ranking_id
    query = (
        select(table, PersonRow.name, PersonRow.role, _ADOPTED_BY.name, LabelSchemaRow)
        .join(PersonRow, PersonRow.id == table.person_id)
        .outerjoin(_ADOPTED_BY, _ADOPTED_BY.id == table.adopted_by)
        .outerjoin(LabelSchemaRow, LabelSchemaRow.id == table.schema_id)
        .where(same)
        .order_by(table.submitted_at, table.id)
    )
    return [
        Revision(
            row.id,
            subject,
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
            {**row.answers, **({PREFERENCE: row.choice} if table is PreferenceRow else {ORDER: row.order})},
            (),
            (),
            row.left if table is PreferenceRow else row.shown,
            row.reason,
            row.confidence if table is PreferenceRow else None,
            row.active_seconds,
            row.submitted_at,
        )
        for row, person, role, adopted_by, schema in session.execute(query)
    ]
