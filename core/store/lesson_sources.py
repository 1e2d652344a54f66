"""Where lessons come from: the tasks of runs, what checkers said of them; and the tasks kept for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import SignalKind, Split
from core.store.tables import SignalRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class TaskText:
    """A task, what it is kept for, and what is asked in it."""

    key: str
    split: str
    text: str


def tasks_of_runs(session: Session, traces: Sequence[str]) -> list[TaskText]:
    """The tasks of the runs with these trace ids."""
    query = select(TaskRow.key, TaskRow.split, TaskRow.title).join(TraceRow, TraceRow.task_id == TaskRow.id)
    return [TaskText(*row) for row in session.execute(query.where(TraceRow.uid.in_(traces)).distinct())]


def evaluation_tasks(session: Session) -> list[TaskText]:
    """The tasks that are kept for validation or holdout."""
    query = select(TaskRow.key, TaskRow.split, TaskRow.title).where(TaskRow.split != Split.TRAIN.value)
    return [TaskText(*row) for row in session.execute(query.order_by(TaskRow.id))]


def teaching_tasks(session: Session) -> list[TaskText]:
    """The tasks that are kept for nothing."""
    query = select(TaskRow.key, TaskRow.split, TaskRow.title).where(TaskRow.split == Split.TRAIN.value)
    return [TaskText(*row) for row in session.execute(query.order_by(TaskRow.id))]


def checker_words(session: Session, traces: Sequence[str]) -> list[str]:
    """What automated checks said in words about the runs with these trace ids."""
    query = select(SignalRow.value, SignalRow.comment).where(
        SignalRow.trace_uid.in_(traces), SignalRow.kind == SignalKind.AUTOMATED.value
    )
    said = [text for row in session.execute(query) for text in row if isinstance(text, str)]
    return [text for text in said if text.strip()]
