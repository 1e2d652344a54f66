"""Control charts: from which week on a number is another, and between which limits it moves by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from core.measure.intervals import Interval, Mean, Rate, wilson, z_score
from core.measure.runs import Median, rate_difference

ALARM = 0.05
"""How often, at most, any week would be marked in all the charts of a page although nothing had changed."""
LIMITS = 3
"""Standard errors from the centre to the limits of a control chart (Shewhart 1931)."""

Number = Rate | Mean | Median


@dataclass(frozen=True, slots=True)
class Change:
    """From `week` on a number is another: what it was since the change before, taken together, and what it is then."""

    week: date
    before: float
    after: float
    interval: Interval
    """Of after - before, widened so that all looks of the page hold together at 95 %."""


@dataclass(frozen=True, slots=True)
class Control:
    """The centre of the weeks around one, and the limits within which it lies unless something changed."""

    week: date
    centre: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """One number through the weeks that tell enough, with its limits and changes."""

    controls: tuple[Control, ...]
    changes: tuple[Change, ...]


def control_charts(series: Sequence[Sequence[tuple[date, Number]]], few: int) -> list[Chart]:
    """A chart of each series; weeks in order, those with fewer than `few` members are passed over.

    Each week is compared with all weeks since the last change, taken together: m looks in all, each with an interval at
    1 - 0.05 / m (Bonferroni): Newcombe's of two rates, else ± √(h₁² + h₂²) of two half-widths (Zou & Donner 2008). A
    week whose interval leaves 0 out begins anew.
    """
    told = [[(week, number) for week, number in one if number.n >= few and number.interval] for one in series]
    looks = max(1, sum(max(0, len(one) - 1) for one in told))
    return [_chart(one, 1 - ALARM / looks) for one in told]


def _chart(weeks: Sequence[tuple[date, Number]], confidence: float) -> Chart:
    spans: list[list[tuple[date, Number]]] = []
    changes = []
    for week, number in weeks:
        if spans:
            before = pooled([earlier for _, earlier in spans[-1]])
            interval = difference(before, number, confidence)
            if interval.low <= 0 <= interval.high:
                spans[-1].append((week, number))
                continue
            changes.append(Change(week, before.value, number.value, interval))
        spans.append([(week, number)])
    return Chart(tuple(control for span in spans for control in _controls(span)), tuple(changes))


def _controls(span: Sequence[tuple[date, Number]]) -> list[Control]:
    centre = pooled([number for _, number in span]).value
    found = []
    for week, number in span:
        if isinstance(number, Rate):
            reach = LIMITS * sqrt(centre * (1 - centre) / number.effective_n)
            found.append(Control(week, centre, max(0.0, centre - reach), min(1.0, centre + reach)))
        else:
            reach = LIMITS * _half(number) / z_score(0.95)
            found.append(Control(week, centre, centre - reach, centre + reach))
    return found


def pooled(numbers: Sequence[Number]) -> Number:
    """Weeks taken together, each by its members; they are taken as independent.

    Where tasks come back from week to week they are not, and a change is found a little too seldom.
    """
    n = sum(number.n for number in numbers)
    value = sum(number.value * number.n for number in numbers) / n
    if isinstance(numbers[0], Rate):
        rates = [number for number in numbers if isinstance(number, Rate)]
        effective, tasks = sum(rate.effective_n for rate in rates), sum(rate.tasks for rate in rates)
        interval = wilson(value * effective, effective)
        return Rate(sum(rate.successes for rate in rates), n, value, interval, tasks, effective)
    half = sqrt(sum((_half(number) * number.n / n) ** 2 for number in numbers))
    return Mean(n, value, Interval(value - half, value + half))


def difference(before: Number, after: Number, confidence: float) -> Interval:
    """The interval of after - before, two independent numbers of one kind."""
    if isinstance(before, Rate) and isinstance(after, Rate):
        return rate_difference(before, after, confidence)
    reach = sqrt(_half(before) ** 2 + _half(after) ** 2) * z_score(confidence) / z_score(0.95)
    return Interval(after.value - before.value - reach, after.value - before.value + reach)


def _half(number: Number) -> float:
    return (number.interval.high - number.interval.low) / 2 if number.interval else 0.0
