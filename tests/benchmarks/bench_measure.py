"""How long the statistics take on the largest tables that a page asks of them, each beside a floor.

The floor of agreement is one pass over the same answers in plain Python, that of a comparison the one draw of random
numbers that its bootstrap cannot do without: what no implementation of it could save.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np

from core.measure.agreement import Level, agreement
from core.measure.intervals import DRAWS
from core.measure.paired import compare

SETS = [frozenset(chosen) for chosen in ("", "a", "ab", "abc", "bc")]
REPEATS = 3


def answers(values: list[object], items: int = 33_400, raters: int = 3) -> dict[int, dict[str, object]]:
    """About 100,000 answers that agree more often than chance."""
    chance = np.random.default_rng(3)
    truth = chance.integers(len(values), size=items)
    said = np.where(chance.random((raters, items)) < 0.6, truth, chance.integers(len(values), size=(raters, items)))
    return {item: {f"r{rater}": values[said[rater, item]] for rater in range(raters)} for item in range(items)}


def trials(rate: float, tasks: int = 500, each: int = 4) -> dict[str, list[float]]:
    """A version's outcomes on a large suite."""
    drawn = np.random.default_rng(int(rate * 100)).random((tasks, each)) < rate
    return {str(task): row.astype(float).tolist() for task, row in enumerate(drawn)}


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the quickest of a few runs: what the machine's other work adds is left out."""
    took = []
    for _ in range(REPEATS):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took)


def count(ratings: Mapping[int, Mapping[str, object]]) -> Counter[object]:
    """The floor: every answer looked at once."""
    return Counter(answer for given in ratings.values() for answer in given.values())


def show(name: str, seconds: float, floor: float) -> None:
    print(f"{name:44} {seconds:7.3f} s   floor {floor:7.3f} s   ratio {seconds / floor:6.1f}")


def main() -> None:
    """Print seconds, floor and ratio of each statistic."""
    measure("nominal", [1, 2, 3, 4, 5])
    measure("ordinal", [1, 2, 3, 4, 5])
    measure("interval", [1, 2, 3, 4, 5])
    measure("sets", SETS)
    base, candidate = trials(0.5), trials(0.6)
    chance = np.random.default_rng(1)
    floor = fastest(lambda: chance.integers(500, size=(DRAWS, 500)))
    show("compare, 500 tasks of 4 trials", fastest(lambda: compare(base, candidate)), floor)


def measure(level: Level, values: list[object]) -> None:
    ratings = answers(values)
    floor = fastest(lambda: count(ratings))
    show(f"agreement, 100,200 answers, {level}", fastest(lambda: agreement(ratings, level)), floor)


if __name__ == "__main__":
    main()
