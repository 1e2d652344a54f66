"""Every page at 50,000 runs with 30,000 labels: opened anew, opened again, and after one more label, in Chromium.

The machine may be shared, so the processor time of the server is judged, not the clock. The floor is Settings in the
same run, a page of some fifty controls that reads nothing of the runs. "After a label" is what a page costs when all
that it remembers has become stale.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, or_, select

from core.records import Annotation
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.tables import TraceRow
from tests.benchmarks._labelled import fill
from tests.e2e.chromium import launch
from tests.e2e.server import Server, start

RUNS = 50_000
PAGES = sorted(page.stem for page in (Path(__file__).resolve().parents[2] / "pages").glob("*.py"))
FLOOR = "settings"
TARGET = 1.0
"""Seconds of processor for a page that is opened again."""
QUIET = 0.03
"""The share of a processor below which the server counts as idle."""
DONE = """() => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
  && document.querySelector("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]")
  && !document.querySelector("[data-testid=stSpinner], [data-testid=stSkeleton]")"""

Took = tuple[float, float]
"""Seconds by the clock, and of the server's processor."""


def main() -> None:
    """Print each page's times, and the ratio of its second opening to the floor."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
        fill(store, RUNS)
        with store.session() as session:
            me = person_id(session, "me")
        server = start("serve", folder, folder / "log")
        try:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(300_000)
            page.request.get(f"{server.url}/who/{me}", max_redirects=0)  # the cookie that says who looks
            wait_until_indexed(store)
            measure(server, page, store)
            act(server, page)
        finally:
            server.stop()
            store.close()


def measure(server: Server, page: Page, store: Store) -> None:
    first = {name: opened(server, page, name) for name in [FLOOR, *PAGES]}
    again = {name: opened(server, page, name) for name in PAGES}
    stale = {}
    for n, name in enumerate(PAGES):
        say_something(store, n)
        stale[name] = opened(server, page, name)
    print(f"load average {os.getloadavg()[0]:.1f}; floor: {FLOOR} again, {again[FLOOR][1]:.2f} s of processor")
    for name in PAGES:
        told = "   ".join(
            f"{what} {took[name][1]:5.2f} s (clock {took[name][0]:5.1f})"
            for what, took in (("first", first), ("again", again), ("after a label", stale))
        )
        print(f"{name:12} {told}   again to floor {again[name][1] / again[FLOOR][1]:4.1f}")
    slowest = max(PAGES, key=lambda name: again[name][1])
    print(f"slowest again: {slowest}, {again[slowest][1]:.2f} s of processor (target {TARGET})", flush=True)


def act(server: Server, page: Page) -> None:
    """What people do on lists: go on to the next page, filter, sort."""
    opened(server, page, "traces")
    older = timed(server, page, lambda: page.get_by_role("button", name="Older").click())
    failed = opened(server, page, "traces?traces_outcome=failed")
    opened(server, page, "adjudicate")
    resolved = opened(server, page, "adjudicate?adjudicate_state=all")
    opened(server, page, "drift")
    agent = opened(server, page, "drift?drift_agent=agent+1")
    for what, (clock, processor) in (
        ("Traces: older runs", older),
        ("Traces: only failed ones", failed),
        ("Adjudicate: all", resolved),
        ("Drift: one agent", agent),
    ):
        print(f"{what:26} {processor:5.2f} s of processor (clock {clock:4.1f})", flush=True)


def opened(server: Server, page: Page, name: str) -> Took:
    """Open a page by its address."""
    return timed(server, page, lambda: page.goto(f"{server.url}/{name}"))


def timed(server: Server, page: Page, work: Callable[[], object]) -> Took:
    """Wait for an idle server, do it, and wait until nothing is being drawn any more."""
    wait_until_idle(server.process.pid)
    processor, clock = used(server.process.pid), time.perf_counter()
    work()
    page.wait_for_timeout(100)
    page.wait_for_function(DONE)
    took = time.perf_counter() - clock
    wait_until_idle(server.process.pid)  # what comes after the page, such as the data of its components, is of it
    return took, used(server.process.pid) - processor


def say_something(store: Store, n: int) -> None:
    """One more label on a run that has none."""
    with store.session() as session:
        schema = save_schema(session, RUN_REVIEW)
        who = person_id(session, "person 1")
        free = select(TraceRow.id, TraceRow.uid).where(TraceRow.n_annotations == 0).order_by(TraceRow.started_at)
        run = session.execute(free.limit(1)).one()
        said = Annotation(run.uid, "person 1", RUN_REVIEW.key, {"outcome": ("solved", "failed")[n % 2]})
        add_annotation(session, run.id, who, (schema, RUN_REVIEW.key), said, datetime.now(UTC))


def wait_until_indexed(store: Store) -> None:
    """What the server does in the background at its start would be counted to the pages."""
    waits = or_(TraceRow.n_indexed < TraceRow.n_steps, TraceRow.n_embedded != TraceRow.n_steps)
    while True:
        with store.reading() as session:
            if not session.scalar(select(func.count()).where(waits)):
                return
        time.sleep(2)


def wait_until_idle(process: int) -> None:
    """Until a second has passed in which the process did next to nothing."""
    while True:
        before = used(process)
        time.sleep(1)
        if used(process) - before <= QUIET:
            return


def used(process: int) -> float:
    """Seconds of processor that a process has taken (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
