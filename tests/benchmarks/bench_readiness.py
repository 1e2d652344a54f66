"""Readiness of one agent with 50,000 runs of eight steps: the whole, its three questions, and the lift beside it.

The floor is the agent's solved runs counted by where their outcome comes from, in the same run. PostgreSQL is measured
where its wheel starts.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from core.evaluate.lift import memory_lift
from core.evaluate.movable_context import movable_context
from core.evaluate.readiness import readiness
from core.evaluate.stability import stability
from core.evaluate.verified_examples import verified_examples
from core.records import Message, Role, Step, StepKind, ToolCall
from core.review.ready_made import RUN_REVIEW
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.readiness import solved_runs
from core.store.schemas import save_schema
from core.store.tables import (
    STEP_BITS,
    AgentRow,
    AnnotationRow,
    RecallLessonRow,
    RecallRow,
    StepRow,
    TaskRow,
    TraceRow,
    VersionRow,
)
from core.store.trace_rows import step_row
from tests.benchmarks._stored import sentences
from tests.benchmarks.bench_traces import postgresql, usual

RUNS, TASKS, LABELLED, CORRECTED = 50_000, 5_000, 10_000, 1_000
START = datetime(2026, 1, 5, tzinfo=UTC)
TOOLS = [{"name": f"tool {n}", "description": "What it does, and when to call it. " * 10} for n in range(12)]
SYSTEM = Message("system", "How this agent works, and what it never does. " * 60)


def main() -> None:
    """Print milliseconds (the median of some) of each question."""
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", f"sqlite:///{Path(name) / 'loopwright.db'}")
    with postgresql() as url:
        if url:
            measure("PostgreSQL", url)


def measure(name: str, url: str) -> None:
    store = open_store(url)
    fill(store)
    floor = usual(store, partial(solved_runs, agent="agent", since=None))
    print(f"{name}, {RUNS:,} runs: floor {floor:.0f} ms")
    asked: list[tuple[str, Callable[..., object]]] = [
        ("readiness", readiness),
        ("is it stable", stability),
        ("are there enough", verified_examples),
        ("would it save", movable_context),
        ("the lift beside it", memory_lift),
    ]
    for what, work in asked:
        spent = usual(store, partial(work, agent="agent"))
        print(f"  {what:20} {spent:6.0f} ms ({spent / floor:.1f} times the floor)")
    store.close()


def fill(store: Store) -> None:
    """One agent's runs over 35 weeks, two of three solved; some are labelled, some corrected; each third recalled."""
    pick = random.Random(5)
    with store.session() as session:
        session.execute(insert(AgentRow), [{"id": 1, "name": "agent"}])
        session.execute(insert(VersionRow), [{"id": 1, "agent_id": 1, "name": "v1"}])
        tasks = [{"id": n, "key": f"bench/{n % 8}/{n}"} for n in range(1, TASKS + 1)]
        session.execute(insert(TaskRow), tasks)
        person, schema = person_id(session, "reviewer-1", Role.ANNOTATOR), save_schema(session, RUN_REVIEW)
    for first in range(0, RUNS, 2_500):
        numbers = range(first, first + 2_500)
        with store.session() as session:
            session.execute(insert(TraceRow), [a_run(n, pick) for n in numbers])
            session.execute(insert(StepRow), [row for n in numbers for row in steps(n, pick)])
            session.execute(
                insert(AnnotationRow), [a_label(n, person, schema) for n in numbers if n % (RUNS // LABELLED) == 0]
            )
            recalled = [n for n in numbers if n % 3 == 0]
            session.execute(insert(RecallRow), [a_recall(n) for n in recalled])
            session.execute(insert(RecallLessonRow), [fitted(n) for n in recalled])


def a_run(n: int, pick: random.Random) -> dict[str, Any]:
    at, labelled = START + timedelta(minutes=7 * n), n % (RUNS // LABELLED) == 0
    return {
        "id": n + 1,
        "uid": f"run {n}",
        "source": "bench",
        "agent_id": 1,
        "version_id": 1,
        "task_id": pick.randrange(TASKS) + 1,
        "started_at": at,
        "arrived_at": at,
        "last_arrival_at": at,
        "closed_at": at,
        "n_steps": 8,
        "seconds": 20.0,
        "cost": 0.01,
        "tools": TOOLS,
        "outcome": "solved" if pick.random() < 0.67 else "failed",
        "outcome_from": "people" if labelled else "automated check reward",
    }


def steps(n: int, pick: random.Random) -> list[dict[str, Any]]:
    heard, found = [SYSTEM], []
    for place in range(8):
        said = " ".join(pick.choices(sentences(), k=3))
        if place % 4 == 0:
            step = Step(str(place), StepKind.USER, "user", output=(Message("user", said),))
        elif place % 4 == 2:
            step = Step(str(place), StepKind.TOOL, f"tool {pick.randrange(12)}", call_id="c", result={"text": said})
        else:
            calls = (ToolCall("c", "tool", {"n": n}),) if place % 4 == 1 else ()
            written = (Message("assistant", said, tool_calls=calls),)
            step = Step(
                str(place), StepKind.LLM, "agent", input=tuple(heard), output=written, tokens_in=3_000, cost=0.002
            )
        heard += step.output or (Message("tool", said, tool_call_id="c"),)
        found.append(step)
    ids = range((n + 1) << STEP_BITS, ((n + 1) << STEP_BITS) + 8)
    return [
        step_row(step) | {"id": row_id, "trace_id": n + 1, "position": place}
        for place, (row_id, step) in enumerate(zip(ids, found, strict=True))
    ]


def a_label(n: int, person: int, schema: int) -> dict[str, Any]:
    wrong = [{"step_id": "3", "original": "", "corrected": f"As it should have been in run {n}."}]
    return {
        "trace_id": n + 1,
        "step_uid": "",
        "person_id": person,
        "schema_id": schema,
        "schema_key": RUN_REVIEW.key,
        "revision": 1,
        "current": True,
        "answers": {"outcome": "solved"},
        "marks": [],
        "corrections": wrong if n % (RUNS // CORRECTED) == 0 else [],
        "submitted_at": START,
        "key": f"label {n}",
    }


def a_recall(n: int) -> dict[str, Any]:
    arm = "control" if n % 10 == 0 else "memory"
    return {"id": n + 1, "uid": f"recall {n}", "trace_uid": f"run {n}", "query": "", "arm": arm, "at": START}


def fitted(n: int) -> dict[str, Any]:
    fate = "control" if n % 10 == 0 else "given"
    return {"recall_id": n + 1, "lesson_uid": "a", "revision": 1, "score": 0.5, "fate": fate}


if __name__ == "__main__":
    main()
