"""Recalls: each retrieval of lessons by an agent, written as it happened."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import LoggedRecall
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import RecallRow


def log_recall(session: Session, recall: LoggedRecall) -> bool:
    """Write a recall; False when it is there already, which changes nothing."""
    row = {
        "uid": clean(recall.recall_id, 64),
        "run_key": clean(recall.run_key, 200),
        "trace_uid": clean(recall.trace_id, 200),
        "session": clean(recall.session_id, 200),
        "agent": clean(recall.agent, 200),
        "version": clean(recall.version, 300),
        "query": clean(recall.task),
        "arm": clean(recall.arm, 10),
        "lessons": [dict(lesson) for lesson in recall.lessons],
        "at": recall.at,
    }
    return bool(insert_new(session, RecallRow, [row], RecallRow.id))


def list_recalls(session: Session, limit: int, agent: str = "", trace_ids: Sequence[str] = ()) -> list[LoggedRecall]:
    """The newest recalls first; of one agent, or of the runs with these trace ids, where named."""
    query = select(RecallRow).order_by(RecallRow.at.desc(), RecallRow.id.desc()).limit(limit)
    if agent:
        query = query.where(RecallRow.agent == agent)
    if trace_ids:
        query = query.where(RecallRow.trace_uid.in_(trace_ids))
    return [
        LoggedRecall(
            row.uid,
            row.query,
            row.arm,
            row.at,
            row.agent,
            row.version,
            row.run_key,
            row.trace_uid,
            row.session,
            tuple(row.lessons),
        )
        for row in session.scalars(query)
    ]
