"""Feedback that nothing has consumed yet: how much of each kind there is, and since when the oldest of it waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.records import LessonState, Role, SignalKind
from core.store.recalls import GIVEN
from core.store.results import of_agent
from core.store.stages import Count, labelled, lessons_for
from core.store.tables import (
    AnnotationRow,
    DatasetVersionRow,
    LessonRow,
    PersonRow,
    RecallLessonRow,
    SignalRow,
    TraceRow,
)


def complaints_unread(session: Session, agent: str | None) -> Count:
    """Runs on which a user said or showed that they failed, and that no person has labelled."""
    users = (SignalKind.EXPLICIT.value, SignalKind.IMPLICIT.value)
    query = (
        select(func.count(TraceRow.id.distinct()), func.min(SignalRow.created_at))
        .join(SignalRow, SignalRow.trace_id == TraceRow.id)
        .where(SignalRow.kind.in_(users), SignalRow.success.is_(False), SignalRow.replaced_at.is_(None))
        .where(~labelled(), *of_agent(agent))
    )
    return Count(*session.execute(query).one())


def lessons_never_given(session: Session, agent: str | None) -> Count:
    """Active lessons that no agent was ever given."""
    given = exists().where(RecallLessonRow.lesson_uid == LessonRow.uid, RecallLessonRow.fate == GIVEN)
    query = select(func.count(), func.min(LessonRow.changed_at))
    return Count(*session.execute(query.where(~given, *lessons_for([LessonState.ACTIVE], agent))).one())


def labels_in_no_dataset(session: Session, agent: str | None) -> Count:
    """People's labels that came after the newest dataset version was made: no example can rest on them."""
    made: datetime | None = session.scalar(
        select(func.max(DatasetVersionRow.created_at)).where(DatasetVersionRow.number.is_not(None))
    )
    query = (
        select(func.count(), func.min(AnnotationRow.submitted_at))
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .join(TraceRow, TraceRow.id == AnnotationRow.trace_id)
        .where(AnnotationRow.current, PersonRow.role != Role.MACHINE.value, *of_agent(agent))
    )
    if made is not None:
        query = query.where(AnnotationRow.submitted_at > made)
    return Count(*session.execute(query).one())
