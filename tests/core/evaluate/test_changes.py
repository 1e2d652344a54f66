"""Control charts: what is marked, and between which limits weeks move."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from core.evaluate.changes import control_charts, difference, pooled
from core.measure.intervals import Interval, Mean, Rate, rate
from core.measure.runs import Median, rate_difference, run_share

MONDAY = date(2026, 8, 31)


def weeks(*solved: int, n: int = 50) -> list[tuple[date, Rate]]:
    return [(MONDAY + timedelta(weeks=place), rate(good, n)) for place, good in enumerate(solved)]


def test_a_calm_number_keeps_within_its_limits() -> None:
    [chart] = control_charts([weeks(25, 27, 23, 26)], 5)
    assert chart.changes == ()
    assert {one.centre for one in chart.controls} == {101 / 200}
    reach = 3 * (0.505 * 0.495 / 50) ** 0.5
    assert (chart.controls[0].low, chart.controls[0].high) == pytest.approx((0.505 - reach, 0.505 + reach))


def test_a_step_is_marked_where_it_begins_and_the_centre_moves_with_it() -> None:
    [chart] = control_charts([weeks(40, 41, 39, 20, 21, 19)], 5)
    [change] = chart.changes
    assert (change.week, change.before, change.after) == (MONDAY + timedelta(weeks=3), 0.8, 0.4)
    assert change.interval.high < 0
    assert [round(one.centre, 2) for one in chart.controls] == [0.8] * 3 + [0.4] * 3


def test_many_charts_are_looked_at_more_carefully() -> None:
    turned = weeks(25, 36)
    assert control_charts([turned], 5)[0].changes
    assert not control_charts([turned, *[weeks(*[25] * 40)] * 5], 5)[0].changes


def test_weeks_with_few_runs_are_passed_over() -> None:
    [chart] = control_charts([[*weeks(25, 25), (MONDAY + timedelta(weeks=2), rate(0, 4))]], 5)
    assert (chart.changes, len(chart.controls)) == ((), 2)
    assert control_charts([[]], 5)[0].controls == ()


def test_means_and_medians_are_compared_by_their_intervals() -> None:
    steady = [(MONDAY + timedelta(weeks=n), Median(40, 9.0 + n / 10, Interval(8, 10.5))) for n in range(3)]
    slow = (MONDAY + timedelta(weeks=3), Median(40, 15.0, Interval(13.5, 16.5)))
    [chart] = control_charts([[*steady, slow]], 5)
    assert [change.week for change in chart.changes] == [slow[0]]


def test_weeks_together_are_one_sample() -> None:
    whole = pooled([rate(20, 50), rate(30, 50)])
    assert (whole.value, whole.n, whole.interval) == (0.5, 100, rate(50, 100).interval)
    means = pooled([Mean(10, 1.0, Interval(0, 2)), Mean(30, 2.0, Interval(1, 3))])
    assert means.value == 1.75
    assert means.interval == Interval(1.75 - (1 / 16 + 9 / 16) ** 0.5, 1.75 + (1 / 16 + 9 / 16) ** 0.5)


def test_the_difference_of_rates_is_newcombes() -> None:
    before, after = run_share([(1, 2), (0, 1)]), rate(30, 40)
    assert difference(before, after, 0.99) == rate_difference(before, after, 0.99)


def test_nothing_is_marked_in_most_pages_on_which_nothing_changed() -> None:
    """Six charts of twelve weeks, 300 times: at most 5 % may be marked; 8 % would be far out of what chance makes."""
    drawn = np.random.default_rng(3)
    marked = 0
    for _ in range(300):
        page = [weeks(*drawn.binomial(60, chance, 12), n=60) for chance in (0.05, 0.1, 0.3, 0.5, 0.7, 0.9)]
        marked += any(chart.changes for chart in control_charts(page, 5))
    assert marked / 300 <= 0.08
