"""The largest change of a share from one week to the weeks before it, and whether chance alone makes one so large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from core.measure.intervals import Interval, Rate
from core.measure.runs import rate_difference, run_share, share_of

ALARM = 0.05
"""How often, at most, a change would be called clear in any of the looks although nothing had changed."""


Clusters = dict[int, tuple[int, int]]
"""Successes and runs by cluster: runs of one task resemble each other."""


@dataclass(frozen=True)
class Series:
    """One share through the weeks."""

    name: str
    weeks: dict[date, Clusters] = field(default_factory=dict)

    def add(self, week: date, rows: Iterable[tuple[int, int, int]]) -> None:
        """Add (cluster, successes, runs) rows to a week."""
        clusters = self.weeks.setdefault(week, {})
        for cluster, successes, n in rows:
            before = clusters.get(cluster, (0, 0))
            clusters[cluster] = (before[0] + successes, before[1] + n)

    def rate(self, week: date) -> Rate | None:
        """The share in a week; None without runs."""
        clusters = self.weeks[week]
        return run_share(list(clusters.values())) if clusters else None


@dataclass(frozen=True)
class Change:
    """A share in one week against the weeks before it, taken together."""

    name: str
    week: date
    before: Rate
    after: Rate
    interval: Interval
    """Of after - before, widened so that all `looks` hold together at 95 %."""
    looks: int
    clear: bool
    """Whether the interval leaves 0 out."""

    @property
    def sentence(self) -> str:
        """What changed and when, or that nothing stands out."""
        when = f"in the week of {self.week.day} {self.week:%B %Y}"
        said = f"{self.name} {self._verb()} {when}: {_of(self.after)} after {_of(self.before)} in the weeks before"
        if self.clear:
            return f"{said}."
        none = "No week differs from those before it by more than chance makes."
        return none if self.before.value == self.after.value else f"{none} Nearest to it: {said}."

    def _verb(self) -> str:
        before, after = self.before.value, self.after.value
        if self.clear and before and after >= 2 * before:
            return "doubled" if after < 2.5 * before else f"rose {after / before:.1f}-fold"
        if self.clear and 2 * after <= before:
            return "fell to half or less"
        return "rose" if after > before else "fell"


def largest_change(series: Sequence[Series], few: int) -> Change | None:
    """Compare every week of every series with all weeks before it; weeks with fewer than `few` runs are not compared.

    Each of m looks has a Newcombe interval at 1 - 0.05 / m (Bonferroni), so that with no true change any of them is
    called clear in at most about 5 % of pages. The largest clear change is returned; where none is, the one that comes
    nearest.
    """
    pairs = [
        (one.name, week, before, after)
        for one in series
        for week, before, after in _looks(one)
        if min(before.n, after.n) >= few and (before.value or after.value)
    ]
    found = []
    for name, week, before, after in pairs:
        interval = rate_difference(before, after, 1 - ALARM / len(pairs))
        clear = not interval.low <= 0 <= interval.high
        found.append(Change(name, week, before, after, interval, len(pairs), clear))
    return max(found, key=lambda change: (change.clear, _size(change)), default=None)


def _looks(series: Series) -> Iterator[tuple[date, Rate, Rate]]:
    """Each week's share with that of all weeks before it, where both have runs; what came before is added up once."""
    places = {cluster: place for place, cluster in enumerate({one for week in series.weeks.values() for one in week})}
    successes, runs = np.zeros((2, len(places)), dtype=np.int64)
    for week, clusters in sorted(series.weeks.items()):
        if not clusters:
            continue
        if (earlier := runs > 0).any():
            yield week, share_of(successes[earlier], runs[earlier]), run_share(list(clusters.values()))
        here = [places[cluster] for cluster in clusters]
        added = np.array(list(clusters.values())).T
        successes[here] += added[0]
        runs[here] += added[1]


def _size(change: Change) -> float:
    difference = abs(change.after.value - change.before.value)
    return difference if change.clear else difference / (change.interval.high - change.interval.low)


def _of(rate: Rate) -> str:
    return f"{100 * rate.value:.0f} % ({rate.successes:.0f} of {rate.n})"
