"""One answer for every run of a filter: counted first, given in batches, finished after a crash, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from core.clock import now
from core.dataset import sources
from core.dataset.provenance import provenance
from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import Annotation, LabelSchema, Option, Question, Role, ShownIf
from core.review.bulk import AT_ONCE, begin_bulk, count_bulk, give_some, read_bulk, undo_some, why_not
from core.review.desk import next_item
from core.review.submitting import submit
from core.store import bulk as bulk_rows
from core.store.annotations import add_annotation, annotations_of
from core.store.bulk import BulkCount, bulk_line, bulks_of
from core.store.engine import Store
from core.store.items import NewItem, add_items
from core.store.people import get_person, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, TraceRow
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.worlds import run

SCHEMA = LabelSchema(
    "checked",
    1,
    "Checked",
    (
        Question(
            "outcome",
            "choice",
            "Did it solve the task?",
            (Option("solved", "Yes"), Option("failed", "No")),
            required=True,
        ),
        Question("why", "text", "Why?", shown_if=ShownIf("outcome", ("failed",))),
        Question("where", "step", "First mistake"),
        Question("kinds", "taxonomy", "What went wrong", (Option("a", "A"),), belongs="trace"),
    ),
)


@dataclass(frozen=True)
class World:
    """Row ids: runs in the order they came (the even ones of v0, the odd ones of v1), people, the schema."""

    runs: list[int]
    lea: int
    ann: int
    schema: int


def world(store: Store, n: int = 12) -> World:
    with store.session() as session:
        made = insert_traces(session, [run(f"r{k}", f"Order {k}?", version=f"v{k % 2}") for k in range(n)]).traces
        lea = person_id(session, "Lea", Role.LEAD, active=True)
        ann = person_id(session, "Ann", Role.ANNOTATOR, active=True)
        return World([made[f"r{k}"] for k in range(n)], lea, ann, save_schema(session, SCHEMA))


def by_hand(store: Store, one: World, trace: int, person: int, outcome: str) -> None:
    with store.session() as session:
        given = Annotation("", "", SCHEMA.key, {"outcome": outcome})
        add_annotation(session, trace, person, (one.schema, SCHEMA.key), given, now())
        refresh_outcomes(session, [trace])


def begin(store: Store, one: World, person: int, wanted: TraceFilter, **answers: Any) -> int:
    with store.session() as session:
        counted = count_bulk(session, wanted, person, SCHEMA)
        label = read_bulk(SCHEMA, answers or {"outcome": "solved"}, "")
        return begin_bulk(session, person, one.schema, wanted, label, counted)


def go_on(store: Store, bulk: int, person: int, batches: int = 10**6) -> None:
    for _ in range(batches):
        with store.session(patient=True) as session:
            if not give_some(session, bulk, person):
                return


def undo(store: Store, bulk: int, person: int, batches: int = 10**6) -> None:
    for _ in range(batches):
        with store.session(patient=True) as session:
            if not undo_some(session, bulk, person):
                return


def said(store: Store, one: World, person: int) -> dict[int, Any]:
    """Run (its number) → the outcome that this person says now."""
    with store.reading() as session:
        given = [label for label in annotations_of(session) if label.person_id == person]
    return {one.runs.index(label.trace_id): label.answers["outcome"] for label in given}


def test_all_runs_of_the_filter_are_labelled_and_no_other(store: Store) -> None:
    one = world(store)
    by_hand(store, one, one.runs[1], one.lea, "failed")
    wanted = TraceFilter(version="v1")
    with store.reading() as session:
        assert count_bulk(session, wanted, one.lea, SCHEMA) == BulkCount(5, 1, 0, one.runs[-1])
    bulk = begin(store, one, one.lea, wanted)
    go_on(store, bulk, one.lea)
    assert said(store, one, one.lea) == {1: "failed", 3: "solved", 5: "solved", 7: "solved", 9: "solved", 11: "solved"}
    with store.reading() as session:
        line = bulk_line(session, bulk)
        assert (line.n, line.given, line.standing, line.unfinished, line.half_undone) == (5, 5, 5, False, False)
        rows = session.execute(select(TraceRow.id, TraceRow.n_annotations, TraceRow.outcome)).all()
        told = {one.runs.index(row.id): (row.n_annotations, row.outcome) for row in rows}
        assert told[3] == (1, "solved")
        assert told[0] == (0, "unknown")
        assert count_bulk(session, wanted, one.lea, SCHEMA).runs == 0


def test_what_arrives_after_the_count_is_not_labelled_unseen(store: Store) -> None:
    one = world(store, 4)
    bulk = begin(store, one, one.lea, TraceFilter())
    with store.session() as session:
        insert_traces(session, [run("later")])
    go_on(store, bulk, one.lea)
    assert sorted(said(store, one, one.lea)) == [0, 1, 2, 3]


def test_a_bulk_that_was_cut_short_says_so_and_is_finished(store: Store) -> None:
    one = world(store, 2 * AT_ONCE + 30)
    bulk = begin(store, one, one.lea, TraceFilter(labelled=False))  # its own labels take runs out of its filter
    go_on(store, bulk, one.lea, batches=1)
    with store.reading() as session:
        (line,) = bulks_of(session, one.lea)
        assert (line.n, line.given, line.unfinished) == (230, AT_ONCE, True)
    go_on(store, bulk, one.lea)
    assert len(said(store, one, one.lea)) == 230
    go_on(store, bulk, one.lea)  # once more does nothing
    with store.reading() as session:
        assert bulk_line(session, bulk).unfinished is False
        assert len(session.scalars(select(AnnotationRow.id)).all()) == 230


def test_a_run_labelled_by_hand_meanwhile_is_left_and_the_bulk_is_whole(store: Store) -> None:
    one = world(store, 4)
    bulk = begin(store, one, one.lea, TraceFilter())
    by_hand(store, one, one.runs[2], one.lea, "failed")
    go_on(store, bulk, one.lea)
    assert said(store, one, one.lea) == {0: "solved", 1: "solved", 2: "failed", 3: "solved"}
    with store.reading() as session:
        assert (bulk_line(session, bulk).n, bulk_line(session, bulk).unfinished) == (3, False)


def test_undo_takes_back_what_was_not_changed_since_and_deletes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world(store, AT_ONCE + 5)
    bulk = begin(store, one, one.lea, TraceFilter())
    go_on(store, bulk, one.lea)
    by_hand(store, one, one.runs[2], one.lea, "failed")
    undo(store, bulk, one.lea, batches=1)
    with store.reading() as session:
        assert bulk_line(session, bulk).half_undone is True
        assert bulk_line(session, bulk).runs_still is True, "in another tab"
        monkeypatch.setattr(bulk_rows, "now", lambda: now() + bulk_rows.STILL)
        assert bulk_line(session, bulk).runs_still is False, "it was cut short"
    with store.session() as session, pytest.raises(Conflict, match="taken back"):
        give_some(session, bulk, one.lea)
    undo(store, bulk, one.lea)
    assert said(store, one, one.lea) == {2: "failed"}
    with store.reading() as session:
        line = bulk_line(session, bulk)
        assert (line.n, line.given, line.standing, line.half_undone) == (AT_ONCE + 5, AT_ONCE + 5, 0, False)
        history = session.execute(
            select(AnnotationRow.revision, AnnotationRow.withdrawn, AnnotationRow.answers, AnnotationRow.bulk_id)
            .where(AnnotationRow.trace_id == one.runs[0])
            .order_by(AnnotationRow.revision)
        ).all()
        assert history == [(1, False, {"outcome": "solved"}, bulk), (2, True, {}, bulk)]
        assert session.get_one(TraceRow, one.runs[0]).outcome == "unknown"
        assert session.get_one(TraceRow, one.runs[2]).outcome == "failed"


def test_an_annotator_labels_only_what_is_not_hidden_from_them(store: Store) -> None:
    one = world(store, 4)
    with store.session() as session:
        queue = get_queue(session, make_queue(session, "blind", "trace", one.schema))
        add_items(session, queue, [NewItem(one.runs[1])])
    with store.reading() as session:
        wanted = TraceFilter(blind_for=one.ann)
        assert count_bulk(session, wanted, one.ann, SCHEMA) == BulkCount(3, 0, 1, one.runs[-1])
        assert count_bulk(session, wanted, one.lea, SCHEMA).runs == 4
    bulk = begin(store, one, one.ann, wanted)
    go_on(store, bulk, one.ann)
    assert sorted(said(store, one, one.ann)) == [0, 2, 3]
    with store.session() as session, pytest.raises(NotPermitted, match="somebody else's"):
        undo_some(session, bulk, one.lea)


def test_a_queue_still_gives_out_what_was_labelled_without_being_read(store: Store) -> None:
    one = world(store, 2)
    with store.session() as session:
        queue = get_queue(session, make_queue(session, "all", "trace", one.schema))
        add_items(session, queue, [NewItem(trace) for trace in one.runs])
        number = queue.id
    go_on(store, begin(store, one, one.lea, TraceFilter()), one.lea)
    with store.session() as session:
        lea = get_person(session, one.lea)
        assert lea is not None
        item = next_item(session, get_queue(session, number), lea)
        assert item is not None
        assert (item.state, item.n_done) == ("open", 0)
        (first,) = [given.answers for given in annotations_of(session, [item.trace_id or 0])]
        assert submit(session, item.id, lea, {"answers": dict(first)}).new, "the same answer, now that it was read"
        assert (item.state, item.n_done) == ("done", 1)
        assert [(given.in_bulk, given.answers) for given in annotations_of(session, [item.trace_id or 0])] == [
            (False, first)
        ]
    assert len(said(store, one, one.lea)) == 2


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"outcome": "solved", "where": "1"}, "where"),
        ({"outcome": "solved", "nothing": "1"}, "nothing"),
    ],
)
def test_answers_are_checked_before_anything_is_written(answers: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_bulk(SCHEMA, answers, "")
    assert error.value.field == field


def test_what_was_not_asked_is_not_kept() -> None:
    assert read_bulk(SCHEMA, {"outcome": "solved", "why": "left over", "kinds": ["a"]}, "").answers == {
        "outcome": "solved",
        "kinds": ["a"],
    }
    assert read_bulk(SCHEMA, {"outcome": "failed", "why": "It gave up."}, "").answers["why"] == "It gave up."


def test_a_schema_that_needs_a_place_in_each_run_says_why_not() -> None:
    where = Question("where", "step", "First mistake", required=True)
    assert "First mistake" in why_not(LabelSchema("x", 1, "X", (*SCHEMA.questions, where)))
    assert "label these runs one by one" in why_not(LabelSchema("x", 1, "X", (SCHEMA.questions[2],)))
    assert why_not(SCHEMA) == ""


def test_a_dataset_says_which_labels_were_given_in_bulk(store: Store) -> None:
    one = world(store, 2)
    by_hand(store, one, one.runs[0], one.lea, "solved")
    go_on(store, begin(store, one, one.lea, TraceFilter()), one.lea)
    with store.reading() as session:
        lines = [provenance(candidate, {}) for candidate in sources.runs(session)]
    told = {line["traces"][0]: [label.get("in_bulk") for label in line["labels"]] for line in lines}
    assert told == {"r0": [None], "r1": [True]}
