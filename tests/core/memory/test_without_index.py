"""The Chroma server is away or silent: recall says so within a second or asks memory, and nothing else waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.errors import Unavailable
from core.memory.indexer import open_memory, sync
from core.memory.lessons import edit, retire
from core.memory.recall import Recall, RecallRequest, recall
from core.records import Lesson, Role
from core.settings import Settings
from core.similarity import standby
from core.similarity.index import TextIndex
from core.store.engine import Store
from tests.core.memory.conftest import People
from tests.e2e.server import free_port

Teach = Callable[..., str]


@dataclass
class Chroma:
    """A Chroma server of the test's own, which may be silenced and woken up."""

    url: str
    process: subprocess.Popen[bytes]

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # until then it may still answer

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.wake()
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chroma]:
    port = free_port()
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(tmp_path / "server"), "--host", "127.0.0.1", "--port", str(port)]
    running = Chroma(
        f"http://127.0.0.1:{port}",
        subprocess.Popen(command, env=os.environ | {"CHROMA_PRODUCT_TELEMETRY_ENABLED": "false"}, stdout=-3, stderr=-3),
    )
    for _ in range(300):
        try:
            httpx.get(f"{running.url}/api/v2/heartbeat", timeout=1, trust_env=False)
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", running.url)
    yield running
    running.end()


def ask(store: Store, index: TextIndex, task: str) -> tuple[Recall, float]:
    """The recall, and how many seconds it took."""
    start = time.monotonic()
    with store.session() as session:
        return recall(session, index, RecallRequest("", task), dry_run=True), time.monotonic() - start


@pytest.mark.parametrize("trouble", ["hang", "end"])
def test_recall_refuses_within_a_second_and_lessons_go_on(
    store: Store, teach: Teach, data_dir: Path, chroma: Chroma, trouble: str
) -> None:
    index = open_memory(store, Settings())
    first = teach("a refund is asked for")
    sync(store, index)
    assert [one.id for one in ask(store, index, "a refund is asked for")[0].lessons] == [first]
    getattr(chroma, trouble)()
    for _ in range(3):
        start = time.monotonic()
        with pytest.raises(Unavailable), store.session() as session:
            recall(session, index, RecallRequest("", "a refund is asked for"))
        assert time.monotonic() - start < 1
        start = time.monotonic()
        teach(f"the parcel is late, for the {start} time")
        assert time.monotonic() - start < 1
    if trouble == "hang":
        chroma.wake()
        assert sync(store, index) == 3
        assert [one.id for one in ask(store, index, "a refund is asked for")[0].lessons] == [first]
    index.close()


@pytest.mark.parametrize("trouble", ["hang", "end"])
def test_recall_from_memory_ranks_as_the_index_does(
    store: Store,
    teach: Teach,
    people: People,
    data_dir: Path,
    chroma: Chroma,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_RECALL_WITHOUT_INDEX", "sql")
    index = open_memory(store, Settings())
    kinds = ("by card", "by bank", "after a year", "twice", "by a friend", "in the sale", "for a gift", "for a kettle")
    taught = [teach(f"a refund is asked for {kind}", f"Do what is said of {kind}.") for kind in kinds]
    sync(store, index)
    before, _ = ask(store, index, "somebody asks for a refund by card")
    getattr(chroma, trouble)()
    after, took = ask(store, index, "somebody asks for a refund by card")
    assert (after.lessons, after.fates, after.near, after.threshold) == (
        before.lessons,
        before.fates,
        before.near,
        before.threshold,
    )
    assert took < 1
    late = teach("the parcel is late")
    with store.session() as session:
        retire(session, taught[0], 2, people.lea, Role.LEAD, "no longer true")
        edit(session, taught[1], 2, people.lea, Role.LEAD, Lesson("", "the invoice has a wrong name", "Correct it."))
    assert [one.id for one in ask(store, index, "the parcel is late")[0].lessons] == [late]
    assert taught[0] not in [one.id for one, _ in ask(store, index, "a refund is asked for by card")[0].fates]
    assert ask(store, index, "the invoice has a wrong name")[0].lessons[0].id == taught[1]
    index.close()


def test_what_memory_holds_is_bounded(
    store: Store, teach: Teach, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LOOPWRIGHT_RECALL_WITHOUT_INDEX", "sql")
    monkeypatch.setattr(standby, "MOST", 1)
    index = open_memory(store, Settings())
    first = teach("a refund is asked for")
    assert [one.id for one in ask(store, index, "a refund is asked for")[0].lessons] == [first]
    teach("the parcel is late")
    with pytest.raises(Unavailable, match="too many"):
        ask(store, index, "a refund is asked for")
    index.close()
