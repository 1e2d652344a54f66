"""How long the numbers of Evaluation, Drift and Home take over 200,000 stored runs, and Evaluation to its content.

100 versions were tried on 500 tasks four times each. The floor is one pass of SQLite over the same rows: what any page
that looks at all of them must pay. The page is opened in Chromium by its address, anew and again, on all tasks and on
a suite: until the verdict stands there, and until nothing is drawn any more. Its floor is Settings, which reads no run.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, insert, select

from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.evaluate.loop import loop_state
from core.evaluate.weeks import weekly
from core.records import Role, Task, Version
from core.store.catalog import agent_id, set_version, task_ids, version_id
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.suites import add_tasks
from core.store.tables import TraceRow
from tests.benchmarks.bench_pages import DONE, used, wait_until_idle
from tests.e2e.chromium import launch
from tests.e2e.server import Server, start

VERSIONS, TASKS, TRIALS = 100, 500, 4
START = datetime(2025, 1, 6, tzinfo=UTC)
STILL_OPEN = datetime(2100, 1, 1, tzinfo=UTC)
"""When the last of each run came: so the server closes and embeds none in the background while a page is measured."""
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
        "last_arrival_at": STILL_OPEN,
        "n_steps": 10 + task % 20,
        "n_indexed": 10 + task % 20,
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


def page_times(store: Store, folder: Path) -> None:
    """Print how long Evaluation takes in Chromium: to the verdict, to the end, and of the server's processor."""
    with store.session() as session:
        me = person_id(session, "me", Role.LEAD, active=True)
        add_tasks(session, "suite", task_ids(session, [Task(f"suite/part-{n % 5}/{n}") for n in range(TASKS)]).values())
    server = start("serve", folder, folder / "log")
    try:
        with sync_playwright() as playwright:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.request.get(f"{server.url}/who/{me}", max_redirects=0)  # the cookie that says who looks
            first, floor = (opened(server, page, "settings", "People") for _ in range(2))
            print(f"load average {os.getloadavg()[0]:.1f}; Settings: first {first.told}; again {floor.told}")
            for name, address in (("all tasks", "evaluation"), ("a suite", "evaluation?evaluation_suite=suite")):
                for turn in ("first", "again"):
                    took = opened(server, page, address, "better than|cannot be told|differ by less")
                    print(f"Evaluation, {name}, {turn}: {took.told}   ratio {took.content / floor.content:4.1f}")
    finally:
        server.stop()


@dataclass(frozen=True)
class Took:
    """Seconds until the words that the page is opened for, until it stands still, and of the server's processor."""

    content: float
    whole: float
    processor: float

    @property
    def told(self) -> str:
        return f"content {self.content:5.2f} s   whole {self.whole:5.2f} s   processor {self.processor:5.2f} s"


def opened(server: Server, page: Page, address: str, words: str) -> Took:
    """Open a page while the server is idle."""
    wait_until_idle(server.process.pid)
    processor, clock = used(server.process.pid), perf_counter()
    page.goto(f"{server.url}/{address}", wait_until="commit")
    page.get_by_role("heading", name=re.compile(words)).first.wait_for()
    content = perf_counter() - clock
    page.wait_for_function(DONE)
    whole = perf_counter() - clock
    wait_until_idle(server.process.pid)
    return Took(content, whole, used(server.process.pid) - processor)


def main() -> None:
    """Print seconds, floor and ratio of each page's numbers, then those of the page itself."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'loopwright.db'}")
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
            print(f"{name:44} {seconds:7.3f} s   floor {floor:7.3f} s   ratio {seconds / floor:6.1f}", flush=True)
        page_times(store, Path(folder))
        store.close()


if __name__ == "__main__":
    main()
