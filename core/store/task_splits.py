"""The splits of tasks, and the lessons that rest on runs of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.records import LessonState, Split
from core.store.dialect import parts
from core.store.lesson_sources import forget_evaluation_tasks
from core.store.tables import LessonEvidenceRow, LessonRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class TaskSplit:
    """A task and what it is kept for."""

    key: str
    split: Split


@dataclass(frozen=True, slots=True)
class LessonOfTasks:
    """A lesson that is open or active, and one of the tasks that it rests on."""

    uid: str
    when: str
    state: LessonState
    task: str


def task_splits(session: Session, begins: str = "") -> list[TaskSplit]:
    """All tasks whose key begins so, in the order of their keys."""
    query = select(TaskRow.key, TaskRow.split).order_by(TaskRow.key)
    if begins:
        query = query.where(TaskRow.key.startswith(begins, autoescape=True))
    return sorted(
        (TaskSplit(key, Split(split)) for key, split in session.execute(query)), key=lambda one: one.key
    )  # databases sort texts each in its own way


def set_splits(session: Session, splits: Mapping[str, Split]) -> None:
    """Write what tasks are kept for."""
    for split in Split:
        for some in parts(sorted(key for key, chosen in splits.items() if chosen is split)):
            session.execute(update(TaskRow).where(TaskRow.key.in_(some)).values(split=split.value))
    session.flush()
    forget_evaluation_tasks(session)


def lessons_of_tasks(session: Session, tasks: Sequence[str]) -> list[LessonOfTasks]:
    """The lessons, open or active, with evidence in a run of these tasks; each once."""
    found: dict[str, LessonOfTasks] = {}
    states = (LessonState.PROPOSED.value, LessonState.APPROVED.value, LessonState.ACTIVE.value)
    query = select(LessonRow.uid, LessonRow.when, LessonRow.state, TaskRow.key)
    query = query.join(LessonEvidenceRow, LessonEvidenceRow.lesson_id == LessonRow.id)
    query = query.join(TraceRow, TraceRow.id == LessonEvidenceRow.trace_id)
    query = query.join(TaskRow, TaskRow.id == TraceRow.task_id).where(LessonRow.state.in_(states))
    for some in parts(tasks):
        for uid, when, state, task in session.execute(query.where(TaskRow.key.in_(some)).order_by(TaskRow.key)):
            found.setdefault(uid, LessonOfTasks(uid, when, LessonState(state), task))
    return list(found.values())
