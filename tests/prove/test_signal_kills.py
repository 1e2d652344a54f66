"""A server that is killed while signals come in has lost none that it acknowledged, and kept none twice (law 2)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from core.records import SignalKind
from core.store.engine import Store
from core.store.signals import attach_signals, signals_of
from core.store.tables import SignalRow, TraceRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import outcome_of, refresh_outcomes
from tests.e2e.server import start
from tests.worlds import run

KILLS = 50
SENDERS = 8
RUNS = 40

Signals = dict[str, dict[str, Any]]


@dataclass
class Sender:
    """Sends signals until the server is gone; what was not answered is sent again to the next one."""

    name: int
    chance: random.Random
    acknowledged: Signals = field(default_factory=dict)
    pending: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    wrong: list[str] = field(default_factory=list)

    def work(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            while True:
                self.pending = self.pending or [self._signal() for _ in range(self.chance.choice((1, 1, 1, 20)))]
                try:
                    answer = client.post("/api/signals", json=self.pending)
                except httpx.HTTPError:
                    return
                if answer.status_code not in (200, 201, 202) or answer.json()["rejected"]:
                    self.wrong.append(answer.text)
                    return
                self.acknowledged |= {one["key"]: one for one in self.pending}
                self.pending = []

    def _signal(self) -> dict[str, Any]:
        """A thumb on one of the runs, half of which are not here yet; now and then one that was given is changed."""
        if self.acknowledged and self.chance.random() < 0.1:
            given = self.chance.choice(list(self.acknowledged.values()))
            return given | {"value": not given["value"]}
        self.sent += 1
        return {
            "trace_id": f"run{self.chance.randrange(2 * RUNS)}",
            "name": "thumb",
            "kind": SignalKind.EXPLICIT.value,
            "value": self.chance.random() < 0.5,
            "key": f"{self.name}/{self.sent}",
        }


@pytest.mark.tenth
@pytest.mark.timeout(1_800)
def test_a_kill_loses_no_signal_that_was_acknowledged(
    store: Store, tmp_path: Path, share: Callable[[int], int]
) -> None:
    kills = share(KILLS)
    chance = random.Random(2026)
    url = store.engine.url.render_as_string(hide_password=False)
    senders = [Sender(n, random.Random(n)) for n in range(SENDERS)]
    arrive(store, range(RUNS))
    for kill in range(kills):
        server = start("serve", tmp_path / "data", tmp_path / "server.log", LOOPWRIGHT_DATABASE_URL=url)
        threads = [Thread(target=each.work, args=(server.url,)) for each in senders]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 2))
        if kill == kills // 2:
            arrive(store, range(RUNS, 2 * RUNS))
        server.kill()
        for thread in threads:
            thread.join()
        check(store, senders)
    assert sum(len(each.acknowledged) for each in senders) > 20 * kills  # something was at stake
    with store.reading() as session:
        waiting = select(func.count()).select_from(SignalRow).where(SignalRow.trace_id.is_(None))
        assert session.scalar(waiting) == 0


def arrive(store: Store, numbers: range) -> None:
    with store.session() as session:
        ids = insert_traces(session, [run(f"run{n}") for n in numbers]).traces
        attach_signals(session, list(ids))
        refresh_outcomes(session, list(ids.values()))


def check(store: Store, senders: list[Sender]) -> None:
    """Every acknowledged signal is there once and counts; what was on its way is there whole or not; outcomes agree."""
    assert [each.wrong for each in senders if each.wrong] == []
    known = {key: one for each in senders for key, one in each.acknowledged.items()}
    on_its_way = {one["key"]: one for each in senders for one in each.pending}
    with store.reading() as session:
        columns = (SignalRow.key, SignalRow.trace_uid, SignalRow.value)
        rows = session.execute(select(*columns).where(SignalRow.replaced_at.is_(None))).all()
        ids = list(session.scalars(select(TraceRow.id)))
        said = signals_of(session, ids)
        outcomes = dict(session.execute(select(TraceRow.id, TraceRow.outcome)).all())
    stored = {key: (uid, value) for key, uid, value in rows}
    assert [key for key, n in Counter(key for key, _, _ in rows).items() if n > 1] == []
    for key, one in known.items():
        may_be = [(sent["trace_id"], sent["value"]) for sent in (one, on_its_way.get(key, one))]
        assert stored.get(key) in may_be, key
    assert stored.keys() <= known.keys() | on_its_way.keys()
    for each in senders:  # a request is kept whole or not at all
        new = [one["key"] in stored for one in each.pending if one["key"] not in known]
        assert len(set(new)) <= 1
    assert outcomes == {trace: outcome_of([], said[trace])[0].value for trace in ids}
