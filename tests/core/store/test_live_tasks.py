"""The tasks of an agent that fit what a lead looks for."""

from __future__ import annotations

import pytest

from core.records import Outcome, Result, Split, Task
from core.store.engine import Store
from core.store.live_tasks import TaskFilter, TriedTask, tried_tasks
from core.store.trials import add_results
from tests.core.evaluate.conftest import keep, plan, run


@pytest.fixture
def tried(store: Store) -> Store:
    keep(store, plan({"a": {"air/1": "ss", "air/2": "sf", "air_3": "u"}, "b": {"air/2": "p"}}))
    keep(
        store, [run("guessed", "a", Task("guess/1", "air", derived=True), 1.0), run("o", "a", "air/9", 1.0, agent="o")]
    )
    with store.session() as session:
        add_results(session, [Result("r", "shop", "c", Task("shop/air/4", "Fly 100% home"), Outcome.FAILED, "test")])
    return store


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({}, ["shop/air/1", "shop/air/2", "shop/air/4", "shop/air_3"]),
        ({"begins": "shop/air/"}, ["shop/air/1", "shop/air/2", "shop/air/4"]),
        ({"begins": "shop/air_"}, ["shop/air_3"]),
        ({"words": "HOME 100% air"}, ["shop/air/4"]),
        ({"words": "air_"}, ["shop/air_3"]),
        ({"outcome": "failed"}, ["shop/air/2", "shop/air/4"]),
        ({"outcome": "partly"}, ["shop/air/2"]),
        ({"outcome": "unknown"}, ["shop/air_3"]),
        ({"words": "nowhere"}, []),
    ],
)
def test_tasks_are_found_by_words_group_and_outcome(tried: Store, wanted: dict[str, str], keys: list[str]) -> None:
    with tried.reading() as session:
        found, n = tried_tasks(session, TaskFilter("shop", **wanted), 10)
    assert ([one.key for one in found], n) == (keys, len(keys))


def test_a_task_says_what_came_of_it_and_a_short_list_how_many_there_are(tried: Store) -> None:
    with tried.reading() as session:
        found, n = tried_tasks(session, TaskFilter("shop", begins="shop/air/2"), 1)
        assert (found, n) == ([TriedTask("shop/air/2", "", Split.TRAIN, 3, 1, 3)], 1)
        assert tried_tasks(session, TaskFilter("shop"), 2)[1] == 4
