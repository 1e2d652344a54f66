"""How far reviewers agree on one question: every measure of it, from one table of answers."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.measure.intervals import SEED, Interval, wilson
from core.measure.kappa import cohen_kappa, cohen_of, fleiss_of, fleiss_statistic
from core.measure.krippendorff import alpha_of, alpha_statistic
from core.measure.ratings import NO_PAIR, Coded, Coefficient, Level, Ratings, against_the_rest, code
from core.measure.resampling import FEWER_DRAWS, RESAMPLES, Floats, bootstrap

__all__ = [
    "AgreementReport",
    "CategoryAgreement",
    "Coded",
    "Coefficient",
    "Level",
    "Ratings",
    "agreement",
    "agreement_of",
    "category_agreement",
    "code",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "percent_agreement",
    "percent_and_alpha",
]

MANY_PAIRS = 30
"""From so many pairs of raters on, the interval of each Cohen's κ is drawn from `FEWER_DRAWS` instead."""


@dataclass(frozen=True)
class AgreementReport:
    """Every coefficient carries its n and interval."""

    n_items: int
    """Items with at least two answers; the others say nothing about agreement."""
    n_raters: int
    """Raters who answered at least one of them."""
    n_answers: int
    percent: Coefficient
    cohen: Mapping[str, Coefficient]
    """For each two raters who share items, under "a~b", names in order."""
    fleiss: Coefficient
    """`n_items` counts the items with the most common number of raters, which are all it speaks of."""
    krippendorff: Coefficient

    @property
    def interval(self) -> Interval | None:
        """Krippendorff's."""
        return self.krippendorff.interval


@dataclass(frozen=True)
class CategoryAgreement:
    """One answer against all others: how far reviewers agree on when to give it."""

    value: Hashable
    n_chosen: int
    """Answers that give it."""
    n_items: int
    """Items on which at least one rater gave it."""
    fleiss: Coefficient
    krippendorff: Coefficient


def agreement(
    ratings: Ratings,
    level: Level = "nominal",
    order: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> AgreementReport:
    """Every measure of agreement on one question: item to rater to answer, None where there is none.

    Only α heeds `level`; percent and both κ count answers as equal or not (sets: the same set). `order` lists the
    answers of an ordinal question from lowest to highest; numbers need none.
    ValueError for an answer that the level cannot take.
    """
    return agreement_of(code(ratings, level, order), level, resamples, seed)


def agreement_of(
    coded: Coded, level: Level, draws: int = RESAMPLES, seed: int = SEED, sure_pairs: bool = True
) -> AgreementReport:
    """The same of coded answers; with `sure_pairs` False the κ of each two raters has no interval, which saves time."""
    each = (min(draws, FEWER_DRAWS) if len(coded.joint) >= MANY_PAIRS else draws) if sure_pairs else 0
    percent, fleiss, alpha = _together(coded, level, draws, seed)
    return AgreementReport(
        n_items=coded.n_items,
        n_raters=coded.n_raters,
        n_answers=coded.n_answers,
        percent=percent,
        cohen={f"{a}~{b}": cohen_of(joint, each, seed) for (a, b), joint in coded.joint.items()},
        fleiss=fleiss,
        krippendorff=alpha,
    )


def percent_and_alpha(
    coded: Coded, level: Level, draws: int = RESAMPLES, seed: int = SEED
) -> tuple[Coefficient, Coefficient]:
    """Only these two, for many small tables."""
    percent, _, alpha = _together(coded, level, draws, seed)
    return percent, alpha


def _together(coded: Coded, level: Level, draws: int, seed: int) -> tuple[Coefficient, Coefficient, Coefficient]:
    """Percent, Fleiss' κ and α, with intervals from the same draws."""
    bare = _percent_of(coded, 0, seed), fleiss_of(coded, 0, seed), alpha_of(coded, level, 0, seed)
    if bare[2].value is None:
        return _percent_of(coded, draws, seed), bare[1], bare[2]
    percents = partial(_mean_share, _shares(coded))
    statistics = (percents, fleiss_statistic(coded)[0], alpha_statistic(coded, level))
    sure = bootstrap(coded.counts, statistics, draws, seed, coded.clusters)
    percent, fleiss, alpha = (
        replace(one, interval=one.interval or (interval if one.value is not None else None))
        for one, interval in zip(bare, sure, strict=True)
    )
    return percent, fleiss, alpha


def category_agreement(
    coded: Coded, level: Level, categories: Sequence[Hashable], draws: int = RESAMPLES, seed: int = SEED
) -> list[CategoryAgreement]:
    """Each category against the rest: α and Fleiss' κ of "gave it" and "did not"; of a set, whether it holds it."""
    if not coded.n_items:
        return []
    found = []
    for category in categories:
        chosen = [category in value if level == "sets" else category == value for value in coded.values]
        two = against_the_rest(coded, chosen)
        gave = np.asarray(chosen, dtype=float)[coded.answers]
        with_it = np.bincount(coded.pattern, weights=gave)
        found.append(
            CategoryAgreement(
                category,
                int(with_it @ coded.counts),
                int(coded.counts[with_it > 0].sum()),
                fleiss_of(two, draws, seed),
                alpha_of(two, "nominal", draws, seed),
            )
        )
    return found


def percent_agreement(ratings: Ratings, level: Level = "nominal") -> Coefficient:
    """The mean over items of the share of its pairs of raters who gave the same answer, 0 to 100.

    Takes no account of chance: 90 % says little where nine of ten answers are the same anyway. Where all items agree,
    or none does, a bootstrap sees no spread, and the interval is Wilson's.
    """
    return _percent_of(code(ratings, level), RESAMPLES, SEED)


def fleiss_kappa(ratings: Ratings) -> Coefficient:
    """Fleiss' κ, over the items with the most common number of raters; see `core.measure.kappa.fleiss_of`."""
    return fleiss_of(code(ratings, "nominal"))


def krippendorff_alpha(
    ratings: Ratings, level: Level = "nominal", order: Sequence[Hashable] | None = None
) -> Coefficient:
    """Krippendorff's α of item to rater to answer; see `core.measure.krippendorff.alpha_of`."""
    return alpha_of(code(ratings, level, order), level)


def _percent_of(coded: Coded, draws: int, seed: int) -> Coefficient:
    if not coded.n_items:
        return Coefficient(None, 0, NO_PAIR)
    n, share = coded.n_items, _shares(coded)
    value = float(coded.counts @ share) / n
    if value in (0, 100):
        groups = n if coded.clusters is None else coded.clusters.shape[0]
        sure = wilson(groups * value / 100, groups)
        return Coefficient(value, n, interval=Interval(100 * sure.low, 100 * sure.high) if n > 1 else None)
    (interval,) = bootstrap(coded.counts, [partial(_mean_share, share)], draws, seed, coded.clusters)
    return Coefficient(value, n, interval=interval)


def _shares(coded: Coded) -> Floats:
    """For each pattern the share of pairs of its answers that are equal, 0 to 100."""
    n_values = len(coded.values)
    held, times = np.unique(coded.pattern * n_values + coded.answers, return_counts=True)
    equal = np.bincount(held // n_values, weights=times * (times - 1), minlength=len(coded.sizes))
    share: Floats = 100 * equal / (coded.sizes * (coded.sizes - 1))
    return share


def _mean_share(share: Floats, weights: Floats) -> Floats:
    mean: Floats = weights @ share / weights.sum(axis=1)
    return mean
