"""Runs step by step: what people agree on for each step, and rows that fit the published schema."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

import core.dataset
from core.dataset.definition import define
from core.dataset.formats import FORMATS
from core.dataset.parquet import read_row, write_parquet
from core.dataset.selection import Selection, select
from core.dataset.versions import make_version
from core.ingest.accept import ImportOptions, import_paths
from core.records import Annotation, LabelSchema, Mark, Role
from core.review.ready_made import PROCESS_REWARD, RUN_REVIEW, TRAIL
from core.review.resolving import resolve
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.people import PersonLine, person_id
from core.store.resolutions import Subject
from core.store.schemas import newest_schema_id, save_schema
from core.store.tables import TaskRow
from core.store.traces import find_trace
from tests.core.dataset.world import files, keep, reasons, said
from tests.worlds import START

SCHEMA = json.loads((Path(core.dataset.__file__).with_name("steps.schema.json")).read_text())
FITS = jsonschema.Draft202012Validator(SCHEMA)


def judge(
    session: Session,
    person: str,
    marks: Sequence[tuple[str, str, str]],
    schema: LabelSchema = PROCESS_REWARD,
    role: Role = Role.ANNOTATOR,
) -> None:
    """Somebody marks steps of the run r: (question, step, value)."""
    trace = find_trace(session, "r")
    assert trace is not None
    told = Annotation("r", person, schema.key, {}, tuple(Mark(*mark) for mark in marks))
    at = START + timedelta(days=1)
    add_annotation(
        session, trace, person_id(session, person, role), (save_schema(session, schema), schema.key), told, at
    )


def selected(store: Store) -> Selection:
    with store.reading() as session:
        return select(session, define("steps"))


def verdicts(found: Selection) -> dict[str, tuple[int | None, int]]:
    (row,) = found.rows
    FITS.validate(dict(row.columns))
    return {step["step"]: (step["verdict"], step["people"]) for step in row.columns["steps"]}


def each(*values: str) -> list[tuple[str, str, str]]:
    return [("steps", str(number), value) for number, value in enumerate(values) if value]


def test_a_step_has_the_verdict_that_most_gave_it(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"))
        judge(session, "ann", each("", "1", "1", "-1"))
        judge(session, "ben", each("", "1", "0", "-1"))
        judge(session, "cem", each("", "", "", "0"))
        judge(session, "judge", each("1", "1", "1", "1"), role=Role.MACHINE)
    found = selected(store)
    assert verdicts(found) == {"0": (None, 0), "1": (1, 2), "2": (None, 2), "3": (-1, 3)}
    (row,) = found.rows
    assert (row.candidate.reviewers, row.candidate.agreement) == (3, 0.8)
    assert [step["kind"] for step in row.columns["steps"]] == ["user", "llm", "tool", "llm"]


def test_a_marked_mistake_is_one_where_most_who_were_asked_mark_it_and_the_rest_is_not_called_good(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"))
        judge(session, "ann", [("errors", "1", "Goal Deviation"), ("errors", "3", "Timeout Issues")], TRAIL)
        judge(session, "ben", [("errors", "3", "Goal Deviation")], TRAIL)
    assert verdicts(selected(store)) == {"0": (None, 0), "1": (None, 1), "2": (None, 0), "3": (-1, 2)}


def test_what_two_questions_say_against_each_other_is_no_verdict(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"))
        judge(session, "ann", each("", "1", "", "1"))
        judge(session, "ben", [("first_mistake", "3", "")], RUN_REVIEW)
    assert verdicts(selected(store)) == {"0": (None, 0), "1": (1, 1), "2": (None, 0), "3": (None, 1)}


def test_a_leads_resolution_outranks_what_was_said(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"))
        judge(session, "ann", each("", "1", "", "1"))
        judge(session, "ben", each("", "1", "", "-1"))
        lead = PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)
        subject, schema = Subject(find_trace(session, "r")), newest_schema_id(session, PROCESS_REWARD.key)
        marks: list[Mapping[str, Any]] = [{"question": "steps", "step_id": "3", "value": "-1"}]
        resolve(session, subject, schema, "steps", None, marks, lead)
    found = selected(store)
    assert verdicts(found) == {"0": (None, 0), "1": (None, 0), "2": (None, 0), "3": (-1, 1)}
    assert found.rows[0].candidate.ruling is not None


@pytest.mark.parametrize(
    ("marks", "gate"),
    [([each("", "1")], "holdout"), ([each("", "1"), each("", "-1")], "disputed"), ([[("steps", "9", "1")]], "no_turn")],
)
def test_what_is_left_out_has_its_reason(store: Store, marks: list[list[tuple[str, str, str]]], gate: str):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"), said("s", "Nobody judged this."))
        for person, mine in zip("ab", marks, strict=False):
            judge(session, person, mine)
        if gate == "holdout":
            session.query(TaskRow).update({"split": "holdout"})
    assert reasons(selected(store).excluded) == {"steps:r": gate}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_real_marks_on_steps_fit_the_published_schema(store: Store, real_data: Path):
    sources = ["trail", "who-and-when", "agentrx-tau"]
    import_paths(store, [real_data / source for source in sources], ImportOptions())
    found = selected(store)
    assert (len(found.rows), found.candidates, found.reasons) == (208, 210, {"duplicates": 2})
    made = files(store, make_version(store, define("steps"), "steps"))
    rows = [json.loads(line) for line in made["train.jsonl"].splitlines()]
    assert [error.message for row in rows for error in FITS.iter_errors(row)] == []
    assert sum(step["verdict"] == -1 for row in rows for step in row["steps"]) == 398


def test_parquet_holds_the_same_steps(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel?"))
        judge(session, "ann", each("", "1", "", "-1"))
    (row,) = selected(store).rows
    file = io.BytesIO()
    write_parquet([json.dumps(row.columns).encode()], FORMATS["steps"].names, file)
    assert [read_row(one) for one in pq.read_table(file).to_pylist()] == [row.columns]
