"""Krippendorff's α: agreement beyond chance for any number of raters, missing answers, and four kinds of answers."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from core.measure.intervals import SEED, Interval
from core.measure.ratings import NO_PAIR, ONE_ANSWER, Coded, Coefficient, Level

Floats = npt.NDArray[np.float64]

RESAMPLES = 1_000


def masi_distances(sets: Sequence[frozenset[object]]) -> Floats:
    """Distances 0 to 1 between all sets: 1 - J M, with J the overlap (Jaccard) and M how they relate.

    M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they do not; two empty sets
    are equal. Source: Passonneau 2006, LREC.
    """
    members = list(dict.fromkeys(chain.from_iterable(sets)))
    holds = np.array([[member in chosen for member in members] for chosen in sets], dtype=np.float64)
    holds = holds.reshape(len(sets), len(members))
    sizes = holds.sum(axis=1)
    shared = holds @ holds.T
    union = sizes[:, None] + sizes[None, :] - shared
    jaccard = np.divide(shared, union, out=np.ones_like(shared), where=union > 0)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    relation = np.where(shared == union, 1.0, np.where(shared == smaller, 2 / 3, 1 / 3))
    distances: Floats = 1 - jaccard * relation
    return distances


class _Disagreement:
    """The answers of each pattern, laid out one after the other, and how far apart they are."""

    def __init__(self, coded: Coded, level: Level) -> None:
        patterns = list(coded.patterns)
        self.level = level
        self.categories = len(coded.values)
        self.sizes = np.array([len(pattern) for pattern in patterns], dtype=np.float64)
        self.unit = np.repeat(np.arange(len(patterns)), self.sizes.astype(np.intp))
        self.answer = np.fromiter(chain.from_iterable(patterns), dtype=np.intp)
        if level == "interval":
            values = np.array(coded.values, dtype=np.float64)
            # Distances do not change, and squares of large values (times, say) would lose their digits.
            self.scores = values - values.mean()
            self.within = self._within_scores(self.scores)
        elif level != "ordinal":
            self.distances = masi_distances(coded.values) if level == "sets" else None
            self.within = self._within_pairs()

    def alpha(self, weights: Floats) -> float:
        """α where pattern p stands for weights[p] items; NaN where only one answer was given."""
        totals = _sums(self.answer, weights[self.unit], self.categories)
        n = totals.sum()
        if np.count_nonzero(totals) < 2:
            return float("nan")
        if self.level == "ordinal":
            # Ordinal distance is the squared difference of mid-ranks, which move with the totals.
            ranks = np.cumsum(totals) - totals / 2 - n / 2
            within, expected = self._within_scores(ranks), _between_scores(totals, ranks)
        elif self.level == "interval":
            within, expected = self.within, _between_scores(totals, self.scores)
        elif self.distances is None:
            within, expected = self.within, float(n * n - totals @ totals)
        else:
            within, expected = self.within, float(totals @ self.distances @ totals)
        return float(1 - (n - 1) * (weights @ within) / expected)

    def _within_pairs(self) -> Floats:
        """For each pattern: Σ of the distances over ordered pairs of its answers, / (answers - 1)."""
        total: Floats = np.zeros(len(self.sizes))
        for lag in range(1, int(self.sizes.max())):
            same = self.unit[:-lag] == self.unit[lag:]
            a, b = self.answer[:-lag][same], self.answer[lag:][same]
            distance = (a != b).astype(np.float64) if self.distances is None else self.distances[a, b]
            total += _sums(self.unit[lag:][same], distance, len(total))
        within: Floats = 2 * total / (self.sizes - 1)
        return within

    def _within_scores(self, scores: Floats) -> Floats:
        """The same for squared differences: Σ (x_a - x_b)² = 2 (m Σ x² - (Σ x)²)."""
        given = scores[self.answer]
        sums = _sums(self.unit, given, len(self.sizes))
        squares = _sums(self.unit, given * given, len(self.sizes))
        within: Floats = 2 * (self.sizes * squares - sums * sums) / (self.sizes - 1)
        return within


def _sums(groups: npt.NDArray[np.intp], values: Floats, n_groups: int) -> Floats:
    return np.bincount(groups, weights=values, minlength=n_groups).astype(np.float64, copy=False)


def _between_scores(totals: Floats, scores: Floats) -> float:
    return float(2 * (totals.sum() * (totals @ scores**2) - (totals @ scores) ** 2))


def alpha_of(coded: Coded, level: Level) -> Coefficient:
    """α = 1 - D_o / D_e: 1 perfect, 0 chance, negative worse than chance.

    D_o is the mean distance between answers to the same item, D_e between all answers that stand in such a pair.
    Distances: nominal 0 or 1; ordinal the squared difference of mid-ranks; interval the squared difference; sets MASI.
    Undefined when no item has two answers or all answers are the same.
    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    if not coded.n_items:
        return Coefficient(None, 0, NO_PAIR)
    if len(coded.values) == 1:
        return Coefficient(None, coded.n_items, ONE_ANSWER)
    weights = np.array(list(coded.patterns.values()), dtype=np.float64)
    return Coefficient(_Disagreement(coded, level).alpha(weights), coded.n_items)


def alpha_interval(coded: Coded, level: Level, resamples: int = RESAMPLES, seed: int = SEED) -> Interval | None:
    """The 95 % percentile bootstrap of α over items, the raters taken as given; None with one item or α undefined.

    Resamples in which only one answer occurs have no α and are left out. Too narrow for few items: ten items in
    perfect agreement give 1 to 1.
    """
    if coded.n_items < 2 or len(coded.values) == 1:
        return None
    disagreement = _Disagreement(coded, level)
    of_item = np.repeat(np.arange(len(coded.patterns)), list(coded.patterns.values()))
    rng = np.random.default_rng(seed)
    drawn = np.empty(resamples)
    for index in range(resamples):
        sample = of_item[rng.integers(len(of_item), size=len(of_item))]
        drawn[index] = disagreement.alpha(np.bincount(sample, minlength=len(coded.patterns)).astype(np.float64))
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Interval(float(low), float(high))
