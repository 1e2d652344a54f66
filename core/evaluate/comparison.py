"""Two versions on the tasks that both tried: is the candidate better, what did it break, and how sure is that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.evaluate.task_runs import NO_RUNS, TaskRuns, VersionRuns, by_version
from core.measure.intervals import Interval, Mean, mean_interval
from core.measure.paired import SIGNIFICANT, Comparison, PairedMeans, Trials, compare, paired_means
from core.measure.passk import PassK, pass_k
from core.measure.proportions import holm
from core.records import Split
from core.store.catalog import find_version
from core.store.results import tallies
from core.store.suites import Case, find_suite, freeze, list_cases, open_holdout, openings_of
from core.store.trials import published_versions

MARGIN = 0.05
"""Where no suite says otherwise, a difference within ± this much is none that matters."""


@dataclass(frozen=True)
class Side:
    """One of the two versions, on the shared tasks only, but for what was left out."""

    version: str
    version_id: int
    pass_k: tuple[PassK, ...]
    cost: Mean | None
    """US dollars a task (the mean of its runs), over the shared tasks whose cost is known."""
    latency: Mean | None
    """Seconds a task, likewise."""
    n_runs: int
    """Runs that are compared."""
    unknown: int
    """Runs left out because nobody knows their outcome."""
    infrastructure: int
    """Runs left out because they broke through what they ran on, and not through the agent."""
    n_tasks: int
    """Tasks that it has an outcome on, of the `n_cases` of the comparison."""
    not_comparable: int
    """Runs left out because their task is guessed or missing."""
    only: tuple[str, ...]
    """Tasks that the other version did not try."""


@dataclass(frozen=True)
class TagComparison:
    """The shared tasks with one tag; `p_adjusted` is Holm's over all tags."""

    tag: str
    paired: Comparison
    p_adjusted: float

    @property
    def differs(self) -> bool:
        """Whether it would be called better or worse among so many tags."""
        return self.p_adjusted < SIGNIFICANT


@dataclass(frozen=True)
class VersionComparison:
    """What is known about the candidate against the base; `paired` holds the statistics."""

    base: Side
    candidate: Side
    paired: Comparison
    cost: PairedMeans | None
    latency: PairedMeans | None
    held: int
    """Shared tasks that most runs of the base solved."""
    suite: str
    n_cases: int
    """Tasks that are meant: of the suite, with its holdout or without; without a suite those that either has tried."""
    untried: tuple[str, ...]
    """Tasks of the suite that neither version has an outcome on."""
    revision: int = 0
    """Of the suite; 0 without one."""
    by_tag: tuple[TagComparison, ...] = ()
    """For each tag of the suite's shared tasks, the smallest p first."""
    holdout: bool = False
    """Whether it speaks of the suite's holdout, which was opened for it, or else of all its other tasks."""
    closed: int = 0
    """Tasks of the suite's holdout that were left out because it was not opened."""
    openings: int = 0
    """How often the holdout of the suite was opened, this time included."""

    @property
    def sentence(self) -> str:
        """The verdict, as one would say it."""
        paired, base, candidate = self.paired, self.base.version, self.candidate.version
        low, high = 100 * paired.interval.low, 100 * paired.interval.high
        facts = f"{100 * paired.difference:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}), "
        facts += f"p {_p_value(paired.p_value)}, {_tasks(paired.n_tasks)}"
        if paired.verdict in ("better", "worse"):
            return f"{candidate} is {paired.verdict} than {base}: {facts}."
        if paired.verdict == "no difference shown":
            return f"{candidate} and {base} differ by less than {100 * paired.margin:.0f} points: {facts}."
        return f"It cannot be told whether {candidate} is better or worse than {base}: {facts}."

    @property
    def advice(self) -> str:
        """What the verdict hides, and what a smaller doubt would take."""
        paired = self.paired
        said = []
        if paired.regressed or paired.fixed:
            said.append(f"It broke {_tasks(len(paired.regressed))} and fixed {len(paired.fixed)}.")
        if paired.verdict == "cannot be told at this n":
            least = paired.smallest_detectable
            if least is None:
                said.append("So few tasks can show no difference at all: run more.")
            else:
                said.append(
                    f"This many tasks show a difference from about {100 * least:.0f} points on: run more for less."
                )
        return " ".join(said)

    def as_json(self) -> dict[str, Any]:
        """The contract of `loopwright compare --json`."""
        paired = self.paired
        return {
            "n_tasks": paired.n_tasks,
            "n_cases": self.n_cases,
            "suite": self.suite or None,
            "revision": self.revision or None,
            "base": _side_json(self.base, paired.base.value, paired.base.interval),
            "candidate": _side_json(self.candidate, paired.candidate.value, paired.candidate.interval),
            "difference": paired.difference,
            "interval": _bounds(paired.interval),
            "p_value": paired.p_value,
            "test": paired.test,
            "regressed": list(paired.regressed),
            "fixed": list(paired.fixed),
            "flaky": list(paired.flaky),
            "untried": list(self.untried),
            "cost_difference": _means_json(self.cost),
            "latency_difference": _means_json(self.latency),
            "smallest_detectable": paired.smallest_detectable,
            "margin": paired.margin,
            "verdict": paired.verdict,
            "by_tag": [_tag_json(one) for one in self.by_tag],
            "holdout": {"opened": self.holdout, "left_out": self.closed, "openings": self.openings},
            "sentence": self.sentence,
        }


