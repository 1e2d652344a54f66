"""What can be said of times without believing in a bell curve: their median, and whether one lot is longer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, isfinite, sqrt

from core.measure.intervals import Interval
from core.measure.runs import Median, median_ranks


@dataclass(frozen=True)
class RankTest:
    """Whether the values of one sample tend to be larger than those of another."""

    n: int
    other_n: int
    larger: float
    """How often a value of the first is larger than one of the second, ties half: 0.5 where neither tends to be."""
    p_value: float


def median(values: Sequence[float]) -> Median:
    """The median of independent values, with the interval that two of their ranks make (`median_ranks`).

    ValueError without values.
    """
    if not values:
        raise ValueError("a median needs at least one value")
    ordered, n = sorted(values), len(values)
    ranks = median_ranks(n)
    interval = Interval(ordered[ranks[0] - 1], ordered[ranks[1] - 1]) if ranks else None
    return Median(n, (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, interval)


def mann_whitney(values: Sequence[float], others: Sequence[float]) -> RankTest:
    """The two-sided Mann-Whitney test by its normal approximation, with corrections for ties and for continuity.

    U = R - n(n+1)/2 with R the rank sum of the first; z = (|U - nm/2| - ½) / σ, where
    σ² = nm/12 (N + 1 - Σ(t³ - t) / (N(N - 1))). Good from about eight values in each; p is 1 where all are equal.
    ValueError for a sample without values, or with one that is not finite. Source: Mann & Whitney 1947.
    """
    if not values or not others or not all(map(isfinite, (*values, *others))):
        raise ValueError("a rank test needs at least one value in each sample, all of them finite")
    n, m = len(values), len(others)
    counts = Counter((*values, *others))
    ranks, below = {}, 0
    for value in sorted(counts):
        ranks[value] = below + (counts[value] + 1) / 2
        below += counts[value]
    u = sum(ranks[value] for value in values) - n * (n + 1) / 2
    ties = sum(count**3 - count for count in counts.values()) / ((n + m) * (n + m - 1))
    spread = n * m / 12 * (n + m + 1 - ties)
    z = max(0.0, abs(u - n * m / 2) - 0.5) / sqrt(spread) if spread > 0 else 0.0
    return RankTest(n, m, u / (n * m), min(1.0, erfc(z / sqrt(2))))
