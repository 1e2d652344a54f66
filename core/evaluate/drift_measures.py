"""What is measured of a window of runs, for one window to be held against another: shares and lengths, run by run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from core.records import LabelSchema, Outcome, SignalKind, StepKind
from core.review.gold import COMPARED, SETS, comparable
from core.store.windows import RunBrief, SaidOf, StepCount
from core.store.work import Answered
from core.tasks.outcome import BY_PEOPLE

MOST_NAMES = 10
"""Tools, groups of tasks, signals and categories that are looked at: the most frequent ones."""

SOLVED = "Runs solved"
AGREES = " agrees with people"


class About(StrEnum):
    """What has changed where a check has: what comes in, what the agent does, what users or judges say, what people
    label, how annotators work."""

    TRAFFIC = "traffic"
    AGENT = "agent"
    USERS = "users"
    JUDGE = "judge"
    LABELS = "labels"
    ANNOTATORS = "annotators"


class Kind(StrEnum):
    """How a check is measured: a share, a length by ranks, texts by their vectors."""

    SHARE = "share"
    LENGTH = "length"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Side:
    """What was read of one window: runs, those whose steps were counted, labelled runs and what was said of them."""

    runs: Sequence[RunBrief]
    counted: Sequence[RunBrief]
    steps: Sequence[StepCount]
    signals: Sequence[SaidOf]
    labelled: Sequence[RunBrief]
    labels: Sequence[Answered]
    judged: Sequence[SaidOf]
    """What machines say of the labelled runs."""


Row = tuple[int, float, int]
"""Cluster, sum of values, members."""


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    about: About
    kind: Kind
    before: list[Row]
    after: list[Row]


def measures(before: Side, after: Side, schemas: Mapping[int, LabelSchema]) -> list[Measure]:
    """Everything that can be measured in both windows."""
    return [*_of_runs(before, after), *_of_labels(before, after, schemas)]


def members(rows: Sequence[Row]) -> int:
    return sum(n for _, _, n in rows)


def _of_runs(before: Side, after: Side) -> list[Measure]:
    """What runs tell by themselves, and what signals say of them. Of one group or kind alone nothing can be told."""
    groups = Counter(group_of(run) for side in (before, after) for run in side.runs if run.task)
    kinds, tools, names = Counter[str](), Counter[str](), Counter[tuple[str, About]]()
    for step in (*before.steps, *after.steps):
        kinds[step.kind] += step.n
        tools[step.name] += step.kind == StepKind.TOOL
    for signal in (*before.signals, *after.signals):
        names[signal.name, _said_by(signal)] += 1
    found = []

    def add(name: str, about: About, kind: Kind, rows: Sequence[list[Row]]) -> None:
        found.append(Measure(name, about, kind, *rows))

    sides = (before, after)
    for group in _frequent(groups) if len(groups) > 1 else ():
        rows = [_rows((run, group_of(run) == group) for run in side.runs) for side in sides]
        add(f"Runs on {group}", About.TRAFFIC, Kind.SHARE, rows)
    asked = [_rows((run, len(run.title)) for run in side.runs) for side in sides]
    add("Characters of the task", About.TRAFFIC, Kind.LENGTH, asked)
    known = [[run for run in side.runs if run.outcome != Outcome.UNKNOWN] for side in sides]
    solved = [_rows((run, run.outcome == Outcome.SOLVED) for run in runs) for runs in known]
    add(SOLVED, About.AGENT, Kind.SHARE, solved)
    errors = [_rows((run, run.n_errors > 0) for run in side.runs) for side in sides]
    add("Runs with an error", About.AGENT, Kind.SHARE, errors)
    for tool in _frequent(+tools):
        calling = {s.trace_id for side in sides for s in side.steps if s.kind == StepKind.TOOL and s.name == tool}
        rows = [_rows((run, run.id in calling) for run in side.counted) for side in sides]
        add(f"Runs that call {tool}", About.AGENT, Kind.SHARE, rows)
    for kind in kinds if len(kinds) > 1 else ():
        add(f"Steps of the kind {kind}", About.AGENT, Kind.SHARE, [_steps(side, kind) for side in sides])
    lengths = {
        "Steps a run": [_told((run, run.n_steps) for run in side.runs) for side in sides],
        "Seconds a run": [_told((run, run.seconds) for run in side.runs) for side in sides],
        "Dollars a run": [_told((run, run.cost) for run in side.runs) for side in sides],
        "Tokens written a run": [_told((run, run.tokens_out) for run in side.runs) for side in sides],
    }
    for name, rows in lengths.items():
        if any(rows):
            add(name, About.AGENT, Kind.LENGTH, rows)
    for (name, about), _ in names.most_common(MOST_NAMES):
        said = [[s for s in side.signals if (s.name, _said_by(s)) == (name, about)] for side in sides]
        rows = [_signalled(side.runs, some) for side, some in zip(sides, said, strict=True)]
        add(f"{name} says failed", about, Kind.SHARE, rows)
    return found


def group_of(run: RunBrief) -> str:
    """The namespace of its task: everything before the last "/"."""
    return run.task.rpartition("/")[0]


def _frequent(names: Counter[str]) -> list[str]:
    return [name for name, _ in names.most_common(MOST_NAMES)]


def _rows(values: Iterable[tuple[RunBrief, float]]) -> list[Row]:
    return [(run.cluster, float(value), 1) for run, value in values]


def _told(values: Iterable[tuple[RunBrief, float | None]]) -> list[Row]:
    """The same of the runs that tell."""
    return _rows((run, value) for run, value in values if value is not None)


def _steps(side: Side, kind: str) -> list[Row]:
    cluster = {run.id: run.cluster for run in side.counted}
    return [(cluster[one.trace_id], float(one.n if one.kind == kind else 0), one.n) for one in side.steps]


def _said_by(signal: SaidOf) -> About:
    return About.JUDGE if signal.kind is SignalKind.AUTOMATED else About.USERS


def _signalled(runs: Iterable[RunBrief], said: Iterable[SaidOf]) -> list[Row]:
    """A run counts once, as failed where anything of that name says so."""
    failed: dict[int, bool] = {}
    for one in said:
        failed[one.trace_id] = failed.get(one.trace_id, False) or not one.success
    return [(run.cluster, float(failed[run.id]), 1) for run in runs if run.id in failed]


def _of_labels(before: Side, after: Side, schemas: Mapping[int, LabelSchema]) -> list[Measure]:
    """What people mark as wrong, how far they agree, and whether judges see it as they do."""
    sides = (before, after)
    marked = [_categories(side, schemas) for side in sides]
    counts = Counter(name for side in marked for names in side.values() for name in names)
    found = []
    for category in _frequent(counts):
        rows = [
            [(run.cluster, float(category in names[run.id]), 1) for run in side.labelled if run.id in names]
            for side, names in zip(sides, marked, strict=True)
        ]
        found.append(Measure(f"Labelled “{category}”", About.LABELS, Kind.SHARE, *rows))
    agreed = [_agreement(side, schemas) for side in sides]
    if any(agreed):
        found.append(Measure("Answers on which two people agree", About.ANNOTATORS, Kind.SHARE, *agreed))
    judges = Counter(one.name for side in sides for one in side.judged if one.kind is SignalKind.AUTOMATED)
    for name in _frequent(judges):
        rows = [_with_people(side, name) for side in sides]
        if any(rows):
            found.append(Measure(name + AGREES, About.JUDGE, Kind.SHARE, *rows))
    return found


def _categories(side: Side, schemas: Mapping[int, LabelSchema]) -> dict[int, set[str]]:
    """Labelled run → what anybody marked on it, of runs that were asked for categories."""
    found: dict[int, set[str]] = {}
    for one in side.labels:
        schema = schemas.get(one.schema_id) if one.schema_id is not None else None
        for question in schema.questions if schema is not None else ():
            if question.kind in SETS:
                chosen = comparable(question, one.answers, one.marks)
                found.setdefault(one.subject.id, set()).update(chosen if isinstance(chosen, frozenset) else ())
    return found


def _agreement(side: Side, schemas: Mapping[int, LabelSchema]) -> list[Row]:
    """Of each run, the pairs of answers to one question of one schema that are the same."""
    said: dict[tuple[int, int, str], list[object]] = defaultdict(list)
    for one in side.labels:
        schema = schemas.get(one.schema_id) if one.schema_id is not None else None
        for question in schema.questions if schema is not None else ():
            if question.kind in COMPARED and (answer := comparable(question, one.answers, one.marks)) is not None:
                said[one.subject.id, one.schema_id or 0, question.key].append(answer)
    cluster = {run.id: run.cluster for run in side.labelled}
    found = []
    for (run, _, _), answers in said.items():
        pairs = list(combinations(answers, 2))
        if pairs and run in cluster:
            found.append((cluster[run], float(sum(a == b for a, b in pairs)), len(pairs)))
    return found


def _with_people(side: Side, name: str) -> list[Row]:
    """Runs whose outcome a person gave: whether the signal says the same."""
    solved = {
        run.id: (run.cluster, run.outcome == Outcome.SOLVED)
        for run in side.labelled
        if run.outcome_from in BY_PEOPLE and run.outcome != Outcome.UNKNOWN
    }
    return [
        (solved[one.trace_id][0], float(one.success == solved[one.trace_id][1]), 1)
        for one in side.judged
        if one.name == name and one.kind is SignalKind.AUTOMATED and one.trace_id in solved
    ]