def compare_versions(
    session: Session,
    base: str,
    candidate: str,
    suite: str | None = None,
    agent: str | None = None,
    holdout: bool = False,
) -> VersionComparison:
    """Compare two versions on a suite's tasks (None: on every task that both tried). A draft suite is frozen by it.

    Of a suite the tasks of its holdout are left out, unless `holdout` asks for them alone (`open_for` keeps that it was
    opened). Solved counts 1, partly and failed 0. Raises NotFound, Ambiguous, or InvalidInput where no task is shared,
    for a version of which only published rates are known, and for a holdout that is not there.
    """
    first, second = find_version(session, agent, base), find_version(session, agent, candidate)
    published = published_versions(session)
    for row in (first, second):
        if row.id in published and not tallies(session, [row.id]):
            says = f"Of {row.name} only published rates are known, and no task behind them"
            raise InvalidInput(f"{says}: there is nothing to compare.", field="candidate")
    chosen = find_suite(session, suite) if suite else None
    versions = [first.id, second.id]
    cases = {} if chosen is None else {case.task: case for case in list_cases(session, chosen.id)}
    meant = _meant(cases, holdout, suite)
    found = tallies(session, versions, None if chosen is None else chosen.id)
    runs = by_version(one for one in found if chosen is None or one.task in meant)
    ours, theirs = (runs.get(version, NO_RUNS) for version in versions)
    shared = [task for task in ours.tasks if task in theirs.tasks]
    if not shared:
        raise InvalidInput(_nothing_shared(base, candidate, suite, ours, theirs), field="candidate")
    if chosen is not None:
        freeze(session, chosen)
    before, after = ({task: each.tasks[task].trials for task in each.tasks} for each in (ours, theirs))
    return VersionComparison(
        base=_side(base, first.id, ours, shared, theirs),
        candidate=_side(candidate, second.id, theirs, shared, ours),
        paired=compare(before, after, margin := MARGIN if chosen is None else chosen.margin),
        cost=_paired(ours, theirs, "cost"),
        latency=_paired(ours, theirs, "seconds"),
        held=sum(ours.tasks[task].mostly for task in shared),
        suite=suite or "",
        n_cases=len(meant) if chosen is not None else len(ours.tasks.keys() | theirs.tasks.keys()),
        untried=tuple(task for task in cases if task in meant and task not in ours.tasks and task not in theirs.tasks),
        revision=0 if chosen is None else chosen.revision,
        by_tag=_by_tag([cases[task] for task in shared if task in cases], before, after, margin),
        holdout=holdout,
        closed=0 if holdout else len(cases) - len(meant),
        openings=0 if chosen is None else len(openings_of(session, chosen.name)),
    )


def open_for(session: Session, suite: str, base: str, candidate: str, reason: str, by: int | None = None) -> None:
    """Keep that a suite's holdout is opened to compare two versions, by whom (a row id) and why.

    Raises NotFound, and InvalidInput where there is no holdout, or no reason.
    """
    row = find_suite(session, suite)
    _meant({case.task: case for case in list_cases(session, row.id)}, True, suite)
    if not reason.strip():
        raise InvalidInput("Say why the holdout is opened: every opening is kept and shown.", field="holdout")
    open_holdout(session, row.id, by, reason, (base, candidate))


def _meant(cases: Mapping[str, Case], holdout: bool, suite: str | None) -> set[str]:
    """The tasks of a suite that are compared: its holdout where that is asked for, else all others."""
    kept = {task for task, case in cases.items() if case.split is Split.HOLDOUT}
    if not holdout:
        if cases and len(kept) == len(cases):
            raise InvalidInput(
                f"Every task of the suite {suite} is holdout: open it deliberately, with a reason (--holdout).",
                field="holdout",
            )
        return cases.keys() - kept
    if not suite or not kept:
        which = f"The suite {suite} has" if suite else "Without a suite there is"
        raise InvalidInput(f"{which} no holdout that could be opened.", field="holdout")
    return kept


