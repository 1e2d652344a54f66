"""What taking something back would touch: counted before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.records import LessonState
from core.retract.examples import TouchedVersion, touched_versions
from core.store.deliveries import deliveries_waiting
from core.store.lessons import UNDECIDED
from core.store.mentions import find_mentions
from core.store.reach import Scope, TouchedLesson, chosen_runs, count_reach, lessons_of, reach_of
from core.store.removal import stray
from core.store.task_removal import count_emptied

WORDS = {
    "traces": ("run", "runs"),
    "steps": ("step", "steps"),
    "signals": ("signal", "signals"),
    "annotations": ("label with all its revisions", "labels with all their revisions"),
    "drafts": ("draft of a review", "drafts of reviews"),
    "items": ("item in a queue", "items in queues"),
    "claims": ("claim on such an item", "claims on such items"),
    "pairs": ("pair to compare", "pairs to compare"),
    "preferences": ("choice between two answers", "choices between two answers"),
    "evidence": ("step that a lesson rests on", "steps that lessons rest on"),
    "recalls": ("recall of lessons", "recalls of lessons"),
    "refusals": ("refused record", "refused records"),
    "imports": ("import that lists it as rejected", "imports that list them as rejected"),
    "tasks": ("task that was guessed from it", "tasks that were guessed from them"),
    "cases": ("case of a suite that is not frozen", "cases of suites that are not frozen"),
    "lessons": ("lesson that rests on nothing else", "lessons that rest on nothing else"),
    "rows": ("row of a dataset version", "rows of dataset versions"),
}
"""What each count is a count of, for one and for several, in the order in which a person reads them."""


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """How many of each kind (`WORDS`) would go, which lessons and dataset versions it touches, and what waits.

    `titles` are those of the first runs. `waiting` spans have been accepted and stand in no run yet: they are put into
    runs before anything is removed, so that they are found too.
    """

    counts: Counter[str]
    titles: Sequence[str]
    lessons: Sequence[TouchedLesson]
    versions: Sequence[TouchedVersion]
    waiting: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return not any(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """The JSON object of `loopwright remove`."""
        lessons = [
            {"id": one.uid, "when": one.when, "state": one.state.value, "evidence_left": one.left}
            for one in self.lessons
        ]
        versions = [
            {"dataset": one.dataset, "version": one.number, "rows": one.rows, "of": one.of} for one in self.versions
        ]
        return counts_json(self.counts) | {"lessons": lessons, "datasets": versions, "waiting_spans": self.waiting}


def counts_json(counts: Counter[str]) -> dict[str, Any]:
    """All counts by their names, the lessons that are left with nothing as `lessons_retired`."""
    return {("lessons_retired" if name == "lessons" else name): counts[name] for name in WORDS}


def told(counts: Counter[str]) -> list[str]:
    """The counts in words, one a line."""
    return [f"{counts[name]:,} {words[counts[name] != 1]}" for name, words in WORDS.items() if counts[name]]


def blast_radius(session: Session, scope: Scope) -> BlastRadius:
    """All that hangs on what a scope means. Raises NotFound for an unknown agent."""
    runs = chosen_runs(session, scope)
    reach = reach_of(session, runs)
    counts = count_reach(session, reach) + count_emptied(session, reach)
    if not runs:
        counts = stray(session, scope, remove=False)
    uids = {run.uid for run in runs}
    mentions = find_mentions(session, scope, uids)
    lessons = lessons_of(session, runs)
    versions = touched_versions(session, uids)
    counts.update(
        refusals=len(mentions.refusals),
        imports=len(mentions.imports),
        lessons=sum(1 for one in lessons if not one.left and one.state in (LessonState.ACTIVE, *UNDECIDED)),
        rows=sum(one.rows for one in versions),
    )
    return BlastRadius(counts, [run.title for run in runs[:5]], lessons, versions, deliveries_waiting(session).n)
