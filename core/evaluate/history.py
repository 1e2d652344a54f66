"""All versions of an agent in the order they were made in: how good, how sure, what each broke, what was mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.evaluate.task_runs import NO_RUNS, VersionRuns, by_version, natural
from core.measure.intervals import Mean, Rate, clustered_rate, rate
from core.measure.runs import run_mean
from core.records import Split
from core.store.catalog import VersionLine, list_versions
from core.store.results import tallies
from core.store.suites import find_suite, list_cases
from core.store.trials import published_versions


@dataclass(frozen=True, slots=True)
class VersionPoint:
    """One version. Rates and means weigh every task the same; None where no run tells."""

    version: str
    version_id: int
    date: datetime | None
    date_set: bool
    base: str
    n_runs: int
    unknown: int
    """Runs without an outcome, but for those that broke."""
    infrastructure: int
    """Runs that broke through what they ran on: no failures of the agent, and left out."""
    n_tasks: int
    """Tasks that can be compared."""
    success: Rate | None
    cost: Mean | None
    """US dollars a task."""
    latency: Mean | None
    """Seconds a task."""
    against: str
    """Its base, else the version before it: whatever it breaks, it breaks against that one. "" for the first."""
    regression: Rate | None
    """Of the tasks that `against` solved and this one tried: the share that it solves no longer."""
    broken: tuple[str, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One task under one version: `solved` of `n` runs."""

    solved: int
    n: int


@dataclass(frozen=True, slots=True)
class Breakage:
    """A version broke a task; `mended` is the first later version that solves it, "" while none does."""

    version: str
    mended: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task through all versions."""

    task: str
    cells: Mapping[str, Cell]
    breakages: tuple[Breakage, ...]
    changes: int
    """How often it was broken or fixed."""

    @property
    def open(self) -> bool:
        """Whether something that was broken was never mended."""
        return any(not breakage.mended for breakage in self.breakages)


@dataclass(frozen=True, slots=True)
class History:
    """An agent's versions, and its tasks: what is broken first, then what changed most."""

    agent: str
    points: tuple[VersionPoint, ...]
    tasks: tuple[TaskLine, ...]


def version_history(session: Session, agent: str, suite: str | None = None, holdout: bool = False) -> History:
    """The history of an agent, on all its tasks or on those of a suite. Raises NotFound for an unknown suite.

    Of a suite the tasks of its holdout are left out, unless `holdout` asks for them alone, as in comparisons.
    Versions of which nothing but published rates is known are left out (core.evaluate.published).
    """
    published = published_versions(session)
    lines = list_versions(session, agent)
    chosen = find_suite(session, suite).id if suite else None
    found = tallies(session, [line.id for line in lines], chosen)
    if chosen is not None:
        meant = {one.task for one in list_cases(session, chosen) if (one.split is Split.HOLDOUT) is holdout}
        found = [one for one in found if one.task in meant]
    runs = by_version(found)
    lines = [line for line in lines if line.id in runs or line.id not in published]
    tried = {line.name: runs[line.id] for line in lines if line.id in runs}
    points = [
        _point(line, tried.get(line.name, NO_RUNS), _against(line, lines[:index], tried), tried)
        for index, line in enumerate(lines)
    ]
    return History(agent, tuple(points), _task_lines(points, tried))


def _against(line: VersionLine, before: Sequence[VersionLine], tried: Mapping[str, VersionRuns]) -> str:
    if line.base in tried:
        return line.base
    return next((earlier.name for earlier in reversed(before) if earlier.name in tried), "")


def _point(line: VersionLine, runs: VersionRuns, against: str, tried: Mapping[str, VersionRuns]) -> VersionPoint:
    before = tried.get(against, NO_RUNS).tasks
    shared = [task for task in runs.tasks if task in before]
    held = [task for task in shared if before[task].mostly]
    broken = tuple(task for task in held if not runs.tasks[task].mostly)
    everything = [*runs.tasks.values(), *(task for task in runs.derived if task.known)]
    # A run without a task is evidence of its own.
    trials = [task.trials for task in everything] + [[trial] for trial in runs.taskless.trials]
    return VersionPoint(
        version=line.name,
        version_id=line.id,
        date=line.date,
        date_set=line.date_set,
        base=line.base,
        n_runs=runs.n,
        unknown=runs.unknown,
        infrastructure=runs.infrastructure,
        n_tasks=len(runs.tasks),
        success=clustered_rate(trials) if trials else None,
        cost=_mean([task.cost for task in everything]),
        latency=_mean([task.seconds for task in everything]),
        against=against,
        regression=rate(len(broken), len(held)) if held else None,
        broken=broken,
        fixed=tuple(task for task in shared if runs.tasks[task].mostly and not before[task].mostly),
    )


def _mean(values: Sequence[float | None]) -> Mean | None:
    known = [(value, 1) for value in values if value is not None]
    return run_mean(known) if known else None


def _task_lines(points: Sequence[VersionPoint], tried: Mapping[str, VersionRuns]) -> tuple[TaskLine, ...]:
    order = [point.version for point in points if point.version in tried]
    cells: dict[str, dict[str, Cell]] = {}
    for version in order:
        for task, runs in tried[version].tasks.items():
            cells.setdefault(task, {})[version] = Cell(runs.solved, runs.known)
    breakages: dict[str, list[Breakage]] = {}
    changes: dict[str, int] = dict.fromkeys(cells, 0)
    for place, point in enumerate(point for point in points if point.version in tried):
        for task in point.broken:
            later = order[place + 1 :]
            mended = next((name for name in later if (cell := cells[task].get(name)) and 2 * cell.solved > cell.n), "")
            breakages.setdefault(task, []).append(Breakage(point.version, mended))
        for task in (*point.broken, *point.fixed):
            changes[task] += 1
    lines = [TaskLine(task, cells[task], tuple(breakages.get(task, ())), changes[task]) for task in cells]
    return tuple(sorted(lines, key=lambda line: (not line.open, -line.changes, natural(line.task))))
