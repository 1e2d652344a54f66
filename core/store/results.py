"""What runs came to, added up by the database: by version and task, and by week. Traces themselves are not loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal_column, or_, select
from sqlalchemy.orm import Session

from core.records import Outcome
from core.store.dialect import is_postgresql
from core.store.tables import AgentRow, SuiteCaseRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class Tally:
    """The runs of one version on one task that ended in one way; `task` is "" where the runs have none.

    `cost` and `seconds` are sums over the `n_cost` and `n_seconds` runs whose cost and time are known.
    """

    version_id: int
    task: str
    derived: bool
    outcome: Outcome
    n: int
    cost: float
    n_cost: int
    seconds: float
    n_seconds: int


@dataclass(frozen=True, slots=True)
class WeekTally:
    """The runs of a week on one task that ended in one way.

    `cluster` is the same for runs of one task; a run without a task has one of its own, and "" for `task`. `n_failing`
    runs had a step that ended in an error, `steps` is the sum of their lengths, `cost` that of the `n_cost` known ones.
    """

    week: date
    cluster: int
    task: str
    derived: bool
    outcome: Outcome
    n: int
    n_failing: int
    steps: int
    cost: float
    n_cost: int
    n_seconds: int


@dataclass(frozen=True, slots=True)
class RunLink:
    """One run, as a list of tasks leads to it."""

    trace_id: int
    version_id: int
    task: str
    title: str
    outcome: Outcome


_SUMS = (
    func.count().label("n"),
    func.coalesce(func.sum(TraceRow.cost), 0.0).label("cost"),
    func.count(TraceRow.cost).label("n_cost"),
    func.coalesce(func.sum(TraceRow.seconds), 0.0).label("seconds"),
    func.count(TraceRow.seconds).label("n_seconds"),
)


def tallies(session: Session, versions: Sequence[int], suite: int | None = None) -> list[Tally]:
    """The runs of these versions (row ids) by version, task and outcome; of one suite's tasks only, if given."""
    sums = select(TraceRow.version_id, TraceRow.task_id, TraceRow.outcome, *_SUMS).where(
        TraceRow.version_id.in_(versions)
    )
    if suite is not None:
        sums = sums.where(TraceRow.task_id.in_(select(SuiteCaseRow.task_id).where(SuiteCaseRow.suite_id == suite)))
    added = sums.group_by(TraceRow.version_id, TraceRow.task_id, TraceRow.outcome).subquery()
    query = select(added, TaskRow.key, TaskRow.derived).outerjoin(TaskRow, TaskRow.id == added.c.task_id)
    return [
        Tally(
            row.version_id,
            row.key or "",
            bool(row.derived),
            Outcome(row.outcome),
            row.n,
            row.cost,
            row.n_cost,
            row.seconds,
            row.n_seconds,
        )
        for row in session.execute(query)
    ]


def runs_of_tasks(session: Session, versions: Sequence[int], tasks: Sequence[str]) -> list[RunLink]:
    """The runs of these versions on these tasks, by trial."""
    columns = (TraceRow.id, TraceRow.version_id, TaskRow.key, TaskRow.title, TraceRow.outcome)
    found: list[RunLink] = []
    for start in range(0, len(tasks), 500):
        query = (
            select(*columns)
            .join(TaskRow, TaskRow.id == TraceRow.task_id)
            .where(TraceRow.version_id.in_(versions), TaskRow.key.in_(tasks[start : start + 500]))
            .order_by(TraceRow.trial, TraceRow.id)
        )
        rows = session.execute(query)
        found += [RunLink(trace, version, key, title, Outcome(outcome)) for trace, version, key, title, outcome in rows]
    return found


def week_of(session: Session) -> ColumnElement[str]:
    """The Monday (UTC, as ISO text) of the week in which a trace began."""
    if is_postgresql(session):
        started = func.timezone(literal_column("'UTC'"), TraceRow.started_at)
        monday = func.date_trunc(literal_column("'week'"), started)
        return func.to_char(monday, literal_column("'YYYY-MM-DD'")).label("week")
    # By the day alone, because SQLite rounds the last microseconds of a day up into the next; and it knows no ISO week
    # before its version of 2024: six days back, then on to the next Monday.
    day = func.substr(TraceRow.started_at, literal_column("1"), literal_column("10"))
    return func.date(day, literal_column("'-6 days'"), literal_column("'weekday 1'")).label("week")


def of_agent(agent: str | None) -> list[ColumnElement[bool]]:
    if agent is None:
        return []
    return [TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == agent).scalar_subquery()]


def week_tallies(session: Session, agent: str | None = None) -> list[WeekTally]:
    """The dated runs of an agent by week, task and outcome; weeks in order."""
    week, cluster = week_of(session), func.coalesce(TraceRow.task_id, -TraceRow.id).label("cluster")
    sums = (
        select(
            week,
            cluster,
            TraceRow.outcome,
            *_SUMS,
            func.sum(case((TraceRow.n_errors > 0, 1), else_=0)).label("n_failing"),
            func.sum(TraceRow.n_steps).label("steps"),
        )
        .where(TraceRow.time_known, *of_agent(agent))
        .group_by(week, cluster, TraceRow.outcome)
        .subquery()
    )
    query = select(sums, TaskRow.key, TaskRow.derived).outerjoin(TaskRow, TaskRow.id == sums.c.cluster)
    return [
        WeekTally(
            date.fromisoformat(row.week),
            row.cluster,
            row.key or "",
            bool(row.derived),
            Outcome(row.outcome),
            row.n,
            row.n_failing,
            int(row.steps),
            row.cost,
            row.n_cost,
            row.n_seconds,
        )
        for row in session.execute(query.order_by(sums.c.week))
    ]


def week_seconds(
    session: Session, ranks: Mapping[date, Sequence[int]], agent: str | None = None
) -> dict[date, dict[int, float]]:
    """Week → rank → the duration of that rank (1 is the shortest) among the week's dated runs whose time is known."""
    week = week_of(session)
    place = func.row_number().over(partition_by=week, order_by=TraceRow.seconds).label("place")
    known = (TraceRow.time_known, TraceRow.seconds.is_not(None), *of_agent(agent))
    ranked = select(week, TraceRow.seconds, place).where(*known).subquery()
    found: dict[date, dict[int, float]] = {monday: {} for monday in ranks}
    wanted: list[Any] = [
        and_(ranked.c.week == monday.isoformat(), ranked.c.place.in_(places)) for monday, places in ranks.items()
    ]
    # SQLite reads a thousand conditions joined by OR at most.
    for start in range(0, len(wanted), 200):
        query = select(ranked.c.week, ranked.c.place, ranked.c.seconds)
        for monday, rank, seconds in session.execute(query.where(or_(false(), *wanted[start : start + 200]))):
            found[date.fromisoformat(monday)][rank] = seconds
    return found


def undated_runs(session: Session, agent: str | None = None) -> int:
    """How many runs of an agent do not say when they began."""
    query = select(func.count()).select_from(TraceRow).where(TraceRow.time_known.is_(False), *of_agent(agent))
    return session.scalar(query) or 0
