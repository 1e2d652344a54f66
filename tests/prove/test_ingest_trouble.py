"""A full disk, a locked database, too much at once: a sender is told to come again, and nothing taken is lost."""

from __future__ import annotations

import random
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from core.store.deliveries import deliveries_waiting
from core.store.engine import Store
from core.store.tables import SignalRow
from tests.e2e.server import Server
from tests.prove.senders import LARGEST, Agent
from tests.prove.test_ingest_kills import acknowledged, begin, check, drain, whole

Trouble = Callable[[Store, Server], Any]

AGENTS = 3
LONGEST = 25.0
"""Seconds in which even a locked database has to have its answer: two waits of ten, and the machine's own."""


@contextmanager
def full_disk(store: Store, server: Server) -> Iterator[None]:
    """No file of the server may grow past a bound; a PostgreSQL that finds no room for a new row."""
    if store.engine.dialect.name == "sqlite":
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (5_000_000, before[1]))
        try:
            yield
        finally:
            if server.process.poll() is None:
                resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        return
    full = "BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END"
    tables = ("delivery", "step", "signal")
    with store.engine.begin() as connection:
        connection.execute(text(f"CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$"))
    # each in a transaction of its own, so that nobody waits for the other's table
    for table in tables:
        with store.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            trigger = f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION disk_full()"
            connection.execute(text(trigger))
    try:
        yield
    finally:
        for table in tables:
            with store.engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = 0"))  # the server may be at it, and take long
                connection.execute(text(f"DROP TRIGGER full_disk ON {table}"))


@contextmanager
def locked(store: Store, server: Server) -> Iterator[None]:
    """Another process holds what a writer needs."""
    if store.engine.dialect.name == "sqlite":
        holder = sqlite3.connect(str(store.engine.url.database), isolation_level=None, timeout=60)
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        return
    with store.engine.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("LOCK TABLE delivery, signal IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()


@pytest.mark.tenth
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trouble", [full_disk, locked])
@pytest.mark.parametrize("killed", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_trouble_is_told_and_loses_nothing(store: Store, tmp_path: Path, trouble: Trouble, killed: bool) -> None:
    server = begin(store, tmp_path)
    agents = [Agent(n, random.Random(n)) for n in range(AGENTS)]
    thumbs = Thumbs()
    together([each.work for each in agents], server.url, 5)
    thumbs.work(server.url, 1)
    assert (thumbs.kept, [each.refused for each in agents]) == (1, [0] * AGENTS)
    with trouble(store, server):
        began = time.monotonic()
        while not all(each.refused for each in (*agents, thumbs)):
            assert time.monotonic() - began < 120, "the trouble is not felt"
            each_began = time.monotonic()
            together([each.work for each in (*agents, thumbs)], server.url, 1)
            assert time.monotonic() - each_began < LONGEST
            assert httpx.get(f"{server.url}/healthz", trust_env=False).status_code == 200
        if killed:
            server.kill()
    if killed:
        server = begin(store, tmp_path)
    assert [each.wrong for each in (*agents, thumbs)] == [[]] * (AGENTS + 1)
    for each in agents:
        each.finish(server.url)
    thumbs.work(server.url, 1)
    drain(store)
    check(store, agents, set())
    whole(store, acknowledged(agents))
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignalRow)) == thumbs.kept
    together([each.work for each in agents], server.url, 5)  # it goes on
    assert all(not each.pending for each in agents)
    server.stop()


class Thumbs:
    """Sends signals, one by one; the one that was refused is sent again."""

    def __init__(self) -> None:
        self.kept = self.refused = 0
        self.wrong: list[str] = []

    def work(self, url: str, most: int) -> None:
        """Send signals."""
        for _ in range(most):
            self._send(url)

    def _send(self, url: str) -> None:
        signal = {"trace_id": "t", "name": "thumb", "kind": "explicit", "value": True, "key": f"thumb {self.kept}"}
        signal["comment"] = random.Random(self.kept).randbytes(4_000).hex()
        answer = httpx.post(f"{url}/api/signals", json=signal, timeout=60, trust_env=False)
        if answer.status_code == 503 and int(answer.headers["retry-after"]) > 0:
            self.refused += 1
        elif answer.status_code == 202:
            self.kept += 1
        else:
            self.wrong.append(answer.text)


def together(works: list[Callable[[str, int], None]], url: str, most: int) -> None:
    """All at the same time."""
    threads = [Thread(target=work, args=(url, most)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.tenth
@pytest.mark.timeout(600)
def test_more_than_may_wait_is_sent_away_and_comes_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 400
    monkeypatch.setenv("LOOPWRIGHT_MAX_WAITING_SPANS", str(most))
    server = begin(store, tmp_path)
    agents = [Agent(n, random.Random(n)) for n in range(AGENTS)]
    seen: list[int] = []
    for _ in range(20):
        together([each.work for each in agents], server.url, 5)
        with store.reading() as session:
            seen.append(deliveries_waiting(session).n)
        if sum(each.refused for each in agents) > 20:
            break
    assert sum(each.refused for each in agents) > 0
    # on PostgreSQL those that come in the same moment are let in together
    assert max(seen) <= most + (0 if store.engine.dialect.name == "sqlite" else AGENTS * LARGEST)
    for each in agents:
        while each.pending:
            each.work(server.url, 1)
            time.sleep(0.2)
        each.finish(server.url)
        while each.pending:
            each.work(server.url, 1)
            time.sleep(0.2)
    assert [each.wrong for each in agents] == [[]] * AGENTS
    drain(store)
    check(store, agents, set())
    whole(store, acknowledged(agents))
    server.stop()
