"""The numbers that Drift shows of every week: what each is, its unit, its dots and its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from core.evaluate.changes import Number
from core.evaluate.week import Week
from core.measure.intervals import Interval, Rate
from dashboard.charts import FAILED, OTHER, SOLVED, Dot
from dashboard.parts.numbers import Words, dollars, duration, mean, percent, plain, share


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a week; `unit` is what it counts over, `axis` the unit of its values."""

    key: str
    title: str
    of: Callable[[Week], Number | None]
    words: Words
    axis: str
    colour: str = OTHER
    unit: str = "runs"

    def dots(self, weeks: Sequence[Week]) -> list[Dot]:
        """Every week as a chart takes it. Nothing here can be below 0, though a symmetric interval may."""
        found = []
        for week in weeks:
            if (number := self.of(week)) is None:
                found.append(Dot(week.start, 0.0, None, 0))
                continue
            interval = number.interval and Interval(max(0.0, number.interval.low), number.interval.high)
            found.append(Dot(week.start, number.value, interval, number.n))
        return found

    def series(self, weeks: Sequence[Week]) -> list[tuple[date, Number]]:
        """Every week that has the number."""
        return [(week.start, number) for week in weeks if (number := self.of(week)) is not None]

    def rows(self, weeks: Sequence[Week]) -> list[dict[str, str]]:
        """Every week as a row."""
        return [{"Week of": f"{week.start:%Y-%m-%d}", self.title: self._said(week)} for week in weeks]

    def _said(self, week: Week) -> str:
        number = self.of(week)
        return share(number) if isinstance(number, Rate) else mean(number, self.words)


MEASURES = (
    Measure("success", "Solved", lambda w: w.success, percent, "share of runs", SOLVED, "runs with an outcome"),
    Measure("errors", "Runs with an error", lambda w: w.errors, percent, "share of runs", FAILED),
    Measure("latency", "Median time a run", lambda w: w.latency, duration, "seconds"),
    Measure("cost", "Cost a run", lambda w: w.cost, dollars, "US dollars"),
    Measure("steps", "Steps a run", lambda w: w.steps, plain, "steps"),
)


def traffic(group: str) -> Measure:
    """The share of the runs that are about a group of tasks."""
    return Measure(f"traffic_{group}", group, lambda week: week.traffic.get(group), percent, "share of runs")


def label(category: str) -> Measure:
    """The share of the labelled runs on which somebody marked a category."""
    of = "labelled runs"
    return Measure(f"label_{category}", category, lambda week: week.labels.get(category), percent, of, FAILED, of)


def signal(name: str) -> Measure:
    """Of the runs on which a signal says something, the share on which it says that they failed."""
    said, of = f"{name} says failed", "runs on which it says something"
    return Measure(f"signal_{name}", said, lambda week: week.failing.get(name), percent, "share of runs", FAILED, of)
