"""What sways choices besides the answers: where they stood, how long they were; and whether choices fit together."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, isfinite, log2, sqrt

import numpy as np

from core.measure.intervals import Interval, Rate, clustered_rate, z_score

STEPS = 50
FARTHEST = 30.0
"""Log-odds for each doubling beyond which the slope is taken to have no end."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A choice between answers of two lengths (in one unit): whether the first was preferred. Ties are not of it."""

    one: float
    other: float
    first: bool
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class LengthBias:
    """How length and preference go together, which does not say that one makes the other.

    `longer` is the share of decided choices that fell to the longer answer. `slope` is by how much the log-odds of
    being preferred rise with each doubling of length, with its interval; None where `why` says so.
    """

    longer: Rate
    slope: float | None
    interval: Interval | None
    why: str = ""

    @property
    def odds(self) -> float | None:
        """The factor by which the odds of being preferred change when an answer is twice as long as the other."""
        return None if self.slope is None else exp(self.slope)

    @property
    def odds_interval(self) -> Interval | None:
        """The interval of that factor."""
        return None if self.interval is None else Interval(exp(self.interval.low), exp(self.interval.high))


def share(outcomes: Sequence[tuple[Hashable, bool]]) -> Rate | None:
    """The share of choices for which something held; those of one cluster are not each new evidence. None for none."""
    clusters: dict[Hashable, list[float]] = {}
    for cluster, held in outcomes:
        clusters.setdefault(cluster, []).append(float(held))
    return clustered_rate(list(clusters.values())) if clusters else None


def length_bias(choices: Sequence[Sized], confidence: float = 0.95) -> LengthBias | None:
    """Whether longer answers are preferred; choices between equal lengths, or an empty answer, say nothing. None
    without any other.

    The slope b of P(first preferred) = 1 / (1 + exp(-b · log2(length of first / length of other))): a logistic
    regression through the origin, because which answer is named first means nothing. Its interval is the wider of that
    from the information and that from the spread between clusters (sandwich, Liang & Zeger 1986).
    """
    told = [one for one in choices if one.one > 0 and one.other > 0 and one.one != one.other]
    longer = share([(one.cluster, one.first == (one.one > one.other)) for one in told])
    if longer is None:
        return None
    x = np.array([log2(one.one / one.other) for one in told])
    y = np.array([float(one.first) for one in told])
    if longer.value in (0, 1):
        which = "longer" if longer.value else "shorter"
        return LengthBias(longer, None, None, f"every choice fell to the {which} answer, and no slope is steep enough")
    slope = 0.0
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(slope * x, -500, 500)))
        information = float((x * x * chance * (1 - chance)).sum())
        if not information:
            return LengthBias(longer, None, None, "no slope fits")
        step = float((x * (y - chance)).sum()) / information
        slope += max(-1.0, min(1.0, step))
        if abs(step) < 1e-12:
            break
    if not isfinite(slope) or abs(slope) > FARTHEST:
        return LengthBias(longer, None, None, "no slope fits")
    chance = 1 / (1 + np.exp(-np.clip(slope * x, -500, 500)))
    information = float((x * x * chance * (1 - chance)).sum())
    scores: dict[Hashable, float] = {}
    for one, score in zip(told, x * (y - chance), strict=True):
        scores[one.cluster] = scores.get(one.cluster, 0.0) + float(score)
    spread = 1 / information
    if len(scores) > 1:
        between = sum(score * score for score in scores.values()) * len(scores) / (len(scores) - 1)
        spread = max(spread, between / information**2)
    reach = z_score(confidence) * sqrt(spread)
    return LengthBias(longer, slope, Interval(slope - reach, slope + reach))


@dataclass(frozen=True, slots=True)
class Cycles:
    """Three candidates of which the first beats the second, the second the third, and the third the first.

    `triples` counts the threes of which every two were decided: those that could go round.
    """

    found: tuple[tuple[str, str, str], ...]
    triples: int


def cycles(balance: Mapping[tuple[str, str], float]) -> Cycles:
    """The cycles among candidates; `balance` of (one, other) is how many more choices fell to one than to the other.

    A two that was decided evenly (0) is no win of either, so a three with it does not go round, though it counts.
    Each cycle is told once, beginning with the name that comes first. Source: Kendall & Babington Smith 1940.
    """
    lead: dict[tuple[str, str], float] = {}
    for (one, other), more in balance.items():
        lead[one, other] = lead.get((one, other), 0.0) + more
        lead[other, one] = lead.get((other, one), 0.0) - more
    beside: dict[str, set[str]] = {}
    for one, other in lead:
        beside.setdefault(one, set()).add(other)
    found, triples = [], 0
    for one in sorted(beside):
        for other, third in combinations(sorted(name for name in beside[one] if name > one), 2):
            if third not in beside[other]:
                continue
            triples += 1
            for second, last in ((other, third), (third, other)):
                if lead[one, second] > 0 and lead[second, last] > 0 and lead[last, one] > 0:
                    found.append((one, second, last))
    return Cycles(tuple(found), triples)


@dataclass(frozen=True, slots=True)
class Again:
    """What somebody said of a pair, and of the same pair again: "a", "b" or "" (neither), as the pair names its sides.

    `exact` is whether all six answers agree; `left` and `left_again` which side stood on the left, "" where unknown.
    """

    first: str
    again: str
    exact: bool
    left: str
    left_again: str
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Consistency:
    """How often somebody says the same twice, and whether what they say follows the place.

    `same` is the share with the same side (or a tie twice), `exact` that with the same of six answers. Of `swapped`
    repeats, which showed the sides the other way round and were decided both times, `left_twice` and `right_twice` fell
    to one place both times, whichever answer stood there.
    """

    same: Rate
    exact: Rate
    swapped: int
    left_twice: int
    right_twice: int


def consistency(repeats: Collection[Again]) -> Consistency | None:
    """How repeats compare with the first time; None without any."""
    same = share([(one.cluster, one.first == one.again) for one in repeats])
    exact = share([(one.cluster, one.exact) for one in repeats])
    if same is None or exact is None:
        return None
    swapped = [one for one in repeats if one.left and one.left_again and one.left != one.left_again]
    decided = [one for one in swapped if one.first and one.again]
    places = [(one.first == one.left, one.again == one.left_again) for one in decided]
    return Consistency(same, exact, len(decided), places.count((True, True)), places.count((False, False)))
