"""Runs with lessons and runs without, counted by task: what lift is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal, select, union
from sqlalchemy.orm import Session

from core.records import Outcome
from core.store.recalls import CONTROL, GIVEN
from core.store.tables import AgentRow, RecallLessonRow, RecallRow, TraceRow

HELD_BACK = "held back"


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one task whose outcome is known: `solved` of `n`; cost in dollars and seconds summed over those that have
    one."""

    group: str
    lesson: str
    task: int
    n: int
    solved: int
    cost: float
    n_cost: int
    seconds: float
    n_seconds: int


def runs_by_arm(session: Session, agent: str = "") -> list[Runs]:
    """Runs by arm ("memory", "control") and task, of those for which some lesson would have been chosen.

    Runs for which nothing fitted are the same in both arms: they tell nothing, and are left out.
    """
    chosen = exists().where(
        RecallLessonRow.recall_id == RecallRow.id, RecallLessonRow.fate.in_((GIVEN, HELD_BACK, CONTROL))
    )
    asked = select(RecallRow.arm.label("said"), literal("").label("lesson")).where(chosen)
    return _counted(session, asked, func.max, agent)  # a run with recalls in both is of the memory arm


def runs_by_lesson(session: Session, agent: str = "", lessons: Sequence[str] = ()) -> list[Runs]:
    """Runs by lesson, by whether it was given ("given") or held back ("held back") there, and by task."""
    fitted = RecallLessonRow
    asked = select(fitted.fate.label("said"), fitted.lesson_uid.label("lesson"))
    asked = asked.join(RecallRow, RecallRow.id == fitted.recall_id).where(fitted.fate.in_((GIVEN, HELD_BACK)))
    if lessons:
        asked = asked.where(fitted.lesson_uid.in_(lessons))
    return _counted(session, asked, func.min, agent)  # given by any of its recalls is given


def _counted(session: Session, asked: Select[str, str], one_of: Any, agent: str) -> list[Runs]:
    """Count runs; `asked` has a row a recall (and lesson), and `one_of` chooses where one run has several."""
    by_id = asked.join(TraceRow, TraceRow.uid == RecallRow.trace_uid)
    alone = and_(RecallRow.trace_uid == "", RecallRow.session != "", TraceRow.session == RecallRow.session)
    found = union(*(one.add_columns(TraceRow.id.label("trace")) for one in (by_id, asked.join(TraceRow, alone))))
    rows = found.subquery()
    said = one_of(rows.c.said).label("said")
    runs = select(rows.c.trace, rows.c.lesson, said).group_by(rows.c.trace, rows.c.lesson).subquery()
    task = func.coalesce(TraceRow.task_id, -TraceRow.id)
    query = (
        select(
            runs.c.said,
            runs.c.lesson,
            task,
            func.count(),
            func.sum(case((TraceRow.outcome == Outcome.SOLVED.value, 1), else_=0)),
            func.coalesce(func.sum(TraceRow.cost), 0.0),
            func.count(TraceRow.cost),
            func.coalesce(func.sum(TraceRow.seconds), 0.0),
            func.count(TraceRow.seconds),
        )
        .join(TraceRow, TraceRow.id == runs.c.trace)
        .where(TraceRow.outcome != Outcome.UNKNOWN.value)
        .group_by(runs.c.said, runs.c.lesson, task)
        .order_by(runs.c.lesson, task, runs.c.said)
    )
    if agent:
        query = query.join(AgentRow, AgentRow.id == TraceRow.agent_id).where(AgentRow.name == agent)
    return [Runs(*row) for row in session.execute(query)]
