"""One version's runs of one task, as counts: what every comparison, history and map is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.records import Outcome
from core.store.results import Tally


@dataclass(frozen=True, slots=True)
class TaskRuns:
    """Runs of a task: `known` have an outcome, of which `solved` solved it (partly and failed did not).

    `cost` and `seconds` are means over the runs with an outcome; None where no such run tells.
    """

    solved: int
    known: int
    unknown: int
    cost: float | None
    seconds: float | None

    @property
    def trials(self) -> list[float]:
        """The outcomes as the statistics take them, 1 for solved and 0 for not."""
        return [1.0] * self.solved + [0.0] * (self.known - self.solved)

    @property
    def mostly(self) -> bool:
        """Whether a majority of the runs solved it; a tie is not solved."""
        return 2 * self.solved > self.known


@dataclass(frozen=True, slots=True)
class VersionRuns:
    """All runs of one version that were asked for, sorted out.

    `tasks` have a key of their own and a run with an outcome: they alone are compared between versions. `derived` are
    those whose task was guessed from what was said first, `taskless` are the runs without any.
    """

    tasks: Mapping[str, TaskRuns]
    derived: Sequence[TaskRuns]
    taskless: TaskRuns
    n: int
    unknown: int

    @property
    def n_not_comparable(self) -> int:
        """Runs whose task is guessed or missing."""
        return sum(runs.known + runs.unknown for runs in (*self.derived, self.taskless))


NO_RUNS = VersionRuns({}, (), TaskRuns(0, 0, 0, None, None), 0, 0)


def by_version(tallies: Iterable[Tally]) -> dict[int, VersionRuns]:
    """Version row id → its runs; tasks in natural order."""
    grouped: dict[int, dict[tuple[str, bool], list[Tally]]] = {}
    for tally in tallies:
        grouped.setdefault(tally.version_id, {}).setdefault((tally.task, tally.derived), []).append(tally)
    return {version: _sorted_out(tasks) for version, tasks in grouped.items()}


def _sorted_out(grouped: Mapping[tuple[str, bool], Sequence[Tally]]) -> VersionRuns:
    added = {task: _added(tallies) for task, tallies in grouped.items()}
    named = {key: runs for (key, derived), runs in added.items() if key and not derived and runs.known}
    return VersionRuns(
        tasks={key: named[key] for key in sorted(named, key=natural)},
        derived=[runs for (key, derived), runs in added.items() if key and derived],
        taskless=added.get(("", False), NO_RUNS.taskless),
        n=sum(runs.known + runs.unknown for runs in added.values()),
        unknown=sum(runs.unknown for runs in added.values()),
    )


def _added(tallies: Sequence[Tally]) -> TaskRuns:
    known = [tally for tally in tallies if tally.outcome is not Outcome.UNKNOWN]
    paid, timed = sum(tally.n_cost for tally in known), sum(tally.n_seconds for tally in known)
    return TaskRuns(
        solved=sum(tally.n for tally in known if tally.outcome is Outcome.SOLVED),
        known=sum(tally.n for tally in known),
        unknown=sum(tally.n for tally in tallies if tally.outcome is Outcome.UNKNOWN),
        cost=sum(tally.cost for tally in known) / paid if paid else None,
        seconds=sum(tally.seconds for tally in known) / timed if timed else None,
    )


def natural(key: str) -> list[tuple[int, str]]:
    """The order in which people count: task 9 before task 18."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", key)]
