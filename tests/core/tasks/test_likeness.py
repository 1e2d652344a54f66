"""The index of runs: what it holds follows SQL, what it finds is like what was asked, what it hides stays hidden."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.errors import NotFound, Unavailable
from core.ingest.accept import ImportOptions, import_paths
from core.records import Annotation, Message, Outcome, Role, Step, StepKind
from core.review.ready_made import RUN_REVIEW
from core.settings import Settings
from core.similarity.index import Entry, TextIndex, open_index, open_run_index
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.outcomes import set_outcomes
from core.store.people import person_id
from core.store.reach import Run
from core.store.removal import remove_runs
from core.store.run_vectors import embedded_runs, n_embedded, n_owing
from core.store.schemas import save_schema
from core.store.steps import read_steps
from core.store.tables import TraceRow
from core.store.text_search import index_due
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.tasks.likeness import Alike, similar_runs, unlike_ranks
from core.tasks.run_index import AT_ONCE, rebuild_runs, sync_runs
from core.tasks.run_text import run_text
from tests.worlds import START, run

SAID = [
    "I want my money back for the kettle",
    "Please give me my money back for this kettle",
    "My parcel never arrived",
    "The parcel did not arrive at my house",
    "Where can I read about your warranty?",
]


@pytest.fixture
def index(data_dir: Path) -> Iterator[TextIndex]:
    """The index of runs in the test's data folder, which this process owns."""
    lessons = open_index(Settings())
    opened = open_run_index(Settings())
    yield opened
    opened.close()
    lessons.close()


def keep(store: Store, index: TextIndex) -> None:
    while sync_runs(store, index):
        pass


def shop(store: Store, said: list[str] = SAID) -> list[int]:
    """Runs that were asked these things; their row ids."""
    with store.session() as session:
        made = insert_traces(session, [run(f"r{n}", text, version=f"v{n % 2}") for n, text in enumerate(said)])
        return [made.traces[f"r{n}"] for n in range(len(said))]


def remove(store: Store, trace: int) -> None:
    with store.session() as session:
        row = session.get_one(TraceRow, trace)
        remove_runs(session, [Run(row.id, row.uid, row.session, row.task_id, row.title)], "a test")


def test_closed_runs_are_read_once_and_open_ones_when_they_close(store: Store, index: TextIndex) -> None:
    runs = shop(store)
    with store.session() as session:
        late = insert_traces(session, [replace(run("late"), open=True)]).traces["late"]
    keep(store, index)
    assert index.ids() == {str(one) for one in runs}
    with store.session() as session:
        assert (n_embedded(session), n_owing(session)) == (5, 0)
        session.get_one(TraceRow, late).closed_at = START
    keep(store, index)
    assert index.ids() == {str(one) for one in [*runs, late]}
    with store.reading() as session:
        assert embedded_runs(session) == dict.fromkeys([*runs, late], 4)


def test_a_run_that_grew_is_read_again(store: Store, index: TextIndex) -> None:
    (first, *_) = shop(store)
    keep(store, index)
    before = index.vectors([str(first)])[str(first)]
    more = (*run("r0", SAID[0]).steps, Step("4", StepKind.USER, "user", output=(Message("user", "Is it a gift?"),)))
    with store.session() as session:
        insert_traces(session, [run("r0", SAID[0], steps=more)], merge=lambda old, new: old)
        assert session.get_one(TraceRow, first).n_steps == 5
    keep(store, index)
    with store.reading() as session:
        assert embedded_runs(session)[first] == 5
    assert not np.allclose(before, index.vectors([str(first)])[str(first)])


def test_a_removed_run_is_never_named_and_leaves_the_index(store: Store, index: TextIndex) -> None:
    first, second, *rest = shop(store)
    keep(store, index)
    remove(store, second)
    with store.reading() as session:
        assert second not in [one.trace_id for one in similar_runs(session, index, first, 10)]
    keep(store, index)
    assert index.ids() == {str(one) for one in [first, *rest]}


@pytest.mark.parametrize("damage", ["the folder is gone", "half is gone", "one is gone", "one is another", "foreign"])
def test_what_is_lost_comes_back(store: Store, data_dir: Path, damage: str) -> None:
    lessons, index = open_index(Settings()), open_run_index(Settings())
    runs = shop(store, [f"{text} {n}" for n in range(60) for text in SAID])
    keep(store, index)
    assert len(runs) > AT_ONCE
    held = index.contents()
    assert len(held) == 300
    if damage == "half is gone":
        index.delete([str(one) for one in runs[:100]])
    elif damage == "one is gone":
        index.delete([str(runs[0])])
    elif damage == "one is another":
        index.upsert([Entry(str(runs[0]), "a poem", "0:4")])
    elif damage == "foreign":
        index.upsert([Entry("77777", "a poem", "1:4")])
    index.close()
    if damage == "the folder is gone":
        shutil.rmtree(data_dir / "chroma-runs")
    again = open_run_index(Settings())
    keep(store, again)
    assert again.contents() == held
    again.close()
    lessons.close()


def test_a_folder_that_goes_while_it_is_open_is_made_anew(store: Store, index: TextIndex, data_dir: Path) -> None:
    runs = shop(store)
    keep(store, index)
    shutil.rmtree(data_dir / "chroma-runs")
    rebuild_runs(store, index)
    keep(store, index)
    assert index.ids() == {str(one) for one in runs}


def test_the_most_similar_come_first_and_itself_never(store: Store, index: TextIndex) -> None:
    money, again, parcel, house, warranty = shop(store)
    keep(store, index)
    with store.reading() as session:
        found = similar_runs(session, index, money, 10)
        assert found[0].trace_id == again
        assert {one.trace_id for one in found} == {again, parcel, house, warranty}
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert [one.trace_id for one in similar_runs(session, index, "a parcel that did not arrive", 2)] == [
            house,
            parcel,
        ]
        assert len(similar_runs(session, index, money, 2)) == 2


