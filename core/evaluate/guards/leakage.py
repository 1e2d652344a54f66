"""Leakage: does anything that teaches rest on, or nearly repeat, a task that is kept for evaluation?"""

from __future__ import annotations

import orjson
from sqlalchemy.orm import Session

from core.evaluate.guards.state import Guard, State
from core.records import LessonState
from core.similarity.near_texts import NearTexts
from core.store.dataset_versions import DatasetVersion, newest_versions, read_lines
from core.store.lesson_sources import evaluation_tasks
from core.store.lessons import list_lessons
from core.store.task_splits import lessons_of_tasks

NAME = "Leakage"


def leakage(session: Session) -> Guard:
    """Active lessons and the newest version of each dataset against the kept tasks as they are now.

    The doors refuse such lessons and rows as they come in; a task that was kept since is found here.
    """
    kept = evaluation_tasks(session)
    if not kept:
        none = "No task is kept for validation or holdout, so there is nothing to leak."
        return Guard(NAME, State.CANNOT_TELL, none, "Keep some tasks of a suite for holdout.", "suites")
    keys = {task.key for task in kept}
    active = list_lessons(session, [LessonState.ACTIVE])
    resting = {one.uid for one in lessons_of_tasks(session, sorted(keys)) if one.state is LessonState.ACTIVE}
    near = NearTexts([task.text for task in kept])
    repeating = {one.uid for one in active if near.nearest(f"{one.when}\n{one.guidance}") is not None}
    rows = {f"{one.dataset} {one.number}": _rows(session, one, keys) for one in newest_versions(session) if one.held}
    leaking = {name: n for name, n in rows.items() if n}
    lines = (
        f"{len(resting)} of {len(active)} active lessons rest on runs of kept tasks.",
        f"{len(repeating)} nearly repeat one.",
        *(f"{name}: {n:,} rows are of kept tasks." for name, n in rows.items()),
    )
    if resting or repeating or leaking:
        said = " ".join(line for line, bad in zip(lines, (resting, repeating, *rows.values()), strict=True) if bad)
        advice = (
            "Retire these lessons and make these versions again: what they taught makes the evaluation look better."
        )
        return Guard(NAME, State.ALARM, said, advice, "lessons" if resting or repeating else "datasets", evidence=lines)
    of_rows = f" and {len(rows)} datasets" if rows else ""
    fine = f"None of {len(active)} active lessons{of_rows} touches one of {len(keys):,} kept tasks."
    return Guard(NAME, State.FINE, fine, page="lessons", evidence=lines)


def _rows(session: Session, version: DatasetVersion, kept: set[str]) -> int:
    if "provenance.jsonl" not in version.manifest.get("sha256", {}):
        return 0
    return sum(orjson.loads(line).get("task") in kept for line in read_lines(session, version.id, "provenance.jsonl"))
