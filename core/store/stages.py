"""How much has arrived at each stage of the loop, and since when the oldest of what waits there has waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from core.clock import now
from core.records import LessonState, Outcome, Role
from core.store.items import OPEN
from core.store.recalls import GIVEN
from core.store.results import of_agent
from core.store.tables import (
    AgentRow,
    AnnotationRow,
    ItemRow,
    LessonRow,
    PersonRow,
    RecallLessonRow,
    RecallRow,
    TraceRow,
    VersionRow,
)

RECENT = timedelta(days=7)
LOOKED_AT = 5_000
"""Recalls that are read to see which lessons are in use."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, and when the oldest of them came; None where there is none."""

    n: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in from one agent: runs in all, those of the last seven days, and when the last one arrived."""

    agent: str
    runs: int
    recent: int
    last: datetime


def labelled() -> ColumnElement[bool]:
    """A person (no machine) said something about the trace."""
    return exists().where(
        AnnotationRow.trace_id == TraceRow.id,
        AnnotationRow.current,
        PersonRow.id == AnnotationRow.person_id,
        PersonRow.role != Role.MACHINE.value,
    )


def arrived_by_agent(session: Session) -> list[Arrived]:
    """What came in from each agent, the one that sent last first."""
    last = func.max(TraceRow.arrived_at)
    recent = func.count().filter(TraceRow.arrived_at > now() - RECENT)
    query = select(AgentRow.name, func.count(), recent, last).join(AgentRow, AgentRow.id == TraceRow.agent_id)
    return [Arrived(*row) for row in session.execute(query.group_by(AgentRow.name).order_by(last.desc()))]


def count_reviewed(session: Session) -> int:
    """Traces that a person has labelled."""
    query = (
        select(func.count(AnnotationRow.trace_id.distinct()))
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current, PersonRow.role != Role.MACHINE.value)
    )
    return session.scalar(query) or 0


def waiting_for_review(session: Session, agent: str | None = None) -> Count:
    """Traces (of an agent) that stand in a queue and that no person has labelled."""
    query = select(func.count(TraceRow.id.distinct()), func.min(TraceRow.arrived_at))
    waiting = query.join(ItemRow, ItemRow.trace_id == TraceRow.id).where(ItemRow.state == OPEN, ~labelled())
    return Count(*session.execute(waiting.where(*of_agent(agent))).one())


@dataclass(frozen=True, slots=True)
class Latest:
    """When a person last labelled a run, when a lesson last became active, and the date of the newest version."""

    labelled: datetime | None
    taught: datetime | None
    version: datetime | None


def latest(session: Session) -> Latest:
    """When something last came into each of these stages."""
    said = (
        select(func.max(AnnotationRow.submitted_at))
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current, PersonRow.role != Role.MACHINE.value)
    )
    taught = select(func.max(LessonRow.changed_at)).where(LessonRow.state == LessonState.ACTIVE.value)
    return Latest(session.scalar(said), session.scalar(taught), session.scalar(select(func.max(VersionRow.date))))


def failures_reviewed(session: Session) -> int:
    """Traces that a person has labelled and that did not solve their task: what there is to learn from."""
    missed = TraceRow.outcome.in_((Outcome.FAILED.value, Outcome.PARTLY.value))
    return session.scalar(select(func.count()).select_from(TraceRow).where(missed, labelled())) or 0


def lessons_in(session: Session, states: Sequence[LessonState], agent: str | None = None) -> Count:
    """Lessons in these states (that an agent can be given); `oldest` is when the one that was not changed for longest
    came into its own."""
    query = select(func.count(), func.min(LessonRow.changed_at))
    return Count(*session.execute(query.where(*lessons_for(states, agent))).one())


def lessons_for(states: Sequence[LessonState], agent: str | None) -> list[ColumnElement[bool]]:
    """Lessons in these states: all, or those of an agent and of every agent."""
    found: list[ColumnElement[bool]] = [LessonRow.state.in_([one.value for one in states])]
    if agent is not None:
        found.append(or_(LessonRow.agent == agent, LessonRow.agent == ""))
    return found


def given_lessons(session: Session) -> tuple[int, datetime | None, int]:
    """How often agents asked, when last, and how many active lessons they were given in the last `LOOKED_AT` times."""
    n, last = session.execute(select(func.count(), func.max(RecallRow.at))).one()
    newest = select(RecallRow.id).order_by(RecallRow.at.desc()).limit(LOOKED_AT).subquery()
    fitted = select(RecallLessonRow.lesson_uid).join(newest, newest.c.id == RecallLessonRow.recall_id)
    given = set(session.scalars(fitted.where(RecallLessonRow.fate == GIVEN).distinct()))
    active = session.scalars(select(LessonRow.uid).where(LessonRow.state == LessonState.ACTIVE.value))
    return n, last, len(given.intersection(active))
