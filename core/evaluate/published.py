"""Published rates of an agent's versions: without tasks they are compared with nothing, only shown.

Where a version has runs of its own on the benchmark's tasks, what those come to stands beside the published rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.evaluate.task_runs import by_version
from core.measure.intervals import Interval, Rate, clustered_rate, wilson
from core.store.results import tallies
from core.store.trials import AggregateLine, aggregates_of


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """One published rate; no interval where the source does not say of how many tasks.

    `recomputed` is from the version's own runs of tasks whose keys begin with the benchmark's name, None without any.
    """

    version: str
    benchmark: str
    rate: float
    n: int | None
    interval: Interval | None
    recomputed: Rate | None
    date: datetime | None
    cost: float | None
    """US dollars a task."""
    seconds: float | None
    """Seconds a task."""
    source: str
    note: str


def published_rates(session: Session, agent: str) -> tuple[PublishedRate, ...]:
    """All published rates of an agent, the oldest first, those without a date at the end."""
    lines = aggregates_of(session, agent)
    trials = {
        version: {task: runs.trials for task, runs in found.tasks.items()}
        for version, found in by_version(tallies(session, sorted({line.version_id for line in lines}))).items()
    }
    return tuple(_published(line, trials.get(line.version_id, {})) for line in lines)


def _published(line: AggregateLine, trials: Mapping[str, list[float]]) -> PublishedRate:
    own = [outcomes for task, outcomes in trials.items() if task.startswith(f"{line.benchmark}/")]
    return PublishedRate(
        version=line.version,
        benchmark=line.benchmark,
        rate=line.rate,
        n=line.n,
        interval=wilson(line.rate * line.n, line.n) if line.n else None,
        recomputed=clustered_rate(own) if own else None,
        date=line.date,
        cost=line.cost,
        seconds=line.seconds,
        source=line.source,
        note=line.note,
    )
