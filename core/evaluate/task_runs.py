"""One version's runs of one task, as counts: what every comparison, history and map is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    """Runs whose outcome nobody knows; without those that broke through infrastructure."""
    infrastructure: int

    @property
    def n_not_comparable(self) -> int:
        """Runs whose task is guessed or missing."""
        return sum(runs.known + runs.unknown for runs in (*self.derived, self.taskless))


NO_RUNS = VersionRuns({}, (), TaskRuns(0, 0, 0, None, None), 0, 0, 0)


def by_version(tallies: Iterable[Tally]) -> dict[int, VersionRuns]:
    """Version row id → its runs; tasks in natural order."""
    grouped: dict[int, list[Tally]] = {}
    for tally in tallies:
        grouped.setdefault(tally.version_id, []).append(tally)
    order = {key: natural(key) for key in {tally.task for tallies in grouped.values() for tally in tallies}}
    return {
        version: _sorted_out(sorted(tallies, key=lambda tally: order[tally.task]))
        for version, tallies in grouped.items()
    }


def _sorted_out(tallies: Sequence[Tally]) -> VersionRuns:
    return VersionRuns(
        tasks={tally.task: _runs(tally) for tally in tallies if tally.task and not tally.derived and tally.known},
        derived=[_runs(tally) for tally in tallies if tally.derived],
        taskless=next((_runs(tally) for tally in tallies if not tally.task), NO_RUNS.taskless),
        n=sum(tally.n for tally in tallies),
        unknown=sum(tally.n - tally.known - tally.infrastructure for tally in tallies),
        infrastructure=sum(tally.infrastructure for tally in tallies),
    )


def _runs(tally: Tally) -> TaskRuns:
    return TaskRuns(
        solved=tally.solved,
        known=tally.known,
        unknown=tally.n - tally.known,
        cost=tally.cost / tally.n_cost if tally.n_cost else None,
        seconds=tally.seconds / tally.n_seconds if tally.n_seconds else None,
    )


def natural(key: str) -> list[tuple[int, str]]:
    """The order in which people count: task 9 before task 18."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", key)]
