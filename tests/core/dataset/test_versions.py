from __future__ import annotations

import hashlib
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.dataset import versions
from core.dataset.comparing import RowChange, compare_made
from core.dataset.definition import define
from core.dataset.parquet import read_row
from core.dataset.versions import export_version, make_version
from core.dataset.writing import FILES, PARTS, Written, zip_chunks
from core.errors import Conflict, InvalidInput, NotFound
from core.records import Lesson, LessonState, LoggedRecall, Role
from core.retract import Scope, remove
from core.store import dataset_versions
from core.store.dataset_versions import DatasetVersion, Part, add_part, begin_version, get_version, list_versions
from core.store.datasets import fingerprint
from core.store.engine import Store, open_store
from core.store.lessons import add_lesson
from core.store.people import person_id
from core.store.recalls import log_recall
from core.store.tables import DatasetPartRow, DatasetVersionRow
from tests.core.dataset.world import choose, files, keep, label, said, texts
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


def made(store: Store, format: str = "sft", *gates: str, dataset: str = "") -> DatasetVersion:
    return make_version(store, define(format, gates), dataset or format)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_version_has_files_whose_manifest_can_be_checked(store: Store):
    fill(store)
    version = made(store)
    found = files(store, version)
    assert (version.number, list(found)) == (1, list(FILES))
    manifest = json.loads(found["manifest.json"])
    assert manifest == version.manifest
    assert (manifest["candidates"], manifest["rows"], manifest["excluded"]) == (3, 2, {"failed": 1})
    assert manifest["balance"]["sources"] == {"correction": 1, "run": 1}
    assert manifest["evidence"] == {
        "checked": 0,
        "count": 3,
        "people": 2,
        "by_several": 1,
        "agreement": 1.0,
        "schemas": {"run-review@3": 3},
        "shown_lessons": 0,
    }
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256(found[name]).hexdigest() == digest
    assert version.sha256 == manifest["sha256"]["train.jsonl"]
    assert len(found["train.jsonl"].splitlines()) == 2
    assert b"2 rows of 3 candidates" in found["README.md"]


def test_provenance_says_where_each_row_comes_from_and_names_nobody(store: Store):
    fill(store)
    with store.session() as session:
        person = person_id(session, "lead", Role.LEAD)
        lesson = Lesson("l-1", "asked for stock", "look it up", state=LessonState.ACTIVE, decided_by="lead")
        add_lesson(session, lesson, person, decided_by=person)
        given = {"id": "l-1", "revision": 1, "score": 0.9, "given": True}
        log_recall(session, LoggedRecall("r", "stock?", "memory", START, trace_id="good", lessons=(given,)))
        kept = given | {"given": False}
        log_recall(session, LoggedRecall("s", "stock?", "control", START, trace_id="bad", lessons=(kept,)))
    found = files(store, made(store))
    correction, run = [json.loads(line) for line in found["provenance.jsonl"].splitlines()]
    ann, bob = (
        correction["annotators"][0],
        next(name for name in run["annotators"] if name not in correction["annotators"]),
    )
    assert (correction["source"], correction["traces"], correction["step"]) == ("correction", ["bad"], "3")
    assert correction["labels"] == [{"annotator": ann, "revision": 1, "schema": "run-review@3", "said": "corrected"}]
    assert correction["lessons_shown"] == []
    said = {"revision": 1, "schema": "run-review@3", "said": "solved"}
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
    assert not {"ann", "bob"} & set(found["provenance.jsonl"].decode().split('"'))
    (left,) = [json.loads(line) for line in found["excluded.jsonl"].splitlines()]
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
    assert files(store, made(store, format)) == files(other, made(other, format))
    other.close()


def test_the_same_definition_on_the_same_labels_is_the_same_version(store: Store):
    fill(store)
    first, again = made(store), made(store)
    assert (first.number, again.number) == (1, 1)
    with store.session() as session:
        label(session, "good", "cem", "solved", minutes=3)
    second = made(store)
    assert (second.number, second.sha256) == (2, first.sha256), "the rows are the same, what they rest on is not"
    third = made(store, "sft", "empty=off")
    assert (third.number, made(store, dataset="mine").number) == (3, 1)
    with store.reading() as session:
        assert [(one.dataset, one.number) for one in list_versions(session, "sft")] == [
            ("sft", 3),
            ("sft", 2),
            ("sft", 1),
        ]


