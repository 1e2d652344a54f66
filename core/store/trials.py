"""Results of trials without steps, published rates without tasks, and the runs that a label or a result means.

A result whose run is stored is that run's outcome and becomes a signal on it, whichever of the two came first; one
without a run stands by itself and counts in comparisons (core.store.results). Nobody reads or labels it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from core.clock import content_hash
from core.records import INFRASTRUCTURE, Aggregate, Outcome, Result, Signal, SignalKind
from core.store.catalog import task_ids, version_id
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.signals import add_signals
from core.store.tables import AgentRow, AggregateRow, ResultRow, TraceRow, VersionRow

ONE_FAILED_RUN = "*"
"""At the end of a run's id in a label: the one failed run whose id begins so."""


@dataclass(slots=True)
class Accepted:
    """What came of results: new rows, new signals on stored runs, what was there, the runs and tasks they touched."""

    rows: int = 0
    signals: int = 0
    repeated: int = 0
    traces: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)
    refused: list[tuple[Result, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AggregateLine:
    """A published rate with the version that it was published for."""

    version_id: int
    version: str
    benchmark: str
    rate: float
    n: int | None
    date: datetime | None
    cost: float | None
    seconds: float | None
    source: str
    note: str


def failed_run(session: Session, uid: str) -> list[str]:
    """The ids of the failed runs that an id ending in `ONE_FAILED_RUN` may mean."""
    begins = TraceRow.uid.startswith(uid.removesuffix(ONE_FAILED_RUN), autoescape=True)
    query = select(TraceRow.uid).where(begins, TraceRow.outcome == Outcome.FAILED.value)
    return list(session.scalars(query.order_by(TraceRow.id).limit(10)))


def add_results(session: Session, results: Sequence[Result]) -> Accepted:
    """Write what is new: a signal where the one run of that version, task and trial is stored, else a row.

    Where several runs may be meant the result is refused: its trial would have to say which.
    """
    done = Accepted()
    tasks = task_ids(session, [result.task for result in results])
    versions = {pair: version_id(session, *pair) for pair in {(one.agent, one.version) for one in results}}
    runs = _runs(session, set(versions.values()), set(tasks.values()))
    rows: dict[str, dict[str, Any]] = {}
    signals: list[Signal] = []
    for result in results:
        place = (versions[result.agent, result.version], tasks[result.task.key])
        done.tasks.add(place[1])
        row = _row(result, *place)
        meant = [run for run in runs.get(place, []) if None in (run.trial, result.trial) or run.trial == result.trial]
        if len(meant) > 1:
            which = f"{len(meant)} runs of {result.version} have the task {result.task.key}"
            done.refused.append((result, f"{which}: say which by its trial"))
        elif meant:
            signals.append(_signal(row, meant[0].uid))
            done.traces.add(meant[0].id)
        else:
            rows.setdefault(row["key"], row)
    done.signals = len(add_signals(session, signals))
    done.rows = len(insert_new(session, ResultRow, list(rows.values()), ResultRow.key))
    done.repeated = len(results) - len(done.refused) - done.signals - done.rows
    return done


@dataclass(frozen=True, slots=True)
class _Run:
    id: int
    uid: str
    trial: int | None


def _runs(session: Session, versions: set[int], tasks: set[int]) -> dict[tuple[int, int], list[_Run]]:
    found: dict[tuple[int, int], list[_Run]] = {}
    for some in parts(sorted(tasks)):
        query = select(TraceRow.version_id, TraceRow.task_id, TraceRow.id, TraceRow.uid, TraceRow.trial)
        of_tasks = TraceRow.task_id.in_(some)
        rows = session.execute(query.where(TraceRow.version_id.in_(versions), of_tasks)).all()
        for version, task, trace, uid, trial in rows:
            found.setdefault((version, task or 0), []).append(_Run(trace, uid, trial))
    return found


def _row(result: Result, version: int, task: int) -> dict[str, Any]:
    return {
        "key": "result:" + content_hash([result.agent, result.version, result.result_id], 40),
        "version_id": version,
        "task_id": task,
        "trial": result.trial,
        "outcome": INFRASTRUCTURE if result.infrastructure else result.outcome.value,
        "cost": result.cost,
        "seconds": result.seconds,
        "source": clean(result.source, 100),
        "at": result.at,
    }


def _signal(row: dict[str, Any], uid: str) -> Signal:
    """The result as evidence on its run; what is neither solved nor failed is graded between, or says nothing."""
    if row["outcome"] == INFRASTRUCTURE:
        told = f"said by {row['source']}" if row["source"] else "said by a result"
        return Signal(
            uid, INFRASTRUCTURE, SignalKind.AUTOMATED, told, source=row["source"], key=row["key"], at=row["at"]
        )
    outcome = Outcome(row["outcome"])
    success = {Outcome.SOLVED: True, Outcome.FAILED: False}.get(outcome)
    value: float | str = 0.5 if outcome is Outcome.PARTLY else outcome.value
    kind = SignalKind.AUTOMATED
    return Signal(uid, "result", kind, value, success, source=row["source"], key=row["key"], at=row["at"])


def attach_results(session: Session, trace_ids: Sequence[int]) -> set[int]:
    """Turn stored results into signals on these new runs, where one run is meant; the row ids of those runs."""
    touched: set[int] = set()
    for some in parts(sorted(trace_ids)):
        same = (TraceRow.version_id == ResultRow.version_id, TraceRow.task_id == ResultRow.task_id, _same_trial())
        query = select(ResultRow, TraceRow.id, TraceRow.uid).join(TraceRow, and_(*same))
        meant: dict[int, list[tuple[ResultRow, int, str]]] = {}
        for row, trace, uid in session.execute(query.where(TraceRow.id.in_(some))):
            meant.setdefault(row.id, []).append((row, trace, uid))
        sure = [runs[0] for runs in meant.values() if len(runs) == 1]
        add_signals(session, [_signal(_facts(row), uid) for row, _, uid in sure])
        session.execute(delete(ResultRow).where(ResultRow.id.in_([row.id for row, _, _ in sure])))
        touched |= {trace for _, trace, _ in sure}
    return touched


def _same_trial() -> ColumnElement[bool]:
    return or_(ResultRow.trial.is_(None), TraceRow.trial.is_(None), ResultRow.trial == TraceRow.trial)


def _facts(row: ResultRow) -> dict[str, Any]:
    return {"key": row.key, "outcome": row.outcome, "source": row.source, "at": row.at}


def add_aggregates(session: Session, aggregates: Sequence[Aggregate]) -> int:
    """Write the published rates that are new; how many were."""
    versions = {pair: version_id(session, *pair) for pair in {(one.agent, one.version) for one in aggregates}}
    rows: dict[str, dict[str, Any]] = {}
    for one in aggregates:
        row: dict[str, Any] = {
            "key": "aggregate:" + content_hash([one.agent, one.version, one.aggregate_id], 40),
            "version_id": versions[one.agent, one.version],
            "benchmark": clean(one.benchmark, 200),
            "rate": one.rate,
            "n": one.n,
            "date": one.date,
            "cost": one.cost,
            "seconds": one.seconds,
            "source": clean(one.source, 100),
            "note": clean(one.note),
        }
        rows.setdefault(row["key"], row)
    return len(insert_new(session, AggregateRow, list(rows.values()), AggregateRow.key))


def aggregates_of(session: Session, agent: str) -> list[AggregateLine]:
    """The published rates of an agent's versions: the dated ones first, the oldest before the newest."""
    query = (
        select(AggregateRow, VersionRow.name)
        .join(VersionRow, VersionRow.id == AggregateRow.version_id)
        .join(AgentRow, AgentRow.id == VersionRow.agent_id)
        .where(AgentRow.name == agent)
        .order_by(AggregateRow.date.is_(None), AggregateRow.date, AggregateRow.id)
    )
    return [
        AggregateLine(
            row.version_id,
            name,
            row.benchmark,
            row.rate,
            row.n,
            row.date,
            row.cost,
            row.seconds,
            row.source,
            row.note,
        )
        for row, name in session.execute(query)
    ]


def n_results(session: Session) -> dict[int, int]:
    """Version row id → how many of its trials are results without a run."""
    query = select(ResultRow.version_id, func.count()).group_by(ResultRow.version_id)
    return dict(session.execute(query).all())


def published_versions(session: Session) -> set[int]:
    """Row ids of the versions that have published rates."""
    return set(session.scalars(select(AggregateRow.version_id).distinct()))
