"""The tasks that runs came in on, with how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.tables import AgentRow, TaskRow, TraceRow


@dataclass(frozen=True, slots=True)
class LiveTask:
    """A task, whether its key was guessed from what was said first, and how many runs of it came in."""

    key: str
    title: str
    derived: bool
    runs: int


def live_tasks(session: Session, most: int, agent: str = "", since: datetime | None = None) -> list[LiveTask]:
    """Up to so many tasks with the most runs (of an agent, that began since then), the most frequent first."""
    runs = func.count(TraceRow.id)
    query = select(TaskRow.key, TaskRow.title, TaskRow.derived, runs).join(TraceRow, TraceRow.task_id == TaskRow.id)
    if agent:
        query = query.where(TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == agent).scalar_subquery())
    if since is not None:
        query = query.where(TraceRow.started_at >= since)
    query = query.group_by(TaskRow.id, TaskRow.key, TaskRow.title, TaskRow.derived).order_by(runs.desc(), TaskRow.id)
    return [LiveTask(*row) for row in session.execute(query.limit(most))]
