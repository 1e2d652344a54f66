"""Writes traces: new ones whole, and what arrives later for those that are there already.

A file's run is written once, and what comes with the same id again is a repetition. A run of spans grows: `merge` says
what becomes of a step that comes twice, and the run's own facts are taken over from whoever knows better (its root).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.records import Step, Trace
from core.store.catalog import UNNAMED_AGENT, UNNAMED_VERSION, refresh_version_dates, task_ids, version_id
from core.store.content import clean, step_from_row, step_text
from core.store.dialect import insert_fast, insert_new, parts
from core.store.reading_order import Place, reading_order
from core.store.tables import STEP_BITS, AgentRow, StepRow, TraceRow, VersionRow
from core.store.text_search import index_steps, unindex_steps
from core.store.trace_rows import (
    Prepared,
    check_number,
    each_once,
    length_of,
    prepare,
    span_of_time,
    step_row,
    title_of,
    totals,
)
from core.store.traces import ids_of

Merge = Callable[[Step, Step], Step]

_LIGHT = (
    StepRow.id,
    StepRow.trace_id,
    StepRow.position,
    StepRow.uid,
    StepRow.parent_uid,
    StepRow.kind,
    StepRow.started_at,
    StepRow.seconds,
    StepRow.error,
    StepRow.model,
    StepRow.tokens_in,
    StepRow.tokens_out,
    StepRow.tokens_cached,
    StepRow.cost,
)


@dataclass(slots=True)
class Written:
    """What came of writing traces, by trace id: row ids of the new and of those that grew, and how many steps of those
    that were there already came again (`repeated`). `steps` are new, `changed_steps` got more; the rest was there
    already. A trace that was there already and does not grow is one repetition, whatever it holds twice itself."""

    traces: dict[str, int] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    changed_steps: int = 0
    duplicate_traces: int = 0
    duplicate_steps: int = 0
    repeated: dict[str, int] = field(default_factory=dict)


def insert_traces(session: Session, traces: Sequence[Trace], merge: Merge | None = None) -> Written:
    """Write traces with their steps; without `merge` one that is there already stays as it is.

    Raises InvalidInput for a trace with more than `MOST_STEPS` steps.
    """
    done = write_traces(session, prepare(traces), merge)
    done.duplicate_traces += len(traces) - len({trace.trace_id for trace in traces})
    return done


def write_traces(session: Session, prepared: Sequence[Prepared], merge: Merge | None = None) -> Written:
    """Write what `prepare` made; without `merge` a trace that is there already stays as it is."""
    done = Written()
    traces = [one.trace for one in prepared]
    owners = _owners(session, traces)
    tasks = task_ids(session, [trace.task for trace in traces if trace.task is not None])
    rows = []
    for one in prepared:
        task = tasks[one.trace.task.key] if one.trace.task is not None else None
        rows.append(one.row | owners[(one.trace.agent, one.trace.version)] | {"task_id": task})
    inserted = insert_new(session, TraceRow, rows, TraceRow.uid)
    found = ids_of(session, {trace.trace_id for trace in traces})
    step_rows: list[dict[str, Any]] = []
    for one in prepared:
        trace_id = found[one.trace.trace_id]
        if one.trace.trace_id in inserted:
            done.traces[one.trace.trace_id] = trace_id
            done.duplicate_steps += len(one.trace.steps) - len(one.steps)
            for position, row in enumerate(one.steps):
                row |= {"id": trace_id << STEP_BITS | position, "trace_id": trace_id, "position": position}
                step_rows.append(row)
    insert_fast(session, StepRow, step_rows)
    done.steps = len(step_rows)
    for one in prepared:
        if one.trace.trace_id in inserted:
            continue
        if merge is None:
            done.duplicate_traces += 1
        else:
            done.duplicate_steps += len(one.trace.steps) - len(one.steps)
            _extend(session, found[one.trace.trace_id], one.trace, one.steps, tasks, merge, done)
    # a run without a time cannot move its version's date, and looking for one that can is a walk through all of them
    refresh_version_dates(session, {row["version_id"] for row in rows if row["time_known"] and row["uid"] in inserted})
    return done


def _owners(session: Session, traces: Iterable[Trace]) -> dict[tuple[str, str], dict[str, int]]:
    versions = {pair: version_id(session, *pair) for pair in {(trace.agent, trace.version) for trace in traces}}
    query = select(VersionRow.id, VersionRow.agent_id).where(VersionRow.id.in_(versions.values()))
    agents = dict(session.execute(query).all())
    return {pair: {"version_id": version, "agent_id": agents[version]} for pair, version in versions.items()}


def _extend(
    session: Session,
    trace_id: int,
    trace: Trace,
    rows: Sequence[dict[str, Any]],
    tasks: Mapping[str, int],
    merge: Merge,
    done: Written,
) -> None:
    """Add what is new of a trace to the one that is stored."""
    stored = session.get_one(TraceRow, trace_id, with_for_update=True, populate_existing=True)
    outline = select(*_LIGHT).where(StepRow.trace_id == trace_id).order_by(StepRow.position)
    light = {row.uid: row for row in session.execute(outline)}
    arrived = {row["uid"]: (step, row) for step, row in zip(each_once(trace.steps), rows, strict=True)}
    changed = _merge_steps(session, stored, [arrived[uid][0] for uid in arrived if uid in light], merge)
    fresh = [row for uid, (_, row) in arrived.items() if uid not in light]
    repeated = len(arrived) - len(fresh) - len(changed)
    done.duplicate_steps += repeated
    done.repeated[trace.trace_id] = repeated
    if not fresh and not changed:
        done.duplicate_traces += 1
        _wait_longer(stored, trace)
        return
    check_number(trace.trace_id, len(light) + len(fresh))
    everything = {uid: dict(row._mapping) for uid, row in light.items()} | changed
    for n, row in enumerate(fresh, len(light)):
        row |= {"id": trace_id << STEP_BITS | n, "trace_id": trace_id, "position": n}
        everything[row["uid"]] = row
    order = reading_order([Place(row["uid"], row["parent_uid"], row["started_at"]) for row in everything.values()])
    moved = []
    for position, uid in enumerate(order):
        if everything[uid]["position"] != position:
            everything[uid]["position"] = position
            if uid in light:
                moved.append({"step": everything[uid]["id"], "to": position})
    insert_fast(session, StepRow, fresh)
    connection = session.connection()
    if changed:
        rewritten = [{"step": row["id"]} | {key: row[key] for key in _REWRITTEN} for row in changed.values()]
        values: dict[str, Any] = {key: bindparam(key) for key in _REWRITTEN}
        connection.execute(update(StepRow).where(StepRow.id == bindparam("step")).values(values), rewritten)
    if moved:
        connection.execute(
            update(StepRow).where(StepRow.id == bindparam("step")).values(position=bindparam("to")), moved
        )
    _take_over(session, stored, trace, list(everything.values()), tasks)
    if stored.closed_at is not None:
        stored.changed_at = now()
    done.grown[trace.trace_id] = trace_id
    done.steps += len(fresh)
    done.changed_steps += len(changed)
    session.flush()


_REWRITTEN = (
    "parent_uid",
    "kind",
    "name",
    "started_at",
    "seconds",
    "error",
    "model",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "cost",
    "cost_from",
    "content",
)


def _merge_steps(
    session: Session, trace: TraceRow, repeated: Sequence[Step], merge: Merge
) -> dict[str, dict[str, Any]]:
    """Step id → its new row, of the repeated steps that tell something new; the text index follows."""
    changed: dict[str, dict[str, Any]] = {}
    by_id = {clean(step.step_id, 200): step for step in repeated}
    for some in parts(by_id):
        query = select(StepRow).where(StepRow.trace_id == trace.id, StepRow.uid.in_(some))
        for row in session.scalars(query):
            old = step_from_row(row)
            merged = merge(old, by_id[row.uid])
            values = step_row(merged)
            if all(values[key] == getattr(row, key) for key in _REWRITTEN):
                continue
            changed[row.uid] = values | {"id": row.id, "position": row.position}
            if row.id < (trace.id << STEP_BITS) + trace.n_indexed:
                unindex_steps(session, [(row.id, step_text(old))])
                index_steps(session, [(row.id, step_text(step_from_values(values)))])
    return changed


def step_from_values(values: Mapping[str, Any]) -> Step:
    """The step that a row's values hold, as it will be read back."""
    return step_from_row(StepRow(**{key: value for key, value in values.items() if key != "id"}))


