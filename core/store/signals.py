"""Signals: evidence of quality on traces and steps, kept even before their trace arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.records import Signal, SignalKind
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import SignalRow, TraceRow


def add_signals(session: Session, signals: Sequence[Signal]) -> set[str]:
    """Write the signals that are new by their key; the keys of those that were. Traces that are there are linked."""
    rows: dict[str, dict[str, Any]] = {}
    at = now()
    for signal in signals:
        key = signal.key or "content:" + content_hash(asdict(signal), 40)
        rows.setdefault(
            key,
            {
                "key": clean(key, 200),
                "trace_uid": clean(signal.trace_id, 200),
                "trace_id": None,
                "step_uid": clean(signal.step_id, 200) if signal.step_id else None,
                "name": clean(signal.name, 200),
                "kind": signal.kind.value,
                "value": signal.value,
                "success": signal.success,
                "comment": clean(signal.comment),
                "source": clean(signal.source, 200),
                "created_at": at,
            },
        )
    added = insert_new(session, SignalRow, list(rows.values()), SignalRow.key)
    attach_signals(session, [rows[key]["trace_uid"] for key in added])
    return added


def attach_signals(session: Session, trace_uids: Sequence[str]) -> None:
    """Link signals that wait for these traces to them, where the traces are there."""
    unique = sorted(set(trace_uids))
    for start in range(0, len(unique), 500):
        found = select(TraceRow.id).where(TraceRow.uid == SignalRow.trace_uid).scalar_subquery()
        session.execute(
            update(SignalRow)
            .where(SignalRow.trace_uid.in_(unique[start : start + 500]), SignalRow.trace_id.is_(None))
            .values(trace_id=found)
            .execution_options(synchronize_session=False)
        )


def signals_of(session: Session, trace_ids: Sequence[int]) -> dict[int, list[Signal]]:
    """Trace row id → its signals, in the order in which they came."""
    found: dict[int, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    listed = list(found)
    for start in range(0, len(listed), 500):
        query = select(SignalRow).where(SignalRow.trace_id.in_(listed[start : start + 500])).order_by(SignalRow.id)
        for row in session.scalars(query):
            if row.trace_id is not None:
                found[row.trace_id].append(_signal(row))
    return found


def _signal(row: SignalRow) -> Signal:
    return Signal(
        row.trace_uid,
        row.name,
        SignalKind(row.kind),
        row.value,
        row.success,
        row.step_uid,
        row.comment,
        row.source,
        row.key,
    )
