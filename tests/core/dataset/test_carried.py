"""What a version carries gives the same rows elsewhere, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.dataset.definition import Definition, define
from core.dataset.versions import export_version, make_version
from core.dataset.writing import LABELS, TRACES, TRAIN, zip_chunks
from core.ingest.accept import ImportOptions, import_document, import_paths
from core.ingest.report import ImportReport
from core.records import Choice, Message, Role, Split, Step, StepKind
from core.retract import Scope, remove
from core.review.pairing import pair_corrections
from core.review.ready_made import RUN_REVIEW
from core.review.resolving import adopt, resolve
from core.store.dataset_versions import get_version
from core.store.engine import Store, open_store
from core.store.history import revisions
from core.store.pairs import list_pairs
from core.store.people import PersonLine, person_id
from core.store.resolutions import Subject
from core.store.schemas import newest_schema_id
from core.store.task_splits import set_splits
from core.store.trace_filter import TraceFilter
from core.store.traces import find_trace
from tests.core.dataset.world import choose, files, keep, label, said, texts

FORMATS = ("sft", "dpo", "kto", "reward", "steps")
LONG = "Please tell me where the red lamp with the brass foot has gone since it left the shop on Monday morning."


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path / 'elsewhere.db'}")) as other:
        yield other


def lead(session: Session) -> PersonLine:
    return PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)


def of_run(session: Session, uid: str) -> Subject:
    return Subject(find_trace(session, uid))


def fill(store: Store) -> None:
    """Everything that a row can rest on, and everything that could give other rows elsewhere."""
    with store.session() as session:
        keep(session, said("good", "Is the red lamp in stock?", 1), said("bad", "Cancel it, please.", 0))
        keep(session, said("split", "May I pay later?"), said("adopted", "What does it weigh?", user="customer-9"))
        label(session, "bad", "ann", "failed", {"3": "I cannot: it is packed already."})
        label(session, "good", "bob", "solved", minutes=1)
        label(session, "split", "ann", "solved", minutes=2)
        label(session, "split", "bob", "failed", minutes=3)
        schema = newest_schema_id(session, RUN_REVIEW.key)
        resolve(session, of_run(session, "split"), schema, "outcome", "solved", [], lead(session), "It was paid.")
        for minute, (person, text) in enumerate({"ann": "Two kilograms.", "bob": "I do not know."}.items(), 4):
            label(session, "adopted", person, "solved", {"3": text}, minute)
        written = {one.person: one.id for one in revisions(session, of_run(session, "adopted"))}
        adopt(session, of_run(session, "adopted"), schema, "correction", written["ann"], lead(session))
        label(session, "adopted", "ann", "solved", {"3": "Heavy."}, minutes=9)
        choose(session, texts("p", "Which way?", "To the left, by the mill.", "To the right."), "a", "a", "b")
        choose(session, texts("q", "Déjà vu?", "Oui, “bien sûr”.", "Non."), "equal")
        _fill_trials(session)


def _fill_trials(session: Session) -> None:
    """Of one task, a pair of trials that nothing can be learned from, and one that makes a row."""
    task = said("t", "Order a lamp.").task
    for uid, reward, tools in (("t1", 1, ()), ("t2", 1, ()), ("t3", 0, ({"name": "pay"},)), ("t4", 0, ())):
        keep(session, said(uid, "Order a lamp.", reward, task=task, tools=tools))
    label(session, "t1", "ann", corrected={"3": "The lamp is ordered."}, minutes=7)
    pair_corrections(session)
    for pair in list_pairs(session):
        if pair.source == "correction" and pair.uid and "The lamp is ordered." in (pair.text_a, pair.text_b):
            worse = Choice.B if pair.name_a == "corrected" else Choice.A
            resolve(session, Subject(pair_id=pair.id), None, "preference", worse.value, [], lead(session))


def sent(store: Store, elsewhere: Store, definition: Definition, tmp_path: Path) -> tuple[Path, Path, ImportReport]:
    """The folders of a version and of what came of it elsewhere."""
    one, other = tmp_path / "one", tmp_path / "other"
    export_version(store, definition, str(one))
    report = import_paths(elsewhere, [one], ImportOptions())
    export_version(elsewhere, definition, str(other))
    return one, other, report


@pytest.mark.parametrize("format", ["sft", "dpo", "kto"])
def test_the_same_rows_come_of_it_elsewhere(store: Store, elsewhere: Store, tmp_path: Path, format: str) -> None:
    fill(store)
    one, other, report = sent(store, elsewhere, define(format), tmp_path)
    assert report.rejected == []
    assert (one / TRAIN).read_bytes() == (other / TRAIN).read_bytes()
    assert (one / LABELS).read_bytes() == (other / LABELS).read_bytes()
    assert (one / TRACES).read_bytes() == (other / TRACES).read_bytes()
    rows = (one / TRAIN).read_text()
    assert "I cannot: it is packed already." in rows
    assert "The lamp is ordered." not in rows
    assert ("Two kilograms." in rows, "Heavy." in rows) == (True, False)
    again = import_paths(elsewhere, [one], ImportOptions())
    assert again.rejected == []
    assert {name for name, n in again.counts.items() if n} == {"duplicates"}


def test_nobody_is_named(store: Store, tmp_path: Path) -> None:
    fill(store)
    export_version(store, define("kto"), str(tmp_path / "one"))
    for path in (tmp_path / "one").iterdir():
        assert not {"ann", "bob", "lea", "customer-9"} & set(path.read_text().replace('"', " ").split()), path.name


def test_the_runs_that_are_meant_are_enough(store: Store, elsewhere: Store, tmp_path: Path) -> None:
    fill(store)
    with store.session() as session:
        task = said("t", "Order a lamp.").task
        keep(session, said("t0", "Order a lamp.", 1, task=task, version="v0", tools=({"name": "pay"},)))
    one, other, _ = sent(store, elsewhere, define("dpo", runs=TraceFilter(version="v1")), tmp_path)
    assert b'"trials:t2:t4"' in (one / "provenance.jsonl").read_bytes()
    assert (one / TRAIN).read_bytes() == (other / TRAIN).read_bytes()


def test_what_is_withheld_for_its_text_stays_withheld(store: Store, elsewhere: Store, tmp_path: Path) -> None:
    """Elsewhere nobody knows the kept task, and the key was replaced on the way."""
    with store.session() as session:
        keep(session, said("kept", LONG, 1))
        set_splits(session, {"shop/kept": Split.HOLDOUT})
        for uid, words in (("leaks", LONG), ("tells", "The key is sk-ant-REDACTED-4f9Kq2LmXw81vTzRpYc0 now.")):
            run = said(uid, f"Where is it, {uid}?", 1)
            later = (
                Step("4", StepKind.USER, "user", output=(Message("user", words),)),
                Step("5", StepKind.LLM, "agent", output=(Message("assistant", f"I see, {uid}."),)),
            )
            keep(session, said(uid, f"Where is it, {uid}?", 1, steps=(*run.steps, *later)))
            label(session, uid, "ann", corrected={"3": f"It was sent yesterday, {uid}."})
    gates = ("reworked=off", "duplicates=off")
    one, other, report = sent(store, elsewhere, define("sft", gates), tmp_path)
    assert report.counts["withheld"] == report.counts["traces"] == 2
    assert (one / TRAIN).read_bytes() == (other / TRAIN).read_bytes()
    assert len((one / TRAIN).read_bytes().splitlines()) == 2
    assert b"4f9Kq2LmXw81vTzRpYc0" not in b"".join(path.read_bytes() for path in one.iterdir())
    with elsewhere.reading() as session:
        manifest = get_version(session, "sft", 1).manifest
    assert manifest["excluded"] == {"withheld": 2}
    assert (one / LABELS).read_bytes() == (other / LABELS).read_bytes()


@pytest.mark.parametrize("format", ["kto", "dpo"])
def test_a_correction_that_holds_a_key_is_known_again(
    store: Store, elsewhere: Store, tmp_path: Path, format: str
) -> None:
    """Its key is replaced on the way: what is withheld stays so, and who voted against it still does."""
    key = "sk-ant-REDACTED-4f9Kq2LmXw81vTzRpYc0"
    with store.session() as session:
        keep(session, said("told", "Which key do I use?", 0), said("right", "Is the red lamp in stock?", 1))
        keep(session, said("voted", "Where is the blue chair?", 0))
        label(session, "told", "ann", "failed", {"3": f"Use {key} for it."})
        label(session, "voted", "ann", "failed", {"3": f"It is behind {key}."}, minutes=1)
        pair_corrections(session)
        for pair in list_pairs(session):
            if "behind" in pair.text_a + pair.text_b:
                worse = Choice.B if pair.name_a == "corrected" else Choice.A
                resolve(session, Subject(pair_id=pair.id), None, "preference", worse.value, [], lead(session))
        choose(session, texts("p", "Which way?", "To the left, by the mill.", "To the right."), "a", "a", "b")
    one, other, report = sent(store, elsewhere, define(format), tmp_path)
    assert report.rejected == []
    assert (one / TRAIN).read_bytes() == (other / TRAIN).read_bytes()
    assert b"behind" not in (other / TRAIN).read_bytes()
    assert key.encode() not in b"".join(path.read_bytes() for path in one.iterdir())


def test_a_zip_from_the_page_is_taken_as_it_is(store: Store, elsewhere: Store) -> None:
    fill(store)
    version = make_version(store, define("kto"), "kto")
    with store.reading() as session:
        data = b"".join(zip_chunks(session, version))
    report = import_document(elsewhere, "kto-1.zip", data, ImportOptions())
    assert report.rejected == []
    again = make_version(elsewhere, define("kto"), "kto")
    assert again.sha256 == version.sha256


def test_runs_that_are_taken_back_leave_it(store: Store) -> None:
    fill(store)
    version = make_version(store, define("kto"), "kto")
    remove(store, Scope(trace="bad"), "me")
    remove(store, Scope(trace="adopted"), "me")
    found = files(store, version)
    for name in (TRACES, LABELS):
        lines = [json.loads(line) for line in found[name].splitlines()]
        assert not [line for line in lines if {"bad", "adopted"} & {str(value) for value in line.values()}]
    assert b"Two kilograms." not in found[LABELS]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (
            {"type": "resolution", "person": "x", "question": "outcome", "answer": "solved"},
            "it names neither one trace nor one pair",
        ),
        (
            {"type": "resolution", "person": "x", "question": "outcome", "trace_id": "no", "answer": "solved"},
            "it is about trace no, which is not here: import the trace first",
        ),
        (
            {"type": "resolution", "person": "x", "question": "preference", "pair_id": "p", "answer": "left"},
            "of a pair, the question is preference and its answer a_much or a or equal or b or b_much or both_bad",
        ),
        (
            {"type": "resolution", "person": "x", "question": "outcome", "trace_id": "split", "answer": "great"},
            "answer is 'great', not solved or partly or failed or unknown",
        ),
        (
            {"type": "resolution", "person": "x", "schema": "run-review", "question": "outcome", "trace_id": "split",
             "answer": "failed"},
            "lea has resolved outcome otherwise here, and that stays",
        ),
        (
            {"type": "resolution", "person": "x", "schema": "outcome", "question": "mood", "trace_id": "split"},
            "outcome does not ask mood; it asks comment, outcome",
        ),
        (
            {"type": "schema", "key": "mine", "version": 0, "title": "Mine", "questions": []},
            "version is 0; versions begin with 1",
        ),
        (
            {"type": "annotation", "person": "x", "schema": "run-review", "schema_version": 99, "trace_id": "split"},
            "there is no version 99 of the label schema run-review: import that first",
        ),
        (
            {"type": "schema", "key": "run-review", "version": RUN_REVIEW.version, "title": "Mine", "questions": []},
            f"version {RUN_REVIEW.version} of run-review asks something else here",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named(store: Store, record: dict[str, Any], reason: str) -> None:
    fill(store)
    report = import_document(store, "labels.jsonl", json.dumps(record).encode(), ImportOptions())
    assert [one.reason for one in report.rejected] == [reason]
