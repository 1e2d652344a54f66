"""Agreement beyond chance between named answers: Cohen for two raters, Fleiss for the same number on each item."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from core.measure.intervals import SEED, Interval
from core.measure.ratings import NO_PAIR, ONE_ANSWER, Coded, Coefficient
from core.measure.resampling import RESAMPLES, bootstrap

Floats = npt.NDArray[np.float64]
Answer = TypeVar("Answer", bound=Hashable)


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> Coefficient:
    """κ = (p_o - p_e) / (1 - p_e) of two raters' answers to the same items, in the same order; -1 to 1.

    p_o is the share of equal answers, p_e what the raters' own answer shares would give by chance. Answers are equal
    or not; None is no answer. Undefined where p_e = 1. ValueError for lists of different length.
    Source: Cohen 1960, Educ. Psychol. Meas. 20.
    """
    both = zip(a, b, strict=True)
    return cohen_of(Counter((x, y) for x, y in both if x is not None and y is not None))


def cohen_of(joint: Mapping[tuple[Answer, Answer], int], draws: int = RESAMPLES, seed: int = SEED) -> Coefficient:
    """Cohen's κ from how often each pair of answers occurred; with `draws` 0 without an interval."""
    n = sum(joint.values())
    if not n:
        return Coefficient(None, 0, "the two raters share no item")
    first: Counter[Answer] = Counter()
    second: Counter[Answer] = Counter()
    for (x, y), count in joint.items():
        first[x] += count
        second[y] += count
    equal = sum(count for (x, y), count in joint.items() if x == y)
    by_chance = sum(count * second[answer] for answer, count in first.items())
    if by_chance == n * n:
        return Coefficient(None, n, ONE_ANSWER)
    value = (n * equal - by_chance) / (n * n - by_chance)
    return Coefficient(value, n, interval=_cohen_interval(joint, n, draws, seed) if draws else None)


def _cohen_interval(joint: Mapping[tuple[Answer, Answer], int], n: int, draws: int, seed: int) -> Interval | None:
    place = {answer: index for index, answer in enumerate(dict.fromkeys(answer for cell in joint for answer in cell))}
    first, second = (
        csr_array(
            (np.ones(len(joint)), (np.arange(len(joint)), [place[cell[side]] for cell in joint])),
            shape=(len(joint), len(place)),
        )
        for side in (0, 1)
    )
    same = np.array([x == y for x, y in joint], dtype=np.float64)

    def kappa(weights: Floats) -> Floats:
        equal = weights @ same
        by_chance = ((weights @ first) * (weights @ second)).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(by_chance < n * n, (n * equal - by_chance) / (n * n - by_chance), np.nan)

    (interval,) = bootstrap(np.fromiter(joint.values(), dtype=np.intp), [kappa], draws, seed)
    return interval


def fleiss_of(coded: Coded, draws: int = RESAMPLES, seed: int = SEED) -> Coefficient:
    """κ = (P̄ - P_e) / (1 - P_e) over the items that have the most common number of raters (of two, the larger).

    P̄ is the mean share of agreeing pairs of raters within an item, P_e = Σ p_c² from the shares of all answers;
    -1 to 1; undefined where P_e = 1. `n_items` says how many items had that number of raters. Raters need not be the
    same people on each item. Source: Fleiss 1971, Psychol. Bull. 76.
    """
    if not coded.n_items:
        return Coefficient(None, 0, NO_PAIR)
    kappa, n = fleiss_statistic(coded)
    value = float(kappa(coded.counts[None, :].astype(np.float64))[0])
    if np.isnan(value):
        return Coefficient(None, n, ONE_ANSWER)
    (interval,) = bootstrap(coded.counts, [kappa], draws, seed, coded.clusters)
    return Coefficient(value, n, interval=interval)


def fleiss_statistic(coded: Coded) -> tuple[Callable[[Floats], Floats], int]:
    """κ of each row of weights, a weight a pattern (NaN where undefined), and the items that it speaks of."""
    items = np.bincount(coded.sizes, weights=coded.counts)
    raters = len(items) - 1 - int(np.argmax(items[::-1]))
    chosen = np.flatnonzero(coded.sizes == raters)
    shape = (len(coded.sizes), len(coded.values))
    given = csr_array((np.ones(len(coded.answers)), (coded.pattern, coded.answers)), shape=shape)[chosen]
    agreeing = given.multiply(given).sum(axis=1) - raters

    def kappa(weights: Floats) -> Floats:
        weights = weights[:, chosen]
        answers = raters * weights.sum(axis=1)
        totals = weights @ given
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = weights @ agreeing / (answers * (raters - 1))
            by_chance = ((totals / answers[:, None]) ** 2).sum(axis=1)
            return np.where(np.count_nonzero(totals, axis=1) > 1, (observed - by_chance) / (1 - by_chance), np.nan)

    return kappa, int(items[raters])
