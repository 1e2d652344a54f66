from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from core.errors import Conflict, Unavailable
from core.memory.indexer import open_memory, rebuild, sync, verify_or_rebuild
from core.memory.lessons import approve, edit, propose, retire
from core.memory.recall import RecallRequest, recall
from core.records import Lesson, LessonState, Role
from core.settings import Settings
from core.similarity.embedder import Vectors
from core.similarity.index import TextIndex
from core.store.engine import Store, open_store
from core.store.lessons import lesson_line, lessons_owing_index, list_lessons
from core.store.people import person_id
from tests.core.memory.conftest import People

Teach = Callable[..., str]


def recalled(store: Store, index: TextIndex, task: str) -> list[str]:
    with store.reading() as session:
        return [lesson.id for lesson in recall(session, index, RecallRequest("", task), dry_run=True).lessons]


def test_every_change_is_taken_in_once(store: Store, index: TextIndex, teach: Teach, people: People) -> None:
    refund, late = teach("a refund is asked for"), teach("the parcel is late")
    with store.session() as session:
        propose(session, Lesson("", "somebody is angry", "stay calm"), people.ann)
    assert sync(store, index) == 3
    assert sync(store, index) == 0
    assert set(index.contents()) == {refund, late}
    with store.session() as session:
        retire(session, refund, 2, people.lea, Role.LEAD, "no longer true")
        edit(session, late, 2, people.lea, Role.LEAD, Lesson("", "the parcel is lost", "open a claim"))
    assert sync(store, index) == 2
    assert set(index.contents()) == {late}
    assert index.contents()[late].startswith("3:")
    assert recalled(store, index, "my parcel is lost") == [late]


def test_approved_is_recallable_and_retired_is_gone_at_once(
    store: Store, index: TextIndex, teach: Teach, people: People
) -> None:
    start = time.monotonic()
    refund = teach("a refund is asked for")
    sync(store, index)
    assert recalled(store, index, "a refund is asked for") == [refund]
    assert time.monotonic() - start < 1
    with store.session() as session:
        retire(session, refund, 2, people.lea, Role.LEAD, "no longer true")
    assert recalled(store, index, "a refund is asked for") == []  # before the index heard of it