def test_a_filter_narrows_what_is_found(store: Store, index: TextIndex) -> None:
    money, again, parcel, house, _ = shop(store)
    keep(store, index)
    with store.session() as session:
        index_due(session, 1_000)
    with store.reading() as session:
        odd = similar_runs(session, index, money, 10, TraceFilter(version="v1"))
        assert [one.trace_id for one in odd] == [again, house]
        parcels = similar_runs(session, index, money, 10, TraceFilter(text="parcel"))
        assert {one.trace_id for one in parcels} == {parcel, house}
        assert similar_runs(session, index, money, 10, TraceFilter(version="nowhere")) == []
        late = TraceFilter(since=START + timedelta(days=1))
        assert similar_runs(session, index, money, 10, late) == []


def test_where_it_cannot_be_asked_it_says_why(store: Store, index: TextIndex) -> None:
    (first, *_) = shop(store)
    with store.reading() as session:
        with pytest.raises(Unavailable, match="made ready"):
            similar_runs(session, index, "parcel", 5)
        with pytest.raises(Unavailable, match="server that owns"):
            similar_runs(session, None, "parcel", 5)
        with pytest.raises(Unavailable, match="server that owns"):
            unlike_ranks(session, None, [first])
    index.ready = True
    with store.reading() as session:
        with pytest.raises(Unavailable, match="soon after it is closed"):
            similar_runs(session, index, first, 5)
        with pytest.raises(NotFound):
            similar_runs(session, index, 10**6, 5)


def test_likeness_knows_nothing_that_a_blind_reviewer_must_not(store: Store, index: TextIndex) -> None:
    twins = [run("one", reward=1.0, version="v1"), run("two", reward=0.0, version="v9")]
    steps = twins[0].steps
    with store.session() as session:
        made = insert_traces(session, [replace(one, steps=steps) for one in twins]).traces
        set_outcomes(session, {made["one"]: (Outcome.SOLVED, "test"), made["two"]: (Outcome.FAILED, "test")})
    keep(store, index)
    with store.reading() as session:
        assert similar_runs(session, index, made["one"], 5) == [Alike(made["two"], 1.0)]


def test_the_text_of_a_run_is_what_was_asked_done_and_answered() -> None:
    broken = Step("x", StepKind.TOOL, "refund", arguments={"order": 7}, error="The card was refused.")
    made = run("r", "Where is my order?")
    text = run_text([*made.steps, broken])
    assert text.count("Where is my order?") == 2
    assert all(part in text for part in ("get_order", "refund", "The card was refused.", "It was sent, r."))
    long = [Step(str(n), StepKind.USER, output=(Message("user", "word " * 9_000),)) for n in range(50)]
    assert len(run_text(long)) < 8_000


def label(store: Store, trace: int) -> None:
    with store.session() as session:
        schema = save_schema(session, RUN_REVIEW)
        lea = person_id(session, "Lea", Role.LEAD)
        given = Annotation("", "Lea", RUN_REVIEW.key, {"outcome": "solved"})
        add_annotation(session, trace, lea, (schema, RUN_REVIEW.key), given, START)


def test_least_like_what_is_labelled_comes_first(store: Store, index: TextIndex) -> None:
    money, again, parcel, house, warranty = runs = shop(store)
    keep(store, index)
    label(store, money)
    with store.session() as session:
        late = insert_traces(session, [replace(run("late"), open=True)]).traces["late"]
    with store.reading() as session:
        ranks = unlike_ranks(session, index, [late, again, parcel, house, warranty])
    assert sorted(ranks.values()) == [0, 1, 2, 3, 4]
    order = sorted(ranks, key=ranks.__getitem__)
    assert order[-2:] == [again, late]  # like what is labelled; not in the index
    assert {order[0], order[1]} != {parcel, house}  # alike: the second of them waits
    vectors = {one: index.vectors([str(one)])[str(one)] for one in runs}
    assert order[:4] == farthest_first(vectors, [money], [again, parcel, house, warranty])


def farthest_first(vectors: dict[int, np.ndarray], known: list[int], left: list[int]) -> list[int]:
    """The same by its definition."""
    order: list[int] = []
    while left:
        nearest = {one: max(float(vectors[one] @ vectors[other]) for other in known + order) for one in left}
        order.append(min(left, key=lambda one: nearest[one]))
        left = [one for one in left if one != order[-1]]
    return order


def test_with_nothing_labelled_everything_has_a_rank(store: Store, index: TextIndex) -> None:
    runs = shop(store)
    keep(store, index)
    with store.reading() as session:
        assert sorted(unlike_ranks(session, index, runs).values()) == list(range(5))
        assert unlike_ranks(session, index, []) == {}


def test_runs_of_one_task_find_each_other(store: Store, real_data: Path) -> None:
    """200 runs of 50 airline tasks, each tried four times (see the data's README)."""
    from core.similarity.embedder import default_embedder

    import_paths(store, [real_data / "tau-bench" / "gpt-4o-airline.json.gz"], ImportOptions())
    with store.reading() as session:
        rows = session.query(TraceRow.id, TraceRow.task_id).order_by(TraceRow.id).all()
        texts = [run_text(read_steps(session, row.id)) for row in rows]
    vectors = default_embedder().embed(texts)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    tasks = np.array([row.task_id for row in rows])
    nearest = tasks[np.argsort(-alike, axis=1)]
    assert len(rows) == 200
    assert np.mean(nearest[:, 0] == tasks) >= 0.85
    assert np.mean((nearest[:, :5] == tasks[:, None]).any(axis=1)) >= 0.92
