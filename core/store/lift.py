"""Runs with lessons and runs without, counted by task: what lift is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from core.measure.runs import Sums
from core.records import Outcome
from core.store.recalls import CONTROL, GIVEN, ONLY_RUN
from core.store.results import of_agent, week_of
from core.store.tables import AgentRow, RecallLessonRow, RecallRow, TraceRow

HELD_BACK = "held back"

_CHOSEN = exists().where(
    RecallLessonRow.recall_id == RecallRow.id, RecallLessonRow.fate.in_((GIVEN, HELD_BACK, CONTROL))
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one task, agent and week (its Monday, UTC; "" where nobody knows when they began) whose outcome is known:
    `solved` of `n`; cost in dollars and seconds summed over those that have one."""

    group: str
    task: int
    n: int
    solved: int
    cost: float
    n_cost: int
    seconds: float
    n_seconds: int
    agent: str
    week: str


@dataclass(frozen=True, slots=True)
class LessonRuns:
    """Runs of one lesson whose outcome is known, added up over tasks: successes, dollars, seconds."""

    group: str
    lesson: str
    outcomes: Sums
    costs: Sums
    seconds: Sums


@dataclass(frozen=True, slots=True)
class NotCounted:
    """What tells nothing of the lift: runs for which nothing was chosen, runs whose outcome is open; recalls that named
    no run, and recalls that named one which is not here."""

    nothing_chosen: int
    open_outcome: int
    nameless: int
    not_here: int


@dataclass(frozen=True, slots=True)
class Use:
    """How often a lesson was given, and when last."""

    times: int
    last: datetime | None


def runs_by_arm(session: Session, agent: str = "") -> list[Runs]:
    """Runs by arm ("memory", "control"), agent, week and task, of those for which some lesson would have been chosen.

    Runs for which nothing fitted are the same in both arms: they tell nothing, and are left out.
    """
    asked = select(RecallRow.arm.label("said"), literal("").label("lesson")).where(_CHOSEN)
    week = case((TraceRow.time_known, week_of(session)), else_="").label("week")
    runs = _runs(asked, func.max)  # in both arms: of the memory arm
    keys = (runs.c.said, _TASK, AgentRow.name, week)
    query = select(runs.c.said, _TASK, *_SUMS, AgentRow.name, week).join(TraceRow, TraceRow.id == runs.c.trace)
    query = query.join(AgentRow, AgentRow.id == TraceRow.agent_id).where(*_known(agent)).group_by(*keys)
    return [Runs(*row) for row in session.execute(query)]


def runs_by_lesson(session: Session, agent: str = "", lessons: Sequence[str] = ()) -> list[LessonRuns]:
    """Runs by lesson, and by whether it was given ("given") or held back ("held back") there."""
    fitted = RecallLessonRow
    asked = select(fitted.fate.label("said"), fitted.lesson_uid.label("lesson"))
    asked = asked.join(RecallRow, RecallRow.id == fitted.recall_id).where(fitted.fate.in_((GIVEN, HELD_BACK)))
    if lessons:
        asked = asked.where(fitted.lesson_uid.in_(lessons))
    runs = _runs(asked, func.min)  # given by any of its recalls is given
    keys = (runs.c.said, runs.c.lesson)
    query = select(*keys, _TASK, *_SUMS).join(TraceRow, TraceRow.id == runs.c.trace).where(*_known(agent))
    tasks = query.group_by(*keys, _TASK).subquery()
    values = ((tasks.c.solved, tasks.c.n), (tasks.c.cost, tasks.c.n_cost), (tasks.c.seconds, tasks.c.n_seconds))
    added = [column for value, n in values for column in _added(value, n)]
    by_lesson = select(tasks.c.said, tasks.c.lesson, *added).group_by(tasks.c.said, tasks.c.lesson)
    return [
        LessonRuns(group, lesson, *(_sums(*numbers[at : at + 6]) for at in (0, 6, 12)))
        for group, lesson, *numbers in session.execute(by_lesson)
    ]


