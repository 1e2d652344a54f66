from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from core.dataset import writing
from core.dataset.selection import define
from core.dataset.versions import export_version, make_version
from core.dataset.writing import FILES, check_place, copy_out, is_dataset, zipped
from core.errors import InvalidInput
from core.records import Lesson, LessonState, LoggedRecall, Role
from core.store.datasets import DatasetVersion, fingerprint, list_versions
from core.store.engine import Store, open_store
from core.store.lessons import add_lesson
from core.store.people import person_id
from core.store.recalls import log_recall
from tests.core.dataset.world import choose, keep, label, said, texts
from tests.worlds import START


def fill(store: Store) -> None:
    """Runs, corrections and pairs, all with times of their own."""
    with store.session() as session:
        keep(session, said("good", "Is the red lamp in stock?", 1), said("bad", "Cancel it, please.", 0))
        label(session, "bad", "ann", "failed", {"3": "I cannot: it is packed already."})
        label(session, "good", "bob", "solved", minutes=1)
        label(session, "good", "ann", "solved", minutes=2)
        choose(session, texts("p", "Which way?", "To the left.", "To the right."), "a", "a", "b")
        choose(session, texts("q", "Déjà vu?", "Oui, “bien sûr”.", "No."), "equal")


def made(store: Store, root: Path, format: str = "sft", *gates: str, dataset: str = "") -> DatasetVersion:
    return make_version(store, root, define(format, gates), dataset or format)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_version_is_a_folder_whose_manifest_can_be_checked(store: Store, tmp_path: Path):
    fill(store)
    version = made(store, tmp_path)
    folder = tmp_path / "datasets" / "sft" / "1"
    assert (version.number, version.folder, sorted(held(folder))) == (1, "datasets/sft/1", sorted(FILES))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == version.manifest
    assert (manifest["candidates"], manifest["rows"], manifest["excluded"]) == (3, 2, {"failed": 1})
    assert manifest["sources"] == {"correction": 1, "run": 1}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert version.sha256 == manifest["sha256"]["train.jsonl"]
    assert len((folder / "train.jsonl").read_text().splitlines()) == 2
    assert "2 rows of 3 candidates" in (folder / "README.md").read_text()
    assert list(folder.parent.iterdir()) == [folder], "no draft is left"


def test_provenance_says_where_each_row_comes_from_and_names_nobody(store: Store, tmp_path: Path):
    fill(store)
    with store.session() as session:
        person = person_id(session, "lead", Role.LEAD)
        lesson = Lesson("l-1", "asked for stock", "look it up", state=LessonState.ACTIVE, decided_by="lead")
        add_lesson(session, lesson, person, decided_by=person)
        given = {"id": "l-1", "revision": 1, "score": 0.9, "given": True}
        log_recall(session, LoggedRecall("r", "stock?", "memory", START, trace_id="good", lessons=(given,)))
        kept = given | {"given": False}
        log_recall(session, LoggedRecall("s", "stock?", "control", START, trace_id="bad", lessons=(kept,)))
    folder = tmp_path / made(store, tmp_path).folder
    correction, run = [json.loads(line) for line in (folder / "provenance.jsonl").read_text().splitlines()]
    ann, bob = (
        correction["annotators"][0],
        next(name for name in run["annotators"] if name not in correction["annotators"]),
    )
    assert (correction["source"], correction["traces"], correction["step"]) == ("correction", ["bad"], "3")
    assert correction["labels"] == [{"annotator": ann, "revision": 1, "schema": "run-review@2", "said": "corrected"}]
    assert correction["lessons_shown"] == []
    said = {"revision": 1, "schema": "run-review@2", "said": "solved"}
    assert run == {
        "key": "run:good",
        "source": "run",
        "traces": ["good"],
        "step": "",
        "pair": "",
        "task": "shop/good",
        "annotators": sorted([ann, bob]),
        "agreement": 1.0,
        "outcome_from": "people",
        "labels": [{"annotator": name} | said for name in sorted([ann, bob])],
        "lessons_shown": ["l-1@1"],
    }
    assert not {"ann", "bob"} & set((folder / "provenance.jsonl").read_text().split('"'))
    (left,) = [json.loads(line) for line in (folder / "excluded.jsonl").read_text().splitlines()]
    assert (left["key"], left["gate"], left["detail"]) == ("run:bad", "failed", "people")


@pytest.mark.parametrize("format", ["sft", "dpo"])
def test_the_same_labels_give_the_same_bytes_on_both_databases(store: Store, tmp_path: Path, format: str):
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    with other.session() as session:
        keep(session, said("late", "This one stands first here.", 1))  # so that row ids differ
    fill(other)
    fill(store)
    with store.session() as session:
        keep(session, said("late", "This one stands first here.", 1))
    one, two = (
        tmp_path / name / made(kept, tmp_path / name, format).folder for name, kept in (("a", store), ("b", other))
    )
    assert held(one) == held(two)
    other.close()


