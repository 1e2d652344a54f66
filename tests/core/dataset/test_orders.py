"""Versions that are made in the background: by one process, in the open, and not against a lead's will."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import now
from core.dataset import orders
from core.dataset.definition import Definition, define
from core.dataset.orders import make_due
from core.dataset.versions import make_version
from core.store import dataset_orders
from core.store.dataset_orders import Order, add_order, cancel_order, list_orders, say_progress, take_order
from core.store.dataset_versions import get_version, list_versions
from core.store.engine import Store
from core.store.people import person_id
from core.store.tables import DatasetOrderRow, DatasetVersionRow
from core.store.trace_filter import TraceFilter
from tests.core.dataset.world import choose, keep, said, texts


def fill(store: Store) -> None:
    with store.session() as session:
        keep(session, *(said(f"r{n}", f"Is the lamp number {n} in stock?", 1) for n in range(3)))
        choose(session, texts("p", "Which way?", "To the left.", "To the right."), "a")


def ask(store: Store, definition: Definition, dataset: str = "lamps") -> int:
    with store.session() as session:
        return add_order(session, dataset, definition.as_json(), person_id(session, "lea"))


def listed(store: Store) -> list[Order]:
    with store.reading() as session:
        return list_orders(session)


def test_what_was_asked_for_is_made_as_it_would_be_at_once(store: Store) -> None:
    fill(store)
    definition = define("sft", ["duplicates=off"], TraceFilter(agent="shop"), ["run"], 2, 0.5)
    assert Definition.from_json(definition.as_json()) == definition
    at_once = make_version(store, definition, "at-once")
    ask(store, definition)
    (waiting,) = listed(store)
    assert (waiting.state, waiting.by, waiting.is_open) == ("waiting", "lea", True)
    assert make_due(store)
    assert not make_due(store)
    (made,) = listed(store)
    assert (made.state, made.number, made.message, made.is_open) == ("made", 1, "", False)
    with store.reading() as session:
        assert get_version(session, "lamps", 1).sha256 == at_once.sha256


def test_how_far_it_is_can_be_read_while_it_is_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "SAID_EVERY", 0)
    fill(store)
    ask(store, define("sft"))
    seen: list[tuple[str, str, int, int]] = []
    real = say_progress

    def say(session: Any, order: int, doing: str, *far: int) -> bool:
        wanted = real(session, order, doing, *far)
        (one,) = list_orders(session)
        seen.append((one.state, one.doing, one.done, one.total))
        return wanted

    monkeypatch.setattr(orders, "say_progress", say)
    make_due(store)
    assert seen[0] == ("making", "asking what speaks for each candidate", 0, 0)
    assert ("making", "reading what they say", 2, 3) in seen
    assert ("making", "comparing rows with each other", 1, 3) in seen
    assert ("making", "gathering the runs that they rest on", 2, 3) in seen
    assert ("making", "keeping the rows", 2, 3) in seen


def test_why_nothing_came_of_it_is_said(store: Store) -> None:
    ask(store, define("sft"))
    assert make_due(store)
    (failed,) = listed(store)
    assert failed.state == "failed"
    assert failed.message.startswith("There is nothing to make a dataset from yet")


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_cancelled_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    fill(store)
    order = ask(store, define("sft"))

    def cancel() -> None:
        with store.session() as session:
            cancel_order(session, order)

    if when == "before":
        cancel()
    else:
        after(monkeypatch, "keeping the rows", cancel)
    assert make_due(store) is (when == "meanwhile")
    assert [one.state for one in listed(store)] == ["cancelled"]
    with store.reading() as session:
        assert list_versions(session) == []
        assert session.scalars(select(DatasetVersionRow)).all() == []


def after(monkeypatch: pytest.MonkeyPatch, doing: str, act: Callable[[], None]) -> None:
    """Do something once, before it is said that so much is being done."""
    done = []
    real = orders._Telling.__call__

    def tell(telling: Any, what: str, *far: int) -> None:
        if what == doing and not done:
            done.append(what)
            act()
        real(telling, what, *far)

    monkeypatch.setattr(orders._Telling, "__call__", tell)


def test_two_processes_never_make_the_same_and_one_that_died_is_followed(store: Store) -> None:
    fill(store)
    first, second = ask(store, define("sft"), "one"), ask(store, define("dpo"), "two")
    with store.session() as session:
        taken = [take_order(session) for _ in range(3)]
    assert [one and one.id for one in taken] == [first, second, None]
    with store.session() as session:
        gone = now() - dataset_orders.SILENT - timedelta(seconds=1)
        session.execute(update(DatasetOrderRow).where(DatasetOrderRow.id == second).values(alive_at=gone))
        again = take_order(session)
        assert again is not None
        assert again.id == second
        assert say_progress(session, second, "keeping the rows", 1, 2)
        assert take_order(session) is None


def test_the_same_is_asked_for_once_while_it_is_open(store: Store) -> None:
    fill(store)
    first = ask(store, define("sft"))
    assert ask(store, define("sft")) == first
    assert ask(store, define("dpo")) != first
    assert ask(store, define("sft"), "other") != first
    while make_due(store):
        pass
    assert ask(store, define("sft")) != first
