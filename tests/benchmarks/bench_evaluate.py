"""How long the numbers of Evaluation, Drift and Home take over 200,000 stored runs, each beside a floor.

100 versions were tried on 500 tasks four times each. The floor is one pass of SQLite over the same rows: what any page
that looks at all of them must pay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from sqlalchemy import func, insert, select

from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.evaluate.loop import loop_state
from core.evaluate.weeks import weekly
from core.records import Task, Version
from core.store.catalog import agent_id, set_version, task_ids, version_id
from core.store.engine import Store, open_store
from core.store.tables import TraceRow

VERSIONS, TASKS, TRIALS = 100, 500, 4
START = datetime(2025, 1, 6, tzinfo=UTC)
REPEATS = 3


def fill(store: Store) -> None:
    """Rows as an import leaves them, without steps, which no number here looks at."""
    chance = np.random.default_rng(1)
    with store.session() as session:
        agent = agent_id(session, "agent")
        tasks = list(task_ids(session, [Task(f"suite/part-{n % 5}/{n}", f"Task {n}") for n in range(TASKS)]).values())
        for n in range(VERSIONS):
            set_version(session, Version("agent", f"v{n}", START + timedelta(days=5 * n), f"v{n - 1}" if n else ""))
            version = version_id(session, "agent", f"v{n}")
            solved = chance.random((TASKS, TRIALS)) < 0.4 + n / 250
            session.execute(
                insert(TraceRow),
                [
                    row(n, agent, version, tasks[t], t, k, bool(solved[t, k]))
                    for t in range(TASKS)
                    for k in range(TRIALS)
                ],
            )


def row(n: int, agent: int, version: int, task_id: int, task: int, trial: int, solved: bool) -> dict[str, object]:
    started = START + timedelta(days=5 * n, minutes=task * 10 + trial)
    return {
        "uid": f"{n}/{task}/{trial}",
        "source": "bench",
        "agent_id": agent,
        "version_id": version,
        "task_id": task_id,
        "trial": trial,
        "title": f"What run {task} was asked to do, as its task puts it, in a sentence or two of ordinary length",
        "started_at": started,
        "arrived_at": started,
        "n_steps": 10 + task % 20,
        "seconds": 5.0 + task % 60,
        "cost": 0.001 * (1 + task % 30),
        "outcome": "solved" if solved else "failed",
        "tools": [],
        "tags": [],
        "attributes": {"model": "a-model", "seed": task, "note": "x" * 200},
    }


def fastest(store: Store, work: Callable[..., object]) -> float:
    """Seconds of the quickest of a few runs, each in a session of its own."""
    took = []
    for _ in range(REPEATS):
        with store.reading() as session:
            start = perf_counter()
            work(session)
            took.append(perf_counter() - start)
    return min(took)


def main() -> None:
    """Print seconds, floor and ratio of each page's numbers."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        fill(store)
        pass_over = select(func.sum(TraceRow.cost), func.count(TraceRow.seconds))
        floor = fastest(store, lambda session: session.execute(pass_over).one())
        for name, work in (
            ("history of 100 versions x 500 tasks x 4", lambda session: version_history(session, "agent")),
            ("two versions of 500 tasks x 4 compared", lambda session: compare_versions(session, "v0", "v99")),
            ("72 weeks of 200,000 runs", lambda session: weekly(session, "agent")),
            ("the loop, with its newest version", loop_state),
        ):
            seconds = fastest(store, work)
            print(f"{name:44} {seconds:7.3f} s   floor {floor:7.3f} s   ratio {seconds / floor:6.1f}")
        store.close()


if __name__ == "__main__":
    main()
