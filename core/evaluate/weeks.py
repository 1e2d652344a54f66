"""An agent's runs week by week (ISO weeks, UTC): outcome, errors, length, time, cost, traffic, labels, signals."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import numpy as np
from sqlalchemy.orm import Session

from core.evaluate.changes import Change, Series, largest_change
from core.measure.intervals import Interval, Mean, Rate
from core.measure.runs import Median, median_ranks, run_mean, run_share
from core.records import LabelSchema
from core.store.judgements import Said, labels_by_week, schemas_in_use
from core.store.results import WeekTally, undated_runs, week_seconds, week_tallies
from core.store.signals import WeekSignals, week_signals

FEW = 5
"""A number that rests on fewer runs is not shown: "not enough data"."""
MOST_GROUPS = 12

_CATEGORIES = ("taxonomy", "multi_choice")


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


@dataclass(frozen=True, slots=True)
class Weeks:
    """All weeks with runs, in order; `groups`, `categories`, `signals`: the names in them, most frequent first."""

    agent: str | None
    weeks: tuple[Week, ...]
    groups: tuple[str, ...]
    categories: tuple[str, ...]
    signals: tuple[str, ...]
    undated: int
    """Runs left out because their source does not say when they began."""
    change: Change | None
    """The largest change of a share from one week to the weeks before it; None when no two weeks can be compared."""


def weekly(session: Session, agent: str | None = None) -> Weeks:
    """The weeks of an agent (None: of all agents together)."""
    tallies: dict[date, list[WeekTally]] = {}
    for tally in week_tallies(session, agent):
        tallies.setdefault(tally.week, []).append(tally)
    labels = _labels(labels_by_week(session, agent), schemas_in_use(session))
    signals = _signals(week_signals(session, agent))
    seconds = week_seconds(session, agent)
    groups = _groups(tallies.values())
    categories = _ordered(name for runs in labels.values() for marked in runs.values() for name in marked)
    solved, errors = Series("Success"), Series("Runs with an error")
    traffic = {name: Series(f"Runs on {name}") for name in groups}
    labelled = {name: Series(f"The label “{name}”") for name in categories}
    weeks = []
    for start, week in tallies.items():
        solved.add(start, [(t.cluster, t.solved, t.known) for t in week if t.known])
        errors.add(start, [(t.cluster, t.failing, t.n) for t in week])
        for name, series in traffic.items():
            series.add(start, [(t.cluster, t.n if _group(t.task) == name else 0, t.n) for t in week])
        runs = labels.get(start, {})
        ones = np.ones(len(runs), dtype=np.int64)
        for name, series in labelled.items():
            marked = [name in categories for categories in runs.values()]
            series.add(start, np.column_stack([list(runs), marked, ones]))
        weeks.append(
            Week(
                start=start,
                n=sum(tally.n for tally in week),
                unknown=sum(tally.n - tally.known for tally in week),
                success=solved.rate(start),
                errors=run_share([(t.failing, t.n) for t in week]),
                steps=run_mean([(t.steps, t.n) for t in week]),
                latency=_median(seconds[start]) if start in seconds else None,
                cost=_mean([(t.cost, t.n_cost) for t in week if t.n_cost]),
                traffic={name: rate for name, series in traffic.items() if (rate := series.rate(start))},
                labelled=len(runs),
                labels={name: rate for name, series in labelled.items() if (rate := series.rate(start))},
                failing={
                    name: rate for name, one in signals.items() if start in one.weeks and (rate := one.rate(start))
                },
            )
        )
    change = largest_change([solved, errors, *traffic.values(), *labelled.values()], FEW)
    return Weeks(agent, tuple(weeks), groups, categories, tuple(signals), undated_runs(session, agent), change)


def _signals(found: Iterable[WeekSignals]) -> dict[str, Series]:
    """The share that failed by each signal, the most frequent first."""
    rows: dict[tuple[str, date], list[tuple[int, int, int]]] = {}
    counts: Counter[str] = Counter()
    for one in found:
        rows.setdefault((one.name, one.week), []).append((one.cluster, one.failed, one.n))
        counts[one.name] += one.n
    series = {name: Series(name) for name, _ in counts.most_common()}
    for (name, week), added in rows.items():
        series[name].add(week, added)
    return series


def _mean(clusters: Sequence[tuple[float, int]]) -> Mean | None:
    return run_mean(clusters) if clusters else None


def _median(seconds: Sequence[tuple[float, int]]) -> Median:
    """The median of (value, how often) in order."""
    upto = list(accumulate(n for _, n in seconds))
    n = upto[-1]

    def of_rank(rank: int) -> float:
        return seconds[bisect_left(upto, rank)][0]

    ranks = median_ranks(n)
    interval = Interval(of_rank(ranks[0]), of_rank(ranks[1])) if ranks else None
    return Median(n, (of_rank((n + 1) // 2) + of_rank(n // 2 + 1)) / 2, interval)


def _group(task: str) -> str:
    """The task's namespace: everything before the last "/"."""
    return task.rpartition("/")[0]


def _groups(weeks: Iterable[Sequence[WeekTally]]) -> tuple[str, ...]:
    """The namespaces of tasks, most frequent first; none where all tasks are of one, or of too many to look at."""
    counts: Counter[str] = Counter()
    for week in weeks:
        for tally in week:
            if not tally.derived and (group := _group(tally.task)):
                counts[group] += tally.n
    return tuple(group for group, _ in counts.most_common()) if 2 <= len(counts) <= MOST_GROUPS else ()


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(names).most_common())


def _labels(
    said: Iterable[tuple[date, Said]], schemas: Mapping[int, LabelSchema]
) -> dict[date, dict[int, frozenset[str]]]:
    """Week → labelled run → the categories that anybody marked on it, on a step or on the whole run."""
    asked = {
        key: {question.key for question in schema.questions if question.kind in _CATEGORIES}
        for key, schema in schemas.items()
    }
    found: dict[date, dict[int, frozenset[str]]] = {}
    for start, one in said:
        if questions := asked.get(one.schema_id):
            runs = found.setdefault(start, {})
            marked = (one.chosen(question) for question in questions)
            runs[one.trace_id] = runs.get(one.trace_id, frozenset()).union(*marked)
    return found
