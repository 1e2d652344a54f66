"""Weeks that are kept are the weeks that are looked at, and follow what was taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.evaluate import rolled_weeks
from core.evaluate.rolled_weeks import add_up, weeks_of
from core.evaluate.week import week_from
from core.evaluate.weeks import weekly
from core.store.engine import Store
from core.store.weeks import forget_weeks_of, kept_weeks
from tests.core.evaluate.conftest import MONDAY, WEEK, keep, run
from tests.core.evaluate.conftest import weekly as runs_in

NOW = MONDAY + 8 * WEEK


@pytest.fixture
def many(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Seven weeks of two agents, which count as very many."""
    monkeypatch.setattr(rolled_weeks, "LIVE", 10)
    keep(store, runs_in([0, 1, 2, 4, 5, 6], 12))
    keep(store, [run(f"b{n}", "v1", f"bank/{n}", 1.0, MONDAY, agent="bank") for n in range(5)])
    return store


def test_what_was_added_up_is_what_the_runs_say(many: Store) -> None:
    while add_up(many, NOW):
        pass
    with many.reading() as session:
        kept, live = weeks_of(session, "shop"), weekly(session, "shop")
        assert len(kept_weeks(session, 0)) == 5  # with the week that has no run; the newest two are never kept
    assert kept.weeks == live.weeks
    assert (kept.groups, kept.signals, kept.added_up) == (live.groups, live.signals, NOW)


def test_few_runs_are_looked_at_as_they_are(many: Store) -> None:
    while add_up(many, NOW):
        pass
    with many.reading() as session:
        assert weeks_of(session, "bank").added_up is None
        assert weeks_of(session, "nobody").weeks == ()


def test_a_week_is_added_up_again_when_it_is_old(many: Store) -> None:
    while add_up(many, NOW):
        pass
    assert not add_up(many, NOW + timedelta(minutes=14))
    assert add_up(many, NOW + timedelta(minutes=16))


def test_a_week_whose_runs_went_is_added_up_at_once(many: Store) -> None:
    while add_up(many, NOW):
        pass
    with many.session() as session:
        forget_weeks_of(session, [1])
        assert min(one.week for one in kept_weeks(session, 0)) == (MONDAY + WEEK).date()
    assert add_up(many, NOW)


def test_a_week_as_json_is_the_week(many: Store) -> None:
    with many.reading() as session:
        for week in weekly(session).weeks:
            assert week_from(week.start, week.as_json()) == week
