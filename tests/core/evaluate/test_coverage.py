"""What a suite lacks of the tasks that came in."""

from __future__ import annotations

from datetime import timedelta

from core.evaluate.coverage import GUESSED, Kind, coverage
from core.records import Task
from core.similarity.embedder import default_embedder
from core.store.engine import Store
from core.store.suites import Case, draft_of, find_suite, set_cases
from tests.core.evaluate.conftest import MONDAY, keep, run

TASKS = {
    "shop/orders/1": "Where is my order of a lamp?",
    "shop/orders/2": "Where is the parcel with my lamp?",
    "shop/returns/1": "I want to send the lamp back and get a refund.",
    "bank/cards/1": "Block my stolen credit card at once.",
}


def fill(store: Store) -> None:
    """Each task with as many runs as its place; one guessed task of another agent."""
    runs = [
        run(f"{key}-{n}", "v1", Task(key, title), 1.0)
        for times, (key, title) in enumerate(TASKS.items(), 1)
        for n in range(times)
    ]
    guessed = run("guess", "v1", Task("derived/x", "Tell me a joke.", derived=True), None, agent="clown")
    keep(store, [*runs, guessed])
    with store.session() as session:
        set_cases(session, draft_of(session, "shop"), [Case("shop/orders/1"), Case("shop/returns/1")])


def test_kinds_and_the_most_unlike_tasks_are_named(store: Store) -> None:
    fill(store)
    with store.reading() as session:
        suite = find_suite(session, "shop").id
        found = coverage(session, suite, default_embedder())
        mine = coverage(session, suite, default_embedder(), agent="shop", since=MONDAY - timedelta(days=1), most=1)
        none = coverage(session, suite, default_embedder(), agent="shop", since=MONDAY + timedelta(days=1))
    assert (found.tasks, found.runs, found.covered_tasks, found.covered_runs) == (5, 11, 2, 4)
    assert found.kinds == (
        Kind("bank/cards", 1, 4, 0),
        Kind("shop/orders", 2, 3, 1),
        Kind("shop/returns", 1, 3, 1),
        Kind(GUESSED, 1, 1, 0),
    )
    assert [one.task for one in found.unlike][-1] == "shop/orders/2"
    near = found.unlike[-1]
    assert (near.nearest, near.runs) == ("shop/orders/1", 2)
    assert near.similarity > max(one.similarity for one in found.unlike[:-1])
    assert [one.task for one in mine.unlike] == ["bank/cards/1"]
    assert none.as_json() == {
        "tasks": 0, "runs": 0, "covered_tasks": 0, "covered_runs": 0, "kinds": [], "unlike": []
    }  # fmt: skip


def test_a_suite_whose_tasks_say_nothing_ranks_nothing(store: Store) -> None:
    keep(store, [run("a", "v1", "shop/1", 1.0), run("b", "v1", Task("shop/2", "Where is it?"), 1.0)])
    with store.session() as session:
        set_cases(session, draft_of(session, "bare"), [Case("shop/1")])
        found = coverage(session, find_suite(session, "bare").id, default_embedder())
    assert [(one.task, one.nearest, one.similarity) for one in found.unlike] == [("shop/2", "", 0.0)]
