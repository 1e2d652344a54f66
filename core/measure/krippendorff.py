"""Krippendorff's α: agreement beyond chance for any number of raters, missing answers, and four kinds of answers."""

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from core.measure.intervals import SEED
from core.measure.ratings import NO_PAIR, ONE_ANSWER, Coded, Coefficient, Level
from core.measure.resampling import RESAMPLES, bootstrap

Floats = npt.NDArray[np.float64]

MANY_SETS = 1_500
"""From so many different sets on, a resample's expected distance is taken to the first order of its change."""


def masi_distances(sets: Sequence[frozenset[object]]) -> Floats:
    """Distances 0 to 1 between all sets: 1 - J M, with J the overlap (Jaccard) and M how they relate.

    M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they do not; two empty sets
    are equal. Source: Passonneau 2006, LREC.
    """
    holds = _members(sets)
    return _masi(holds @ holds.T, holds.sum(axis=1)[:, None], holds.sum(axis=1)[None, :])


def _members(sets: Sequence[frozenset[object]]) -> Floats:
    place = {member: index for index, member in enumerate(dict.fromkeys(chain.from_iterable(sets)))}
    holds = np.zeros((len(sets), len(place)))
    for row, chosen in enumerate(sets):
        holds[row, [place[member] for member in chosen]] = 1
    return holds


def _masi(shared: Floats, sizes_a: Floats, sizes_b: Floats) -> Floats:
    union = sizes_a + sizes_b - shared
    jaccard = np.divide(shared, union, out=np.ones_like(shared), where=union > 0)
    relation = np.where(shared == union, 1.0, np.where(shared == np.minimum(sizes_a, sizes_b), 2 / 3, 1 / 3))
    distances: Floats = 1 - jaccard * relation
    return distances


class _Disagreement:
    """How far apart the answers of each pattern are; `given` is how often it holds each answer."""

    def __init__(self, coded: Coded, level: Level) -> None:
        self.level = level
        self.sizes = coded.sizes.astype(np.float64)
        shape = (len(coded.sizes), len(coded.values))
        self.given = csr_array((np.ones(len(coded.answers)), (coded.pattern, coded.answers)), shape=shape)
        if level == "interval":
            values = np.array(coded.values, dtype=np.float64)
            # Distances do not change, and squares of large values (times, say) would lose their digits.
            self.scores = values - values.mean()
            self.within = self._apart(self.scores[None, :])[0]
        elif level == "nominal":
            equal = self.given.multiply(self.given).sum(axis=1)
            self.within = (self.sizes**2 - equal) / (self.sizes - 1)
        elif level == "sets":
            self.holds = _members(coded.values)
            self.within = self._within_sets(coded)
            self.totals: Floats = coded.counts @ self.given
            self.distances = masi_distances(coded.values) if len(coded.values) < MANY_SETS else None
            if self.distances is None:
                self.from_all = self._distance_from(self.totals)

    def alpha(self, weights: Floats) -> Floats:
        """α for each row of `weights`: pattern p stands for weights[p] items. NaN where only one answer was given."""
        totals = weights @ self.given
        n = totals.sum(axis=1)
        if self.level == "ordinal":
            # Ordinal distance is the squared difference of mid-ranks, which move with the totals.
            ranks = np.cumsum(totals, axis=1) - totals / 2 - n[:, None] / 2
            within = (weights * self._apart(ranks)).sum(axis=1)
            expected = _between(totals, ranks)
        else:
            within, expected = weights @ self.within, self._expected(totals, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            alpha: Floats = np.where(np.count_nonzero(totals, axis=1) > 1, 1 - (n - 1) * within / expected, np.nan)
        return alpha

    def _expected(self, totals: Floats, n: Floats) -> Floats:
        """Σ of the distances over all ordered pairs of answers, whatever their items."""
        if self.level == "interval":
            return _between(totals, self.scores)
        if self.level == "nominal":
            apart: Floats = n * n - (totals * totals).sum(axis=1)
        elif self.distances is not None:
            apart = ((totals @ self.distances) * totals).sum(axis=1)
        else:
            apart = 2 * totals @ self.from_all - self.totals @ self.from_all
        return apart

    def _apart(self, scores: Floats) -> Floats:
        """For each row of scores and each pattern: Σ of squared differences, 2 (m Σ x² - (Σ x)²), / (m - 1)."""
        sums, squares = scores @ self.given.T, (scores * scores) @ self.given.T
        apart: Floats = 2 * (self.sizes * squares - sums * sums) / (self.sizes - 1)
        return apart

    def _within_sets(self, coded: Coded) -> Floats:
        """For each pattern: Σ of the distances over ordered pairs of its answers, / (answers - 1)."""
        pattern, sizes = coded.pattern, self.holds.sum(axis=1)
        total: Floats = np.zeros(len(self.sizes))
        for lag in range(1, int(self.sizes.max())):
            same = pattern[:-lag] == pattern[lag:]
            a, b = coded.answers[:-lag][same], coded.answers[lag:][same]
            distance = _masi((self.holds[a] * self.holds[b]).sum(axis=1), sizes[a], sizes[b])
            total += np.bincount(pattern[lag:][same], weights=distance, minlength=len(total))
        within: Floats = 2 * total / (self.sizes - 1)
        return within

    def _distance_from(self, totals: Floats) -> Floats:
        """For each set: Σ of its distances to all answers, a block of sets at a time."""
        sizes = self.holds.sum(axis=1)
        blocks = [
            _masi(self.holds[at : at + 500] @ self.holds.T, sizes[at : at + 500, None], sizes[None, :]) @ totals
            for at in range(0, len(sizes), 500)
        ]
        return np.concatenate(blocks)


def _between(totals: Floats, scores: Floats) -> Floats:
    squares, sums = (totals * scores**2).sum(axis=1), (totals * scores).sum(axis=1)
    between: Floats = 2 * (totals.sum(axis=1) * squares - sums**2)
    return between


def alpha_of(coded: Coded, level: Level, draws: int = RESAMPLES, seed: int = SEED) -> Coefficient:
    """α = 1 - D_o / D_e: 1 perfect, 0 chance, negative worse than chance; its interval takes the raters as given.

    D_o is the mean distance between answers to the same item, D_e between all answers that stand in such a pair.
    Distances: nominal 0 or 1; ordinal the squared difference of mid-ranks; interval the squared difference; sets MASI.
    Undefined when no item has two answers or all answers are the same. Draws in which only one answer occurs have no α
    and are left out; ten items in perfect agreement give an interval of 1 to 1. With `draws` 0 there is none.
    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    if not coded.n_items:
        return Coefficient(None, 0, NO_PAIR)
    if len(coded.values) == 1:
        return Coefficient(None, coded.n_items, ONE_ANSWER)
    alpha = alpha_statistic(coded, level)
    (interval,) = bootstrap(coded.counts, [alpha], draws, seed, coded.clusters)
    return Coefficient(float(alpha(coded.counts[None, :].astype(np.float64))[0]), coded.n_items, interval=interval)


def alpha_statistic(coded: Coded, level: Level) -> Callable[[Floats], Floats]:
    """α of each row of weights, a weight a pattern; for two different answers or more."""
    return _Disagreement(coded, level).alpha
