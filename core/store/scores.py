"""What automated checks and what people say of the runs of a version: outcomes by task, for one to be held against the
other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from core.records import Outcome, SignalKind
from core.store.tables import SignalRow, TraceRow

_CLUSTER = func.coalesce(TraceRow.task_id, -TraceRow.id)


@dataclass(frozen=True, slots=True)
class Score:
    """The runs of one task under one version: `good` of `n`."""

    cluster: int
    good: int
    n: int


def automated_scores(session: Session, version: int) -> list[Score]:
    """Runs that an automated check judged; good where no check says that they failed."""
    failed = func.min(case((SignalRow.success.is_(True), 1), else_=0)).label("good")
    whole: tuple[ColumnElement[bool], ...] = (
        SignalRow.kind == SignalKind.AUTOMATED.value,
        SignalRow.success.is_not(None),
        SignalRow.replaced_at.is_(None),
        SignalRow.step_uid.is_(None),
    )
    runs = (
        select(_CLUSTER.label("cluster"), failed)
        .join(TraceRow, TraceRow.id == SignalRow.trace_id)
        .where(TraceRow.version_id == version, *whole)
        .group_by(TraceRow.id)
        .subquery()
    )
    query = select(runs.c.cluster, func.sum(runs.c.good), func.count()).group_by(runs.c.cluster)
    return [Score(*row) for row in session.execute(query)]


def people_scores(session: Session, version: int, sources: Collection[str]) -> list[Score]:
    """Runs whose outcome comes from one of these sources (people, a resolution); good where they are solved."""
    solved = func.count().filter(TraceRow.outcome == Outcome.SOLVED.value)
    known = (TraceRow.outcome != Outcome.UNKNOWN.value, TraceRow.outcome_from.in_(sources))
    query = select(_CLUSTER, solved, func.count()).where(TraceRow.version_id == version, *known)
    return [Score(*row) for row in session.execute(query.group_by(_CLUSTER))]


def median_steps(session: Session, version: int) -> float | None:
    """The middle run's number of steps; None without runs."""
    here = select(TraceRow.n_steps).where(TraceRow.version_id == version).order_by(TraceRow.n_steps)
    n = session.scalar(select(func.count()).select_from(TraceRow).where(TraceRow.version_id == version)) or 0
    if not n:
        return None
    middle = list(session.scalars(here.offset((n - 1) // 2).limit(2 - n % 2)))
    return sum(middle) / len(middle)
