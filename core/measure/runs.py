"""Shares, means and medians over runs, where runs of one task resemble each other.

`core.measure.intervals` weighs every task the same, as a suite does. Live traffic repeats some tasks more than others,
and what is asked of it is the share of runs; so here every run weighs the same, and only the interval knows of tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from core.measure.intervals import Interval, Mean, Rate, wilson, z_score


@dataclass(frozen=True, slots=True)
class Sums:
    """What a share or a mean over runs is made from, added up over tasks: of each the sum of its values s and its runs
    m. `squares` is Σ s², `products` Σ s·m, `run_squares` Σ m². A database can add them up where the runs are."""

    tasks: int
    runs: int
    total: float
    squares: float
    products: float
    run_squares: float

    @classmethod
    def of(cls, clusters: Sequence[tuple[float, int]]) -> Self:
        """The sums of clusters, each (sum of values, runs) of one task."""
        return cls(
            len(clusters),
            sum(m for _, m in clusters),
            sum(s for s, _ in clusters),
            sum(s * s for s, _ in clusters),
            sum(s * m for s, m in clusters),
            sum(m * m for _, m in clusters),
        )

    def off(self, mean: float) -> float:
        """Σ (s - mean m)²."""
        return max(self.squares - 2 * mean * self.products + mean * mean * self.run_squares, 0.0)


NOTHING = Sums(0, 0, 0.0, 0.0, 0.0, 0.0)

Counts = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Median:
    """The value that half of the runs do not exceed; no interval from fewer than six runs."""

    n: int
    value: float
    interval: Interval | None


def run_share(clusters: Sequence[tuple[float, int]], confidence: float = 0.95) -> Rate:
    """The share of runs that succeeded; each cluster is (successes, runs) of one task.

    The number of runs in Wilson's formula is 1 + p(1-p) / V, within tasks..runs, with V = K/(K-1) Σ (s - p m)² / n²,
    the linearised variance of a ratio (Cochran 1977, Sampling Techniques, ch. 6). One run a task is Wilson exactly.
    ValueError without clusters, or for a cluster without runs.
    """
    if not len(clusters):
        raise ValueError("a share needs at least one run, and no more successes than runs")
    successes, runs = np.array(clusters).T
    return share_of(successes, runs, confidence)


def share_of(successes: Counts, runs: Counts, confidence: float = 0.95) -> Rate:
    """The same of two columns, a task each."""
    if not len(runs) or not bool(np.all((runs > 0) & (successes >= 0) & (successes <= runs))):
        raise ValueError("a share needs at least one run, and no more successes than runs")
    solved, n = successes.sum().item(), int(runs.sum())
    return _share(solved, n, len(runs), float(((successes - solved / n * runs) ** 2).sum()), confidence)


def share_of_sums(sums: Sums, confidence: float = 0.95) -> Rate:
    """The same of what was added up; ValueError where it has no run."""
    if sums.runs < 1:
        raise ValueError("a share needs at least one run")
    return _share(sums.total, sums.runs, sums.tasks, sums.off(sums.total / sums.runs), confidence)


def _share(solved: float, n: int, tasks: int, off: float, confidence: float) -> Rate:
    share, effective = solved / n, float(tasks)
    if tasks > 1 and 0 < share < 1:
        spread = tasks / (tasks - 1) * off / n**2
        effective = float(n) if spread == 0 else min(max(1 + share * (1 - share) / spread, tasks), n)
    return Rate(solved, n, share, wilson(share * effective, effective, confidence), tasks, effective)


def run_mean(clusters: Sequence[tuple[float, int]], confidence: float = 0.95) -> Mean:
    """The mean over runs; each cluster is (sum of values, runs) of one task. Interval: mean ± t √V with K-1 degrees.

    V as in `run_share`. With one run a task it is Student's interval; it is symmetric, so for few runs of a skewed
    cost it says too little above and too much below. No interval from one task. ValueError without clusters.
    """
    if not clusters or not all(n > 0 for _, n in clusters):
        raise ValueError("a mean needs at least one run")
    n = sum(m for _, m in clusters)
    mean = sum(total for total, _ in clusters) / n
    return _mean(mean, n, len(clusters), sum((total - mean * m) ** 2 for total, m in clusters), confidence)


def mean_of_sums(sums: Sums, confidence: float = 0.95) -> Mean:
    """The same of what was added up; ValueError where it has no run."""
    if sums.runs < 1:
        raise ValueError("a mean needs at least one run")
    mean = sums.total / sums.runs
    return _mean(mean, sums.runs, sums.tasks, sums.off(mean), confidence)


def _mean(mean: float, n: int, tasks: int, off: float, confidence: float) -> Mean:
    from scipy.special import stdtrit

    if tasks == 1:
        return Mean(n, mean, None)
    reach = float(stdtrit(tasks - 1, (1 + confidence) / 2)) * sqrt(tasks / (tasks - 1) * off / n**2)
    return Mean(n, mean, Interval(mean - reach, mean + reach))


def median_ranks(n: int, confidence: float = 0.95) -> tuple[int, int] | None:
    """The ranks (from 1) of the sorted values that bound the median: n/2 ± z √n / 2, outwards; None below six values.

    Source: Campbell & Gardner 1988, BMJ 296. Runs are taken as independent.
    """
    if n < 6:
        return None
    reach = z_score(confidence) * sqrt(n) / 2
    return max(1, floor(n / 2 - reach)), min(n, ceil(1 + n / 2 + reach))


def rate_difference(before: Rate, after: Rate, confidence: float = 0.95) -> Interval:
    """The interval of after - before for two independent rates: Newcombe's, from the two Wilson intervals.

    Source: Newcombe 1998, Stat. Med. 17, 873, method 10.
    """
    first, second = (wilson(one.value * one.effective_n, one.effective_n, confidence) for one in (before, after))
    difference = after.value - before.value
    low = sqrt((after.value - second.low) ** 2 + (first.high - before.value) ** 2)
    high = sqrt((second.high - after.value) ** 2 + (before.value - first.low) ** 2)
    return Interval(difference - low, difference + high)
