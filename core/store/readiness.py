"""What tells whether an agent is ready to be fine-tuned: some of its runs, what is verified, what its prompts carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core.records import Message, Outcome, Split, StepKind
from core.store.content import message_from_json, unpack
from core.store.dialect import parts
from core.store.results import of_agent
from core.store.tables import StepRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class SolvedRuns:
    """How many solved runs have their outcome from one source, on tasks of one split ("" for none); `recent` of them
    began in the time that was asked for."""

    outcome_from: str
    split: str
    n: int
    recent: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model: what it was sent, and what was counted."""

    model: str
    at: datetime | None
    tokens_in: int
    tokens_out: int
    tokens_cached: int | None
    cost: float | None
    input: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class CallingRun:
    """A run whose calls tell what they were sent: how many there are, and some of them, evenly from first to last.

    `tool_characters` is the length of the tool schemas that were recorded with it, as JSON; 0 where none were.
    """

    id: int
    cluster: int
    n_calls: int
    tool_characters: int
    calls: tuple[Call, ...]


_CLUSTER = func.coalesce(TraceRow.task_id, -TraceRow.id)
_KEPT = (Split.VALIDATION.value, Split.HOLDOUT.value)


def solved_runs(session: Session, agent: str, since: datetime | None) -> list[SolvedRuns]:
    """The solved runs of an agent by where their outcome comes from and by split; `recent` from `since` on."""
    split = func.coalesce(TaskRow.split, "").label("split")
    recent = and_(TraceRow.time_known, TraceRow.started_at >= since) if since is not None else TraceRow.id < 0
    query = (
        select(TraceRow.outcome_from, split, func.count(), func.count().filter(recent))
        .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
        .where(*_solved(agent))
        .group_by(TraceRow.outcome_from, split)
    )
    return [SolvedRuns(*row) for row in session.execute(query)]


def newest_solved(session: Session, agent: str, outcome_from: Collection[str], most: int) -> list[int]:
    """The newest solved runs of an agent whose outcome comes from one of these sources, on tasks that may be taught."""
    may_be_taught = or_(TaskRow.id.is_(None), TaskRow.split.not_in(_KEPT))
    query = (
        select(TraceRow.id)
        .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
        .where(*_solved(agent), TraceRow.outcome_from.in_(outcome_from), may_be_taught)
        .order_by(TraceRow.started_at.desc(), TraceRow.id.desc())
    )
    return list(session.scalars(query.limit(most)))


def _solved(agent: str) -> list[ColumnElement[bool]]:
    return [*of_agent(agent), TraceRow.outcome == Outcome.SOLVED.value]


def steps_of(session: Session, agent: str, traces: Iterable[int]) -> dict[int, int]:
    """Those of the runs that are the agent's → how many steps they have."""
    found: dict[int, int] = {}
    for some in parts(traces):
        query = select(TraceRow.id, TraceRow.n_steps).where(TraceRow.id.in_(some), *of_agent(agent))
        found.update((row_id, n) for row_id, n in session.execute(query))
    return found


def newest_briefs(session: Session, agent: str, most: int) -> list[tuple[int, int]]:
    """The newest closed runs of an agent, as (row id, number of steps)."""
    query = select(TraceRow.id, TraceRow.n_steps).where(*of_agent(agent), TraceRow.closed_at.is_not(None))
    rows = session.execute(query.order_by(TraceRow.started_at.desc(), TraceRow.id.desc()).limit(most))
    return [(row_id, n) for row_id, n in rows]


def calling_runs(session: Session, traces: Sequence[int], each: int, most_tokens: int) -> list[CallingRun]:
    """Of these runs, in their order, those whose model calls have tokens and inputs, with at most `each` calls.

    No more is read once the calls hold about `most_tokens` tokens.
    """
    lines: dict[int, list[tuple[int, int]]] = {}
    wraps: set[tuple[int, str | None]] = set()
    told: list[tuple[int, int, str, int]] = []
    for some in parts(traces):
        columns = (StepRow.trace_id, StepRow.id, StepRow.uid, StepRow.parent_uid, StepRow.tokens_in)
        query = select(*columns).where(StepRow.trace_id.in_(some), StepRow.kind == StepKind.LLM.value)
        for trace, step, uid, parent, tokens in session.execute(query.order_by(StepRow.trace_id, StepRow.position)):
            wraps.add((trace, parent))
            if tokens:
                told.append((trace, step, uid, tokens))
    for trace, step, uid, tokens in told:
        if (trace, uid) not in wraps:  # a call around calls repeats what they say
            lines.setdefault(trace, []).append((step, tokens))
    chosen: dict[int, list[int]] = {}
    room = most_tokens
    for trace in traces:
        if trace in lines and room > 0:
            spread = _spread(lines[trace], each)
            chosen[trace] = [step for step, _ in spread]
            room -= sum(tokens for _, tokens in spread)
    calls = _read_calls(session, [step for steps in chosen.values() for step in steps])
    facts = _cluster_and_tools(session, list(chosen))
    found = []
    for trace, steps in chosen.items():
        sent = tuple(calls[step] for step in steps if calls[step].input)
        if sent:
            found.append(CallingRun(trace, facts[trace][0], len(lines[trace]), facts[trace][1], sent))
    return found


def _spread(lines: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most so many, evenly from the first to the last."""
    if len(lines) <= most:
        return list(lines)
    return [lines[round(place * (len(lines) - 1) / (most - 1))] for place in range(most)]


def _read_calls(session: Session, steps: Sequence[int]) -> dict[int, Call]:
    columns = (StepRow.id, StepRow.model, StepRow.started_at, StepRow.tokens_in, StepRow.tokens_out)
    query = select(*columns, StepRow.tokens_cached, StepRow.cost, StepRow.content)
    found: dict[int, Call] = {}
    for some in parts(steps):
        for row in session.execute(query.where(StepRow.id.in_(some))):
            said: list[Any] = unpack(row.content).get("input", [])
            found[row.id] = Call(
                row.model,
                row.started_at,
                row.tokens_in or 0,
                row.tokens_out or 0,
                row.tokens_cached,
                row.cost,
                tuple(message_from_json(message) for message in said),
            )
    return found


def _cluster_and_tools(session: Session, traces: Sequence[int]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for some in parts(traces):
        query = select(TraceRow.id, _CLUSTER, TraceRow.tools).where(TraceRow.id.in_(some))
        for row_id, cluster, tools in session.execute(query):
            found[row_id] = (cluster, len(orjson.dumps(tools, default=str)) if tools else 0)
    return found
