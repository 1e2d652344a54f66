"""Makes the versions that were asked for, one after the other, and says how far it is."""

from __future__ import annotations

from time import monotonic

from core.dataset.definition import Definition
from core.dataset.versions import make_version
from core.errors import Conflict, LoopwrightError
from core.store.dataset_orders import Order, end_order, say_progress, take_order
from core.store.engine import Store

SAID_EVERY = 1.0
"""Seconds between two words of progress, each a short transaction."""


def make_due(store: Store) -> bool:
    """Make the oldest version that was asked for and that nobody makes; whether there was one."""
    with store.session() as session:
        order = take_order(session)
    if order is None:
        return False
    try:
        definition = Definition.from_json(order.definition)
        made = make_version(store, definition, order.dataset, _Telling(store, order))
        number, message = made.number, ""
    except LoopwrightError as error:
        number, message = None, error.message
    with store.session() as session:
        end_order(session, order.id, number, message)
    return True


class _Telling:
    """Writes how far an order is, not more often than anybody reads it; raises Conflict once it is cancelled."""

    def __init__(self, store: Store, order: Order) -> None:
        self._store, self._order = store, order
        self._said, self._doing = 0.0, ""

    def __call__(self, doing: str, done: int, total: int) -> None:
        if doing == self._doing and monotonic() - self._said < SAID_EVERY:
            return
        self._said, self._doing = monotonic(), doing
        with self._store.session() as session:
            wanted = say_progress(session, self._order.id, doing, done, total)
        if not wanted:
            raise Conflict("It was cancelled. Nothing was kept.")
