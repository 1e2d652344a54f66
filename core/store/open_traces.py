"""Traces that may still get steps: which are due to be closed, and closing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.records import Task
from core.store.catalog import task_ids
from core.store.content import clean
from core.store.tables import TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class OpenTrace:
    """An open trace that is due; `derived` says that nobody named its task."""

    id: int
    uid: str
    derived: bool
    attributes: dict[str, Any]


def due_to_close(session: Session, silent_since: datetime, given_up_since: datetime, limit: int) -> list[OpenTrace]:
    """Open traces of which nothing came since a moment: the first where the root has ended, the second for all."""
    ended = and_(TraceRow.root_ended, TraceRow.last_arrival_at < silent_since)
    query = (
        select(TraceRow.id, TraceRow.uid, TraceRow.attributes, TraceRow.task_id, TaskRow.derived)
        .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
        .where(TraceRow.closed_at.is_(None), or_(ended, TraceRow.last_arrival_at < given_up_since))
        .order_by(TraceRow.last_arrival_at)
        .limit(limit)
        .with_for_update(of=TraceRow, skip_locked=True)
    )
    return [
        OpenTrace(row, uid, task is None or bool(derived), attributes)
        for row, uid, attributes, task, derived in session.execute(query)
    ]


def close_traces(session: Session, trace_ids: Sequence[int]) -> None:
    """Mark them as whole."""
    session.execute(update(TraceRow).where(TraceRow.id.in_(trace_ids)).values(closed_at=now()))


def set_task(session: Session, trace_id: int, task: Task, title: str) -> None:
    """Give a trace the task that was derived for it, and the title that goes with it."""
    number = task_ids(session, [task])[task.key]
    session.execute(update(TraceRow).where(TraceRow.id == trace_id).values(task_id=number, title=clean(title, 300)))


def n_open(session: Session) -> int:
    """How many traces are open."""
    return session.scalar(select(func.count()).select_from(TraceRow).where(TraceRow.closed_at.is_(None))) or 0


def task_of_trace(session: Session, trace_id: int) -> int | None:
    """The row id of a trace's task."""
    return session.scalar(select(TraceRow.task_id).where(TraceRow.id == trace_id))
