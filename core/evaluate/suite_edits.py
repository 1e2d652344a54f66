"""A draft suite as somebody changed it in a table: what differs, and writing that if nobody else changed the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from core.errors import Conflict, NotPermitted
from core.records import Role, Split
from core.store.suites import Case, find_suite, hold, list_cases, remove_cases, set_cases
from core.store.task_splits import task_splits
from core.tasks.splits import SplitChange, keep_apart, plan


@dataclass(frozen=True, slots=True)
class SuiteEdits:
    """Cases that say something else (`seen` is what each said before), that are gone, and tasks with another split."""

    changed: tuple[Case, ...]
    removed: tuple[str, ...]
    splits: Mapping[str, Split]
    seen: Mapping[str, Case]

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed or self.splits)


def edits_between(before: Sequence[Case], after: Sequence[Case]) -> SuiteEdits:
    """What was changed; a case that is not in `after` is taken out. None is added here."""
    known = {case.task: case for case in before}
    kept = {case.task: case for case in after if case.task in known}
    changed = tuple(case for task, case in kept.items() if replace(case, split=known[task].split) != known[task])
    removed = tuple(task for task in known if task not in kept)
    splits = {task: case.split for task, case in kept.items() if case.split is not known[task].split}
    touched = {*(case.task for case in changed), *removed, *splits}
    return SuiteEdits(changed, removed, splits, {task: known[task] for task in touched})


def split_change(session: Session, edits: SuiteEdits) -> SplitChange:
    """What the new splits of tasks would change, with the lessons that would leak; nothing is written."""
    return plan(session, edits.splits, task_splits(session))


def apply_edits(session: Session, role: Role, suite: str, edits: SuiteEdits) -> None:
    """Write what was changed. Raises NotPermitted for others than leads, Conflict when it is frozen or when somebody
    else changed one of these cases in the meantime, NotFound."""
    if role is not Role.LEAD:
        raise NotPermitted("Only a lead can change a suite.")
    row = find_suite(session, suite)
    hold(session, row)
    held = {case.task: case for case in list_cases(session, row.id)}
    if other := sorted(task for task, case in edits.seen.items() if held.get(task) != case):
        raise Conflict(
            f"Somebody else changed {other[0]} meanwhile. Nothing was written; look at it again.", field="task"
        )
    remove_cases(session, row, edits.removed)
    set_cases(session, row, edits.changed)
    if edits.splits:
        keep_apart(session, role, edits.splits)