def _added(value: ColumnElement[Any], n: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """The columns of core.measure.runs.Sums over tasks."""
    tasks = func.sum(case((n > 0, 1), else_=0))
    return [tasks, func.sum(n), *(func.sum(of) for of in (value, value * value, value * n, n * n))]


def _sums(tasks: Any, runs: Any, *others: Any) -> Sums:
    """PostgreSQL adds whole numbers up to decimal ones."""
    return Sums(int(tasks), int(runs), *(int(one) if one == int(one) else float(one) for one in others))


def stamp_of_lift(session: Session) -> tuple[object, ...]:
    """What changes whenever a recall or a run comes or goes, or the outcome of one changes."""
    outcomes = select(TraceRow.outcome, func.count(), func.sum(TraceRow.id)).group_by(TraceRow.outcome)
    recalls = session.execute(select(func.max(RecallRow.id), func.count(RecallRow.id))).one()
    return tuple(recalls), tuple(sorted(repr(tuple(row)) for row in session.execute(outcomes)))


def not_counted(session: Session, agent: str = "") -> NotCounted:
    """How much of what was recalled is in no comparison, and why; a recall that has no run is of the agent it named."""
    chosen = case((_CHOSEN, 1), else_=0).label("chosen")
    rows = _with_runs(select(RecallRow.id.label("recall"), chosen)).subquery()
    runs = select(rows.c.trace, func.max(rows.c.chosen).label("chosen")).group_by(rows.c.trace).subquery()
    known = case((TraceRow.outcome == Outcome.UNKNOWN.value, 0), else_=1).label("known")
    query = select(runs.c.chosen, known, func.count()).join(TraceRow, TraceRow.id == runs.c.trace)
    query = query.where(*of_agent(agent or None)).group_by(runs.c.chosen, known)
    counts = {(chosen, known): n for chosen, known, n in session.execute(query)}
    named = or_(RecallRow.run_key != "", RecallRow.trace_uid != "", RecallRow.session != "")
    mine = [RecallRow.agent == agent] if agent else []
    nameless = select(func.count()).select_from(RecallRow).where(~named, *mine)
    here = or_(
        exists().where(TraceRow.uid == RecallRow.trace_uid),
        and_(RecallRow.trace_uid == "", RecallRow.session != "", exists().where(TraceRow.session == RecallRow.session)),
        exists().where(ONLY_RUN).correlate(RecallRow),
    )
    absent = select(func.count()).select_from(RecallRow).where(named, ~here, *mine)
    return NotCounted(
        nothing_chosen=counts.get((0, 0), 0) + counts.get((0, 1), 0),
        open_outcome=counts.get((1, 0), 0),
        nameless=session.scalar(nameless) or 0,
        not_here=session.scalar(absent) or 0,
    )


def lesson_uses(session: Session, lessons: Sequence[str] = ()) -> dict[str, Use]:
    """How often each of these lessons (none named: all) was given, and when last."""
    fitted = RecallLessonRow
    query = (
        select(fitted.lesson_uid, func.count(), func.max(RecallRow.at))
        .join(RecallRow, RecallRow.id == fitted.recall_id)
        .where(fitted.fate == GIVEN)
        .group_by(fitted.lesson_uid)
    )
    if lessons:
        query = query.where(fitted.lesson_uid.in_(lessons))
    return {uid: Use(times, last) for uid, times, last in session.execute(query)}


def _with_runs(asked: Select[Any, Any]) -> Any:
    """What is asked of recalls, once for each run that they were for (`trace`): the one they name, else their
    session's, else the only one of the session that their key names."""
    by_id = asked.join(TraceRow, TraceRow.uid == RecallRow.trace_uid)
    alone = and_(RecallRow.trace_uid == "", RecallRow.session != "", TraceRow.session == RecallRow.session)
    found = (by_id, asked.join(TraceRow, alone), asked.join(TraceRow, ONLY_RUN))
    return union_all(*(one.add_columns(TraceRow.id.label("trace")) for one in found))


_COST = func.nullif(TraceRow.cost, 0)  # sources write 0 for a model whose price they do not know
_TASK = func.coalesce(TraceRow.task_id, -TraceRow.id).label("task")
_SUMS = (
    func.count().label("n"),
    func.sum(case((TraceRow.outcome == Outcome.SOLVED.value, 1), else_=0)).label("solved"),
    func.coalesce(func.sum(_COST), 0.0).label("cost"),
    func.count(_COST).label("n_cost"),
    func.coalesce(func.sum(TraceRow.seconds), 0.0).label("seconds"),
    func.count(TraceRow.seconds).label("n_seconds"),
)


def _runs(asked: Select[str, str], one_of: Any) -> Any:
    """Runs (and lessons) once each; `asked` has a row a recall, and `one_of` chooses where one run has several."""
    rows = _with_runs(asked).subquery()
    said = one_of(rows.c.said).label("said")
    return select(rows.c.trace, rows.c.lesson, said).group_by(rows.c.trace, rows.c.lesson).subquery()


def _known(agent: str) -> tuple[Any, ...]:
    return (TraceRow.outcome != Outcome.UNKNOWN.value, *of_agent(agent or None))