def test_a_version_of_before_gets_its_files_when_it_is_made_again(store: Store):
    fill(store)
    version = made(store)
    whole = files(store, version)
    with store.session() as session:
        session.execute(delete(DatasetPartRow))
    with pytest.raises(NotFound, match="made before they were kept in the database"):
        files(store, version)
    assert made(store) == version
    assert files(store, version) == whole


def test_a_version_is_made_part_by_part_and_seen_when_it_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch):
    fill(store)
    whole = files(store, made(store, dataset="whole"))
    seen = []
    real = versions.add_part

    def add(session: Session, *part: Any) -> None:
        seen.append([one.dataset for one in list_versions(session)])
        real(session, *part)

    monkeypatch.setattr(versions, "add_part", add)
    monkeypatch.setattr(dataset_versions, "PART_BYTES", 1)
    in_parts = files(store, made(store))
    assert seen == [["whole"]] * sum(in_parts[name].count(b"\n") for name in PARTS), "each line is a part"
    assert {name: in_parts[name] for name in PARTS} == {name: whole[name] for name in PARTS}


def test_a_failure_while_making_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch):
    fill(store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions, "exclusion", full)
    with pytest.raises(OSError, match="No space left"):
        made(store)
    with store.reading() as session:
        assert list_versions(session) == []
        assert session.scalars(select(DatasetVersionRow)).all() == session.scalars(select(DatasetPartRow)).all() == []


def test_what_is_removed_while_a_version_is_made_is_in_none(store: Store, monkeypatch: pytest.MonkeyPatch):
    fill(store)
    monkeypatch.setattr(versions, "_content", lambda *_: remove(store, Scope(trace="bad"), "me") and {})
    with pytest.raises(Conflict, match="1 of its runs were removed while it was made"):
        made(store)
    with store.reading() as session:
        assert session.scalars(select(DatasetPartRow)).all() == []


def test_what_a_killed_process_left_half_made_goes_and_what_another_makes_stays(store: Store):
    fill(store)
    with store.session() as session:
        left, other = begin_version(session, "sft", "sft"), begin_version(session, "sft", "sft")
        for version in (left, other):
            add_part(session, version, "train.jsonl", Part(0, [b"{}\n"]))
        long_ago = update(DatasetVersionRow).values(created_at=now() - timedelta(hours=2))
        session.execute(long_ago.where(DatasetVersionRow.id == left))
    assert made(store).number == 1
    with store.session() as session:
        assert session.get(DatasetVersionRow, left) is None
        assert session.get(DatasetPartRow, (left, "train.jsonl", 0)) is None
        add_part(session, other, "train.jsonl", Part(1, [b"{}\n"]))
        with pytest.raises(NotFound, match="given up"):
            add_part(session, left, "train.jsonl", Part(1, [b"{}\n"]))


def test_two_versions_are_compared_as_they_stand(store: Store):
    fill(store)
    old = made(store, "sft", "duplicates=off")
    with store.session() as session:
        label(session, "good", "ann", "failed", minutes=5)
        label(session, "good", "bob", "failed", minutes=5)
        keep(session, said("late", "This one came later.", 1))
    new = made(store, "sft", "duplicates=off")
    with store.reading() as session:
        found = compare_made(session, old, new)
    assert (found.same, found.changed) == (1, ())
    assert found.added == (RowChange("run:late", "It was no candidate before."),)
    assert found.removed == (RowChange("run:good", "It is left out now (failed). people", "failed"),)


def test_two_who_make_versions_at_once_get_two_numbers(store: Store):
    fill(store)
    gates = ["empty=off", "duplicates=off", "reworked=off"]
    with ThreadPoolExecutor(3) as pool:
        numbers = pool.map(lambda gate: made(store, "sft", gate).number, gates)
    assert sorted(numbers) == [1, 2, 3]


