"""Which runs owe the index of runs a vector: those that are closed and have other steps than were read for theirs.

`trace.n_embedded` is the outbox (see core.store.tables.TraceRow): -1 where the index has no vector of a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from core.store.dialect import parts
from core.store.tables import StepRow, TraceRow


@dataclass(frozen=True, slots=True)
class OwingRun:
    """A run that owes a vector, with the number of steps that it has now."""

    id: int
    n_steps: int


def runs_owing_vector(session: Session, most: int) -> list[OwingRun]:
    """Closed runs whose vector is missing or out of date, the oldest first."""
    owing = (TraceRow.n_embedded != TraceRow.n_steps, TraceRow.closed_at.is_not(None))
    query = select(TraceRow.id, TraceRow.n_steps).where(*owing).order_by(TraceRow.id).limit(most)
    return [OwingRun(*row) for row in session.execute(query)]


def steps_at_ends(session: Session, runs: Sequence[OwingRun], first: int, last: int) -> dict[int, list[StepRow]]:
    """The first and the last steps of each run, in reading order."""
    query = (
        select(StepRow)
        .join(TraceRow, TraceRow.id == StepRow.trace_id)
        .where(
            StepRow.trace_id.in_([run.id for run in runs]),
            or_(StepRow.position < first, StepRow.position >= TraceRow.n_steps - last),
        )
        .order_by(StepRow.trace_id, StepRow.position)
    )
    found: dict[int, list[StepRow]] = {run.id: [] for run in runs}
    for row in session.scalars(query):
        found[row.trace_id].append(row)
    return found


def mark_embedded(session: Session, runs: Iterable[OwingRun]) -> None:
    """The index has these runs as they were read; one that has grown since owes again."""
    rows = [{"trace": run.id, "n": run.n_steps} for run in runs]
    if rows:
        mine = update(TraceRow).where(TraceRow.id == bindparam("trace")).values(n_embedded=bindparam("n"))
        session.connection().execute(mine, rows)


def embedded_runs(session: Session) -> dict[int, int]:
    """The runs that the index must have, each with the number of steps that its vector is made of."""
    query = select(TraceRow.id, TraceRow.n_embedded).where(TraceRow.n_embedded >= 0)
    return dict(session.execute(query).all())


def n_embedded(session: Session) -> int:
    """How many runs the index must have; from two small indexes, however many runs there are."""
    every = session.scalar(select(func.count()).select_from(TraceRow)) or 0
    without = select(func.count()).where(TraceRow.n_embedded != TraceRow.n_steps, TraceRow.n_embedded < 0)
    return every - (session.scalar(without) or 0)


def n_owing(session: Session) -> int:
    """How many closed runs wait for their vector."""
    owing = (TraceRow.n_embedded != TraceRow.n_steps, TraceRow.closed_at.is_not(None))
    return session.scalar(select(func.count()).select_from(TraceRow).where(*owing)) or 0


def forget_vectors(session: Session, runs: Sequence[int] | None = None) -> None:
    """These runs (None: all) have no vector and owe one."""
    forget = update(TraceRow).values(n_embedded=-1).execution_options(synchronize_session=False)
    if runs is None:
        session.execute(forget.where(TraceRow.n_embedded >= 0))
        return
    for some in parts(runs):
        session.execute(forget.where(TraceRow.id.in_(some)))


def with_vector(session: Session, runs: Sequence[int]) -> list[int]:
    """Those of these runs that are stored and that the index must have, in the order given."""
    known: set[int] = set()
    for some in parts(runs):
        known.update(session.scalars(select(TraceRow.id).where(TraceRow.id.in_(some), TraceRow.n_embedded >= 0)))
    return [run for run in runs if run in known]


def labelled_runs(session: Session) -> list[int]:
    """The runs that have a label that counts and that the index must have."""
    return list(session.scalars(select(TraceRow.id).where(TraceRow.n_annotations > 0, TraceRow.n_embedded >= 0)))
