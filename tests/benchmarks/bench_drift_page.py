"""How long Drift takes over 1,000,000 stored runs: its numbers, and the page in Chromium to content and first paint.

The floor of the numbers is one pass of SQLite over the same rows: what a page that looks at all of them must pay. That
of the first paint is Streamlit's hello page, served and opened in the same way.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, insert, select

from core.clock import now
from core.evaluate.drift import drift
from core.evaluate.rolled_weeks import add_up, weeks_of
from core.records import Role, Task
from core.store.catalog import agent_id, task_ids, version_id
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.tables import TraceRow
from tests.benchmarks.bench_evaluate import fastest, row
from tests.benchmarks.bench_pages import DONE, wait_until_idle
from tests.e2e.chromium import launch
from tests.e2e.server import Server, free_port, start

RUNS, TASKS, WEEKS = 1_000_000, 2_000, 52
START = datetime(2025, 11, 3, tzinfo=UTC)


def fill(store: Store, runs: int) -> None:
    """So many runs over a year, as an import leaves them, without steps."""
    with store.session() as session:
        agent, version = agent_id(session, "agent"), version_id(session, "agent", "v1")
        tasks = list(task_ids(session, [Task(f"live/part-{n % 5}/{n}", f"Task {n}") for n in range(TASKS)]).values())
    apart = timedelta(weeks=WEEKS) / runs
    for first in range(0, runs, 20_000):
        rows = []
        for n in range(first, min(runs, first + 20_000)):
            task = (n * 7919) % TASKS
            one = row(0, agent, version, tasks[task], task, n, (n * 31) % 10 < 6)
            at = START + n * apart
            times = {"started_at": at, "arrived_at": at, "last_arrival_at": at, "closed_at": at}
            # No run has steps, and none owes the index of runs a vector, which the server would make meanwhile.
            rows.append(one | times | {"uid": str(n), "n_steps": -1, "n_indexed": -1, "n_embedded": -1})
        with store.session() as session:
            session.execute(insert(TraceRow), rows)


def main(runs: int = RUNS) -> None:
    """Print seconds, floor and ratio of the numbers, then the page's."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'loopwright.db'}")
        fill(store, runs)
        began, weeks = perf_counter(), 0
        while add_up(store, now()):
            weeks += 1
        print(f"{weeks + 1} weeks of {runs:,} runs added up in {perf_counter() - began:.1f} s, in the background")
        floor = fastest(store, lambda session: session.execute(select(func.sum(TraceRow.cost))).one())
        for name, work in (
            ("what moved", lambda session: drift(session, "agent")),
            ("the weeks", lambda session: weeks_of(session, "agent")),
        ):
            seconds = fastest(store, work)
            print(
                f"{name:20} {seconds:6.2f} s   floor (a pass) {floor:6.2f} s   ratio {seconds / floor:5.1f}", flush=True
            )
        with store.session() as session:
            me = person_id(session, "me", Role.LEAD, active=True)
        store.close()
        pages(Path(folder), me)


def pages(folder: Path, me: int) -> None:
    """Each view of the page, the first time and again; and the first paint beside hello's."""
    server = start("serve", folder, folder / "log")
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.request.get(f"{server.url}/who/{me}", max_redirects=0)
            opened(server, page, "settings", "People")
            floor = hello(browser.new_page(viewport={"width": 1440, "height": 900}))
            page.bring_to_front()
            print(f"Streamlit's hello page: first paint {floor:.2f} s")
            for view, words in (("What moved", "moved"), ("Week by week", "Runs"), ("Guards", "guard")):
                for turn in ("first", "again"):
                    took = opened(server, page, f"drift?drift_agent=agent&drift_view={view.replace(' ', '+')}", words)
                    paint = painted(page)
                    said = f"content {took:5.2f} s   first paint {paint:5.2f} s   ratio to hello {paint / floor:4.2f}"
                    print(f"Drift, {view:12}, {turn:5}: {said}", flush=True)
    finally:
        server.stop()


def opened(server: Server, page: Page, address: str, words: str) -> float:
    """Seconds until a heading with these words stands there."""
    wait_until_idle(server.process.pid)
    clock = perf_counter()
    page.goto(f"{server.url}/{address}", wait_until="commit")
    page.get_by_role("heading", name=re.compile(words)).first.wait_for()
    took = perf_counter() - clock
    page.wait_for_function(DONE)
    return took


def painted(page: Page) -> float:
    """Seconds until the browser first painted anything of the page."""
    script = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
    return float(page.evaluate(script)) / 1_000


def hello(page: Page) -> float:
    """Seconds to the first paint of Streamlit's hello page, the better of two openings."""
    port = free_port()
    asked = [sys.executable, "-m", "streamlit", "hello", "--server.headless=true", "--browser.gatherUsageStats=false"]
    asked += [f"--server.port={port}", "--server.address=127.0.0.1"]
    page.bring_to_front()  # what nobody sees is never painted
    process = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found = []
        for _ in range(3):  # the first one also waits for the server to begin
            for _ in range(100):
                try:
                    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
                    break
                except PlaywrightError:
                    sleep(0.2)
            page.get_by_role("heading").first.wait_for()
            found.append(painted(page))
        return min(found[1:])
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]))
