"""What a suite lacks: kinds of live tasks that it has few or none of, and the ones most unlike any of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from core.similarity.embedder import Embedder
from core.store.live_tasks import LiveTask, live_tasks
from core.store.suites import Case, list_cases

MOST_TASKS = 5_000
"""Live tasks that are looked at: those with the most runs."""

GUESSED = "guessed from what was said"
"""The kind of tasks without a key of their own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A namespace of tasks: what came in of it, and how many tasks of it the suite has."""

    name: str
    tasks: int
    runs: int
    in_suite: int


@dataclass(frozen=True, slots=True)
class Unlike:
    """A live task that is not in the suite, the case that is most like it ("" without any), and how like (-1 to 1)."""

    task: str
    title: str
    runs: int
    nearest: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Live tasks and runs, how many of these the suite has the very tasks of, its kinds, and what is unlike it."""

    tasks: int
    runs: int
    covered_tasks: int
    covered_runs: int
    kinds: tuple[Kind, ...]
    unlike: tuple[Unlike, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as `loopwright suite show --coverage --json` answers."""
        return {
            "tasks": self.tasks,
            "runs": self.runs,
            "covered_tasks": self.covered_tasks,
            "covered_runs": self.covered_runs,
            "kinds": [
                {"kind": one.name, "tasks": one.tasks, "runs": one.runs, "in_suite": one.in_suite} for one in self.kinds
            ],
            "unlike": [
                {"task": one.task, "title": one.title, "runs": one.runs, "nearest": one.nearest}
                | {"similarity": round(one.similarity, 3)}
                for one in self.unlike
            ],
        }


def coverage(
    session: Session, suite: int, embedder: Embedder, agent: str = "", since: datetime | None = None, most: int = 10
) -> Coverage:
    """Hold a suite (row id) against the tasks that came in, of an agent and since a time where these are named.

    Likeness is the cosine of what two tasks ask, by the embedder that lessons are found with: it ranks, and no
    threshold of it says that a task is covered.
    """
    live, cases = live_tasks(session, MOST_TASKS, agent, since), list_cases(session, suite)
    known = {case.task for case in cases}
    there = [one for one in live if one.key in known]
    return Coverage(
        tasks=len(live),
        runs=sum(one.runs for one in live),
        covered_tasks=len(there),
        covered_runs=sum(one.runs for one in there),
        kinds=_kinds(live, cases),
        unlike=_unlike([one for one in live if one.key not in known], cases, embedder)[:most],
    )


def _kinds(live: Sequence[LiveTask], cases: Sequence[Case]) -> tuple[Kind, ...]:
    """The kind with most runs first."""
    mine: dict[str, int] = {}
    for case in cases:
        mine[kind_of(case.task)] = mine.get(kind_of(case.task), 0) + 1
    came: dict[str, list[LiveTask]] = {}
    for one in live:
        came.setdefault(GUESSED if one.derived else kind_of(one.key), []).append(one)
    kinds = [Kind(name, len(of), sum(one.runs for one in of), mine.get(name, 0)) for name, of in came.items()]
    return tuple(sorted(kinds, key=lambda kind: (-kind.runs, kind.name)))


def kind_of(task: str) -> str:
    """The namespace of a task: everything before the last "/"."""
    return task.rpartition("/")[0] or "without a namespace"


def _unlike(missing: Sequence[LiveTask], cases: Sequence[Case], embedder: Embedder) -> tuple[Unlike, ...]:
    """The least like first; of those that are as unlike, the one with most runs."""
    asked = [one for one in missing if one.title.strip()]
    told: Mapping[str, str] = {case.task: case.title for case in cases if case.title.strip()}
    if not asked:
        return ()
    if not told:
        return tuple(Unlike(one.key, one.title, one.runs, "", 0.0) for one in asked)
    likeness = embedder.embed([one.title for one in asked]) @ embedder.embed(list(told.values())).T
    names, nearest = list(told), np.argmax(likeness, axis=1)
    found = [
        Unlike(one.key, one.title, one.runs, names[at], float(likeness[row, at]))
        for row, (one, at) in enumerate(zip(asked, nearest.tolist(), strict=True))
    ]
    return tuple(sorted(found, key=lambda one: (round(one.similarity, 6), -one.runs, one.task)))