def test_an_export_is_a_copy_and_answers_as_the_contract_says(store: Store, tmp_path: Path):
    fill(store)
    out = tmp_path / "deep" / "out"
    report = export_version(store, define("dpo", ["duplicates=off"]), str(out)).as_json()
    assert report == {
        "dataset": "dpo",
        "version": 1,
        "candidates": 3,
        "rows": 2,
        "excluded": {"tie": 1},
        "files": list(FILES),
        "sha256": hashlib.sha256((out / "train.jsonl").read_bytes()).hexdigest(),
    }
    with store.reading() as session:
        assert held(out) == files(store, get_version(session, "dpo", 1))
    again = export_version(store, define("dpo", ["duplicates=off"]), str(out)).as_json()
    assert again == report, "a dataset of ours may be replaced"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_what_is_no_dataset_is_never_written_over(store: Store, tmp_path: Path):
    fill(store)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match=r"holds thesis\.txt, so it is no dataset of Loopwright"):
        export_version(store, define("sft"), str(out))
    (out / "thesis.txt").rename(out / "train.jsonl")
    with pytest.raises(InvalidInput, match=r"holds train\.jsonl"):
        export_version(store, define("sft"), str(out))
    assert held(out) == {"train.jsonl": b"years of work"}
    with pytest.raises(InvalidInput, match="is a file"):
        export_version(store, define("sft"), str(out / "train.jsonl"))
    with pytest.raises(InvalidInput, match="cannot be written: "):
        export_version(store, define("sft"), str(out / "train.jsonl" / "below"))
    with store.reading() as session:
        assert list_versions(session) == [], "the place is looked at before anything is made"


def test_a_dataset_with_something_added_is_not_written_over(store: Store, tmp_path: Path):
    fill(store)
    out = tmp_path / "out"
    export_version(store, define("sft"), str(out))
    export_version(store, define("sft"), str(out))
    (out / "notes.md").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds notes\.md"):
        export_version(store, define("sft"), str(out))
    assert "notes.md" in held(out)


def test_a_version_is_written_to_an_address(store: Store):
    fill(store)
    bucket = fsspec.filesystem("memory")
    report = export_version(store, define("sft"), "memory://bucket/sft")
    assert {path.rsplit("/", 1)[-1]: bucket.cat_file(path) for path in bucket.ls("/bucket/sft", detail=False)} == files(
        store, report.made
    )
    export_version(store, define("sft"), "memory://bucket/sft")
    bucket.pipe_file("/bucket/sft/notes.md", b"mine")
    with pytest.raises(InvalidInput, match=r"holds notes\.md"):
        export_version(store, define("sft"), "memory://bucket/sft")
    bucket.rm_file("/bucket/sft/manifest.json")
    bucket.rm_file("/bucket/sft/notes.md")
    with pytest.raises(InvalidInput, match="so it is no dataset of Loopwright"):
        export_version(store, define("sft"), "memory://bucket/sft")
    bucket.rm("/bucket", recursive=True)
    with pytest.raises(InvalidInput, match="nowhere://x cannot be written to"):
        export_version(store, define("sft"), "nowhere://x")
    with pytest.raises(InvalidInput, match="http:// keeps no files"):
        export_version(store, define("sft"), "http://127.0.0.1/x")
    with pytest.raises(InvalidInput, match="Name a folder"):
        export_version(store, define("sft"), " ")


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x" * 81, "new\nline"])
def test_a_name_that_is_no_folders_name_is_refused(store: Store, name: str):
    with pytest.raises(InvalidInput, match="cannot name a dataset"):
        make_version(store, define("sft"), name)


def test_without_rows_nothing_is_made(store: Store):
    with pytest.raises(InvalidInput, match="nothing to make a dataset from yet"):
        made(store)
    with store.session() as session:
        keep(session, said("a", "one two three", 0), said("b", "four five six"))
    with pytest.raises(InvalidInput, match="None of the 2 candidates became a row: 1 unverified, 1 failed"):
        made(store)
    with store.reading() as session:
        assert list_versions(session) == []


def test_a_zip_holds_the_files_and_is_the_same_each_time(store: Store):
    fill(store)
    version = made(store)
    with store.reading() as session:
        one, two = (b"".join(zip_chunks(session, version)) for _ in range(2))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(f"sft-1/{name}") for name in FILES} == files(store, version)


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


@pytest.mark.parametrize("format", ["sft", "dpo", "kto", "reward"])
def test_parquet_holds_the_rows_of_the_jsonl_and_its_card_names_it(store: Store, tmp_path: Path, format: str):
    fill(store)
    out = tmp_path / "out"
    report = export_version(store, define(format), str(out), how=Written(parquet=True))
    assert report.as_json()["files"] == sorted(report.as_json()["files"], key=["train.parquet", *FILES].index)
    assert sorted(path.name for path in out.iterdir()) == sorted(report.as_json()["files"])
    rows = [json.loads(line) for line in files(store, report.made)["train.jsonl"].splitlines()]
    assert [read_row(row) for row in pq.read_table(out / "train.parquet").to_pylist()] == rows
    assert "data_files: train.parquet" in (out / "README.md").read_text()
    export_version(store, define(format), str(out))
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
