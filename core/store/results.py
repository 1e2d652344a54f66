"""What runs came to, added up by the database: by version and task, and by week. Traces themselves are not loaded.

A trial of which only the result was recorded counts as a run here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from core.records import INFRASTRUCTURE, Outcome
from core.store.dialect import is_postgresql, parts
from core.store.tables import AgentRow, ResultRow, SuiteCaseRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class Tally:
    """The `n` runs of one version on one task; `task` is "" where the runs have none.

    `known` of them have an outcome, `solved` of these solved it. `cost` and `seconds` are sums over the `n_cost` and
    `n_seconds` runs that have an outcome and tell.
    """

    version_id: int
    task: str
    derived: bool
    n: int
    known: int
    solved: int
    cost: float
    n_cost: int
    seconds: float
    n_seconds: int
    infrastructure: int = 0
    """Of the `n`: broke through what they ran on; none of these is among the known."""


@dataclass(frozen=True, slots=True)
class WeekTally:
    """The runs of a week on one task, as above.

    `cluster` is the same for runs of one task; a run without a task has one of its own, and "" for `task`. `failing`
    runs had a step that ended in an error, `steps` is the sum of their lengths. `cost` is of all runs.
    """

    week: date
    cluster: int
    task: str
    derived: bool
    n: int
    known: int
    solved: int
    failing: int
    steps: int
    cost: float
    n_cost: int


@dataclass(frozen=True, slots=True)
class RunLink:
    """One run, as a list of tasks leads to it."""

    trace_id: int
    version_id: int
    task: str
    title: str
    outcome: Outcome


_KNOWN = TraceRow.outcome != Outcome.UNKNOWN.value
# Sources write 0 for a model whose price they do not know; a free run would make no difference to a comparison.
_COST = func.nullif(TraceRow.cost, 0)
_COUNTS = (
    func.count().label("n"),
    func.count().filter(_KNOWN).label("known"),
    func.count().filter(TraceRow.outcome == Outcome.SOLVED.value).label("solved"),
)


def tallies(session: Session, versions: Sequence[int], suite: int | None = None) -> list[Tally]:
    """The runs and results of these versions (row ids) by version and task; of one suite's tasks only, if given."""
    sums = select(
        TraceRow.version_id,
        TraceRow.task_id,
        *_COUNTS,
        func.coalesce(func.sum(_COST).filter(_KNOWN), 0.0).label("cost"),
        func.count(_COST).filter(_KNOWN).label("n_cost"),
        func.coalesce(func.sum(TraceRow.seconds).filter(_KNOWN), 0.0).label("seconds"),
        func.count(TraceRow.seconds).filter(_KNOWN).label("n_seconds"),
        func.count().filter(~_KNOWN, TraceRow.outcome_from == INFRASTRUCTURE).label("infrastructure"),
    ).where(TraceRow.version_id.in_(versions))
    if suite is not None:
        sums = sums.where(TraceRow.task_id.in_(select(SuiteCaseRow.task_id).where(SuiteCaseRow.suite_id == suite)))
    added = sums.group_by(TraceRow.version_id, TraceRow.task_id).subquery()
    version, task, *counts = added.c
    query = select(version, TaskRow.key, TaskRow.derived, *counts).outerjoin(TaskRow, TaskRow.id == task)
    rows = session.execute(query)
    return _with_results(
        [Tally(row, key or "", bool(derived), *numbers) for row, key, derived, *numbers in rows],
        _result_tallies(session, versions, suite),
    )


def _result_tallies(session: Session, versions: Sequence[int], suite: int | None) -> list[Tally]:
    """The same of trials of which only the result was recorded."""
    known = ResultRow.outcome.not_in([Outcome.UNKNOWN.value, INFRASTRUCTURE])
    cost = func.nullif(ResultRow.cost, 0)
    query = (
        select(
            ResultRow.version_id,
            TaskRow.key,
            TaskRow.derived,
            func.count(),
            func.count().filter(known),
            func.count().filter(ResultRow.outcome == Outcome.SOLVED.value),
            func.coalesce(func.sum(cost).filter(known), 0.0),
            func.count(cost).filter(known),
            func.coalesce(func.sum(ResultRow.seconds).filter(known), 0.0),
            func.count(ResultRow.seconds).filter(known),
            func.count().filter(ResultRow.outcome == INFRASTRUCTURE),
        )
        .join(TaskRow, TaskRow.id == ResultRow.task_id)
        .where(ResultRow.version_id.in_(versions))
        .group_by(ResultRow.version_id, TaskRow.key, TaskRow.derived)
    )
    if suite is not None:
        query = query.where(ResultRow.task_id.in_(select(SuiteCaseRow.task_id).where(SuiteCaseRow.suite_id == suite)))
    return [Tally(*row) for row in session.execute(query)]


