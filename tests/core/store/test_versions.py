"""When a version was made and from which: said by a lead, taken back, never in a circle."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import Conflict, NotFound
from core.records import Version
from core.store.catalog import find_version, list_versions, refresh_version_dates, set_version_base, set_version_date
from core.store.engine import Store
from tests.core.evaluate.conftest import MONDAY, keep, run

DAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def versions(store: Store) -> Store:
    """Three versions of an agent with a run each, and a namesake of another agent."""
    keep(
        store,
        [run(name, name, "t", 1.0) for name in ("a", "b", "c")] + [run("o", "z", "t", 1.0, agent="other")],
        Version("shop", "b", base="a"),
    )
    with store.session() as session:
        refresh_version_dates(session, [line.id for line in list_versions(session)])
    return store


def test_a_date_is_set_and_taken_back(versions: Store) -> None:
    with versions.session() as session:
        row = find_version(session, "shop", "c")
        set_version_date(session, row.id, DAY)
    with versions.session() as session:
        assert [(line.name, line.date_set) for line in list_versions(session, "shop")] == [
            ("c", True),
            ("a", False),
            ("b", False),
        ]
        set_version_date(session, find_version(session, "shop", "c").id, None)
        row = find_version(session, "shop", "c")
        assert (row.date, row.date_set) == (MONDAY, False)


def test_a_base_is_set_and_taken_back_and_never_makes_a_circle(versions: Store) -> None:
    with versions.session() as session:
        first, second = find_version(session, "shop", "a"), find_version(session, "shop", "b")
        with pytest.raises(Conflict, match="b already rests on a"):
            set_version_base(session, first.id, "b")
        with pytest.raises(Conflict, match="a already rests on a"):
            set_version_base(session, first.id, "a")
        for unknown in ("nothing", "z"):
            with pytest.raises(NotFound, match=f"no version {unknown}"):
                set_version_base(session, first.id, unknown)
        set_version_base(session, second.id, "c")
        assert [(line.name, line.base) for line in list_versions(session, "shop")] == [("a", ""), ("c", ""), ("b", "c")]
        set_version_base(session, second.id, "")
        assert {line.base for line in list_versions(session, "shop")} == {""}
