"""The pace of a queue: told with its interval, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import fmean, stdev

import pytest
from scipy import stats

from core.review.queue_pace import Pace, pace

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def answers(*a_day: int) -> list[datetime]:
    """So many answers yesterday, the day before, and so on."""
    return [NOW - place * DAY - timedelta(hours=1) for place, n in enumerate(a_day) for _ in range(n)]


def test_the_mean_a_day_with_students_interval() -> None:
    counts = (10, 12, 8, 11, 9, 14, 6)
    found = pace(answers(*counts), NOW - 30 * DAY, NOW, 100)
    low, high = stats.t.interval(0.95, 6, fmean(counts), stdev(counts) / sqrt(7))
    assert (found.n, found.days, found.a_day) == (70, 7, 10)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.days_left == pytest.approx((100 / high, 100 / low))


@pytest.mark.parametrize(
    ("times", "first", "told"),
    [
        ([], None, Pace(0, 0)),
        (answers(4, 0, 0), NOW - 3 * DAY, Pace(4, 3)),
        (answers(20, 20), NOW - 1.5 * DAY, Pace(40, 2)),
        ([NOW - 9 * DAY], NOW - 9 * DAY, Pace(0, 7)),
    ],
)
def test_too_little_tells_nothing(times: list[datetime], first: datetime | None, told: Pace) -> None:
    assert pace(times, first, NOW, 100) == told


def test_a_pace_that_may_be_none_has_no_latest_end() -> None:
    found = pace(answers(30, 0, 0, 0, 0, 0, 0), NOW - 7 * DAY, NOW, 100)
    assert found.interval is not None
    assert found.interval.low == 0
    assert found.days_left is not None
    assert found.days_left[1] is None
