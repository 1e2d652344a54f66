"""Did it help? Two groups of runs that were drawn by chance: with, and without."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

from core.measure.intervals import Interval, Mean, Rate, z_score
from core.measure.runs import NOTHING, Sums, mean_of_sums, rate_difference, share_of_sums

Verdict = Literal["helps", "harms", "no difference shown", "not enough runs"]

SMALLEST = 0.05
"""A smaller difference of success is not looked for."""

POWER = 0.80
LEAST = 5
"""Runs of each group below which nothing is said."""


@dataclass(frozen=True)
class Group:
    """Runs, added up over tasks: their successes, what they cost and how long they took, where that is known."""

    outcomes: Sums
    costs: Sums = NOTHING
    seconds: Sums = NOTHING

    @property
    def n(self) -> int:
        return self.outcomes.runs


@dataclass(frozen=True)
class MeanDifference:
    """A difference of means, with minus without, in the unit of the values; no interval from a single task."""

    with_it: Mean
    without: Mean
    difference: float
    interval: Interval | None


@dataclass(frozen=True)
class Lift:
    """What runs with it did better than runs without; rates and `difference` are None where a group has no run."""

    n_with: int
    n_without: int
    with_it: Rate | None
    without: Rate | None
    difference: float | None
    interval: Interval | None
    """95 %, of `difference`."""
    verdict: Verdict
    more: int
    """About how many runs more would show a difference of this size, or of SMALLEST where it is smaller; 0 where
    these are enough."""
    cost: MeanDifference | None
    seconds: MeanDifference | None


def lift(with_it: Group, without: Group, share: float) -> Lift:
    """Compare runs with something and without it, drawn by chance so that a `share` (0 to 1) goes without.

    The interval is Newcombe's for two independent rates whose intervals know of tasks (`run_share`). It helps or harms
    where that interval leaves out 0 and each group has LEAST runs; where it does not, and the runs are as many as would
    have shown it, no difference is shown.
    """
    rates = [share_of_sums(group.outcomes) if group.n else None for group in (with_it, without)]
    one, two = rates
    difference = interval = None
    verdict: Verdict = "not enough runs"
    if one is not None and two is not None:
        difference, interval = one.value - two.value, rate_difference(two, one)
        if min(with_it.n, without.n) >= LEAST and (interval.low > 0 or interval.high < 0):
            verdict = "helps" if difference > 0 else "harms"
    more = 0
    if verdict == "not enough runs":
        known = [rate if rate and rate.n >= LEAST else None for rate in rates]
        more = runs_needed(known[0], known[1], share) - with_it.n - without.n
        if more <= 0:
            verdict = "no difference shown" if min(with_it.n, without.n) >= LEAST else verdict
            more = 0 if verdict == "no difference shown" else 1
    return Lift(
        with_it.n,
        without.n,
        one,
        two,
        difference,
        interval,
        verdict,
        more,
        mean_difference(with_it.costs, without.costs),
        mean_difference(with_it.seconds, without.seconds),
    )


def runs_needed(with_it: Rate | None, without: Rate | None, share: float) -> int:
    """How many runs in all would show, in 80 % of repetitions, a difference as large as the one that was seen, or of
    SMALLEST where that is larger, when a `share` of them goes without.

    n (without) = (z₀.₉₇₅ √((1 + 1/r) p (1-p)) + z₀.₈₀ √(p₁(1-p₁)/r + p₀(1-p₀)))² / (p₁ - p₀)², r runs with it for each
    without, p their weighted mean. An unknown rate is taken to lie SMALLEST from the other one, two as ½ and that more.
    Source: Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, ch. 4, without the continuity
    correction.
    """
    share = min(max(share, 0.001), 0.999)
    ratio = (1 - share) / share
    high = with_it.value if with_it else without.value if without else 0.5
    low = without.value if without else high
    if abs(high - low) < SMALLEST:
        high = low + SMALLEST if low + SMALLEST <= 1 else low - SMALLEST
    mean = (high * ratio + low) / (ratio + 1)
    chance = z_score(0.95) * sqrt((1 + 1 / ratio) * mean * (1 - mean))
    power = z_score(2 * POWER - 1) * sqrt(high * (1 - high) / ratio + low * (1 - low))
    return ceil((chance + power) ** 2 / (high - low) ** 2 * (1 + ratio))


def mean_difference(with_it: Sums, without: Sums) -> MeanDifference | None:
    """The difference of two means over runs; None where a group has no value.

    Interval: difference ± √(h₁² + h₂²), the half-widths of the two means' own intervals joined (Zou & Donner 2008).
    """
    if not with_it.runs or not without.runs:
        return None
    one, two = mean_of_sums(with_it), mean_of_sums(without)
    difference = one.value - two.value
    if one.interval is None or two.interval is None:
        return MeanDifference(one, two, difference, None)
    reach = sqrt(sum(((mean.high - mean.low) / 2) ** 2 for mean in (one.interval, two.interval)))
    return MeanDifference(one, two, difference, Interval(difference - reach, difference + reach))
