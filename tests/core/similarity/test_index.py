from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from core.errors import Conflict, InvalidInput, Unavailable
from core.settings import Settings
from core.similarity.chroma import sealed_part
from core.similarity.embedder import Vectors, default_embedder
from core.similarity.index import Entry, TextIndex, open_index

TEXTS = ["refund to the original card", "return window of thirty days", "parcel lost by the carrier", "cancel an order"]
ENTRIES = [Entry(f"e{number}", text, "1") for number, text in enumerate(TEXTS)]
STAMPS = {entry.id: entry.stamp for entry in ENTRIES}


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server of this module's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(f"{url}/api/v2/heartbeat", timeout=1, trust_env=False)
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield url
    server.terminate()
    server.wait()


@pytest.fixture(params=["folder", "server"])
def settings(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of each place where a collection may be."""
    if request.param == "server":
        monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", request.getfixturevalue("chroma_url"))
    return Settings()


@pytest.fixture
def opened() -> Iterator[Callable[[Settings], TextIndex]]:
    indexes: list[TextIndex] = []

    def open_(settings: Settings) -> TextIndex:
        indexes.append(open_index(settings))
        return indexes[-1]

    yield open_
    for index in indexes:
        index.close()


Opened = Callable[[Settings], TextIndex]


def test_what_was_written_is_found_changed_and_gone(settings: Settings, opened: Opened) -> None:
    index = opened(settings)
    index.rebuild([])
    index.ready = True
    assert index.contents() == {}
    assert index.query("anything", 5) == []
    index.upsert(ENTRIES)
    assert index.contents() == STAMPS
    best = index.query("refund to the original card", 2)
    assert [best[0].id, len(best)] == ["e0", 2]
    assert best[0].score == pytest.approx(1, abs=1e-3)
    assert 0 <= best[1].score < 0.9
    changed = Entry("e0", "a poem about the sea", "2")
    index.upsert([changed])
    index.delete(["e1", "nobody"])
    assert index.contents() == {"e0": changed.stamp, "e2": STAMPS["e2"], "e3": STAMPS["e3"]}
    assert index.query("refund to the original card", 1)[0].score < 0.9


def test_scores_are_the_cosine(settings: Settings, opened: Opened) -> None:
    index = opened(settings)
    index.rebuild(ENTRIES)
    index.ready = True
    question = "my package never came"
    vectors = default_embedder().embed([question, *TEXTS])
    wanted = np.clip(vectors[1:] @ vectors[0], 0, 1)
    found = {hit.id: hit.score for hit in index.query(question, 10)}
    assert [found[entry.id] for entry in ENTRIES] == pytest.approx(wanted.tolist(), abs=2e-4)


def test_a_rebuild_holds_these_entries_alone(settings: Settings, opened: Opened) -> None:
    index = opened(settings)
    index.rebuild([Entry("old", "an old text", "1")])
    index.rebuild(ENTRIES)
    assert index.contents() == STAMPS


def test_an_index_that_nobody_verified_answers_nothing(settings: Settings, opened: Opened) -> None:
    with pytest.raises(Unavailable, match="being made ready"):
        opened(settings).query("anything", 5)


def test_what_was_closed_comes_back(settings: Settings, opened: Opened) -> None:
    index = opened(settings)
    index.rebuild(ENTRIES)
    index.close()
    with pytest.raises(Unavailable):
        index.query("anything", 1)
    assert opened(settings).contents() == STAMPS


def test_models_are_never_mixed(settings: Settings, opened: Opened) -> None:
    index = opened(settings)
    index.rebuild(ENTRIES)
    index.close()
    other = open_index(settings, embedder=Other())
    assert other.contents() == {}
    other.upsert(ENTRIES)
    other.close()
    assert opened(settings).contents() == STAMPS


class Other:
    """A model of another name and dimension."""

    name = "other-8"

    def embed(self, texts: list[str]) -> Vectors:
        return np.ones((len(texts), 8), dtype=np.float32) / np.float32(np.sqrt(8))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the folder is gone": shutil.rmtree,
    "the folder is a file": lambda folder: (shutil.rmtree(folder), folder.write_text("x")),
    "the database is garbage": lambda folder: _database(folder).write_bytes(b"garbage" * 1000),
    "the database is cut in half": lambda folder: _cut(_database(folder)),
    "the database is empty": lambda folder: _database(folder).write_bytes(b""),
    "the vectors are garbage": lambda folder: [path.write_bytes(b"x" * 500) for path in folder.rglob("*.bin")],
    "the vectors are cut": lambda folder: [_cut(path) for path in folder.rglob("data_level0.bin")],
    "the vectors are gone": lambda folder: [shutil.rmtree(path) for path in folder.glob("*/*") if path.is_dir()],
    "foreign files lie about": lambda folder: (folder / "chroma.sqlite3").write_text("?"),
    "the seal is garbage": lambda folder: (folder / "seal.json").write_text("[1, 2"),
    "the seal names another place": lambda folder: (folder / "seal.json").write_text('{"part": "..", "files": {}}'),
}


def _database(folder: Path) -> Path:
    return next(folder.glob("*/chroma.sqlite3"))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_never_half_believed(data_dir: Path, opened: Opened, damage: str) -> None:
    index = opened(Settings())
    index.rebuild([Entry(f"n{number}", f"text number {number}", "1") for number in range(1_100)])
    index.close()
    assert sealed_part(data_dir / "chroma") is not None
    DAMAGE[damage](data_dir / "chroma")
    again = opened(Settings())
    found = again.contents()
    assert found == {} or (damage == "foreign files lie about" and len(found) == 1_100)
    again.rebuild(ENTRIES)
    assert again.contents() == STAMPS
    again.close()
    assert opened(Settings()).contents() == STAMPS


def test_a_rebuilt_folder_leaves_no_old_parts_behind(data_dir: Path, opened: Opened) -> None:
    index = opened(Settings())
    for _ in range(3):
        index.rebuild(ENTRIES)
    assert len(list((data_dir / "chroma").iterdir())) == 1
    index.close()
    assert sorted(path.name == "seal.json" for path in (data_dir / "chroma").iterdir()) == [False, True]


def test_trouble_while_open_is_told_and_the_next_opening_starts_anew(data_dir: Path, opened: Opened) -> None:
    index = opened(Settings())
    index.rebuild(ENTRIES)
    index.ready = True
    shutil.rmtree(data_dir / "chroma")
    with pytest.raises(Unavailable, match="cannot be written"):
        index.upsert([Entry("new", "a new text", "1")])
    assert not index.ready
    assert index.contents() == {}
    index.rebuild(ENTRIES)
    assert index.contents() == STAMPS


def test_two_owners_of_one_folder_are_refused(data_dir: Path, opened: Opened) -> None:
    opened(Settings())
    with pytest.raises(Conflict, match="belongs to the process"):
        open_index(Settings())


def test_a_server_that_is_away_is_named_when_it_is_needed(monkeypatch: pytest.MonkeyPatch, opened: Opened) -> None:
    monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", "http://127.0.0.1:9")
    index = opened(Settings())
    start = time.monotonic()
    with pytest.raises(Unavailable, match="cannot be read"):
        index.contents()
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("url", ["chroma", "ftp://host", "http://", "http:///x"])
def test_a_url_that_is_none_is_explained(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LOOPWRIGHT_CHROMA_URL", url)
    with pytest.raises(InvalidInput, match="http://host:8000"):
        open_index(Settings())