def test_retired_under_load_is_never_given_again(store: Store, index: TextIndex, teach: Teach, people: People) -> None:
    taught = [teach(f"a refund is asked for in case {number}") for number in range(12)]
    sync(store, index)
    stop, wrong = Event(), []

    def ask() -> None:
        while not stop.is_set():
            with store.reading() as session:
                gone = {line.uid for line in list_lessons(session, [LessonState.RETIRED])}
            wrong.extend(set(recalled(store, index, "a refund is asked for in a case")) & gone)

    askers = [Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for uid in taught:
        with store.session() as session:
            retire(session, uid, 2, people.lea, Role.LEAD, "no longer true")
        sync(store, index)
    stop.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    assert index.contents() == {}


def test_a_clean_close_is_verified_and_not_rebuilt(store: Store, index: TextIndex, teach: Teach) -> None:
    taught = {teach("a refund is asked for"), teach("the parcel is late")}
    sync(store, index)
    index.close()
    later = teach("the parcel is lost")
    again = open_memory(store, Settings())
    assert set(again.contents()) == taught | {later}
    assert verify_or_rebuild(store, again) is False
    again.close()


@pytest.mark.parametrize("damage", ["gone", "other lesson", "other text", "one too many", "one too few"])
def test_what_is_not_what_sql_says_is_rebuilt(
    store: Store, index: TextIndex, teach: Teach, data_dir: Path, damage: str
) -> None:
    from core.similarity.index import Entry

    taught = [teach("a refund is asked for"), teach("the parcel is late")]
    sync(store, index)
    stamps = index.contents()
    if damage == "gone":
        index.close()
        shutil.rmtree(data_dir / "chroma")
        index = open_memory(store, Settings())
    else:
        if damage in ("other lesson", "one too few"):
            index.delete([taught[0]])
        if damage in ("other lesson", "one too many"):
            index.upsert([Entry("foreign", "a refund is asked for", "2")])
        if damage == "other text":
            index.upsert([Entry(taught[0], "a poem about the sea", "2")])
        assert verify_or_rebuild(store, index) is True
    assert index.contents() == stamps
    assert verify_or_rebuild(store, index) is False
    assert recalled(store, index, "a refund is asked for")[0] == taught[0]
    index.close()


def test_a_folder_deleted_while_open_is_made_anew(store: Store, index: TextIndex, teach: Teach, data_dir: Path) -> None:
    first = teach("a refund is asked for")
    sync(store, index)
    shutil.rmtree(data_dir / "chroma")
    second = teach("the parcel is late")
    with pytest.raises(Unavailable):
        sync(store, index)
    with store.reading() as session:
        assert [line.uid for line in lessons_owing_index(session)] == [second]
    sync(store, index)
    assert set(index.contents()) == {first, second}
    assert recalled(store, index, "the parcel is late")[0] == second


def test_reindex_pays_the_outbox_too(store: Store, index: TextIndex, teach: Teach, people: People) -> None:
    taught = {teach("a refund is asked for"), teach("the parcel is late")}
    with store.session() as session:
        propose(session, Lesson("", "somebody is angry", "stay calm"), people.ann)
    assert rebuild(store, index) == 2
    assert set(index.contents()) == taught
    assert sync(store, index) == 0


def test_a_chroma_server_that_is_away_stops_nothing_else(
    store: Store, teach: Teach, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", "http://127.0.0.1:9")
    index = open_memory(store, Settings())
    uid = teach("a refund is asked for")
    with store.reading() as session:
        assert lesson_line(session, uid).state is LessonState.ACTIVE
        with pytest.raises(Unavailable, match="Try again"):
            recall(session, index, RecallRequest("", "a refund"))
    with pytest.raises(Unavailable):
        sync(store, index)
    index.close()


def test_a_second_owner_is_refused(store: Store, index: TextIndex) -> None:
    with pytest.raises(Conflict, match="belongs to"):
        open_memory(store, Settings())


WORK = """
import random
import sys
from core.memory.indexer import open_memory, sync
from core.memory.lessons import approve, propose
from core.records import Lesson, Role
from core.settings import Settings
from core.store.engine import open_store
from core.store.people import person_id

store = open_store(sys.argv[1])
index = open_memory(store, Settings())
with store.session() as session:
    lead = person_id(session, "Lea", Role.LEAD)
print("ready", flush=True)
words = "refund order parcel card late lost broken angry invoice coupon gift kettle sofa coat shoe return cancel "
words = (words + "address email points stock warranty customs lawyer photo depot price voucher food flower").split()
pick = random.Random(sys.argv[2])
for number in range(100_000):
    with store.session() as session:
        said = " ".join(pick.sample(words, 6))  # the order of words is nothing to the embeddings: other words
        uid = propose(session, Lesson("", said, "call the carrier"), lead)
        approve(session, uid, 1, lead, Role.LEAD)
    if number % 7 == 0:
        sync(store, index)
"""


@pytest.mark.tenth
def test_killed_in_the_middle_of_writing_everything_active_is_recallable(
    tmp_path: Path, data_dir: Path, share: Callable[[int], int]
) -> None:
    url = f"sqlite:///{tmp_path / 'kill.db'}"
    for number in range(share(40)):
        process = subprocess.Popen([sys.executable, "-c", WORK, url, str(number)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.15 + 0.037 * (number % 11))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        store = open_store(url)
        index = open_memory(store, Settings())
        with store.reading() as session:
            active = list_lessons(session, [LessonState.ACTIVE])
        assert active
        assert set(index.contents()) == {line.uid for line in active}
        for line in active[:100]:
            found = index.query(f"{line.when}\n{line.when}\n{line.guidance}", 5)
            assert line.uid in [hit.id for hit in found]
        if number % 2:
            index.close()
        else:
            index._place._lock.release()  # type: ignore[attr-defined]  # left open, as a killed process leaves it
        store.close()


def test_the_outbox_outlives_its_process(tmp_path: Path, data_dir: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'one.db'}")
    index = open_memory(store, Settings())
    with store.session() as session:
        lead = person_id(session, "Lea", Role.LEAD)
        uid = propose(session, Lesson("", "the parcel is late", "call the carrier"), lead)
        approve(session, uid, 1, lead, Role.LEAD)
    index.close()
    store.close()
    store = open_store(f"sqlite:///{tmp_path / 'one.db'}")
    index = open_memory(store, Settings())
    assert recalled(store, index, "the parcel is late") == [uid]
    index.close()
    store.close()


class Letters:
    """A model of another dimension: how often each letter stands in a text."""

    name = "letters-26"
    threshold = 0.5

    def embed(self, texts: Sequence[str]) -> Vectors:
        letters = [chr(97 + number) for number in range(26)]
        counts = np.array([[text.lower().count(letter) for letter in letters] for text in texts], np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


def test_another_model_by_setting_has_its_own_index_made_from_sql(
    store: Store, index: TextIndex, teach: Teach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.similarity.index.MiniLmEmbedder", Letters)
    taught = {teach("a refund is asked for"), teach("the parcel is late")}
    sync(store, index)
    stamps = index.contents()
    index.close()
    for name, threshold, dimension in (("minilm", 0.5, 26), ("wordllama", 0.24, 256)):
        monkeypatch.setenv("LOOPWRIGHT_EMBEDDER", name)
        other = open_memory(store, Settings())
        assert other.contents() == stamps
        assert {vector.shape for vector in other.vectors(sorted(taught)).values()} == {(dimension,)}
        assert other.threshold == threshold
        assert recalled(store, other, "the parcel is late") != []
        other.close()
