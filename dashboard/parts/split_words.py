"""A change of splits in words."""

from __future__ import annotations

from core.records import Split
from core.tasks.splits import SplitChange

_MOST = 10


def counts_words(change: SplitChange) -> str:
    """How many tasks teach, and how many are kept."""
    n = change.counts
    return f"{n[Split.TRAIN]:,} tasks teach, {n[Split.VALIDATION]:,} validate, {n[Split.HOLDOUT]:,} are holdout"


def change_lines(change: SplitChange) -> list[str]:
    """What changes, and the lessons that would leak what is kept."""
    if not change.changes:
        return [f"Nothing changes: {counts_words(change)}."]
    n = len(change.changes)
    lines = [f"{n:,} {'task changes' if n == 1 else 'tasks change'}; then {counts_words(change)}."]
    lines += [
        f"The lesson “{one.when}” is {one.state.value} and rests on a run of {one.task}: retire it, or the evaluation "
        "asks what was taught."
        for one in change.lessons[:_MOST]
    ]
    if len(change.lessons) > _MOST:
        lines.append(f"{len(change.lessons) - _MOST:,} more lessons rest on such runs.")
    return lines
