"""The rows that a trace and its steps are: all that can be made of them before a transaction begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import now
from core.errors import InvalidInput
from core.records import Step, StepKind, Trace
from core.store.content import clean, pack, step_content
from core.store.tables import MOST_STEPS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A trace with the rows that it will be, but for what only the database knows: made before a transaction begins."""

    trace: Trace
    row: dict[str, Any]
    steps: list[dict[str, Any]]


def prepare(traces: Sequence[Trace]) -> list[Prepared]:
    """The rows of traces, each trace once; raises InvalidInput for one with more than `MOST_STEPS` steps."""
    unique: dict[str, Trace] = {}
    for trace in traces:
        unique.setdefault(trace.trace_id, trace)
    prepared = []
    for trace in unique.values():
        steps = [step_row(step) for step in each_once(trace.steps)]
        check_number(trace.trace_id, len(steps))
        prepared.append(Prepared(trace, trace_row(trace, steps), steps))
    return prepared


def check_number(uid: str, n: int) -> None:
    if n > MOST_STEPS:
        raise InvalidInput(f"trace {uid} has {n:,} steps; a trace may have {MOST_STEPS:,}")


def trace_row(trace: Trace, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    arrived = now()
    started, ended = span_of_time(trace, steps)
    return {
        "uid": trace.trace_id,
        "source": clean(trace.source, 100),
        "session": clean(trace.session_id, 200),
        "user": clean(trace.user, 200),
        "trial": trace.trial,
        "title": clean(title_of(trace), 300),
        "started_at": started or arrived,
        "ended_at": ended,
        "arrived_at": arrived,
        "last_arrival_at": arrived,
        "closed_at": None if trace.open else arrived,
        "changed_at": None,
        "time_known": started is not None,
        "n_indexed": 0,
        "outcome": "unknown",
        "outcome_from": "",
        "n_annotations": 0,
        "tools": list(trace.tools),
        "tags": list(trace.tags),
        "redactions": dict(trace.redactions),
        "attributes": dict(trace.attributes),
        **totals(steps, trace.cost, length_of(trace.seconds, started, ended)),
        "root_ended": trace.root_ended,
    }


def span_of_time(trace: Trace, steps: Sequence[Mapping[str, Any]]) -> tuple[datetime | None, datetime | None]:
    starts = [row["started_at"] for row in steps if row["started_at"]]
    ends = [row["started_at"] + timedelta(seconds=row["seconds"] or 0) for row in steps if row["started_at"]]
    return trace.started_at or min(starts, default=None), trace.ended_at or max(ends, default=None)


def length_of(seconds: float | None, started: datetime | None, ended: datetime | None) -> float | None:
    if seconds is None and started and ended:
        return (ended - started).total_seconds()
    return seconds


def totals(steps: Sequence[Mapping[str, Any]], cost: float | None, seconds: float | None) -> dict[str, Any]:
    """A run's sums. Where model calls tell of tokens (or of costs), what other steps or calls around them say repeats
    theirs and does not count."""
    calls = [row for row in steps if row["kind"] == StepKind.LLM or row["model"]]
    spoken = _innermost(steps, calls, ("tokens_in", "tokens_out"))
    paid = _innermost(steps, calls, ("cost",))
    roots = [row for row in steps if row["parent_uid"] is None]
    return {
        "n_steps": len(steps),
        "n_errors": sum(1 for row in steps if row["error"]),
        "n_unpriced": sum(1 for row in spoken if row["cost"] is None and row["tokens_in"] is not None),
        "seconds": seconds,
        "tokens_in": _total(row["tokens_in"] for row in spoken),
        "tokens_out": _total(row["tokens_out"] for row in spoken),
        "tokens_cached": _total(row["tokens_cached"] for row in spoken),
        "cost": cost if cost is not None else _total(row["cost"] for row in paid),
        "root_ended": bool(roots) and all(row["seconds"] is not None for row in roots),
    }


def _innermost(
    steps: Sequence[Mapping[str, Any]], calls: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> list[Mapping[str, Any]]:
    """The model calls that tell something in these columns and stand around no other that does; without any: all."""
    telling = [row for row in calls if any(row[column] is not None for column in columns)]
    if not telling:
        return list(steps)
    parents = {row["uid"]: row["parent_uid"] for row in steps}
    above: set[str] = set()
    for row in telling:
        parent = row["parent_uid"]
        while parent is not None and parent not in above and parent != row["uid"]:
            above.add(parent)
            parent = parents.get(parent)
    return [row for row in telling if row["uid"] not in above]


def _total(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def title_of(trace: Trace) -> str:
    """The task's title, else the first thing the person said, else the name of the first step."""
    if trace.task is not None and trace.task.title:
        return trace.task.title
    return first_said(trace.steps) or (trace.steps[0].name if trace.steps else "")


def first_said(steps: Iterable[Step]) -> str:
    """The first message of the person that the agent talks to; "" when there is none."""
    said = (m.content for step in steps for m in (*step.input, *step.output) if m.role == "user" and m.content.strip())
    return next(said, "")


def each_once(steps: Sequence[Step]) -> list[Step]:
    return list({step.step_id: step for step in reversed(steps)}.values())[::-1]


def step_row(step: Step) -> dict[str, Any]:
    return {
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
        "tokens_cached": step.tokens_cached,
        "cost": step.cost,
        "cost_from": clean(step.cost_from, 40),
        "content": pack(step_content(step)),
    }
