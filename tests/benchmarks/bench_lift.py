"""Lift from 100,000 runs that were each given up to five lessons of a hundred: as a whole, by lesson, and what is left
out.

The floor is the same rows joined and counted once by the database, in the same run. PostgreSQL is measured where its
wheel starts.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.evaluate.lift import lesson_lifts, memory_report
from core.memory.arms import CONTROL, Shares, arm_of, held_back
from core.memory.recall import HELD_BACK
from core.store.engine import Store, open_store
from core.store.recalls import GIVEN
from core.store.tables import AgentRow, RecallLessonRow, RecallRow, TaskRow, TraceRow, VersionRow
from tests.benchmarks.bench_traces import postgresql, usual

RUNS, EACH, LESSONS, TASKS = 100_000, 5, 100, 20_000
START = datetime(2026, 1, 5, tzinfo=UTC)


def main() -> None:
    """Print seconds (the median of some) of each question, and its ratio to the floor."""
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", f"sqlite:///{Path(name) / 'loopwright.db'}")
    with postgresql() as url:
        if url:
            measure("PostgreSQL", url)


def measure(name: str, url: str) -> None:
    store = open_store(url)
    fill(store)
    floor = usual(store, count_rows) / 1_000
    print(f"{name}, {RUNS:,} runs, {EACH} lessons each: floor {floor:.2f} s")
    for what, work in (("the memory as a whole", memory_report), ("every lesson", lesson_lifts)):
        spent = usual(store, work) / 1_000
        print(f"  {what:24} {spent:6.2f} s ({spent / floor:.1f} times the floor)")
    store.close()


def count_rows(session: Session) -> None:
    query = (
        select(RecallLessonRow.lesson_uid, RecallLessonRow.fate, func.count())
        .join(RecallRow, RecallRow.id == RecallLessonRow.recall_id)
        .join(TraceRow, TraceRow.uid == RecallRow.trace_uid)
        .group_by(RecallLessonRow.lesson_uid, RecallLessonRow.fate)
    )
    session.execute(query).all()


def fill(store: Store) -> None:
    """Runs of four agents with their outcome, cost and time, and one recall each."""
    pick = random.Random(5)
    with store.session() as session:
        session.execute(insert(AgentRow), [{"id": n, "name": f"agent {n}"} for n in range(1, 5)])
        session.execute(insert(VersionRow), [{"id": n, "agent_id": n, "name": "v1"} for n in range(1, 5)])
        session.execute(insert(TaskRow), [{"id": n, "key": f"bench/{n}"} for n in range(1, TASKS + 1)])
        for first in range(0, RUNS, 10_000):
            numbers = range(first, first + 10_000)
            session.execute(insert(TraceRow), [a_run(n, pick) for n in numbers])
            session.execute(insert(RecallRow), [a_recall(n) for n in numbers])
            session.execute(insert(RecallLessonRow), [row for n in numbers for row in fitted(n, pick)])


def a_run(n: int, pick: random.Random) -> dict[str, Any]:
    at, solved = START + timedelta(minutes=n), pick.random() < 0.7
    return {
        "id": n + 1,
        "uid": f"run {n}",
        "source": "bench",
        "agent_id": n % 4 + 1,
        "version_id": n % 4 + 1,
        "task_id": pick.randrange(TASKS) + 1,
        "started_at": at,
        "arrived_at": at,
        "last_arrival_at": at,
        "n_steps": 8,
        "seconds": pick.expovariate(0.05),
        "cost": pick.expovariate(50),
        "outcome": "solved" if solved else "failed",
    }


def a_recall(n: int) -> dict[str, Any]:
    arm = arm_of(f"run {n}", Shares())
    return {"id": n + 1, "uid": f"recall {n}", "trace_uid": f"run {n}", "query": "", "arm": arm, "at": START}


def fitted(n: int, pick: random.Random) -> list[dict[str, Any]]:
    name, rows = f"run {n}", []
    for number in pick.sample(range(LESSONS), EACH):
        lesson = f"lesson {number}"
        fate = CONTROL if arm_of(name, Shares()) == CONTROL else GIVEN
        if fate == GIVEN and held_back(name, lesson, Shares()):
            fate = HELD_BACK
        rows.append({"recall_id": n + 1, "lesson_uid": lesson, "revision": 1, "score": 0.5, "fate": fate})
    return rows


if __name__ == "__main__":
    main()
