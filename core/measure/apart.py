"""How far apart the answers to one question about one thing are: what a lead should look at first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Distance = Callable[[Any, Any], float]
"""0 for two answers that say the same, 1 for two that could not differ more."""

_CHOICES = {"a_much": 0, "a": 1, "equal": 2, "b": 3, "b_much": 4}


@dataclass(frozen=True, slots=True)
class Apart:
    """`size` is the mean distance, 0 to 1, of the answers from the one that is nearest to all (`nearest`, its index).

    `n_apart` is how many of the `n` answers differ from that one.
    """

    size: float
    n_apart: int
    n: int
    nearest: int


def apart(answers: Sequence[Any], distance: Distance) -> Apart:
    """Compare two or more answers; where they can only be equal or not, the size is the share not with the mode."""
    far = [[0.0] * len(answers) for _ in answers]
    for row, one in enumerate(answers):
        for column in range(row):
            far[row][column] = far[column][row] = distance(one, answers[column])
    nearest = min(range(len(answers)), key=lambda index: sum(far[index]))
    from_nearest = far[nearest]
    n_apart = sum(1 for value in from_nearest if value > 0)
    return Apart(sum(from_nearest) / len(answers), n_apart, len(answers), nearest)


def unequal(one: Any, other: Any) -> float:
    """Names: the same, or not."""
    return float(one != other)


def along(order: Sequence[Any]) -> Distance:
    """Answers in an order: how many places apart, of the most that there could be; one out of it is at full distance.

    Places are counted, so a scale is taken to have even steps.
    """
    place = {value: index for index, value in enumerate(order)}

    def distance(one: Any, other: Any) -> float:
        if one == other:
            return 0.0
        if one not in place or other not in place:
            return 1.0
        return abs(place[one] - place[other]) / max(len(order) - 1, 1)

    return distance


def within(span: float) -> Distance:
    """Numbers: their difference as a share of `span`, at most 1."""
    return lambda one, other: 0.0 if one == other else min(1.0, abs(one - other) / span) if span > 0 else 1.0


def overlap(one: frozenset[Any], other: frozenset[Any]) -> float:
    """Sets of answers: their MASI distance, as core.measure.krippendorff has it, without arrays for two small sets."""
    if one == other:
        return 0.0
    shared = len(one & other)
    relation = 2 / 3 if one <= other or other <= one else 1 / 3
    return 1 - shared / (len(one) + len(other) - shared) * relation


def preferred(one: str, other: str) -> float:
    """Choices between two sides, from "a much" to "b much" in four steps; "both bad" is at full distance from all."""
    if one == other:
        return 0.0
    if one not in _CHOICES or other not in _CHOICES:
        return 1.0
    return abs(_CHOICES[one] - _CHOICES[other]) / 4


def reordered(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> float:
    """Orders with ties (tiers, the best first) of the same things: their Kendall tau distance, normalised.

    K^(p) with p = 1/2 over n (n - 1) / 2: of each two things, 1 where the orders put them the other way round, 1/2
    where they are tied in just one of them, 0 where the orders agree. It is a metric, and without ties the share of
    the pairs that stand the other way round. Source: Fagin, Kumar, Mahdian, Sivakumar & Vee 2006, Comparing partial
    rankings, SIAM Journal on Discrete Mathematics 20 (3).
    """
    here, there = ({thing: at for at, tier in enumerate(order) for thing in tier} for order in (one, other))
    twos = list(combinations(here, 2))
    far = sum(abs(_sign(here[a] - here[b]) - _sign(there[a] - there[b])) / 2 for a, b in twos)
    return far / len(twos) if twos else 0.0


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def rewritten(one: dict[str, str], other: dict[str, str]) -> float:
    """Corrections (step → text): the share of the steps that both corrected to which they gave another text."""
    shared = one.keys() & other.keys()
    return sum(1 for step in shared if one[step].strip() != other[step].strip()) / len(shared) if shared else 0.0
