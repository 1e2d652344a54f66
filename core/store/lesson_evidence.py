"""What lessons rest on: steps of traces, and the reviews they were written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.records import LessonState
from core.store.content import clean
from core.store.stages import lessons_for
from core.store.tables import (
    AnnotationRow,
    LessonApprovalRow,
    LessonEvidenceRow,
    LessonRow,
    PersonRow,
    StepRow,
    TraceRow,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A step that a lesson rests on, and its place in the trace (from 0) where it names one.

    `reviewer` is who wrote the annotation, where there was one.
    """

    id: int
    trace_id: int
    trace_uid: str
    title: str
    step_id: str
    position: int | None
    annotation_id: int | None
    reviewer: str


def add_evidence(
    session: Session, lesson: int, evidence: Sequence[tuple[str, str]], annotation: int | None = None
) -> int:
    """Add the (trace id, step id) pairs that are not there yet; how many were new.

    Raises InvalidInput for a trace that is not stored.
    """
    known = select(LessonEvidenceRow.trace_id, LessonEvidenceRow.step_uid).where(LessonEvidenceRow.lesson_id == lesson)
    present: set[tuple[int, str]] = {(trace, step) for trace, step in session.execute(known)}
    before = len(present)
    for trace_uid, step_id in evidence:
        trace = session.scalar(select(TraceRow.id).where(TraceRow.uid == trace_uid))
        if trace is None:
            raise InvalidInput(f"The lesson rests on the trace {trace_uid!r}, which is not here.", field="evidence")
        place = (trace, clean(step_id, 200))
        if place not in present:
            present.add(place)
            session.add(
                LessonEvidenceRow(lesson_id=lesson, trace_id=trace, step_uid=place[1], annotation_id=annotation)
            )
    session.flush()
    return len(present) - before


def lesson_evidence(session: Session, lesson: int) -> list[Evidence]:
    """The steps that a lesson rests on, in the order in which they were added."""
    query = (
        select(LessonEvidenceRow, TraceRow.uid, TraceRow.title, StepRow.position, PersonRow.name)
        .join(TraceRow, TraceRow.id == LessonEvidenceRow.trace_id)
        .outerjoin(
            StepRow, (StepRow.trace_id == LessonEvidenceRow.trace_id) & (StepRow.uid == LessonEvidenceRow.step_uid)
        )
        .outerjoin(AnnotationRow, AnnotationRow.id == LessonEvidenceRow.annotation_id)
        .outerjoin(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(LessonEvidenceRow.lesson_id == lesson)
        .order_by(LessonEvidenceRow.id)
    )
    return [
        Evidence(row.id, row.trace_id, uid, title, row.step_uid, position, row.annotation_id, name or "")
        for row, uid, title, position, name in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Support:
    """Whose word an active lesson rests on: who wrote it, whose reviews it came from, who else said that it is right.

    `written` is when it was first written.
    """

    uid: str
    when: str
    people: frozenset[str]
    written: datetime


def lesson_support(session: Session, agent: str | None = None) -> list[Support]:
    """The support of each active lesson that an agent can be given (None: of all)."""
    lesson = LessonRow
    mine = lessons_for([LessonState.ACTIVE], agent)
    people: dict[int, set[str]] = {}
    writers = select(lesson.id, PersonRow.name).join(PersonRow, PersonRow.id == lesson.created_by)
    reviewers = (
        select(lesson.id, PersonRow.name)
        .join(LessonEvidenceRow, LessonEvidenceRow.lesson_id == lesson.id)
        .join(AnnotationRow, AnnotationRow.id == LessonEvidenceRow.annotation_id)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
    )
    approvers = (
        select(lesson.id, PersonRow.name)
        .join(LessonApprovalRow, LessonApprovalRow.lesson_id == lesson.id)
        .join(PersonRow, PersonRow.id == LessonApprovalRow.person_id)
    )
    for query in (writers, reviewers, approvers):
        for row, name in session.execute(query.where(*mine)):
            people.setdefault(row, set()).add(name)
    rows = session.execute(select(lesson.id, lesson.uid, lesson.when, lesson.created_at).where(*mine))
    return [Support(uid, when, frozenset(people[row]), written) for row, uid, when, written in rows]
