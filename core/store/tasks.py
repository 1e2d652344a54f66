"""Tasks: what runs had to do, in full."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.store.content import text_of
from core.store.tables import TaskRow


def task_text(session: Session, key: str) -> str:
    """What the task asks, as a person reads it: its title; its definition where it has no title; "" when unknown."""
    row = session.scalar(select(TaskRow).where(TaskRow.key == key)) if key else None
    if row is None:
        return ""
    return row.title or text_of(row.definition)
