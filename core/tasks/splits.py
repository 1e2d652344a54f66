"""Which tasks teach and which are kept to evaluate: chosen by name, or by shares and a stable hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.errors import InvalidInput, NotFound, NotPermitted
from core.records import Role, Split
from core.store.task_splits import LessonOfTasks, TaskSplit, lessons_of_tasks, set_splits, task_splits


@dataclass(frozen=True, slots=True)
class SplitChange:
    """What a choice of splits would change: task → its new split, how many tasks each split has then, and the lessons,
    open or active, that rest on runs of tasks that are kept from then on (law 6)."""

    changes: Mapping[str, Split]
    counts: Mapping[Split, int]
    lessons: Sequence[LessonOfTasks]


def by_shares(
    tasks: Sequence[TaskSplit], validation: float, holdout: float, seed: str = "", again: bool = False
) -> dict[str, Split]:
    """Task → its split, by the place of a hash of seed and key in 0..1: the same for the same task everywhere.

    What is kept already stays kept, unless all are dealt out `again`. Raises InvalidInput for shares below 0, or that
    leave nothing to teach.
    """
    if validation < 0 or holdout < 0 or validation + holdout >= 1:
        raise InvalidInput("Shares are between 0 and 1, and together less than 1.", field="validation")
    found = {}
    for task in tasks:
        if task.split is not Split.TRAIN and not again:
            continue
        place = int(content_hash([seed, task.key], 13), 16) / 16**13
        chosen = Split.HOLDOUT if place < holdout else Split.VALIDATION if place < holdout + validation else Split.TRAIN
        found[task.key] = chosen
    return found


def plan(session: Session, chosen: Mapping[str, Split], tasks: Sequence[TaskSplit]) -> SplitChange:
    """What would change; nothing is written. Raises NotFound for a task that is not among these."""
    known = {task.key: task.split for task in tasks}
    if missing := sorted(chosen.keys() - known.keys()):
        raise NotFound(f"There is no task {missing[0]}.", field="task")
    changes = {key: split for key, split in chosen.items() if split is not known[key]}
    after = [changes.get(key, split) for key, split in known.items()]
    kept = [key for key, split in changes.items() if split is not Split.TRAIN]
    counts = {split: after.count(split) for split in Split}
    return SplitChange(changes, counts, lessons_of_tasks(session, kept))


def keep_apart(session: Session, role: Role, chosen: Mapping[str, Split]) -> SplitChange:
    """Give tasks their splits; raises NotPermitted for others than leads, NotFound."""
    if role is not Role.LEAD:
        raise NotPermitted("Only a lead can say which tasks are kept for evaluation.")
    change = plan(session, chosen, task_splits(session))
    set_splits(session, change.changes)
    return change
