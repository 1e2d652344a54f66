"""Where lessons come from: the tasks of runs, what checkers said of them; and the tasks kept for evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.records import SignalKind, Split, Step
from core.store.content import step_from_row
from core.store.dialect import parts
from core.store.tables import SignalRow, StepRow, TaskRow, TraceRow
from core.store.trace_rows import first_said

_KNOWN = "evaluation tasks"
_OPENING = 3
"""Steps of a run in which the person's first words stand."""


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
    """The tasks that are kept for validation or holdout, each as its source names it and as its first run begins.

    A session asks once, however many lessons it checks.
    """
    if _KNOWN not in session.info:
        query = select(TaskRow.id, TaskRow.key, TaskRow.split, TaskRow.title).where(TaskRow.split != Split.TRAIN.value)
        tasks = {row_id: TaskText(*said) for row_id, *said in session.execute(query.order_by(TaskRow.id))}
        begun = [replace(tasks[task], text=text) for task, text in _first_words(session, list(tasks)) if text]
        session.info[_KNOWN] = [*tasks.values(), *begun]
    found: list[TaskText] = session.info[_KNOWN]
    return found


def forget_evaluation_tasks(session: Session) -> None:
    """Let the session ask again: tasks were kept, or let go, in it."""
    session.info.pop(_KNOWN, None)


def _first_words(session: Session, tasks: Sequence[int]) -> Iterator[tuple[int, str]]:
    """What the person said first in the first run of each of these tasks."""
    for some in parts(tasks):
        first = select(func.min(TraceRow.id)).where(TraceRow.task_id.in_(some)).group_by(TraceRow.task_id)
        query = select(TraceRow.task_id, StepRow.__table__).join(StepRow, StepRow.trace_id == TraceRow.id)
        query = query.where(TraceRow.id.in_(first), StepRow.position < _OPENING)
        steps: dict[int, list[Step]] = {}
        for row in session.execute(query.order_by(StepRow.trace_id, StepRow.position)):
            steps.setdefault(row.task_id, []).append(step_from_row(row))
        yield from ((task, first_said(opening)) for task, opening in steps.items())


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
