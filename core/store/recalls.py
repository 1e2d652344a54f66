"""Recalls: each retrieval of lessons by an agent, written as it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.content import clean
from core.store.tables import RecallRow


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One recall. `lessons` are {id, revision, score, given}: what fitted, and whether the agent got it."""

    uid: str
    run_key: str
    trace_id: str
    session_id: str
    agent: str
    version: str
    task: str
    arm: str
    lessons: tuple[Mapping[str, Any], ...]
    at: datetime


def log_recall(session: Session, recall: RecallLine) -> None:
    """Write a recall."""
    session.add(
        RecallRow(
            uid=recall.uid,
            run_key=clean(recall.run_key, 200),
            trace_uid=clean(recall.trace_id, 200),
            session=clean(recall.session_id, 200),
            agent=clean(recall.agent, 200),
            version=clean(recall.version, 300),
            query=clean(recall.task),
            arm=recall.arm,
            lessons=[dict(lesson) for lesson in recall.lessons],
            at=recall.at,
        )
    )
    session.flush()


def list_recalls(session: Session, limit: int, agent: str = "", trace_ids: Sequence[str] = ()) -> list[RecallLine]:
    """The newest recalls first; of one agent, or of the runs with these trace ids, where named."""
    query = select(RecallRow).order_by(RecallRow.at.desc(), RecallRow.id.desc()).limit(limit)
    if agent:
        query = query.where(RecallRow.agent == agent)
    if trace_ids:
        query = query.where(RecallRow.trace_uid.in_(trace_ids))
    return [
        RecallLine(
            row.uid,
            row.run_key,
            row.trace_uid,
            row.session,
            row.agent,
            row.version,
            row.query,
            row.arm,
            tuple(row.lessons),
            row.at,
        )
        for row in session.scalars(query)
    ]


def count_recalls(session: Session) -> int:
    """How many recalls there were."""
    return session.scalar(select(func.count()).select_from(RecallRow)) or 0
