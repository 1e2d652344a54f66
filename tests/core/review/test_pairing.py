"""Pairs come from runs of one task and from corrections, once each, and no side means anything."""

from __future__ import annotations

from sqlalchemy import select

from core.records import Annotation, Correction, Task
from core.review.pairing import pair_corrections, pair_runs
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.tables import ItemRow, PairRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run


def world(store: Store) -> dict[str, int]:
    tasks = [Task(f"shop/{n}", f"Task {n}") for n in range(2)]
    arrived = [
        run(f"{task.key}-{version}-{trial}", task=task, version=version, trial=trial, reward=float(trial == 0))
        for task in tasks
        for version in ("v1", "v2")
        for trial in (0, 1)
    ]
    with store.session() as session:
        ids = insert_traces(session, arrived).traces
        add_signals(session, [signal for trace in arrived for signal in trace.signals])
        refresh_outcomes(session, list(ids.values()))
    return ids


def test_runs_are_paired_once_a_task_and_those_that_ended_differently_first(store: Store) -> None:
    world(store)
    for across, same_version in (("versions", False), ("trials", True)):
        with store.session() as session:
            assert pair_runs(session, "shop", across) == 2
            assert pair_runs(session, "shop", across) == 0
            assert pair_runs(session, "nobody", across) == 0
            newest = session.scalars(select(PairRow).order_by(PairRow.id.desc()).limit(2)).all()
            assert {pair.name_a == pair.name_b for pair in newest} == {same_version}
            assert {pair.prompt for pair in newest} == {"Task 0", "Task 1"}
    with store.reading() as session:
        assert len(session.scalars(select(ItemRow)).all()) == 4


def test_a_correction_stands_beside_what_it_corrects(store: Store) -> None:
    ids = world(store)
    with store.session() as session:
        person, schema = person_id(session, "ada"), save_schema(session, RUN_REVIEW)
        said = Annotation(
            "", "ada", "run-review", {"outcome": "failed"}, (), (Correction("3", "It was sent.", "I will look."),)
        )
        add_annotation(session, ids["shop/0-v1-1"], person, (schema, "run-review"), said, START)
        assert pair_corrections(session) == 1
        assert pair_corrections(session) == 0
        pair = session.scalars(select(PairRow)).one()
    assert {pair.name_a: pair.text_a, pair.name_b: pair.text_b} == {
        "original": "It was sent.",
        "corrected": "I will look.",
    }
    assert pair.prompt.startswith("user: Where is my order?")
