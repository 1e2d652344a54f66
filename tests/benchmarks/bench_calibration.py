"""How often a comparison says that something changed: when nothing did, and when it did.

Each world draws how hard its tasks are, then every trial of both versions, a thousand times over. Where nothing changed
the share of "better" and "worse" is a false alarm, which 0.05 should hold; `covered` is how often the interval of the
difference holds the true one. Where tasks were changed, the share that finds it should be 0.80 or more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.measure.intervals import wilson
from core.measure.paired import compare

WORLDS = 1_000

Chances = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """So many tasks, each tried so often; a Beta law says how hard they are, and `gain` what the candidate adds.

    The gain is that of each task's chance of success, as far as there is room for it.
    """

    tasks: int
    trials: int
    law: tuple[float, float]
    gain: float = 0.0

    def chances(self, rng: np.random.Generator) -> tuple[Chances, Chances]:
        """Each task's chance of success under base and candidate."""
        base = rng.beta(*self.law, size=self.tasks)
        return base, np.clip(base + self.gain, 0, 1)

    @property
    def words(self) -> str:
        law = {(1.0, 1.0): "hard and easy alike", (0.4, 0.4): "mostly all or nothing", (6.0, 1.5): "mostly easy"}
        return f"{self.tasks:4} tasks x {self.trials} trials, {law[self.law]}"


UNIFORM, ALL_OR_NOTHING, EASY = (1.0, 1.0), (0.4, 0.4), (6.0, 1.5)
UNCHANGED = [
    World(tasks, trials, law)
    for tasks, trials in ((20, 1), (20, 4), (50, 1), (50, 4), (200, 1), (200, 4))
    for law in (UNIFORM, ALL_OR_NOTHING, EASY)
]
CHANGED = [
    World(50, 4, UNIFORM, 0.15),
    World(100, 1, UNIFORM, 0.22),
    World(100, 4, UNIFORM, 0.10),
    World(200, 1, UNIFORM, 0.15),
    World(500, 4, UNIFORM, 0.05),
]
"""What docs/numbers.md says a suite of that size can show."""


def main(worlds: int = WORLDS) -> None:
    """Print a line for each world."""
    print("nothing changed: share of comparisons that say better or worse, and that cover the true difference")
    for number, world in enumerate(UNCHANGED):
        alarms, covered, _ = run(world, worlds, number)
        print(f"  {world.words:60} {said(alarms, worlds)}   covered {covered / worlds:.3f}", flush=True)
    print("something changed: share of comparisons that say better")
    for number, world in enumerate(CHANGED):
        _, covered, found = run(world, worlds, 100 + number)
        words = f"{world.words}, +{100 * world.gain:.0f} points"
        print(f"  {words:60} {said(found, worlds)}   covered {covered / worlds:.3f}", flush=True)


def run(world: World, worlds: int, seed: int) -> tuple[int, int, int]:
    """Of so many comparisons: those that say better or worse, those that cover the truth, those that say better."""
    rng = np.random.default_rng(seed)
    alarms = covered = found = 0
    for _ in range(worlds):
        base, candidate = world.chances(rng)
        truth = float((candidate - base).mean())
        compared = compare(
            tried(base, world.trials, rng), tried(candidate, world.trials, rng), seed=int(rng.integers(2**31))
        )
        alarms += compared.verdict in ("better", "worse")
        found += compared.verdict == "better"
        covered += compared.interval.low <= truth <= compared.interval.high
    return alarms, covered, found


def tried(chances: Chances, trials: int, rng: np.random.Generator) -> dict[str, Sequence[float]]:
    """The outcomes of every task."""
    outcomes = (rng.random((len(chances), trials)) < chances[:, None]).astype(float)
    return {str(task): row for task, row in enumerate(outcomes.tolist())}


def said(n: int, of: int) -> str:
    """A rate with its 95 % interval."""
    interval = wilson(n, of)
    return f"{n / of:.3f} ({interval.low:.3f} to {interval.high:.3f})"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
