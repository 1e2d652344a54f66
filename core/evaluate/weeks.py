"""An agent's runs week by week (ISO weeks, UTC): outcome, errors, length, time, cost, traffic, labels, signals."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate

from sqlalchemy.orm import Session

from core.evaluate.week import Week
from core.measure.intervals import Interval, Rate
from core.measure.runs import Median, median_ranks, run_mean, run_share
from core.records import LabelSchema
from core.store.judgements import Said, labels_by_week, schemas_in_use
from core.store.results import Span, WeekTally, undated_runs, week_seconds, week_tallies
from core.store.signals import week_signals

FEW = 5
"""A number that rests on fewer runs is not shown: "not enough data"."""
MOST_GROUPS = 12
KEPT_GROUPS = 30
"""Groups that a week knows of, the most frequent ones."""

_CATEGORIES = ("taxonomy", "multi_choice")


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
    added_up: datetime | None = None
    """Since when the oldest of the weeks may not have been looked at again; None where all are as of now."""


def weekly(session: Session, agent: str | None = None) -> Weeks:
    """The weeks of an agent (None: of all agents together), each run looked at now."""
    return together(agent, weeks_between(session, agent, None), undated_runs(session, agent))


def together(agent: str | None, weeks: Sequence[Week], undated: int, added_up: datetime | None = None) -> Weeks:
    """The weeks with the names that stand in any of them; a share that a week does not name is 0 there.

    No groups are named where all tasks are of one, or of too many to look at.
    """
    groups = _named([week.traffic for week in weeks])
    groups = groups if 2 <= len(groups) <= MOST_GROUPS else ()
    categories, signals = _named([week.labels for week in weeks]), _named([week.failing for week in weeks], said=True)
    whole = tuple(
        replace(
            week,
            traffic={name: week.traffic.get(name) or _none(week.n) for name in groups},
            labels={name: week.labels.get(name) or _none(week.labelled) for name in categories if week.labelled},
        )
        for week in weeks
    )
    return Weeks(agent, whole, groups, categories, signals, undated, added_up)


def _named(weeks: Sequence[Mapping[str, Rate]], said: bool = False) -> tuple[str, ...]:
    """The names by how often they were met, or (`said`) might have been."""
    counts: Counter[str] = Counter()
    for week in weeks:
        for name, rate in week.items():
            counts[name] += rate.n if said else round(rate.successes)
    return tuple(name for name, _ in counts.most_common())


def _none(n: int) -> Rate:
    return run_share([(0, 1)] * n)


def weeks_between(session: Session, agent: str | None, span: Span | None) -> list[Week]:
    """The weeks of the runs that began within a span (None: of all), in order."""
    tallies: dict[date, list[WeekTally]] = {}
    for tally in week_tallies(session, agent, span):
        tallies.setdefault(tally.week, []).append(tally)
    labels = _labels(labels_by_week(session, agent, span), schemas_in_use(session))
    signals: dict[date, dict[str, list[tuple[float, int]]]] = {}
    for one in week_signals(session, agent, span):
        signals.setdefault(one.week, {}).setdefault(one.name, []).append((one.failed, one.n))
    seconds = week_seconds(session, agent, span)
    return [
        _week(start, week, seconds.get(start), labels.get(start, {}), signals.get(start, {}))
        for start, week in tallies.items()
    ]


def _week(
    start: date,
    tallies: Sequence[WeekTally],
    seconds: Sequence[tuple[float, int]] | None,
    labels: Mapping[int, frozenset[str]],
    signals: Mapping[str, Sequence[tuple[float, int]]],
) -> Week:
    known = [(tally.solved, tally.known) for tally in tallies if tally.known]
    costs = [(tally.cost, tally.n_cost) for tally in tallies if tally.n_cost]
    categories = Counter(name for marked in labels.values() for name in marked)
    return Week(
        start=start,
        n=sum(tally.n for tally in tallies),
        unknown=sum(tally.n - tally.known for tally in tallies),
        success=run_share(known) if known else None,
        errors=run_share([(tally.failing, tally.n) for tally in tallies]),
        steps=run_mean([(tally.steps, tally.n) for tally in tallies]),
        latency=_median(seconds) if seconds else None,
        cost=run_mean(costs) if costs else None,
        traffic=_traffic(tallies),
        labelled=len(labels),
        labels={
            name: run_share([(int(name in marked), 1) for marked in labels.values()])
            for name, _ in categories.most_common()
        },
        failing={name: run_share(rows) for name, rows in signals.items()},
    )


def _median(seconds: Sequence[tuple[float, int]]) -> Median:
    """The median of (value, how often) in order."""
    upto = list(accumulate(n for _, n in seconds))
    n = upto[-1]

    def of_rank(rank: int) -> float:
        return seconds[bisect_left(upto, rank)][0]

    ranks = median_ranks(n)
    interval = Interval(of_rank(ranks[0]), of_rank(ranks[1])) if ranks else None
    return Median(n, (of_rank((n + 1) // 2) + of_rank(n // 2 + 1)) / 2, interval)


def _traffic(tallies: Sequence[WeekTally]) -> dict[str, Rate]:
    """The share of each group of tasks: what stands before the last "/" of a key that was not guessed."""
    groups = [("" if tally.derived else tally.task.rpartition("/")[0], tally.n) for tally in tallies]
    counts: Counter[str] = Counter()
    for group, n in groups:
        counts[group] += n if group else 0
    return {
        name: run_share([(n if group == name else 0, n) for group, n in groups])
        for name, _ in (+counts).most_common(KEPT_GROUPS)
    }


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
