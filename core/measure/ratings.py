"""Who answered what on which item, brought into the shape that agreement is computed from."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Any, Literal

Level = Literal["nominal", "ordinal", "interval", "sets"]
"""What two different answers mean: just different; further apart in an order; further apart by their difference;
sets that overlap more or less."""

Ratings = Mapping[Any, Mapping[str, Any]]
"""Item to rater to answer. None is no answer. Answers are hashable, or collections of hashables for `sets`."""

NO_PAIR = "no item has answers from two raters"
ONE_ANSWER = "every answer is the same one, so chance alone would agree as well"


@dataclass(frozen=True)
class Coded:
    """The items that at least two raters answered; each answer is its position in `values`."""

    values: tuple[Any, ...]
    """Distinct answers; in their order for ordinal and interval."""
    patterns: Mapping[tuple[int, ...], int]
    """How many items got exactly these answers (sorted): few, however many the items, which is what makes it fast."""
    joint: Mapping[tuple[str, str], Mapping[tuple[int, int], int]]
    """For two raters, by name: how often the first gave one answer and the second another on the same item."""
    n_items: int
    n_raters: int
    n_answers: int


@dataclass(frozen=True)
class Coefficient:
    """A measure of agreement, and the number of items it speaks of."""

    value: float | None
    n_items: int
    why: str | None = None
    """What is undefined and why, in words."""


def code(ratings: Ratings, level: Level, order: Sequence[Hashable] | None = None) -> Coded:
    """Code the answers; `order` lists an ordinal question's answers from lowest to highest.

    ValueError for an answer that the level cannot take: not in `order`, not a finite number, not a collection.
    """
    answered: list[list[tuple[str, Any]]] = []
    for item, answers in ratings.items():
        given = [
            (rater, _checked(item, rater, answers[rater], level, order))
            for rater in sorted(answers)
            if answers[rater] is not None
        ]
        if len(given) > 1:
            answered.append(given)
    distinct = dict.fromkeys(value for given in answered for _, value in given)
    values = list(distinct)
    if order is not None:
        values = [value for value in order if value in distinct]
    elif level in ("ordinal", "interval"):
        values.sort()
    position = {value: index for index, value in enumerate(values)}
    patterns: Counter[tuple[int, ...]] = Counter()
    joint: dict[tuple[str, str], Counter[tuple[int, int]]] = {}
    for given in answered:
        coded = [(rater, position[value]) for rater, value in given]
        patterns[tuple(sorted(answer for _, answer in coded))] += 1
        for (a, answer_a), (b, answer_b) in combinations(coded, 2):
            joint.setdefault((a, b), Counter())[answer_a, answer_b] += 1
    return Coded(
        values=tuple(values),
        patterns=patterns,
        joint=dict(sorted(joint.items())),
        n_items=len(answered),
        n_raters=len({rater for given in answered for rater, _ in given}),
        n_answers=sum(len(given) for given in answered),
    )


def _checked(item: Any, rater: str, value: Any, level: Level, order: Sequence[Hashable] | None) -> Hashable:
    if level == "sets":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"item {item}, rater {rater}: {value!r} is not a set of answers")
        return frozenset(value)
    if order is not None and value not in order:
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not among the answers {list(order)}")
    needs_number = level == "interval" or (level == "ordinal" and order is None)
    if needs_number and not (isinstance(value, int | float) and isfinite(value)):
        hint = "; say the order of the answers" if level == "ordinal" else ""
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not a finite number{hint}")
    if not isinstance(value, Hashable):
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not a single answer; several are of level sets")
    return value
