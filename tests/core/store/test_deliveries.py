"""What waits to be put into traces is taken once, by whoever comes first."""

from __future__ import annotations

import pytest

from core.errors import Conflict
from core.store.deliveries import add_delivery, deliveries_waiting, read_deliveries, remove_deliveries
from core.store.engine import Store


def test_a_delivery_is_taken_once_and_another_under_its_number_stays(store: Store) -> None:
    with store.session() as session:
        add_delivery(session, "traces", 3, b"first", {})
    with store.session() as session:
        taken = read_deliveries(session, 100)
    with store.session() as session:
        remove_deliveries(session, taken)
        add_delivery(session, "traces", 5, b"second", {})
    with pytest.raises(Conflict), store.session() as session:
        remove_deliveries(session, taken)
    with store.reading() as session:
        assert [(one.n, one.body) for one in read_deliveries(session, 100)] == [(5, b"second")]
        assert deliveries_waiting(session).n == 5
