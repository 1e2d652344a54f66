"""`POST /api/signals`: one, twenty and fifty clients, and batches of a hundred, on both databases.

Two floors from the same run: the same rows written by one thread of one process, a commit each, with nothing around it;
and a round trip to /healthz by the same clients, which is all that HTTP and the guards cost.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from core.ingest.accept import index_words
from core.store.engine import open_store
from tests.benchmarks._load import Load, load
from tests.benchmarks._stored import grow
from tests.benchmarks.bench_traces import postgresql
from tests.e2e.server import start

RUNS, CLIENTS, SECONDS = 5_000, (1, 20, 50), 5.0


def main() -> None:
    """Print what clients saw, and the floors."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure("SQLite", folder / "sqlite", f"sqlite:///{folder / 'sqlite' / 'loopwright.db'}")
        floor = commits(folder / "sqlite" / "loopwright.db", 2_000)
        print(f"floor: {1000 / floor[0]:,.0f} bare commits/s by one thread, p50 {floor[0]:.2f} ms", flush=True)
        with postgresql() as url:
            if url:
                measure("PostgreSQL", folder / "postgresql", url)


def measure(name: str, folder: Path, url: str) -> None:
    folder.mkdir()
    store = open_store(url)
    grow(store, RUNS)
    index_words(store)  # else the server does it at its start
    store.close()
    server = start("serve", folder, folder / "server.log", LOOPWRIGHT_DATABASE_URL=url)
    try:
        for clients in CLIENTS:
            show(f"{name}: /healthz, {clients} clients", load(server.url, "GET", "/healthz", clients, 2.0))
        for clients in CLIENTS:
            show(f"{name}: {clients} clients", load(server.url, "POST", "/api/signals", clients, SECONDS, 1, RUNS))
        hundreds = load(server.url, "POST", "/api/signals", 4, SECONDS, 100, RUNS)
        show(f"{name}: 4 clients, 100 signals a request", hundreds, 100)
    finally:
        server.stop()


def show(what: str, seen: Load, each: int = 1) -> None:
    rate = f"{seen.a_second * each:8,.0f}/s"
    print(
        f"{what:44} {rate}   p50 {seen.p50:6.2f}   p95 {seen.p95:6.2f}   p99 {seen.p99:6.2f} ms   errors {seen.errors}",
        flush=True,
    )


def commits(path: Path, n: int) -> Sequence[float]:
    """Milliseconds (middle, slowest 5 %) of writing a stored signal again as a row of its own, with its commit."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(signal)") if row[1] != "id"]
    row = connection.execute(f"SELECT {', '.join(columns)} FROM signal LIMIT 1").fetchone()
    place = columns.index("key")
    took = []
    for number in range(n):
        values = (*row[:place], f"floor/{number}", *row[place + 1 :])
        begin = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(columns))
        connection.execute(f"INSERT INTO signal ({', '.join(columns)}) VALUES ({marks})", values)
        connection.execute("COMMIT")
        took.append((perf_counter() - begin) * 1000)
    connection.close()
    took.sort()
    return took[n // 2], took[int(n * 0.95)]


if __name__ == "__main__":
    main()
