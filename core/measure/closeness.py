"""Agreement that counts near misses: steps that lie close together, spans of words that overlap.

Neither needs a correction for chance: of the many steps and characters of a run, two people hardly ever hit the same
ones by luck, and as places become many, κ tends to the overlap itself (Hripcsak & Rothschild 2005, JAMIA 12).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from core.measure.intervals import SEED, Interval, bootstrap_means, wilson
from core.measure.ratings import NO_PAIR, Coefficient
from core.measure.resampling import RESAMPLES

CHANCE = "two reviewers hardly ever mark the same words by luck, so their overlap itself is what a kappa would come to"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a step, and what they are said to be; 0 to 0 for a whole step."""

    step: str
    value: str
    start: int
    end: int


Spans = frozenset[Span]


@dataclass(frozen=True)
class Overlap:
    """How far spans overlap, over the items in which at least one of two reviewers marked words."""

    percent: Coefficient
    """100 times the mean over items of the mean F1 of two reviewers."""
    pairs: Mapping[str, Coefficient]
    """The same of each two reviewers who share items, under "a~b"."""
    n_raters: int
    n_answers: int


def overlap_f1(a: Spans, b: Spans) -> float | None:
    """2 |A ∩ B| / (|A| + |B|) in characters that carry the same value, 0 to 1; None where both marked nothing."""
    places: dict[tuple[str, str], tuple[list[Span], list[Span]]] = {}
    for side, spans in enumerate((a, b)):
        for span in spans:
            places.setdefault((span.step, span.value), ([], []))[side].append(span)
    shared = total = 0
    for one, other in places.values():
        union, both = _length([*one, *other]), _length(one) + _length(other)
        shared += both - union
        total += both
    return 2 * shared / total if total else None


def _length(spans: Iterable[Span]) -> int:
    """Characters that the spans cover together; a whole step counts as one."""
    covered = reach = 0
    for start, end in sorted((span.start, span.end) if span.end else (-1, 0) for span in spans):
        low = max(start, reach) if covered else start
        covered += max(0, end - low)
        reach = max(reach, end) if covered else end
    return covered


def span_agreement(ratings: Mapping[Any, Mapping[str, Spans]], draws: int = RESAMPLES, seed: int = SEED) -> Overlap:
    """How far the words overlap that reviewers marked: item to rater to spans, an empty set where they marked none."""
    shared: list[float] = []
    pairs: dict[str, list[float]] = {}
    raters: set[str] = set()
    answers = 0
    for given in ratings.values():
        scores = []
        for a, b in combinations(sorted(given), 2):
            score = overlap_f1(given[a], given[b])
            if score is not None:
                scores.append(score)
                pairs.setdefault(f"{a}~{b}", []).append(score)
        if scores:
            shared.append(sum(scores) / len(scores))
            raters.update(given)
            answers += len(given)
    each = {name: _mean(scores, draws, seed) for name, scores in sorted(pairs.items())}
    return Overlap(_mean(shared, draws, seed), each, len(raters), answers)


def percent_within(
    ratings: Mapping[Any, Mapping[str, float]], reach: float = 1, draws: int = RESAMPLES, seed: int = SEED
) -> Coefficient:
    """The mean over items of the share of its pairs of raters whose numbers differ by at most `reach`, 0 to 100."""
    return _mean(_shares(ratings, lambda a, b: abs(a - b) <= reach), draws, seed)


def _shares(ratings: Mapping[Any, Mapping[str, float]], close: Callable[[float, float], bool]) -> list[float]:
    shares = []
    for given in ratings.values():
        pairs = [close(a, b) for a, b in combinations(given.values(), 2)]
        if pairs:
            shares.append(sum(pairs) / len(pairs))
    return shares


def _mean(scores: list[float], draws: int, seed: int) -> Coefficient:
    """100 times the mean of scores of items, 0 to 1; where all are 0 or all 1 the interval is Wilson's."""
    n = len(scores)
    if not n:
        return Coefficient(None, 0, NO_PAIR)
    value = sum(scores) / n
    if n == 1:
        return Coefficient(100 * value, 1)
    if value in (0, 1):
        sure = wilson(n * value, n)
    else:
        low, high = np.quantile(bootstrap_means(np.asarray(scores), n, draws, seed), (0.025, 0.975))
        sure = Interval(float(low), float(high))
    return Coefficient(100 * value, n, interval=Interval(100 * sure.low, 100 * sure.high))
