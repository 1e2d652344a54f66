"""Who answered what on which item, brought into the shape that agreement is computed from."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from core.measure.intervals import Interval

Ints = npt.NDArray[np.intp]

Level = Literal["nominal", "ordinal", "interval", "sets"]
"""What two different answers mean: just different; further apart in an order; further apart by their difference;
sets that overlap more or less."""

Ratings = Mapping[Any, Mapping[str, Any]]
"""Item to rater to answer. None is no answer. Answers are hashable, or collections of hashables for `sets`."""

NO_PAIR = "no item has answers from two raters"
ONE_ANSWER = "every answer is the same one, so chance alone would agree as well"


@dataclass(frozen=True, eq=False)
class Coded:
    """The items that at least two raters answered; each answer is its position in `values`.

    Items with the same answers, whoever gave them, are one pattern: few, however many the items. Pattern p was given to
    `counts[p]` items and holds `sizes[p]` answers, sorted; `answers` are those of all patterns, end to end.
    """

    values: tuple[Any, ...]
    """Distinct answers; in their order for ordinal and interval."""
    counts: Ints
    sizes: Ints
    answers: Ints
    joint: Mapping[tuple[str, str], Mapping[tuple[int, int], int]]
    """For two raters, by name: how often the first gave one answer and the second another on the same item."""
    n_items: int
    n_raters: int
    n_answers: int
    clusters: csr_array | None = None
    """For each group of items that belong together (rows), how many of each pattern it has; None for items alone."""

    @property
    def pattern(self) -> Ints:
        """The pattern that each of `answers` belongs to."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


@dataclass(frozen=True)
class Coefficient:
    """A measure of agreement, and the number of items it speaks of."""

    value: float | None
    n_items: int
    why: str | None = None
    """What is undefined and why, in words."""
    interval: Interval | None = None
    """95 %, by bootstrap over the items; None where the value is undefined or rests on one item."""


def code(
    ratings: Ratings,
    level: Level,
    order: Sequence[Hashable] | None = None,
    group: Callable[[Any], Hashable] | None = None,
) -> Coded:
    """Code the answers; `order` lists an ordinal question's answers from lowest to highest.

    `group` names what an item belongs to, where items are not independent: the run of a step.
    ValueError for an answer that the level cannot take: not in `order`, not a finite number, not a collection.
    """
    first: dict[Any, int] = {}
    raters: dict[str, int] = {}
    units, by, said = [], [], []
    for unit, (item, answers) in enumerate(ratings.items()):
        for rater, answer in answers.items():
            if answer is None:
                continue
            value = frozenset(answer) if level == "sets" and _is_listing(answer) else answer
            try:
                position = first.get(value)
            except TypeError:
                position = None
            if position is None:
                _check(item, rater, value, level, order)
                position = first[value] = len(first)
            units.append(unit)
            by.append(raters.setdefault(rater, len(raters)))
            said.append(position)
    table = np.array([units, by, said], dtype=np.intp).reshape(3, -1)
    table = table[:, np.bincount(table[0], minlength=1)[table[0]] > 1]
    names = sorted(raters)
    ranks = np.array([names.index(rater) for rater in raters], dtype=np.intp)
    values, places = _in_order(first, np.unique(table[2]), level, order)
    unit, rater_, answer_ = table[0], ranks[table[1]], places[table[2]]
    counts, sizes, laid, of_unit = _patterns(unit, answer_, len(values))
    clusters = None
    if group is not None and len(of_unit):
        items = list(ratings)
        named: dict[Hashable, int] = {}
        groups = [named.setdefault(group(items[one]), len(named)) for one in np.unique(unit)]
        clusters = csr_array((np.ones(len(groups)), (groups, of_unit)), shape=(len(named), len(counts)))
    return Coded(
        values=values,
        counts=counts,
        sizes=sizes,
        answers=laid,
        joint=_joint(unit, rater_, answer_, names, len(values)),
        n_items=int(counts.sum()),
        n_raters=len(np.unique(rater_)),
        n_answers=len(unit),
        clusters=clusters,
    )