def test_the_same_definition_on_the_same_labels_is_the_same_version(store: Store, tmp_path: Path):
    fill(store)
    first, again = made(store, tmp_path), made(store, tmp_path)
    assert (first.number, again.number) == (1, 1)
    with store.session() as session:
        label(session, "good", "cem", "solved", minutes=3)
    second = made(store, tmp_path)
    assert (second.number, second.sha256) == (2, first.sha256), "the rows are the same, what they rest on is not"
    third = made(store, tmp_path, "sft", "empty=off")
    assert (third.number, made(store, tmp_path, dataset="mine").number) == (3, 1)
    with store.reading() as session:
        assert [(one.dataset, one.number) for one in list_versions(session, "sft")] == [
            ("sft", 3),
            ("sft", 2),
            ("sft", 1),
        ]


def test_a_version_whose_files_are_gone_is_written_again(store: Store, tmp_path: Path):
    fill(store)
    folder = tmp_path / made(store, tmp_path).folder
    before = held(folder)
    (folder / "manifest.json").unlink()
    assert made(store, tmp_path).number == 1
    assert held(folder) == before


def test_what_was_written_but_never_numbered_is_written_over(store: Store, tmp_path: Path):
    fill(store)
    orphan = tmp_path / "datasets" / "sft" / "1"
    orphan.mkdir(parents=True)
    (orphan / "train.jsonl").write_text("{}\n")
    assert made(store, tmp_path).number == 1
    assert is_dataset(orphan)
    assert len((orphan / "train.jsonl").read_text().splitlines()) == 2


def test_a_failure_while_writing_leaves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fill(store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "json_line", full)
    with pytest.raises(OSError, match="No space left"):
        made(store, tmp_path)
    assert list((tmp_path / "datasets" / "sft").iterdir()) == []
    with store.reading() as session:
        assert list_versions(session) == []


def test_an_export_is_a_copy_and_answers_as_the_contract_says(store: Store, data_dir: Path, tmp_path: Path):
    fill(store)
    out = tmp_path / "deep" / "out"
    report = export_version(store, "dpo", out, gates=["duplicates=off"]).as_json()
    assert report == {
        "dataset": "dpo",
        "version": 1,
        "candidates": 3,
        "rows": 2,
        "excluded": {"tie": 1},
        "files": list(FILES),
        "sha256": hashlib.sha256((out / "train.jsonl").read_bytes()).hexdigest(),
    }
    assert held(out) == held(data_dir / "datasets" / "dpo" / "1")
    again = export_version(store, "dpo", out, gates=["duplicates=off"]).as_json()
    assert again == report, "a dataset of ours may be replaced"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_what_is_no_dataset_is_never_written_over(store: Store, data_dir: Path, tmp_path: Path):
    fill(store)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match=r"holds thesis\.txt, so it is no dataset of Loopwright"):
        export_version(store, "sft", out)
    (out / "thesis.txt").rename(out / "train.jsonl")
    with pytest.raises(InvalidInput, match=r"holds train\.jsonl"):
        export_version(store, "sft", out)
    assert held(out) == {"train.jsonl": b"years of work"}
    with pytest.raises(InvalidInput, match="is a file"):
        export_version(store, "sft", out / "train.jsonl")
    with pytest.raises(InvalidInput, match="cannot be written: "):
        export_version(store, "sft", out / "train.jsonl" / "below")
    ours = data_dir / "datasets" / "sft" / "1"
    with pytest.raises(InvalidInput, match="keeps its own versions"):
        export_version(store, "sft", ours)


def test_a_dataset_with_something_added_is_not_written_over(store: Store, data_dir: Path, tmp_path: Path):
    fill(store)
    out = tmp_path / "out"
    export_version(store, "sft", out)
    check_place(out)
    (out / "notes.md").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds notes\.md"):
        copy_out(data_dir / "datasets" / "sft" / "1", out)
    assert "notes.md" in held(out)


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x" * 81, "new\nline"])
def test_a_name_that_is_no_folders_name_is_refused(store: Store, tmp_path: Path, name: str):
    with pytest.raises(InvalidInput, match="cannot name a dataset"):
        make_version(store, tmp_path, define("sft"), name)
    assert list(tmp_path.glob("datasets*")) == []


def test_without_rows_nothing_is_written(store: Store, tmp_path: Path):
    with pytest.raises(InvalidInput, match="nothing to make a dataset from yet"):
        made(store, tmp_path)
    with store.session() as session:
        keep(session, said("a", "one two three", 0), said("b", "four five six"))
    with pytest.raises(InvalidInput, match="None of the 2 candidates became a row: 1 unverified, 1 failed"):
        made(store, tmp_path)
    assert list(tmp_path.glob("datasets*")) == []


def test_a_zip_holds_the_folder_and_is_the_same_each_time(store: Store, tmp_path: Path):
    fill(store)
    folder = tmp_path / made(store, tmp_path).folder
    assert zipped(folder) == zipped(folder)


def test_the_fingerprint_changes_with_what_a_dataset_is_made_from(store: Store):
    seen = []

    def look() -> None:
        with store.reading() as session:
            seen.append(fingerprint(session))

    look()
    fill(store)
    look()
    with store.session() as session:
        label(session, "good", "bob", "failed", minutes=9)
    look()
    with store.session() as session:
        log_recall(session, LoggedRecall("r", "stock?", "memory", START, trace_id="good"))
    look()
    assert len(set(seen)) == 4
    look()
    assert seen[-1] == seen[-2]
