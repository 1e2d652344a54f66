"""Traces and their steps: written whole, listed by page, read in windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import Outcome, Step, Trace
from core.store.catalog import refresh_version_dates, task_ids, version_id
from core.store.content import clean, pack, step_content, step_from_row, step_text
from core.store.dialect import insert_new
from core.store.queues import hidden_from
from core.store.tables import AgentRow, StepRow, TaskRow, TraceRow, VersionRow
from core.store.text_search import index_steps, matching_traces


@dataclass(frozen=True, slots=True)
class Inserted:
    """What came of writing traces: the row ids of the new ones by trace id, and how much was already there."""

    traces: dict[str, int]
    steps: int
    duplicate_traces: int
    duplicate_steps: int


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces a list shows; every empty field lets all through.

    `blind_for` is the person who looks: what is hidden from them is left out as soon as a filter would tell of it.
    """

    agent: str = ""
    version: str = ""
    outcome: str = ""
    labelled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    session: str = ""
    task: str = ""
    blind_for: int | None = None


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One trace as a list shows it."""

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
    n_steps: int
    n_errors: int
    seconds: float | None
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None
    outcome: str
    outcome_from: str
    n_annotations: int


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task, as pairs are made of it."""

    task: str
    uid: str
    version: str
    trial: int | None
    outcome: str
    title: str


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


def insert_traces(session: Session, traces: Sequence[Trace]) -> Inserted:
    """Write traces that are not stored yet, each whole with its steps and its place in the text index."""
    new: dict[str, Trace] = {}
    for trace in traces:
        new.setdefault(trace.trace_id, trace)
    versions = {pair: version_id(session, *pair) for pair in {(trace.agent, trace.version) for trace in new.values()}}
    owners = dict(
        session.execute(select(VersionRow.id, VersionRow.agent_id).where(VersionRow.id.in_(versions.values()))).all()
    )
    tasks = task_ids(session, [trace.task for trace in new.values() if trace.task is not None])
    rows = []
    for trace in new.values():
        version = versions[(trace.agent, trace.version)]
        task = tasks[trace.task.key] if trace.task is not None else None
        rows.append(_trace_row(trace) | {"version_id": version, "agent_id": owners[version], "task_id": task})
    inserted = insert_new(session, TraceRow, rows, TraceRow.uid)
    found = ids_of(session, inserted)
    written, repeated = _insert_steps(session, [(found[uid], new[uid].steps) for uid in inserted])
    # a run without a time cannot move its version's date, and looking for one that can is a walk through all of them
    refresh_version_dates(session, {row["version_id"] for row in rows if row["time_known"] and row["uid"] in inserted})
    return Inserted({uid: found[uid] for uid in inserted}, written, len(traces) - len(inserted), repeated)


def ids_of(session: Session, uids: set[str]) -> dict[str, int]:
    """Row ids of the traces that are stored, by the ids their sources gave them."""
    found: dict[str, int] = {}
    listed = list(uids)
    for start in range(0, len(listed), 500):
        query = select(TraceRow.uid, TraceRow.id).where(TraceRow.uid.in_(listed[start : start + 500]))
        found.update(dict(session.execute(query).all()))
    return found


def _trace_row(trace: Trace) -> dict[str, Any]:
    steps = _unique(trace.steps)
    starts = [step.started_at for step in steps if step.started_at]
    ends = [step.ended_at for step in steps if step.ended_at]
    started = trace.started_at or min(starts, default=None)
    ended = trace.ended_at or max(ends, default=None)
    arrived = now()
    seconds = trace.seconds
    if seconds is None and started and ended:
        seconds = (ended - started).total_seconds()
    return {
        "uid": trace.trace_id,
        "source": clean(trace.source, 100),
        "session": clean(trace.session_id, 200),
        "user": clean(trace.user, 200),
        "trial": trace.trial,
        "title": clean(_title(trace), 300),
        "started_at": started or arrived,
        "ended_at": ended,
        "arrived_at": arrived,
        "time_known": started is not None,
        "n_steps": len(steps),
        "n_errors": sum(1 for step in steps if step.error),
        "seconds": seconds,
        "tokens_in": _total([step.tokens_in for step in steps]),
        "tokens_out": _total([step.tokens_out for step in steps]),
        "cost": trace.cost if trace.cost is not None else _total([step.cost for step in steps]),
        "outcome": "unknown",
        "outcome_from": "",
        "n_annotations": 0,
        "tools": list(trace.tools),
        "tags": list(trace.tags),
        "attributes": dict(trace.attributes),
    }