def against_the_rest(coded: Coded, chosen: Sequence[bool]) -> Coded:
    """The same items with two answers: 1 where a value is `chosen`, 0 for the rest. Without `joint`."""
    ones = np.bincount(coded.pattern, weights=np.asarray(chosen, dtype=float)[coded.answers]).astype(np.intp)
    widest = int(coded.sizes.max()) + 1
    kinds, which = np.unique(coded.sizes * widest + ones, return_inverse=True)
    counts = np.bincount(which, weights=coded.counts).astype(np.intp)
    sizes, ones = kinds // widest, kinds % widest
    laid = np.concatenate([[0] * (size - one) + [1] * one for size, one in zip(sizes, ones, strict=True)])
    values = (0, 1) if 0 < (counts @ ones) < (counts @ sizes) else (int(ones[0] > 0),)
    answers = laid if len(values) == 2 else np.zeros_like(laid)
    return Coded(values, counts, sizes, answers.astype(np.intp), {}, coded.n_items, coded.n_raters, coded.n_answers)


def _is_listing(answer: Any) -> bool:
    return isinstance(answer, Iterable) and not isinstance(answer, str)


def _in_order(
    first: Mapping[Any, int], used: Ints, level: Level, order: Sequence[Hashable] | None
) -> tuple[tuple[Any, ...], Ints]:
    """The answers that items with two of them hold, in order, and the place of each position among them."""
    seen = list(first)
    values = [seen[position] for position in used]
    if order is not None:
        place = {value: index for index, value in enumerate(order)}
        values.sort(key=place.__getitem__)
    elif level in ("ordinal", "interval"):
        values.sort()
    places = np.zeros(len(seen), dtype=np.intp)
    places[[first[value] for value in values]] = np.arange(len(values))
    return tuple(values), places


def _patterns(unit: Ints, answer: Ints, n_values: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Counts, sizes and answers of the patterns (see Coded), and the pattern of each unit, in order of the units."""
    sort = np.lexsort((answer, unit))
    unit, answer = unit[sort], answer[sort]
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    lengths = np.diff(starts, append=len(unit))
    counts, sizes, laid = [], [], []
    of_unit = np.zeros(len(starts), dtype=np.intp)
    known = 0
    for size in np.unique(lengths):
        rows = answer[starts[lengths == size][:, None] + np.arange(size)]
        if n_values**size < 2**62:  # a number for each row sorts much faster than rows do
            keys = rows @ (n_values ** np.arange(size - 1, -1, -1))
            _, at, which, n = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
            rows = rows[at]
        else:
            rows, which, n = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        of_unit[lengths == size] = known + which
        known += len(n)
        counts.append(n)
        sizes.append(np.full(len(n), size))
        laid.append(rows.ravel())
    none = [np.zeros(0, dtype=np.intp)]
    return np.concatenate(counts or none), np.concatenate(sizes or none), np.concatenate(laid or none), of_unit


def _joint(
    unit: Ints, rater: Ints, answer: Ints, names: Sequence[str], n_values: int
) -> dict[tuple[str, str], dict[tuple[int, int], int]]:
    sort = np.lexsort((rater, unit))
    unit, rater, answer = unit[sort], rater[sort], answer[sort]
    most = int(np.bincount(unit).max()) if len(unit) else 0
    keys = []
    for lag in range(1, most):
        same = unit[lag:] == unit[:-lag]
        two = rater[:-lag][same] * len(names) + rater[lag:][same]
        keys.append((two * n_values + answer[:-lag][same]) * n_values + answer[lag:][same])
    joint: dict[tuple[str, str], dict[tuple[int, int], int]] = {}
    if not keys:
        return joint
    cells, counts = np.unique(np.concatenate(keys), return_counts=True)
    for cell, count in zip(cells.tolist(), counts.tolist(), strict=True):
        two, answers = divmod(cell, n_values * n_values)
        a, b = divmod(two, len(names))
        joint.setdefault((names[a], names[b]), {})[divmod(answers, n_values)] = count
    return joint


def _check(item: Any, rater: str, value: Any, level: Level, order: Sequence[Hashable] | None) -> None:
    if level == "sets":
        if not isinstance(value, frozenset):
            raise ValueError(f"item {item}, rater {rater}: {value!r} is not a set of answers")
        return
    if order is not None and value not in order:
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not among the answers {list(order)}")
    needs_number = level == "interval" or (level == "ordinal" and order is None)
    if needs_number and not (isinstance(value, int | float) and isfinite(value)):
        hint = "; say the order of the answers" if level == "ordinal" else ""
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not a finite number{hint}")
    if not isinstance(value, Hashable):
        raise ValueError(f"item {item}, rater {rater}: {value!r} is not a single answer; several are of level sets")
