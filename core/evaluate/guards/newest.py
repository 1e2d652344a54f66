"""The newest version of an agent and the one that it rests on: what guards of a change compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.evaluate.task_runs import NO_RUNS, VersionRuns, by_version
from core.store.catalog import VersionLine, list_versions
from core.store.results import tallies
from core.store.trials import n_results


@dataclass(frozen=True, slots=True)
class Newest:
    """Two versions of an agent with runs or results, and what they did task by task."""

    base: VersionLine
    candidate: VersionLine
    before: VersionRuns
    after: VersionRuns


def newest_pair(lines: Sequence[VersionLine]) -> tuple[VersionLine, VersionLine] | None:
    """The base and the newest of an agent's versions in their order: what it names as its base, else the one before."""
    if len(lines) < 2:
        return None
    by_name = {line.name: line for line in lines}
    return by_name.get(lines[-1].base, lines[-2]), lines[-1]


def newest(session: Session, agent: str) -> Newest | None:
    """The newest version against its base, else against the one before it; None while there are not two with runs."""
    results = n_results(session)
    lines = [line for line in list_versions(session, agent) if line.n_traces or line.id in results]
    if (pair := newest_pair(lines)) is None:
        return None
    base, candidate = pair
    runs = by_version(tallies(session, [base.id, candidate.id]))
    return Newest(base, candidate, runs.get(base.id, NO_RUNS), runs.get(candidate.id, NO_RUNS))