def _total(values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _title(trace: Trace) -> str:
    """The task's title, else the first thing the person said, else the name of the first step."""
    if trace.task is not None and trace.task.title:
        return trace.task.title
    said = (
        m.content for step in trace.steps for m in (*step.input, *step.output) if m.role == "user" and m.content.strip()
    )
    return next(said, "") or (trace.steps[0].name if trace.steps else "")


def _unique(steps: Sequence[Step]) -> list[Step]:
    return list({step.step_id: step for step in reversed(steps)}.values())[::-1]


def _insert_steps(session: Session, runs: Sequence[tuple[int, Sequence[Step]]]) -> tuple[int, int]:
    rows, texts, repeated = [], [], 0
    for trace_id, steps in runs:
        unique = _unique(steps)
        repeated += len(steps) - len(unique)
        for position, step in enumerate(unique):
            rows.append(_step_row(trace_id, position, step))
            texts.append((trace_id, position, step_text(step)))
    if rows:
        session.execute(insert(StepRow).execution_options(render_nulls=True), rows)  # as in insert_new: one statement
        index_steps(session, texts)
    return len(rows), repeated


def _step_row(trace_id: int, position: int, step: Step) -> dict[str, Any]:
    return {
        "trace_id": trace_id,
        "position": position,
        "uid": clean(step.step_id, 200),
        "parent_uid": clean(step.parent_id, 200) if step.parent_id else None,
        "kind": step.kind.value,
        "name": clean(step.name, 500),
        "started_at": step.started_at,
        "seconds": step.seconds,
        "error": clean(step.error),
        "model": clean(step.model, 200),
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost": step.cost,
        "content": pack(step_content(step)),
    }


_LINE = (
    select(TraceRow, AgentRow.name, VersionRow.name, TaskRow.key)
    .join(AgentRow, AgentRow.id == TraceRow.agent_id)
    .join(VersionRow, VersionRow.id == TraceRow.version_id)
    .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
)


def _line(row: TraceRow, agent: str, version: str, task: str | None) -> TraceLine:
    shared = {name: getattr(row, name) for name in TraceLine.__slots__ if name not in ("agent", "version", "task")}
    return TraceLine(agent=agent, version=version, task=task or "", **shared)


def _filtered(session: Session, query: Any, wanted: TraceFilter) -> Any:
    if wanted.agent:
        query = query.where(
            TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == wanted.agent).scalar_subquery()
        )
    if wanted.version:
        query = query.where(TraceRow.version_id.in_(select(VersionRow.id).where(VersionRow.name == wanted.version)))
    if wanted.outcome:
        query = query.where(TraceRow.outcome == wanted.outcome)
    if wanted.labelled is not None:
        query = query.where(TraceRow.n_annotations > 0 if wanted.labelled else TraceRow.n_annotations == 0)
    if wanted.since:
        query = query.where(TraceRow.started_at >= wanted.since)
    if wanted.until:
        query = query.where(TraceRow.started_at < wanted.until)
    if wanted.session:
        query = query.where(TraceRow.session == wanted.session)
    if wanted.task:
        query = query.where(TraceRow.task_id.in_(select(TaskRow.id).where(TaskRow.key == wanted.task)))
    if wanted.blind_for is not None and (wanted.version or wanted.outcome or wanted.labelled is not None):
        query = query.where(~hidden_from(wanted.blind_for))
    found = matching_traces(session, wanted.text) if wanted.text else None
    return query if found is None else query.where(found)


def list_traces(
    session: Session, wanted: TraceFilter, limit: int, after: tuple[datetime, int] | None = None
) -> list[TraceLine]:
    """One page, newest first; `after` is (started_at, id) of the last line of the page before."""
    newest = (TraceRow.started_at.desc(), TraceRow.id.desc())
    # only the keys are sorted, most of them from an index alone; the rows of one page are read after
    keys = _filtered(session, select(TraceRow.id), wanted).order_by(*newest).limit(limit)
    if after is not None:
        keys = keys.where(tuple_(TraceRow.started_at, TraceRow.id) < tuple_(after[0], after[1]))
    query = _LINE.where(TraceRow.id.in_(list(session.scalars(keys)))).order_by(*newest)
    return [_line(*row) for row in session.execute(query)]


def count_traces(session: Session, wanted: TraceFilter) -> int:
    """How many traces the filter lets through."""
    return session.scalar(_filtered(session, select(func.count()).select_from(TraceRow), wanted)) or 0


def trace_line(session: Session, trace_id: int) -> TraceLine:
    """One trace; raises NotFound."""
    row = session.execute(_LINE.where(TraceRow.id == trace_id)).first()
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return _line(*row)


def trace_row(session: Session, trace_id: int) -> TraceRow:
    """One trace with its tool schemas and attributes; raises NotFound."""
    row = session.get(TraceRow, trace_id)
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return row


def find_trace(session: Session, uid: str) -> int | None:
    """The row id of a trace by the id its source gave it."""
    return session.scalar(select(TraceRow.id).where(TraceRow.uid == uid))


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
    query = select(StepRow).where(StepRow.trace_id == trace_id, StepRow.position >= start).order_by(StepRow.position)
    if count is not None:
        query = query.where(StepRow.position < start + count)
    return [step_from_row(row) for row in session.scalars(query)]


def unknown_steps(session: Session, trace_id: int, step_ids: Sequence[str]) -> list[str]:
    """Which of these step ids the trace does not have."""
    wanted = set(step_ids)
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        part = sorted(wanted)[start : start + 500]
        known.update(session.scalars(select(StepRow.uid).where(StepRow.trace_id == trace_id, StepRow.uid.in_(part))))
    return sorted(wanted - known)


def set_outcomes(session: Session, outcomes: Mapping[int, tuple[Outcome, str]]) -> None:
    """Write trace row id → (outcome, where it comes from)."""
    rows = [
        {"id": key, "outcome": outcome.value, "outcome_from": source[:40]}
        for key, (outcome, source) in outcomes.items()
    ]
    if rows:
        session.execute(update(TraceRow), rows)