def _with_results(runs: list[Tally], results: list[Tally]) -> list[Tally]:
    """One tally a version and task, of its runs and of its results together."""
    found = {(one.version_id, one.task): one for one in runs}
    for more in results:
        place = (more.version_id, more.task)
        before = found.get(place)
        if before is None:
            found[place] = more
            continue
        added = {name: getattr(before, name) + getattr(more, name) for name in _ADDED}
        found[place] = replace(before, **added)
    return list(found.values())


_ADDED = ("n", "known", "solved", "cost", "n_cost", "seconds", "n_seconds", "infrastructure")


def runs_of_tasks(session: Session, versions: Sequence[int], tasks: Sequence[str]) -> list[RunLink]:
    """The runs of these versions on these tasks, by trial."""
    columns = (TraceRow.id, TraceRow.version_id, TaskRow.key, TaskRow.title, TraceRow.outcome)
    found: list[RunLink] = []
    for some in parts(tasks):
        query = (
            select(*columns)
            .join(TaskRow, TaskRow.id == TraceRow.task_id)
            .where(TraceRow.version_id.in_(versions), TaskRow.key.in_(some))
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


Span = tuple[datetime, datetime]
"""From the first moment up to the second."""


def began_in(span: Span | None) -> list[ColumnElement[bool]]:
    """Runs that began within a span; of any time for None."""
    return [] if span is None else [TraceRow.started_at >= span[0], TraceRow.started_at < span[1]]


def of_agent(agent: str | None) -> list[ColumnElement[bool]]:
    if agent is None:
        return []
    return [TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == agent).scalar_subquery()]


def week_tallies(session: Session, agent: str | None = None, span: Span | None = None) -> list[WeekTally]:
    """The dated runs of an agent by week and task; weeks in order."""
    week, cluster = week_of(session), func.coalesce(TraceRow.task_id, -TraceRow.id).label("cluster")
    sums = select(
        week,
        cluster,
        *_COUNTS,
        func.count().filter(TraceRow.n_errors > 0).label("failing"),
        func.sum(TraceRow.n_steps).label("steps"),
        func.coalesce(func.sum(_COST), 0.0).label("cost"),
        func.count(_COST).label("n_cost"),
    ).where(TraceRow.time_known, *of_agent(agent), *began_in(span))
    added = sums.group_by(week, cluster).subquery()
    monday, task, *counts = added.c
    query = select(monday, task, TaskRow.key, TaskRow.derived, *counts).outerjoin(TaskRow, TaskRow.id == task)
    return [
        WeekTally(date.fromisoformat(start), each, key or "", bool(derived), *numbers)
        for start, each, key, derived, *numbers in session.execute(query.order_by(monday))
    ]


def week_seconds(
    session: Session, agent: str | None = None, span: Span | None = None
) -> dict[date, list[tuple[float, int]]]:
    """Week → (seconds, how many of the week's dated runs took that long), the shortest first."""
    week = week_of(session)
    query = (
        select(week, TraceRow.seconds, func.count())
        .where(TraceRow.time_known, TraceRow.seconds.is_not(None), *of_agent(agent), *began_in(span))
        .group_by(week, TraceRow.seconds)
        .order_by(week, TraceRow.seconds)
    )
    found: dict[date, list[tuple[float, int]]] = {}
    for monday, seconds, n in session.execute(query):
        found.setdefault(date.fromisoformat(monday), []).append((seconds or 0.0, n))
    return found


def undated_runs(session: Session, agent: str | None = None) -> int:
    """How many runs of an agent do not say when they began."""
    query = select(func.count()).select_from(TraceRow).where(TraceRow.time_known.is_(False), *of_agent(agent))
    return session.scalar(query) or 0
