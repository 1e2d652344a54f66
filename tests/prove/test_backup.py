"""A backup taken while spans, signals, imports, drafts and submissions come in is one state of all of it (law 2)."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from core.ingest.delivery import assemble_due
from core.store.engine import Store, open_store
from core.store.restore import read_backup
from core.store.tables import AnnotationRow, Base, DraftRow, ItemRow, SignalRow, StepRow, TraceRow
from tests.e2e.server import ROOT, start
from tests.otlp_world import request_of, trace_of
from tests.prove.reviewers import Reviewer, queue_up
from tests.prove.test_kills import IMPORTED, write_runs
from tests.worlds import run

BACKUPS = 20
KILLS = 30
SPANS = 12


@dataclass
class Agent:
    """Sends runs of twelve spans, each in two requests, and a signal for each; remembers what was answered with 200."""

    first: int
    sent: int = 0
    whole: list[str] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def work(self, url: str, stopping: Event) -> None:
        with (
            contextlib.suppress(httpx.TransportError),  # the server was stopped
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
        ):
            while not stopping.is_set():
                number = self.first + self.sent
                self.sent += 1
                spans, uid = trace_of(number), number.to_bytes(16, "big").hex()
                for some in (spans[:5], spans[5:]):
                    self._post(client, "/v1/traces", content=request_of(some).SerializeToString())
                self.whole.append(uid)
                key = f"thumb {uid}"
                said = {"trace_id": uid, "name": "thumb", "kind": "explicit", "value": True, "key": key}
                self._post(client, "/api/signals", json=said)
                self.signals.append(key)

    def _post(self, client: httpx.Client, route: str, **body: Any) -> None:
        headers = {"Content-Type": "application/x-protobuf"} if "content" in body else {}
        answer = client.post(route, headers=headers, **body)
        if answer.status_code not in (200, 201, 202):
            self.wrong.append(f"{route}: {answer.status_code} {answer.text}")


@dataclass(frozen=True)
class Known:
    """What was acknowledged up to a moment."""

    whole: list[str]
    signals: list[str]
    submitted: set[tuple[int, int]]
    imports: int


def known(agents: list[Agent], reviewers: list[Reviewer], imports: int) -> Known:
    submitted = {(item, each.person) for each in reviewers for item in list(each.submitted)}
    whole = [uid for each in agents for uid in list(each.whole)]
    return Known(whole, [key for each in agents for key in list(each.signals)], submitted, imports)


def command(folder: Path, url: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, "LOOPWRIGHT_DATA_DIR": str(folder), "LOOPWRIGHT_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.tenth
@pytest.mark.timeout(1_800)
def test_a_backup_under_load_is_one_state_with_all_that_was_acknowledged_before(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: Callable[[int], int]
) -> None:
    folder, url = tmp_path / "data", store.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(folder))
    people = queue_up(store, [run(f"r{n}") for n in range(max(500, share(2_000)))], ["ann", "bob"])
    reviewers = [Reviewer(person, random.Random(person)) for person in people]
    agents = [Agent(10_000_000 * n) for n in (1, 2)]
    server = start("serve", folder, tmp_path / "server.log", LOOPWRIGHT_DATABASE_URL=url)
    stopping = Event()
    threads = [Thread(target=each.work, args=(server.url, stopping)) for each in agents]
    threads += [Thread(target=each.work, args=(server.url,)) for each in reviewers]
    for thread in threads:
        thread.start()
    backups: list[tuple[Path, Known]] = []
    try:
        for number in range(share(BACKUPS)):
            importing = command(folder, url, "import", str(write_runs(tmp_path / f"runs{number}.jsonl", number)))
            time.sleep(random.Random(number).uniform(1, 3))
            before = known(agents, reviewers, number)
            file = tmp_path / f"{number}.zip"
            made = command(folder, url, "backup", str(file))
            out, said = made.communicate(timeout=300)
            assert made.returncode == 0, said.decode()
            assert json.loads(out)["bytes"] == file.stat().st_size
            backups.append((file, before))
            assert importing.wait(300) == 0
    finally:
        stopping.set()
        server.stop()  # reviewers end with it
        for thread in threads:
            thread.join()
    assert [each.wrong for each in (*agents, *reviewers) if each.wrong] == []
    assert sum(len(each.whole) for each in agents) > 20
    assert sum(len(each.submitted) for each in reviewers) > 5
    for number, (file, before) in enumerate(backups):
        check(file, before, tmp_path / f"restored{number}")


def check(file: Path, before: Known, folder: Path) -> None:
    """The restored database is whole in itself, has the rows of the manifest, and all that was acknowledged."""
    restored = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    counts = read_backup(restored, file)
    with restored.reading() as session:
        found = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.tables.values()
        }
        assert found == counts
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        n_steps = select(func.count()).where(StepRow.trace_id == TraceRow.id).scalar_subquery()
        assert session.execute(select(TraceRow.uid).where(TraceRow.n_steps != n_steps)).all() == []
        done = select(func.count()).where(AnnotationRow.item_id == ItemRow.id, AnnotationRow.current).scalar_subquery()
        assert session.execute(select(ItemRow.id).where(ItemRow.n_done != done)).all() == []
        said = set(session.execute(select(AnnotationRow.item_id, AnnotationRow.person_id)).all())
        assert before.submitted <= said
        drafts = session.execute(select(DraftRow.item_id, DraftRow.person_id)).all()
        assert not said & set(drafts), "a submission left its draft behind"
        signals = set(session.scalars(select(SignalRow.key)))
        assert set(before.signals) <= signals
        for number in range(before.imports):
            begins = TraceRow.uid.startswith(f"import{number}/")
            assert session.scalar(select(func.count()).where(begins)) == IMPORTED
    while assemble_due(restored):
        pass
    with restored.reading() as session:
        steps = dict(session.execute(select(TraceRow.uid, TraceRow.n_steps).where(TraceRow.source == "otlp")).all())
        waiting = session.scalars(select(SignalRow.trace_uid).where(SignalRow.trace_id.is_(None))).all()
    assert {steps.get(uid) for uid in before.whole} <= {SPANS}
    assert not set(waiting) & set(steps), "a signal did not meet its run"
    restored.close()


@pytest.mark.tenth
@pytest.mark.timeout(600)
def test_a_killed_backup_leaves_no_half_file_under_its_name(tmp_path: Path, share: Callable[[int], int]) -> None:
    folder = tmp_path / "data"
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    queue_up(store, [run(f"r{n}") for n in range(max(1_000, share(3_000)))], ["ann"])
    store.close()
    file, chance = tmp_path / "all.zip", random.Random(7)
    begin = time.perf_counter()
    assert command(folder, "", "backup", str(file)).wait(60) == 0
    seconds, good = time.perf_counter() - begin, file.read_bytes()
    killed = 0
    for _ in range(share(KILLS) + 2):
        part = file.with_name("all.zip.part")
        part.unlink(missing_ok=True)
        made = command(folder, "", "backup", str(file))
        while not part.exists() and made.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.4) * seconds)  # somewhere while it writes, or just after
        made.kill()
        made.wait()
        killed += made.returncode == -9 and part.exists()
        if file.read_bytes() != good:  # it had just ended
            good = file.read_bytes()
            read_backup(open_store(f"sqlite:///{tmp_path / f'{chance.random()}.db'}"), file)
    assert killed > 0, "no backup was killed while it wrote"
    assert command(folder, "", "backup", str(file)).wait(60) == 0
    assert not file.with_name("all.zip.part").exists()
