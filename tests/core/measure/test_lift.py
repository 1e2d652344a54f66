"""Lift: what is published, and what chance alone brings."""

from __future__ import annotations

import numpy as np
import pytest

from core.measure.intervals import Rate, rate
from core.measure.lift import LEAST, Group, lift, mean_difference, runs_needed
from core.measure.runs import NOTHING, Sums


def of(share: float) -> Rate:
    return rate(round(share * 100), 100)


def group(successes: int, n: int) -> Group:
    return Group(Sums.of([(1, 1)] * successes + [(0, 1)] * (n - successes)))


def test_runs_needed_as_fleiss_levin_and_paik_have_it() -> None:
    # 0.6 against 0.5 at 80 % power: 388 in each of two equal groups before the continuity correction
    assert runs_needed(of(0.6), of(0.5), 0.5) in (775, 776)
    assert runs_needed(of(0.6), of(0.5), 0.1) > runs_needed(of(0.6), of(0.5), 0.5)


def test_a_difference_that_is_too_small_is_not_looked_for() -> None:
    assert runs_needed(of(0.51), of(0.5), 0.1) == runs_needed(of(0.55), of(0.5), 0.1)
    assert runs_needed(None, None, 0.1) == runs_needed(of(0.55), of(0.5), 0.1)
    assert runs_needed(of(1.0), of(1.0), 0.1) > 0


def test_what_is_clear_is_said_and_needs_no_more() -> None:
    helps, harms = lift(group(90, 100), group(20, 50), 0.1), lift(group(20, 50), group(90, 100), 0.1)
    assert (helps.verdict, helps.more) == ("helps", 0)
    assert (harms.verdict, harms.more) == ("harms", 0)
    assert helps.difference == pytest.approx(0.5)
    assert helps.interval is not None
    assert helps.interval.low > 0


def test_without_enough_runs_it_says_how_many_more() -> None:
    few = lift(group(4, 4), group(0, LEAST - 1), 0.1)
    assert (few.verdict, few.more > 0) == ("not enough runs", True)
    none = lift(group(3, 4), Group(NOTHING), 0.1)
    assert (none.without, none.difference, none.interval, none.verdict) == (None, None, None, "not enough runs")
    unclear = lift(group(450, 900), group(48, 100), 0.1)
    assert unclear.verdict == "not enough runs"
    assert unclear.more == runs_needed(unclear.with_it, unclear.without, 0.1) - 1000


def test_as_many_runs_as_would_have_shown_it_are_not_too_few() -> None:
    found = lift(group(7200, 9000), group(800, 1000), 0.1)
    assert (found.verdict, found.more) == ("no difference shown", 0)
    tiny = lift(group(100_000, 100_000), group(4, 4), 0.1)
    assert (tiny.verdict, tiny.more) == ("not enough runs", 1)


def test_where_one_group_is_not_known_the_difference_is_taken_as_the_smallest() -> None:
    assert runs_needed(of(0.9), None, 0.1) == runs_needed(of(0.95), of(0.9), 0.1)
    few = lift(group(4, 4), group(60, 100), 0.1)
    assert few.more == runs_needed(None, few.without, 0.1) - 104


def test_chance_alone_is_called_a_difference_in_one_case_of_twenty() -> None:
    rng = np.random.default_rng(5)
    said = 0
    for _ in range(400):
        given, kept = rng.binomial(540, 0.6), rng.binomial(60, 0.6)
        said += lift(group(int(given), 540), group(int(kept), 60), 0.1).verdict in ("helps", "harms")
    assert said / 400 <= 0.075


def test_as_many_runs_as_it_asks_for_show_the_difference_four_times_in_five() -> None:
    needed = runs_needed(of(0.7), of(0.5), 0.1)
    rng = np.random.default_rng(6)
    kept = needed // 10
    shown = sum(
        lift(group(int(given), needed - kept), group(int(without), kept), 0.1).verdict == "helps"
        for given, without in zip(rng.binomial(needed - kept, 0.7, 300), rng.binomial(kept, 0.5, 300), strict=True)
    )
    assert 0.72 <= shown / 300 <= 0.88


def test_means_are_compared_where_both_groups_tell_them() -> None:
    found = mean_difference(Sums.of([(2.0, 1), (4.0, 1), (6.0, 2)]), Sums.of([(1.0, 1), (1.0, 1), (4.0, 2)]))
    assert found is not None
    assert found.difference == pytest.approx(3.0 - 1.5)
    assert found.interval is not None
    assert found.interval.low < 1.5 < found.interval.high
    assert mean_difference(NOTHING, Sums.of([(1.0, 1)])) is None
    single = mean_difference(Sums.of([(2.0, 1)]), Sums.of([(1.0, 1)]))
    assert single is not None
    assert single.interval is None
