"""What is let into a queue, and what joins it later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import Conflict
from core.records import (
    Choice,
    Pair,
    Preference,
)
from core.review import queue_changes
from core.review.queue_making import Filled, fill
from core.review.queues import ALL_RUNS, enqueue
from core.store import queues
from core.store.engine import Store
from core.store.items import add_items
from core.store.pairs import add_preference, insert_pairs
from core.store.queue_filters import Fit, QueueFilter, count_fitting, fitting
from core.store.tables import ItemRow, QueueRow
from core.store.text_search import index_due
from tests.core.review.queueing import arrive, in_order, lead, made, person, plan, six_runs
from tests.worlds import START, run, texts


@pytest.fixture
def world(store: Store) -> dict[str, int]:
    return six_runs(store)


@pytest.mark.parametrize(
    ("wanted", "let_in"),
    [
        ({}, "012345"),
        ({"version": "v2"}, "45"),
        ({"outcome": "failed"}, "03"),
        ({"outcome": "failed", "version": "v2"}, ""),
        ({"signal": "reward"}, "0134"),
        ({"signal": "reward", "says": True}, "14"),
        ({"labelled": True}, ""),
        ({"since": START + timedelta(hours=2), "until": START + timedelta(hours=4)}, "23"),
        ({"text": "number5"}, "5"),
        ({"text": "parcel numb"}, "012345"),
        ({"agent": "another"}, ""),
        ({"most": 2}, "45"),
        ({"most": 9}, "012345"),
    ],
)
def test_a_filter_lets_runs_in_and_counts_them(
    store: Store, world: dict[str, int], wanted: dict[str, Any], let_in: str
) -> None:
    with store.session() as session:
        index_due(session, 1_000)
        asked = QueueFilter(**wanted)
        assert QueueFilter.from_json(asked.as_json()) == asked
        assert fitting(session, "trace", asked) == [Fit(world[f"r{n}"]) for n in let_in]
        assert count_fitting(session, "trace", asked) == len(let_in)


@pytest.mark.parametrize(
    ("wanted", "let_in"),
    [
        ({"kind": "tool"}, [(n, "2") for n in range(6)]),
        ({"kind": "tool", "failed": True}, [(3, "2")]),
        ({"kind": "tool", "failed": False, "version": "v2"}, [(4, "2"), (5, "2")]),
        ({"name": "get_order", "outcome": "failed"}, [(0, "2"), (3, "2")]),
        ({"words": "number1"}, [(1, "0")]),
        ({"words": "sent", "text": "number1"}, [(1, "2"), (1, "3")]),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_filter_lets_steps_in(
    store: Store, world: dict[str, int], wanted: dict[str, Any], let_in: list[tuple[int, str]], indexed: bool
) -> None:
    with store.session() as session:
        if indexed:
            index_due(session, 1_000)
        among = None if indexed else list(world.values())
        found = fitting(session, "step", QueueFilter(**wanted), among)
    assert found == [Fit(world[f"r{n}"], step) for n, step in let_in]


def test_a_filter_lets_pairs_in(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        runs = Pair("runs", "runs", "Which?", trace_a="r0", trace_b="r4")
        ids = insert_pairs(session, [texts("p0"), texts("p1"), runs])
        ada = person(session, "ada")
        add_preference(session, ids["p1"], ada.id, Preference("", "ada", Choice.A), START)
        by = {"source": "runs", "agent": "shop", "version": "polite", "undecided": True}
        asked = [QueueFilter(**{name: value}) for name, value in by.items()]
        found = [[one.subject for one in fitting(session, "pair", each)] for each in asked]
        assert [count_fitting(session, "pair", each) for each in asked] == [1, 1, 2, 2]
    p0, p1, of_runs = (ids[name] for name in ("p0", "p1", "runs"))
    assert found == [[of_runs], [of_runs], [p0, p1], [p0, of_runs]]


def test_a_sample_is_drawn_by_the_seed_and_drawn_again_is_the_same(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan(most=3, sample=True, seed=1))
    first = sorted(in_order(store, queue))
    assert len(first) == 3
    assert fill(store, queue) == Filled(3, 0)
    samples = {
        tuple(sorted(in_order(store, made(store, plan(f"q{n}", most=3, sample=True, seed=n))))) for n in range(9)
    }
    assert len(samples) > 2


def test_filling_again_adds_nothing_and_another_filter_adds_the_rest(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan(outcome="failed"))
    assert sorted(in_order(store, queue)) == ["r0", "r3"]
    assert fill(store, queue) == Filled(2, 0)
    assert fill(store, queue, QueueFilter(version="v1")) == Filled(4, 2)
    assert sorted(in_order(store, queue)) == ["r0", "r1", "r2", "r3"]


def test_what_comes_later_and_fits_joins_a_standing_queue(store: Store, world: dict[str, int]) -> None:
    standing = made(store, plan("new failures", outcome="failed", standing=True))
    words = made(store, plan("about refunds", text="refund", standing=True))
    steps = made(store, plan("tools", "step", kind="tool", version="v3", standing=True))
    paused = made(store, plan("paused", standing=True, version="v3"))
    closed = made(store, plan("closed", standing=True, version="v3"))
    once = made(store, plan("once", outcome="failed"))
    with store.session() as session:
        queue_changes.set_state(session, paused, "paused", lead(session))
        queue_changes.set_state(session, closed, "archived", lead(session))
        with pytest.raises(Conflict, match="archived in the meantime"):
            queue_changes.set_state(session, closed, "paused", lead(session))
        arrive(session, [run("n0", "I want a refund.", 0.0, version="v3"), run("n1", reward=1.0, version="v3")])
        everything = queues.get_queue(session, queues.find_named(session, ALL_RUNS) or 0)
        assert (everything.standing, everything.filter) == (True, {})
        assert queues.count_queue(session, everything).total == 8
    assert sorted(in_order(store, standing)) == ["n0", "r0", "r3"]
    assert in_order(store, words) == ["n0"]
    assert sorted(in_order(store, steps)) == ["n0/2", "n1/2"]
    assert sorted(in_order(store, paused)) == ["n0", "n1"]
    assert in_order(store, closed) == []
    assert sorted(in_order(store, once)) == ["r0", "r3"]


def test_a_standing_queue_reads_its_filter_once_whatever_comes(store: Store, world: dict[str, int]) -> None:
    """Adding what is there already adds nothing, also through the door that every import goes through."""
    with store.session() as session:
        assert enqueue(session, list(world.values())) == 0
        row = session.scalars(select(QueueRow).where(QueueRow.name == ALL_RUNS)).one()
        assert add_items(session, row, []) == 0


def test_an_item_that_was_discarded_stays_out_when_it_is_added_again(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan())
    with store.session() as session:
        item = session.scalars(select(ItemRow).where(ItemRow.queue_id == queue)).first()
        assert item is not None
        queue_changes.discard(session, item.id, "Twice.", lead(session))
    assert fill(store, queue).added == 0
    with store.reading() as session:
        assert queues.count_queue(session, queues.get_queue(session, queue)).discarded == 1
