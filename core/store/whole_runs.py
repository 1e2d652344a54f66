"""Runs, pairs and preferences as the records that they came as, for whoever takes them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Choice, Pair, Preference, Role, Signal, Task, Trace
from core.store.datasets import run_texts
from core.store.dialect import parts
from core.store.signals import signals_of
from core.store.tables import AgentRow, PairRow, PersonRow, PreferenceRow, TaskRow, TraceRow, VersionRow

_RUNS_AT_ONCE = 20

_RUN = (
    select(TraceRow, AgentRow.name, VersionRow.name, TaskRow)
    .join(AgentRow, AgentRow.id == TraceRow.agent_id)
    .join(VersionRow, VersionRow.id == TraceRow.version_id)
    .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
)
_PAIR = select(PairRow.__table__)


def whole_runs(session: Session, ids: Sequence[int]) -> Iterator[Trace]:
    """These runs with their steps and the signals that count, in this order; some are held at once."""
    for some in parts(ids, _RUNS_AT_ONCE):
        rows: dict[int, Any] = {row.id: (row, *of) for row, *of in session.execute(_RUN.where(TraceRow.id.in_(some)))}
        texts, signals = run_texts(session, some), signals_of(session, some)
        for row, agent, version, task in (rows[row_id] for row_id in some if row_id in rows):
            yield Trace(
                row.uid,
                row.source,
                texts[row.id].steps,
                agent,
                version,
                _task(task),
                row.session,
                row.user,
                row.trial,
                row.started_at if row.time_known else None,
                row.ended_at if row.time_known else None,
                row.cost,
                row.seconds,
                texts[row.id].tools,
                tuple(row.tags),
                dict(row.attributes),
                tuple(map(_as_kept, signals[row.id])),
                dict(row.redactions),
            )
        session.expunge_all()


def whole_pairs(session: Session, ids: Sequence[int]) -> Iterator[Pair]:
    """These pairs, in this order; some are held at once."""
    for some in parts(ids):
        rows = {row.id: row for row in session.execute(_PAIR.where(PairRow.id.in_(some)))}
        sides = {side for row in rows.values() for side in (row.trace_a_id, row.trace_b_id) if side is not None}
        named = session.execute(select(TraceRow.id, TraceRow.uid).where(TraceRow.id.in_(sides)))
        uids = {row.id: row.uid for row in named}
        asked = {row.task_id for row in rows.values() if row.task_id is not None}
        tasks = {task.id: task for task in session.scalars(select(TaskRow).where(TaskRow.id.in_(asked)))}
        for row in (rows[row_id] for row_id in some):
            yield Pair(
                row.uid,
                row.source,
                row.prompt,
                row.text_a,
                row.text_b,
                uids.get(row.trace_a_id or 0, ""),
                uids.get(row.trace_b_id or 0, ""),
                row.name_a,
                row.name_b,
                _task(tasks.get(row.task_id)),
                dict(row.attributes),
                row.step_a,
                row.step_b,
            )
        session.expunge_all()


def whole_preferences(session: Session, pairs: Sequence[int]) -> Iterator[tuple[Preference, Role]]:
    """What people say on these pairs now, each with the role of who says it, pair by pair."""
    columns: tuple[Any, ...] = (PairRow.uid, PersonRow.name, PreferenceRow.choice, PreferenceRow.left)
    told = (PreferenceRow.reason, PreferenceRow.confidence, PreferenceRow.submitted_at, PreferenceRow.active_seconds)
    query = (
        select(*columns, *told, PreferenceRow.answers, PersonRow.role)
        .join(PairRow, PairRow.id == PreferenceRow.pair_id)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .where(PreferenceRow.current, PersonRow.role != Role.MACHINE.value)
    )
    for some in parts(pairs):
        rows = session.execute(query.where(PreferenceRow.pair_id.in_(some)))
        for pair, person, choice, *said, role in sorted(rows, key=lambda row: str(row[0])):
            yield Preference(pair, person, Choice(choice), *said), Role(role)


def _as_kept(signal: Signal) -> Signal:
    """The signal with 1 for 1.0: SQLite gives whole numbers back as such, PostgreSQL as they came."""
    whole = isinstance(signal.value, float) and signal.value.is_integer()
    return replace(signal, value=int(signal.value)) if whole else signal


def _task(row: TaskRow | None) -> Task | None:
    return None if row is None else Task(row.key, row.title, row.definition, row.derived)
