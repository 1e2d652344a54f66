"""In which order the items of a queue are given out."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from core.records import (
    Annotation,
    Role,
    Signal,
    SignalKind,
)
from core.review.orders import Rankers, Renewal, doubt
from core.store import queues
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.signals import add_signals
from tests.core.review.queueing import in_order, made, person, plan, six_runs
from tests.worlds import START


@pytest.fixture
def world(store: Store) -> dict[str, int]:
    return six_runs(store)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [("oldest", ["r0", "r1", "r2", "r3", "r4", "r5"]), ("failures", ["r0|r3", "r2|r5", "r1|r4"])],
)
def test_the_order_of_runs(store: Store, world: dict[str, int], order: str, wanted: list[str]) -> None:
    found = in_order(store, made(store, plan(order=order)))
    for group in wanted:
        names = group.split("|")
        assert sorted(found[: len(names)]) == names
        found = found[len(names) :]


def test_steps_that_ended_in_an_error_come_first(store: Store, world: dict[str, int]) -> None:
    found = in_order(store, made(store, plan(subject="step", kind="tool", order="failures")))
    assert found[:2] == ["r3/2", "r0/2"]


def test_the_seed_decides_a_random_order(store: Store, world: dict[str, int]) -> None:
    orders = [in_order(store, made(store, plan(f"q{n}", seed=n))) for n in range(6)]
    assert all(sorted(order) == sorted(world) for order in orders)
    assert len(set(map(tuple, orders))) > 3


def judged(session: Session, trace: str, value: float | bool, by: str = "judge") -> None:
    success = value if isinstance(value, bool) else None
    add_signals(session, [Signal(trace, by, SignalKind.AUTOMATED, value, success, source="judge", key=f"{trace}{by}")])


def test_doubt_is_uncertainty_and_disagreement(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        for trace, values in {"r0": [True, False], "r1": [0.5, 0.5], "r2": [True, True], "r3": [0.9]}.items():
            for n, value in enumerate(values):
                judged(session, trace, value, f"judge {n}")
        machine = person(session, "a model", Role.MACHINE)
        add_annotation(
            session, world["r4"], machine.id, (1, "run-review"), Annotation("", "", "", {"outcome": "partly"}), START
        )
        known = doubt(session, list(world.values()))
    by_hand = {"r0": 0.0, "r1": 0.5, "r2": 1.0, "r3": 0.9, "r4": 0.5}
    assert {name: round(known[world[name]], 9) for name in by_hand} == by_hand
    assert world["r5"] not in known


def test_least_certain_first_is_renewed_when_a_judge_speaks_and_only_then(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        judged(session, "r3", 0.9)
    queue, renewal = made(store, plan(order="uncertain")), Renewal()
    assert in_order(store, queue)[0] == "r3"
    assert [renewal.renew(store), renewal.renew(store)] == [1, 0]
    with store.session() as session:
        judged(session, "r5", 0.5)
    assert [renewal.renew(store), renewal.renew(store)] == [1, 0]
    assert in_order(store, queue)[:2] == ["r5", "r3"]
    with store.session() as session:
        assert queues.get_queue(session, queue).ranked_at is not None


def test_what_ranks_by_likeness_orders_the_runs_it_knows_and_then_the_rest(store: Store, world: dict[str, int]) -> None:
    wanted = {world["r4"]: 0, world["r1"]: 1}
    rankers = Rankers(unlike=lambda session, queue, subjects: {one: wanted[one] for one in subjects if one in wanted})
    queue = made(store, plan(order="unlike"), rankers)
    assert in_order(store, queue)[:2] == ["r4", "r1"]
    assert "unlike" not in Rankers().offered("trace")
    assert "unlike" in rankers.offered("trace")
    assert rankers.offered("pair") == ("random", "oldest")
