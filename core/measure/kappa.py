"""Agreement beyond chance between named answers: Cohen for two raters, Fleiss for the same number on each item."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from core.measure.ratings import NO_PAIR, ONE_ANSWER, Coded, Coefficient

Answer = TypeVar("Answer", bound=Hashable)


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> Coefficient:
    """κ = (p_o - p_e) / (1 - p_e) of two raters' answers to the same items, in the same order; -1 to 1.

    p_o is the share of equal answers, p_e what the raters' own answer shares would give by chance. Answers are equal
    or not; None is no answer. Undefined where p_e = 1. ValueError for lists of different length.
    Source: Cohen 1960, Educ. Psychol. Meas. 20.
    """
    both = zip(a, b, strict=True)
    return cohen_of(Counter((x, y) for x, y in both if x is not None and y is not None))


def cohen_of(joint: Mapping[tuple[Answer, Answer], int]) -> Coefficient:
    """Cohen's κ from how often each pair of answers occurred."""
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
    return Coefficient((n * equal - by_chance) / (n * n - by_chance), n)


def fleiss_of(coded: Coded) -> Coefficient:
    """κ = (P̄ - P_e) / (1 - P_e) over the items that have the most common number of raters (of two, the larger).

    P̄ is the mean share of agreeing pairs of raters within an item, P_e = Σ p_c² from the shares of all answers;
    -1 to 1; undefined where P_e = 1. `n_items` says how many items had that number of raters. Raters need not be the
    same people on each item. Source: Fleiss 1971, Psychol. Bull. 76.
    """
    sizes: Counter[int] = Counter()
    for pattern, items in coded.patterns.items():
        sizes[len(pattern)] += items
    if not sizes:
        return Coefficient(None, 0, NO_PAIR)
    raters, n = max(sizes.items(), key=lambda entry: (entry[1], entry[0]))
    totals: Counter[int] = Counter()
    agreeing = 0
    for pattern, items in coded.patterns.items():
        if len(pattern) == raters:
            for answer, count in Counter(pattern).items():
                totals[answer] += items * count
                agreeing += items * count * (count - 1)
    if len(totals) == 1:
        return Coefficient(None, n, ONE_ANSWER)
    observed = agreeing / (n * raters * (raters - 1))
    by_chance = sum((count / (n * raters)) ** 2 for count in totals.values())
    return Coefficient((observed - by_chance) / (1 - by_chance), n)
