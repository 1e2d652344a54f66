"""The largest change of a share from one week to the weeks before it, and whether chance alone makes one so large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from core.measure.intervals import Interval, Rate
from core.measure.runs import rate_difference, share_of

ALARM = 0.05
"""How often, at most, a change would be called clear in any of the looks although nothing had changed."""


Clusters = npt.NDArray[np.int64]
"""Rows of (cluster, successes, runs), each cluster once: runs of one task resemble each other."""


@dataclass(frozen=True)
class Series:
    """One share through the weeks."""

    name: str
    weeks: dict[date, Clusters] = field(default_factory=dict)

    def add(self, week: date, rows: Clusters | Sequence[tuple[int, int, int]]) -> None:
        """Add rows of (cluster, successes, runs) to a week; a cluster may stand in several."""
        added = np.array(rows, dtype=np.int64).reshape(-1, 3)
        before = self.weeks.get(week)
        self.weeks[week] = _once(added if before is None else np.concatenate([before, added]))

    def rate(self, week: date) -> Rate | None:
        """The share in a week; None without runs."""
        _, successes, runs = self.weeks[week].T
        return share_of(successes, runs) if len(runs) else None


def _once(rows: Clusters) -> Clusters:
    clusters, places = np.unique(rows[:, 0], return_inverse=True)
    if len(clusters) == len(rows):
        return rows
    added = np.zeros((len(clusters), 2), dtype=np.int64)
    np.add.at(added, places, rows[:, 1:])
    return np.column_stack([clusters, added])


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
    if not series.weeks:
        return
    known = np.unique(np.concatenate([rows[:, 0] for rows in series.weeks.values()]))
    successes, runs = np.zeros((2, len(known)), dtype=np.int64)
    for week in sorted(series.weeks):
        after, earlier = series.rate(week), runs > 0
        if after and earlier.any():
            yield week, share_of(successes[earlier], runs[earlier]), after
        here = np.searchsorted(known, series.weeks[week][:, 0])
        successes[here] += series.weeks[week][:, 1]
        runs[here] += series.weeks[week][:, 2]


def _size(change: Change) -> float:
    difference = abs(change.after.value - change.before.value)
    return difference if change.clear else difference / (change.interval.high - change.interval.low)


def _of(rate: Rate) -> str:
    return f"{100 * rate.value:.0f} % ({rate.successes:.0f} of {rate.n})"
