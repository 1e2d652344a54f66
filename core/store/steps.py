"""The steps of a trace, read in windows and in outline, and what they cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.records import Step
from core.store.content import step_from_row
from core.store.dialect import parts
from core.store.tables import StepRow


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step without its content, for the tree and the minimap."""

    position: int
    step_id: str
    parent_id: str | None
    kind: str
    name: str
    seconds: float | None
    error: str


@dataclass(frozen=True, slots=True)
class CostSource:
    """Who knows what steps cost: "reported", or the prices it was computed with; of how many steps, and how much."""

    source: str
    n: int
    total: float


_COLUMNS = (
    StepRow.uid,
    StepRow.kind,
    StepRow.name,
    StepRow.parent_uid,
    StepRow.started_at,
    StepRow.seconds,
    StepRow.content,
    StepRow.error,
    StepRow.model,
    StepRow.tokens_in,
    StepRow.tokens_out,
    StepRow.tokens_cached,
    StepRow.cost,
    StepRow.cost_from,
)


def first_steps(session: Session, traces: Collection[int]) -> dict[int, str]:
    """The id of the first step of each of these traces."""
    query = select(StepRow.trace_id, StepRow.uid).where(StepRow.trace_id.in_(traces), StepRow.position == 0)
    return {row.trace_id: row.uid for row in session.execute(query)}


def outline(session: Session, trace_id: int) -> list[StepLine]:
    """All steps of a trace without their content, in reading order."""
    columns = (
        StepRow.position,
        StepRow.uid,
        StepRow.parent_uid,
        StepRow.kind,
        StepRow.name,
        StepRow.seconds,
        StepRow.error,
    )
    query = select(*columns).where(StepRow.trace_id == trace_id).order_by(StepRow.position)
    return [StepLine(*row) for row in session.execute(query)]


def read_steps(session: Session, trace_id: int, start: int = 0, count: int | None = None) -> list[Step]:
    """Steps in reading order, from position `start`, at most `count` of them (None: all)."""
    # columns, not objects that the session would watch: of twenty thousand steps those took most of the time
    query = select(*_COLUMNS).where(StepRow.trace_id == trace_id, StepRow.position >= start).order_by(StepRow.position)
    if count is not None:
        query = query.where(StepRow.position < start + count)
    return [step_from_row(row) for row in session.execute(query)]


def costs_of(session: Session, trace_id: int) -> list[CostSource]:
    """Where the costs of a trace's steps come from, the source of most steps first."""
    known = func.coalesce(func.nullif(StepRow.cost_from, ""), "reported")
    n = func.count().label("n")
    query = (
        select(known, n, func.sum(StepRow.cost))
        .where(StepRow.trace_id == trace_id, StepRow.cost.is_not(None))
        .group_by(known)
        .order_by(n.desc(), known)
    )
    return [CostSource(*row) for row in session.execute(query)]


def unpriced_models(session: Session, trace_id: int) -> list[str]:
    """The models whose calls in a trace have tokens and no cost."""
    missing = (StepRow.cost.is_(None), StepRow.tokens_in.is_not(None), StepRow.model != "")
    query = select(StepRow.model).where(StepRow.trace_id == trace_id, *missing).distinct().order_by(StepRow.model)
    return list(session.scalars(query))


def places_of(session: Session, trace_id: int, step_ids: Collection[str]) -> dict[str, int]:
    """Step id → position, of those that the trace has."""
    query = select(StepRow.uid, StepRow.position).where(StepRow.trace_id == trace_id, StepRow.uid.in_(step_ids))
    return dict(session.execute(query).all())


def unknown_steps(session: Session, trace_id: int, step_ids: Sequence[str]) -> list[str]:
    """Which of these step ids the trace does not have."""
    wanted = set(step_ids)
    known: set[str] = set()
    for some in parts(wanted):
        known.update(session.scalars(select(StepRow.uid).where(StepRow.trace_id == trace_id, StepRow.uid.in_(some))))
    return sorted(wanted - known)
