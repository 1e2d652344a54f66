"""Does an agent's work stay the same: its latest weeks against those before, share by share and in length.

What is looked at here is what runs tell by themselves. Any other check of drift can join: it is a `Check` like these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy.orm import Session

from core.evaluate.changes import ALARM
from core.measure.intervals import Interval, Rate
from core.measure.ranks import mann_whitney, median
from core.measure.runs import rate_difference, run_share
from core.records import Outcome, StepKind
from core.store.readiness import RunBrief, first_and_last, runs_between, step_counts

LATEST, BEFORE = timedelta(weeks=4), timedelta(weeks=12)
"""The current window ends with the newest run; the reference is what lies before it."""
ENOUGH = 100
"""Runs in each window, at the least: with them a change of a fifth of the runs comes out in 80 % of repetitions,
(1.96 + 0.84) √(2 · 0.25 / 100) = 0.20 (Cohen 1988); with fewer, no change shown would say too little."""
MOVED = 0.10
"""A change that is smaller moves nothing: nine runs of ten are still as those that would be taught. Thousands of runs
show changes that do not matter."""
MOST_RUNS = 1_000
"""Runs of each window that are looked at, spread evenly over it."""
MOST_STEPS = 20_000
"""Steps of each window that are counted: of longer runs, fewer are looked at."""
MOST_NAMES = 10
"""Tools and groups of tasks that are looked at: the most frequent ones."""


T = TypeVar("T")

Counts = list[tuple[int, int, int]]
"""Rows of (cluster, successes, members)."""


@dataclass(frozen=True, slots=True)
class Window:
    """Runs that began from `start` on and before `end`: `looked_at` of `total`, and their versions, by name."""

    start: datetime
    end: datetime
    total: int
    looked_at: int
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing in the current window against the reference.

    `before` and `after` are shares, or medians of a length. `effect` is the change in shares; of a length how much more
    often than half a later run is longer. `clear` says that chance makes no such change in so many checks.
    """

    name: str
    before: float
    after: float
    effect: float
    interval: Interval | None
    n_reference: int
    n_current: int
    clear: bool

    @property
    def drifted(self) -> bool:
        """Whether it changed clearly, and enough to matter."""
        return self.clear and abs(self.effect) >= MOVED


@dataclass(frozen=True, slots=True)
class Stability:
    """Two windows and everything in which they were compared, the largest clear change first; no checks where one of
    them has too few runs."""

    reference: Window
    current: Window
    checks: tuple[Check, ...]

    @property
    def drifted(self) -> tuple[Check, ...]:
        """What moved."""
        return tuple(check for check in self.checks if check.drifted)


def stability(session: Session, agent: str) -> Stability | None:
    """The latest four weeks of an agent against up to twelve before them; None where no run says when it began."""
    span = first_and_last(session, agent)
    if span is None:
        return None
    end = span[1] + timedelta(microseconds=1)
    since = end - LATEST
    before, after = (_Side(session, agent, *times) for times in ((since - BEFORE, since), (since, end)))
    enough = min(len(before.runs), len(after.runs)) >= ENOUGH
    checks = sorted(_checks(before, after), key=lambda one: (not one.drifted, -abs(one.effect))) if enough else []
    return Stability(before.window, after.window, tuple(checks))


class _Side:
    """The runs of one window, and the steps of so many of them as are counted."""

    def __init__(self, session: Session, agent: str, start: datetime, end: datetime) -> None:
        total, self.runs = runs_between(session, agent, start, end, MOST_RUNS)
        versions = tuple(sorted({run.version for run in self.runs}))
        self.window = Window(start, end, total, len(self.runs), versions)
        self.counted = thinned(self.runs, [run.n_steps for run in self.runs], MOST_STEPS)
        self.steps = step_counts(session, [run.id for run in self.counted])


def thinned(items: Sequence[T], sizes: Sequence[int], most: int) -> list[T]:
    """Every item, or every second, third, … so that their sizes add up to about `most`."""
    return list(items[:: max(1, ceil(sum(sizes) / most))])