def _by_tag(cases: Sequence[Case], before: Trials, after: Trials, margin: float) -> tuple[TagComparison, ...]:
    tagged: dict[str, list[str]] = {}
    for case in cases:
        for tag in case.tags:
            tagged.setdefault(tag, []).append(case.task)
    compared = [
        (tag, compare({task: before[task] for task in tasks}, {task: after[task] for task in tasks}, margin))
        for tag, tasks in sorted(tagged.items())
    ]
    adjusted = holm([paired.p_value for _, paired in compared])
    found = [TagComparison(tag, paired, p) for (tag, paired), p in zip(compared, adjusted, strict=True)]
    return tuple(sorted(found, key=lambda one: (one.p_adjusted, one.paired.p_value, one.tag)))


def _side(version: str, version_id: int, runs: VersionRuns, shared: list[str], other: VersionRuns) -> Side:
    tried = [runs.tasks[task] for task in shared]
    return Side(
        version=version,
        version_id=version_id,
        pass_k=pass_k([task.trials for task in tried]),
        cost=_mean(tried, "cost"),
        latency=_mean(tried, "seconds"),
        n_runs=sum(task.known for task in tried),
        unknown=runs.unknown,
        infrastructure=runs.infrastructure,
        n_tasks=len(runs.tasks),
        not_comparable=runs.n_not_comparable,
        only=tuple(task for task in runs.tasks if task not in other.tasks),
    )


def _mean(tasks: list[TaskRuns], of: str) -> Mean | None:
    values = [value for task in tasks if (value := getattr(task, of)) is not None]
    return mean_interval(values) if values else None


def _paired(base: VersionRuns, candidate: VersionRuns, of: str) -> PairedMeans | None:
    before, after = (
        {key: [value] for key, task in side.tasks.items() if (value := getattr(task, of)) is not None}
        for side in (base, candidate)
    )
    return paired_means(before, after) if before.keys() & after.keys() else None


def _nothing_shared(base: str, candidate: str, suite: str | None, ours: VersionRuns, theirs: VersionRuns) -> str:
    of_suite = f" of the suite {suite}" if suite else ""
    for name, runs in ((base, ours), (candidate, theirs)):
        if not runs.n:
            return f"{name} has no runs{of_suite or ' yet'}: import some first."
        if not runs.tasks and runs.n_not_comparable == runs.n:
            return (
                f"The {runs.n} runs of {name} name no task, so it is not known which belong together: "
                "give them a task key (loopwright.task.key)."
            )
        if not runs.tasks and runs.infrastructure == runs.n:
            return (
                f"The {runs.n} runs of {name}{of_suite} all broke through infrastructure, and say nothing about it: "
                "run them again."
            )
        if not runs.tasks:
            return f"No run of {name}{of_suite} has an outcome yet: review some, or import their test results."
    return f"{base} and {candidate} were tried on different tasks{of_suite}: run one on the tasks of the other."


def _side_json(side: Side, success: float, interval: Interval) -> dict[str, Any]:
    return {
        "version": side.version,
        "success": success,
        "interval": _bounds(interval),
        "n_tasks": side.n_tasks,
        "n_runs": side.n_runs,
        "pass_hat": {str(each.k): each.hat for each in side.pass_k},
        "pass_at": {str(each.k): each.at for each in side.pass_k},
        "cost": side.cost.value if side.cost else None,
        "cost_interval": _bounds(side.cost.interval) if side.cost else None,
        "latency": side.latency.value if side.latency else None,
        "latency_interval": _bounds(side.latency.interval) if side.latency else None,
        "unknown": side.unknown,
        "infrastructure": side.infrastructure,
        "not_comparable": side.not_comparable,
        "only": list(side.only),
    }


def _tag_json(one: TagComparison) -> dict[str, Any]:
    paired = one.paired
    return {
        "tag": one.tag,
        "n_tasks": paired.n_tasks,
        "base": paired.base.value,
        "candidate": paired.candidate.value,
        "difference": paired.difference,
        "interval": _bounds(paired.interval),
        "p_value": paired.p_value,
        "p_adjusted": one.p_adjusted,
    }


def _means_json(means: PairedMeans | None) -> Mapping[str, Any] | None:
    if means is None:
        return None
    return {"n_tasks": means.n_tasks, "difference": means.difference, "interval": _bounds(means.interval)}


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _tasks(n: int) -> str:
    return "1 task" if n == 1 else f"{n} tasks"
