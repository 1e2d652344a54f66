"""A database with as many runs as a bench wants, stored and queued as an import leaves them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from core.records import Message, Outcome, Role, Step, StepKind, Task, ToolCall, Trace
from core.review.queues import enqueue
from core.store.engine import Store
from core.store.outcomes import set_outcomes
from core.store.people import person_id
from core.store.trace_filter import TraceFilter, count_traces
from core.store.trace_writing import insert_traces

STEPS = 8
BATCH = 1_000
START = datetime(2026, 1, 5, tzinfo=UTC)
AGENTS, VERSIONS, TASKS = 4, 5, 500
OUTCOMES = (Outcome.SOLVED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.PARTLY)


def grow(store: Store, to: int) -> None:
    """Add runs until there are `to`; the same ones every time, in time order, queued."""
    with store.session() as session:
        person_id(session, "me", Role.LEAD, active=True)
        person_id(session, "an annotator", Role.ANNOTATOR, active=True)
        begin = count_traces(session, TraceFilter())
    for start in range(begin, to, BATCH):
        with store.session() as session:
            runs = [run(n) for n in range(start, min(start + BATCH, to))]
            ids = list(insert_traces(session, runs).traces.values())
            set_outcomes(session, {row: (OUTCOMES[row // AGENTS % len(OUTCOMES)], "bench") for row in ids})
            enqueue(session, ids)


def run(n: int) -> Trace:
    """A run of two questions, two tool calls and their answers; the word `run<n>` stands in it alone."""
    pick = random.Random(n)
    begin = START + timedelta(minutes=3 * n)
    agent = f"agent {n % AGENTS}"
    return Trace(
        f"bench/{n}",
        "bench",
        tuple(_steps(pick, n, begin)),
        agent,
        f"v{n // AGENTS % VERSIONS}",
        Task(f"bench/{agent}/{n % TASKS}", f"What run {n % TASKS} was asked to do: {pick.choice(sentences())}"),
        trial=n // TASKS % 4,
        started_at=begin,
    )


def _steps(pick: random.Random, n: int, begin: datetime) -> Iterator[Step]:
    for position in range(STEPS):
        at = begin + timedelta(seconds=5 * position)
        end = at + timedelta(seconds=4)
        said, uid, call_id = " ".join(pick.choices(sentences(), k=4)), str(position), f"call{position // 4}"
        turn = position % 4
        if turn == 0:
            yield Step(uid, StepKind.USER, "user", started_at=at, ended_at=end, output=(Message("user", said),))
        elif turn == 2:
            found = {"id": f"run{n}" if position == 2 else "none", "text": said}
            yield Step(uid, StepKind.TOOL, "look_up", None, at, end, call_id=call_id, arguments={"n": n}, result=found)
        else:
            calls = (ToolCall(call_id, "look_up", {"n": n}),) if turn == 1 else ()
            answer = Message("assistant", said, tool_calls=calls)
            yield Step(uid, StepKind.LLM, "agent", None, at, end, output=(answer,), tokens_in=900, cost=0.002)


@cache
def sentences() -> tuple[str, ...]:
    """Sentences of words as frequent as words are: the k-th is k times as rare as the first."""
    pick = random.Random(0)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    words = ["".join(pick.choices(syllables, k=pick.randint(1, 4))) for _ in range(8_000)]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    return tuple(" ".join(pick.choices(words, weights, k=15)) for _ in range(4_000))