def _checks(before: _Side, after: _Side) -> list[Check]:
    names = _names((before, after))
    counted, recounted = _counts(before, names), _counts(after, names)
    shares = [name for name in counted if min(_members(counted[name]), _members(recounted[name])) >= ENOUGH]
    looks = len(shares) + 1
    return [
        *(_share(name, counted[name], recounted[name], 1 - ALARM / looks) for name in shares),
        _length([run.n_steps for run in before.runs], [run.n_steps for run in after.runs], looks),
    ]


def _members(rows: Counts) -> int:
    return sum(members for _, _, members in rows)


def _share(name: str, before: Counts, after: Counts, confidence: float) -> Check:
    """A share in both, with Newcombe's interval for the change, widened for the number of looks (Bonferroni)."""
    one, other = _rate(before), _rate(after)
    interval = rate_difference(one, other, confidence)
    clear = not interval.low <= 0 <= interval.high
    return Check(name, one.value, other.value, other.value - one.value, interval, one.n, other.n, clear)


def _rate(rows: Counts) -> Rate:
    clusters: dict[int, tuple[int, int]] = {}
    for cluster, successes, members in rows:
        solved, n = clusters.get(cluster, (0, 0))
        clusters[cluster] = (solved + successes, n + members)
    return run_share(list(clusters.values()))


def _length(before: Sequence[float], after: Sequence[float], looks: int) -> Check:
    """How long runs are: by ranks, because a few are very long. Runs are taken as independent here."""
    test = mann_whitney(after, before)
    return Check(
        name="Steps a run",
        before=median(before).value,
        after=median(after).value,
        effect=test.larger - 0.5,
        interval=None,
        n_reference=len(before),
        n_current=len(after),
        clear=test.p_value * looks <= ALARM,
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What the two windows have in them, the most frequent first: groups of tasks, tools, kinds of steps."""

    groups: tuple[str, ...]
    tools: tuple[str, ...]
    kinds: tuple[str, ...]


def _names(sides: Sequence[_Side]) -> _Names:
    """Nothing is told from groups or kinds where there is only one."""
    groups = Counter(_group(run) for side in sides for run in side.runs if run.task)
    kinds, tools = Counter[str](), Counter[str]()
    for step in (step for side in sides for step in side.steps):
        kinds[step.kind] += step.n
        if step.kind == StepKind.TOOL:
            tools[step.name] += 1
    return _Names(
        tuple(name for name, _ in groups.most_common(MOST_NAMES)) if len(groups) > 1 else (),
        tuple(name for name, _ in tools.most_common(MOST_NAMES)),
        tuple(kinds) if len(kinds) > 1 else (),
    )


def _counts(side: _Side, names: _Names) -> dict[str, Counts]:
    """What is looked at → rows; runs of one task belong together, and steps of one run."""
    runs, counted = side.runs, side.counted
    known = [run for run in runs if run.outcome != Outcome.UNKNOWN]
    found: dict[str, Counts] = {
        "Runs solved": [(run.cluster, run.outcome == Outcome.SOLVED, 1) for run in known],
        "Runs with an error": [(run.cluster, run.n_errors > 0, 1) for run in runs],
    }
    for group in names.groups:
        found[f"Runs on {group}"] = [(run.cluster, _group(run) == group, 1) for run in runs]
    for tool in names.tools:
        calling = {step.trace_id for step in side.steps if step.kind == StepKind.TOOL and step.name == tool}
        found[f"Runs that call {tool}"] = [(run.cluster, run.id in calling, 1) for run in counted]
    for kind in names.kinds:
        steps = [(step.trace_id, step.n if step.kind == kind else 0, step.n) for step in side.steps]
        found[f"Steps of the kind {kind}"] = steps
    return found


def _group(run: RunBrief) -> str:
    """The namespace of its task: everything before the last "/"."""
    return run.task.rpartition("/")[0]
