"""One week of an agent's runs (Monday to Sunday, UTC) in numbers, and the same as JSON, in which weeks are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from core.measure.intervals import Interval, Mean, Rate
from core.measure.runs import Median


@dataclass(frozen=True, slots=True)
class Week:
    """One week. Every share and mean is over runs; None where there is none to speak of."""

    start: date
    n: int
    unknown: int
    success: Rate | None
    """Of the runs with an outcome."""
    errors: Rate
    """Runs with a step that ended in an error."""
    steps: Mean
    latency: Median | None
    """Seconds a run."""
    cost: Mean | None
    """US dollars a run."""
    traffic: Mapping[str, Rate]
    """Group of tasks → its share of all runs."""
    labelled: int
    labels: Mapping[str, Rate]
    """Category → the share of the labelled runs on which somebody marked it."""
    failing: Mapping[str, Rate]
    """Signal → of the runs on which it says something, the share on which it says that they failed."""

    def as_json(self) -> dict[str, Any]:
        """Everything but the date."""
        return {key: value for key, value in asdict(self).items() if key != "start"}


def week_from(start: date, body: Mapping[str, Any]) -> Week:
    """The week that `as_json` wrote."""
    return Week(
        start=start,
        n=body["n"],
        unknown=body["unknown"],
        success=_rate(body["success"]) if body["success"] else None,
        errors=_rate(body["errors"]),
        steps=_mean(body["steps"]),
        latency=Median(**_with_interval(body["latency"])) if body["latency"] else None,
        cost=_mean(body["cost"]) if body["cost"] else None,
        labelled=body["labelled"],
        **{key: {name: _rate(rate) for name, rate in body[key].items()} for key in ("traffic", "labels", "failing")},
    )


def _rate(body: Mapping[str, Any]) -> Rate:
    return Rate(**_with_interval(body))


def _mean(body: Mapping[str, Any]) -> Mean:
    return Mean(**_with_interval(body))


def _with_interval(body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(body) | {"interval": Interval(**body["interval"]) if body["interval"] else None}
