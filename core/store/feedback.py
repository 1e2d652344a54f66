"""Feedback that nothing has consumed yet: how much of each kind there is, and since when the oldest of it waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from core.records import LessonState, Role, SignalKind
from core.store.items import OPEN
from core.store.lessons import UNDECIDED
from core.store.recalls import GIVEN
from core.store.results import of_agent
from core.store.stages import Count
from core.store.tables import (
    AnnotationRow,
    DatasetVersionRow,
    ItemRow,
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
        .where(TraceRow.n_annotations == 0, *of_agent(agent))
    )
    return Count(*session.execute(query).one())


def runs_waiting(session: Session, agent: str | None) -> Count:
    """Runs that stand open in a queue and that no person has labelled."""
    query = select(func.count(TraceRow.id.distinct()), func.min(TraceRow.arrived_at))
    waiting = query.join(ItemRow, ItemRow.trace_id == TraceRow.id).where(
        ItemRow.state == OPEN, TraceRow.n_annotations == 0, *of_agent(agent)
    )
    return Count(*session.execute(waiting).one())


def lessons_undecided(session: Session, agent: str | None) -> Count:
    """Lessons that wait for a lead."""
    query = select(func.count(), func.min(LessonRow.changed_at))
    return Count(*session.execute(query.where(*_lessons(UNDECIDED, agent))).one())


def lessons_never_given(session: Session, agent: str | None) -> Count:
    """Active lessons that no agent was ever given."""
    given = exists().where(RecallLessonRow.lesson_uid == LessonRow.uid, RecallLessonRow.fate == GIVEN)
    query = select(func.count(), func.min(LessonRow.changed_at))
    return Count(*session.execute(query.where(~given, *_lessons([LessonState.ACTIVE], agent))).one())


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


def _lessons(states: Sequence[LessonState], agent: str | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [LessonRow.state.in_([one.value for one in states])]
    if agent is not None:
        found.append(or_(LessonRow.agent == agent, LessonRow.agent == ""))
    return found
