"""Tasks: what runs had to do, in full."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Outcome
from core.store.content import text_of
from core.store.tables import TaskRow, TraceRow


def task_text(session: Session, key: str) -> str:
    """What the task asks, as a person reads it: its title; its definition where it has no title; "" when unknown."""
    row = session.scalar(select(TaskRow).where(TaskRow.key == key)) if key else None
    if row is None:
        return ""
    return row.title or text_of(row.definition)


def solved_beside(session: Session, trace_id: int, most: int = 20) -> list[int]:
    """The newest runs that solved the task of a run which did not; none where it did."""
    run = session.get(TraceRow, trace_id)
    if run is None or run.task_id is None or run.outcome == Outcome.SOLVED.value:
        return []
    solved = (
        TraceRow.task_id == run.task_id,
        TraceRow.outcome == Outcome.SOLVED.value,
        TraceRow.closed_at.is_not(None),
    )
    query = select(TraceRow.id).where(*solved).order_by(TraceRow.started_at.desc(), TraceRow.id.desc())
    return list(session.scalars(query.limit(most)))
