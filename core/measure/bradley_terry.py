"""How strong each version is, from choices between two of them: Bradley and Terry's model, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from core.measure.intervals import Interval, z_score

Floats = npt.NDArray[np.float64]

STEPS = 100
CLOSE = 1e-10
VIRTUAL = 1.0
"""Draws with an average version that are added to each where choices alone settle nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One choice between two versions: `score` is 1 where `one` was better, 0 where `other` was, 0.5 for a tie.

    Choices of one `cluster` (a task) resemble each other and are not each new evidence.
    """

    one: str
    other: str
    score: float
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Strength:
    """A version's strength in log-odds above the average of its group. `n` counts choices, `clusters` their tasks."""

    name: str
    value: float
    interval: Interval
    n: int
    clusters: int

    @property
    def chance(self) -> float:
        """The chance of being preferred to a version of average strength, 0 to 1."""
        return _logistic(self.value)

    @property
    def chance_interval(self) -> Interval:
        """The interval of that chance."""
        return Interval(_logistic(self.interval.low), _logistic(self.interval.high))


@dataclass(frozen=True, slots=True)
class Group:
    """Versions that choices connect, at least by way of others, the strongest first; only these compare.

    `steadied` says that choices alone settle no finite strengths here, so that virtual draws were added.
    """

    strengths: tuple[Strength, ...]
    steadied: bool
    n: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Strengths (they add up to 0 without virtual draws) and their covariance, in the order of the matrix of wins."""

    values: Floats
    covariance: Floats


def strengths(compared: Sequence[Compared], confidence: float = 0.95) -> tuple[Group, ...]:
    """The strength of every version that was compared with another; ties count half a win for each.

    Versions that nothing connects stand in groups, the one with most choices first. In each, strengths are those of
    maximum likelihood, where they exist: where every version can be reached from every other by wins and ties (Ford
    1957). Else each version is taken to have drawn VIRTUAL times with an average one more, which keeps strengths
    finite. The interval is the wider of two: from the information matrix, as if all choices were independent, and
    from the spread between clusters (sandwich, with G / (G - 1) for G clusters; Liang & Zeger 1986), since choices on
    one task are not. Source: Bradley & Terry 1952, Biometrika 39. ValueError for a version compared with itself or a
    score outside 0..1.
    """
    for one in compared:
        if one.one == one.other or not 0 <= one.score <= 1:
            raise ValueError(f"a comparison needs two versions and a score from 0 to 1, not {one}")
    names = sorted({name for one in compared for name in (one.one, one.other)})
    if not names:
        return ()
    wins = _wins(compared, names)
    groups = []
    for members in _reaching(wins + wins.T):
        mine = {names[index] for index in members}
        groups.append(_group([one for one in compared if one.one in mine], sorted(mine), confidence))
    return tuple(sorted(groups, key=lambda group: (-group.n, group.strengths[0].name)))


def _group(compared: Sequence[Compared], names: Sequence[str], confidence: float) -> Group:
    wins = _wins(compared, names)
    steadied = len(_reaching(wins)) > 1
    found = fit(wins, VIRTUAL if steadied else 0.0)
    spread = np.maximum(np.diag(found.covariance), np.diag(_clustered(compared, names, found)))
    z = z_score(confidence)
    n: Counter[str] = Counter()
    clusters: dict[str, set[Hashable]] = {}
    for one in compared:
        for name in (one.one, one.other):
            n[name] += 1
            clusters.setdefault(name, set()).add(one.cluster)
    lines = []
    for index, name in enumerate(names):
        value, reach = float(found.values[index]), z * sqrt(max(float(spread[index]), 0.0))
        interval = Interval(value - reach, value + reach)
        lines.append(Strength(name, value, interval, n[name], len(clusters[name])))
    return Group(tuple(sorted(lines, key=lambda line: (-line.value, line.name))), steadied, len(compared))


def _wins(compared: Sequence[Compared], names: Sequence[str]) -> Floats:
    place = {name: index for index, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for one in compared:
        wins[place[one.one], place[one.other]] += one.score
        wins[place[one.other], place[one.one]] += 1 - one.score
    return wins


def fit(wins: Floats, virtual: float = 0.0) -> Fit:
    """Strengths that make a matrix of wins (row beat column) most likely, by Newton's method.

    `virtual` draws of each with a version of strength 0 are added. Without them the wins must connect all versions
    both ways, or there is no such strength: the caller sees to that. The covariance is the inverse of the information
    matrix (its pseudoinverse without virtual draws: strengths then add up to 0).
    """
    played = wins + wins.T
    values = np.zeros(len(wins))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(values[None, :] - values[:, None]))
        average = 1 / (1 + np.exp(-values))
        slope = (wins - played * chance).sum(axis=1) + virtual * (0.5 - average)
        information = _information(played, chance, virtual * average * (1 - average))
        step = np.linalg.pinv(information, hermitian=True) @ slope
        largest = float(np.abs(step).max(initial=0.0))
        values = values + step * min(1.0, 2 / largest if largest else 1.0)  # far jumps may leap over the top
        if largest < CLOSE:
            break
    chance = 1 / (1 + np.exp(values[None, :] - values[:, None]))
    average = 1 / (1 + np.exp(-values))
    information = _information(played, chance, virtual * average * (1 - average))
    return Fit(values, np.asarray(np.linalg.pinv(information, hermitian=True), dtype=np.float64))


def _information(played: Floats, chance: Floats, virtual: Floats) -> Floats:
    weights = played * chance * (1 - chance)
    information: Floats = np.diag(weights.sum(axis=1) + virtual) - weights
    return information


def _clustered(compared: Sequence[Compared], names: Sequence[str], found: Fit) -> Floats:
    """The covariance that the spread between clusters shows; all zero from a single cluster, which shows none."""
    place = {name: index for index, name in enumerate(names)}
    scores: dict[Hashable, Floats] = {}
    for one in compared:
        row, column = place[one.one], place[one.other]
        left = one.score - _logistic(float(found.values[row] - found.values[column]))
        of_cluster = scores.setdefault(one.cluster, np.zeros(len(place)))
        of_cluster[row] += left
        of_cluster[column] -= left
    if len(scores) < 2:
        return np.zeros_like(found.covariance)
    each = np.array(list(scores.values()))
    spread: Floats = found.covariance @ (each.T @ each) @ found.covariance * len(scores) / (len(scores) - 1)
    return spread


def _reaching(wins: Floats) -> list[list[int]]:
    """The versions in groups, in each of which every one can be reached from every other along wins."""
    from scipy.sparse.csgraph import connected_components  # a tenth of a second to load, on few pages

    n, group = connected_components(wins > 0, connection="strong")
    return sorted([int(index) for index in np.flatnonzero(group == number)] for number in range(n))


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))
