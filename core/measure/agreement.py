"""How far reviewers agree on one question: every measure of it, from one table of answers."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from core.measure.intervals import SEED, Interval
from core.measure.kappa import cohen_kappa, cohen_of, fleiss_of
from core.measure.krippendorff import RESAMPLES, alpha_interval, alpha_of
from core.measure.ratings import NO_PAIR, Coded, Coefficient, Level, Ratings, code

__all__ = [
    "AgreementReport",
    "Coefficient",
    "Level",
    "Ratings",
    "agreement",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "percent_agreement",
]


@dataclass(frozen=True)
class AgreementReport:
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
    interval: Interval | None
    """95 % interval of Krippendorff's α; None where α is undefined or rests on one item."""


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
    coded = code(ratings, level, order)
    return AgreementReport(
        n_items=coded.n_items,
        n_raters=coded.n_raters,
        n_answers=coded.n_answers,
        percent=_percent_of(coded),
        cohen={f"{a}~{b}": cohen_of(joint) for (a, b), joint in coded.joint.items()},
        fleiss=fleiss_of(coded),
        krippendorff=alpha_of(coded, level),
        interval=alpha_interval(coded, level, resamples, seed),
    )


def percent_agreement(ratings: Ratings, level: Level = "nominal") -> Coefficient:
    """The mean over items of the share of its pairs of raters who gave the same answer, 0 to 100.

    Takes no account of chance: 90 % says little where nine of ten answers are the same anyway.
    """
    return _percent_of(code(ratings, level))


def fleiss_kappa(ratings: Ratings) -> Coefficient:
    """Fleiss' κ, over the items with the most common number of raters; see `core.measure.kappa.fleiss_of`."""
    return fleiss_of(code(ratings, "nominal"))


def krippendorff_alpha(
    ratings: Ratings, level: Level = "nominal", order: Sequence[Hashable] | None = None
) -> Coefficient:
    """Krippendorff's α of item to rater to answer; see `core.measure.krippendorff.alpha_of`."""
    return alpha_of(code(ratings, level, order), level)


def _percent_of(coded: Coded) -> Coefficient:
    if not coded.n_items:
        return Coefficient(None, 0, NO_PAIR)
    shares = 0.0
    for pattern, items in coded.patterns.items():
        equal = sum(count * (count - 1) for count in Counter(pattern).values())
        shares += items * equal / (len(pattern) * (len(pattern) - 1))
    return Coefficient(100 * shares / coded.n_items, coded.n_items)
