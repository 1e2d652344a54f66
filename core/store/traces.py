"""Traces as lists show them, found and listed (core.store.trace_writing writes them)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.store.dialect import parts
from core.store.tables import AgentRow, AnnotationRow, TaskRow, TraceRow, VersionRow
from core.store.trace_filter import TraceFilter, filtered


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One trace as a list shows it; of its labels, `outdated` were given before something was added to it."""

    id: int
    uid: str
    agent: str
    version: str
    task: str
    title: str
    trial: int | None
    session: str
    started_at: datetime
    time_known: bool
    closed_at: datetime | None
    changed_at: datetime | None
    root_ended: bool
    n_steps: int
    n_errors: int
    n_unpriced: int
    seconds: float | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    cost: float | None
    redactions: Mapping[str, int]
    outcome: str
    outcome_from: str
    n_annotations: int
    outdated: int


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task, as pairs are made of it."""

    task: str
    uid: str
    version: str
    trial: int | None
    outcome: str
    title: str


_OUTDATED = (
    select(func.count())
    .where(
        AnnotationRow.trace_id == TraceRow.id, AnnotationRow.current, AnnotationRow.submitted_at < TraceRow.changed_at
    )
    .correlate(TraceRow)
    .scalar_subquery()
)


_LINE = (
    select(TraceRow, AgentRow.name, VersionRow.name, TaskRow.key, _OUTDATED)
    .join(AgentRow, AgentRow.id == TraceRow.agent_id)
    .join(VersionRow, VersionRow.id == TraceRow.version_id)
    .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
)


_JOINED = ("agent", "version", "task", "outdated")


def _line(row: TraceRow, agent: str, version: str, task: str | None, outdated: int) -> TraceLine:
    shared = {name: getattr(row, name) for name in TraceLine.__slots__ if name not in _JOINED}
    return TraceLine(agent=agent, version=version, task=task or "", outdated=outdated, **shared)


def list_traces(
    session: Session, wanted: TraceFilter, limit: int, after: tuple[datetime, int] | None = None
) -> list[TraceLine]:
    """One page, newest first; `after` is (started_at, id) of the last line of the page before."""
    newest = (TraceRow.started_at.desc(), TraceRow.id.desc())
    # only the keys are sorted, most of them from an index alone; the rows of one page are read after
    keys = filtered(session, select(TraceRow.id), wanted).order_by(*newest).limit(limit)
    if after is not None:
        keys = keys.where(tuple_(TraceRow.started_at, TraceRow.id) < tuple_(after[0], after[1]))
    query = _LINE.where(TraceRow.id.in_(list(session.scalars(keys)))).order_by(*newest)
    return [_line(*row) for row in session.execute(query)]


def trace_line(session: Session, trace_id: int) -> TraceLine:
    """One trace; raises NotFound."""
    row = session.execute(_LINE.where(TraceRow.id == trace_id)).first()
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return _line(*row)


def trace_lines(session: Session, ids: Sequence[int]) -> list[TraceLine]:
    """These traces in the order given; those that are gone are left out."""
    found = {line.id: line for line in (_line(*row) for row in session.execute(_LINE.where(TraceRow.id.in_(ids))))}
    return [found[one] for one in ids if one in found]


def session_traces(session: Session, name: str) -> list[TraceLine]:
    """The traces of one session in the order in which they happened."""
    query = _LINE.where(TraceRow.session == name).order_by(TraceRow.started_at, TraceRow.id)
    return [_line(*row) for row in session.execute(query)]


def runs_of_task(session: Session, task: str) -> list[TraceLine]:
    """All runs of a task, by version and trial."""
    query = _LINE.where(TaskRow.key == task).order_by(VersionRow.name, TraceRow.trial, TraceRow.id)
    return [_line(*row) for row in session.execute(query)]


def runs_by_task(session: Session, agent: str) -> list[list[TaskRun]]:
    """The runs of an agent's tasks, task by task."""
    query = (
        select(TaskRow.key, TraceRow.uid, VersionRow.name, TraceRow.trial, TraceRow.outcome, TraceRow.title)
        .join(TraceRow, TraceRow.task_id == TaskRow.id)
        .join(VersionRow, VersionRow.id == TraceRow.version_id)
        .join(AgentRow, AgentRow.id == TraceRow.agent_id)
        .where(AgentRow.name == agent)
        .order_by(TaskRow.key, TraceRow.uid)
    )
    runs = [TaskRun(*row) for row in session.execute(query)]
    return [list(group) for _, group in groupby(runs, key=lambda run: run.task)]


def trace_row(session: Session, trace_id: int) -> TraceRow:
    """One trace with its tool schemas and attributes; raises NotFound."""
    row = session.get(TraceRow, trace_id)
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return row


def ids_of(session: Session, uids: set[str]) -> dict[str, int]:
    """Row ids of the traces that are stored, by the ids their sources gave them."""
    found: dict[str, int] = {}
    for some in parts(uids):
        query = select(TraceRow.uid, TraceRow.id).where(TraceRow.uid.in_(some))
        found.update(dict(session.execute(query).all()))
    return found


def find_trace(session: Session, uid: str) -> int | None:
    """The row id of a trace by the id its source gave it."""
    return session.scalar(select(TraceRow.id).where(TraceRow.uid == uid))