def _wait_longer(stored: TraceRow, trace: Trace) -> None:
    if trace.open and stored.closed_at is None:
        stored.last_arrival_at = now()


def _take_over(
    session: Session, stored: TraceRow, trace: Trace, rows: Sequence[Mapping[str, Any]], tasks: Mapping[str, int]
) -> None:
    """Bring a stored trace's own row in line with all its steps; the root's word counts, others' where it says none."""
    knows_better = any(step.parent_id is None for step in trace.steps)
    _take_over_names(session, stored, trace, knows_better)
    for column, said, longest in (("session", trace.session_id, 200), ("user", trace.user, 200)):
        if said and (knows_better or not getattr(stored, column)):
            setattr(stored, column, clean(said, longest))
    title = clean(title_of(trace), 300)
    if title and (knows_better or not stored.title):
        stored.title = title
    if trace.task is not None and (knows_better or stored.task_id is None):
        stored.task_id = tasks[trace.task.key]
    stored.trial = trace.trial if stored.trial is None else stored.trial
    stored.tools = stored.tools or list(trace.tools)
    stored.tags = list(dict.fromkeys([*stored.tags, *trace.tags]))
    stored.attributes = {**stored.attributes, **trace.attributes}
    stored.redactions = {
        kind: stored.redactions.get(kind, 0) + trace.redactions.get(kind, 0)
        for kind in {**stored.redactions, **trace.redactions}
    }
    started, ended = span_of_time(Trace("", "", ()), rows)
    if started is not None:
        stored.started_at, stored.ended_at, stored.time_known = started, ended, True
    for column, value in totals(rows, None, length_of(None, started, ended)).items():
        setattr(stored, column, value)
    stored.last_arrival_at = now()


def _take_over_names(session: Session, stored: TraceRow, trace: Trace, knows_better: bool) -> None:
    agent = session.get_one(AgentRow, stored.agent_id).name
    version = session.get_one(VersionRow, stored.version_id).name
    if trace.agent and (knows_better or agent == UNNAMED_AGENT):
        agent = clean(trace.agent, 200)
    if trace.version and (knows_better or version == UNNAMED_VERSION):
        version = clean(trace.version, 300)
    before = stored.version_id
    stored.version_id = version_id(session, agent, version)
    if stored.version_id != before:
        stored.agent_id = session.get_one(VersionRow, stored.version_id).agent_id
        session.flush()
        refresh_version_dates(session, {before, stored.version_id})
