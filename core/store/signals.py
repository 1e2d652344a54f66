"""Signals: evidence of quality on traces and steps, kept even before their trace arrives.

What was said is never changed: who says something else under the same key adds a row, and the one before it is kept as
replaced (`replaced_at`), under a key of its own. Only what is not replaced counts for outcomes, filters and charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal
from zlib import crc32

from sqlalchemy import ColumnElement, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.records import Signal, SignalKind
from core.store.content import clean
from core.store.dialect import insert_new, is_postgresql, parts
from core.store.results import Span, began_in, of_agent, week_of
from core.store.tables import AgentRow, SignalRow, TraceRow

LINES, LINE = 256, 730_022
"""On PostgreSQL, in how many lines they stand who bring traces and signals for them; the lock's own number."""

State = Literal["accepted", "waiting", "repeated", "conflict"]


@dataclass(frozen=True, slots=True)
class Home:
    """The trace that a signal is about."""

    trace_id: int
    agent: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one signal: "accepted" by its trace, "waiting" for it, "repeated" (it was known), or "conflict":
    its key belongs to a signal about something else. `added` tells whether a row was written."""

    state: State
    home: Home | None
    added: bool


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal as a screen shows it; `at` is when it happened, else when it came. Without a trace it waits."""

    id: int
    trace_id: int | None
    signal: Signal
    at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True)
class WeekSignals:
    """The dated runs of a week and a task on which signals of one name said something; `failed` of them by any."""

    week: date
    name: str
    cluster: int
    n: int
    failed: int


def add_signals(session: Session, signals: Sequence[Signal]) -> set[str]:
    """Write the signals that are new by their key; the keys of those that were. Traces that are there are linked."""
    rows: dict[str, dict[str, Any]] = {}
    at = now()
    for signal in signals:
        row = _row(signal, at)
        rows.setdefault(row["key"], row)
    added = insert_new(session, SignalRow, list(rows.values()), SignalRow.key)
    attach_signals(session, [rows[key]["trace_uid"] for key in added])
    return added


def say_signals(session: Session, signals: Sequence[Signal], found: Mapping[str, Home]) -> list[Kept]:
    """Write signals as their senders say them now, each in its turn: a known key with another value replaces the value.

    Of two that both say when they happened the later counts, in whatever order they arrive. `found` are those of their
    traces that are there (`homes_of`).
    """
    at, homes = now(), dict(found)
    rows = [_row(signal, at) for signal in signals]
    if missing := {row["trace_uid"] for row in rows} - homes.keys():
        _stand_in_line(session, list(missing))
        homes |= homes_of(session, missing)
    first: dict[str, int] = {}
    for place, row in enumerate(rows):
        row["trace_id"] = homes[row["trace_uid"]].trace_id if row["trace_uid"] in homes else None
        first.setdefault(row["key"], place)
    # by their keys, so that two writers never hold a key each that the other waits for
    added = insert_new(session, SignalRow, [rows[place] for _, place in sorted(first.items())], SignalRow.key)
    kept: list[Kept] = []
    for place, row in enumerate(rows):
        new = first[row["key"]] == place and row["key"] in added
        wrote = True if new else _say_again(session, row, signals[place])
        home = homes.get(row["trace_uid"])
        state: State = "conflict" if wrote is None else "repeated" if not wrote else "accepted" if home else "waiting"
        kept.append(Kept(state, home, bool(wrote)))
    return kept


def _say_again(session: Session, row: dict[str, Any], signal: Signal) -> bool | None:
    """Write what is said under a key that is there; False when it was said before, None when the key means another."""
    stored = session.scalar(select(SignalRow).where(SignalRow.key == row["key"]).with_for_update())
    if stored is None or any(getattr(stored, one) != row[one] for one in ("trace_uid", "step_uid", "name")):
        return None
    same = ("value", "success", "comment")
    if all(getattr(stored, one) == row[one] for one in same) and type(stored.value) is type(row["value"]):
        return False
    if signal.at is not None and signal.at < stored.created_at:
        late = row | {"key": _kept_key(row), "replaced_at": now()}
        return bool(insert_new(session, SignalRow, [late], SignalRow.key))
    before = {"key": stored.key, "created_at": stored.created_at} | {one: getattr(stored, one) for one in same}
    stored.key, stored.replaced_at = _kept_key(before), now()
    session.flush()
    insert_new(session, SignalRow, [row], SignalRow.key)
    return True


def _kept_key(row: dict[str, Any]) -> str:
    """The key of a row that is replaced: the same for the same words at the same time."""
    said = [row["key"], row["value"], row["success"], row["comment"], row["created_at"].isoformat()]
    return f"{row['key'][:150]}~{content_hash(said, 40)}"


def _row(signal: Signal, at: datetime) -> dict[str, Any]:
    when = None if signal.at is None else signal.at.isoformat()
    key = signal.key or "content:" + content_hash(asdict(signal) | {"at": when}, 40)
    return {
        "key": clean(key, 200),
        "trace_uid": clean(signal.trace_id, 200),
        "trace_id": None,
        "step_uid": clean(signal.step_id, 200) if signal.step_id else None,
        "name": clean(signal.name, 200),
        "kind": signal.kind.value,
        "value": clean(signal.value) if isinstance(signal.value, str) else signal.value,
        "success": signal.success,
        "comment": clean(signal.comment),
        "source": clean(signal.source, 200),
        "created_at": signal.at or at,
        "replaced_at": None,
    }


# Statements that many small writes share are made once: to make one costs more than to run it.
_HOMES = (
    select(TraceRow.__table__.c.uid, TraceRow.__table__.c.id, AgentRow.__table__.c.name)
    .join(AgentRow.__table__, AgentRow.__table__.c.id == TraceRow.__table__.c.agent_id)
    .where(TraceRow.__table__.c.uid.in_(bindparam("uids", expanding=True)))
)


def homes_of(session: Session, trace_uids: set[str]) -> dict[str, Home]:
    """Trace id → the trace with its agent, of those that are there."""
    found: dict[str, Home] = {}
    for some in parts(sorted(trace_uids)):
        rows = session.execute(_HOMES, {"uids": some})
        found.update({uid: Home(trace_id, agent) for uid, trace_id, agent in rows})
    return found


def attach_signals(session: Session, trace_uids: Sequence[str]) -> None:
    """Link signals that wait for these traces to them, where the traces are there.

    Outcomes are not brought in line: `core.tasks.outcome.refresh_outcomes` has to follow.
    """
    unique = sorted(set(trace_uids))
    _stand_in_line(session, unique)
    for some in parts(unique):
        found = select(TraceRow.id).where(TraceRow.uid == SignalRow.trace_uid).scalar_subquery()
        session.execute(
            update(SignalRow)
            .where(SignalRow.trace_uid.in_(some), SignalRow.trace_id.is_(None))
            .values(trace_id=found)
            .execution_options(synchronize_session=False)
        )


def _stand_in_line(session: Session, trace_uids: Sequence[str]) -> None:
    """On PostgreSQL, wait for whoever brings one of these traces, or a signal for one, at this moment.

    A trace and its signal that are written at the same time would otherwise not see each other, and never meet.
    """
    if is_postgresql(session) and trace_uids:
        lines = sorted({crc32(uid.encode()) % LINES for uid in trace_uids})
        session.execute(select(func.pg_advisory_xact_lock(LINE, func.unnest(lines))))


_TABLE = SignalRow.__table__
_SAID = (
    _TABLE.c.trace_uid,
    _TABLE.c.name,
    _TABLE.c.kind,
    _TABLE.c.value,
    _TABLE.c.success,
    _TABLE.c.step_uid,
    _TABLE.c.comment,
    _TABLE.c.source,
    _TABLE.c.key,
)
_LINES = select(_TABLE.c.id, _TABLE.c.trace_id, _TABLE.c.created_at, _TABLE.c.replaced_at, *_SAID)
_COUNTING = (
    select(_TABLE.c.trace_id, *_SAID)
    .where(_TABLE.c.trace_id.in_(bindparam("ids", expanding=True)), _TABLE.c.replaced_at.is_(None))
    .order_by(_TABLE.c.id)
)


def _signal(uid: str, name: str, kind: str, *said: Any) -> Signal:
    return Signal(uid, name, SignalKind(kind), *said)


def _line(row: Any) -> SignalLine:
    number, trace_id, at, replaced_at, *said = row
    return SignalLine(number, trace_id, _signal(*said), at, replaced_at)


def signal_lines(session: Session, trace_id: int, most: int) -> tuple[int, list[SignalLine]]:
    """How many signals a trace has, what was replaced too, and the newest of them."""
    return _newest(session, _TABLE.c.trace_id == trace_id, most)


def signals_waiting(session: Session, most: int) -> tuple[int, list[SignalLine]]:
    """How many signals wait for a trace that has not arrived, and the newest of them."""
    return _newest(session, _TABLE.c.trace_id.is_(None), most)


def _newest(session: Session, which: ColumnElement[bool], most: int) -> tuple[int, list[SignalLine]]:
    n = session.scalar(select(func.count()).select_from(_TABLE).where(which)) or 0
    rows = session.execute(_LINES.where(which).order_by(_TABLE.c.id.desc()).limit(most))
    return n, [_line(row) for row in rows]


def signals_of(session: Session, trace_ids: Sequence[int]) -> dict[int, list[Signal]]:
    """Trace row id → the signals that count, in the order in which they came."""
    session.flush()
    found: dict[int, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    for some in parts(sorted(found)):
        for trace_id, *said in session.execute(_COUNTING, {"ids": some}):
            found[trace_id].append(_signal(*said))
    return found


def signal_names(session: Session, most: int = 200) -> list[str]:
    """The names that signals have, in order; each is one step in an index, however many signals there are."""
    query = select(func.min(SignalRow.name)).where(SignalRow.replaced_at.is_(None))
    names: list[str] = []
    name = session.scalar(query)
    while name is not None and len(names) < most:
        names.append(name)
        name = session.scalar(query.where(SignalRow.name > name))
    return names


def week_signals(session: Session, agent: str | None = None, span: Span | None = None) -> list[WeekSignals]:
    """What the signals of an agent's dated runs say, by week of the run, name and task; weeks in order."""
    failed = func.max(case((SignalRow.success.is_(True), 0), else_=1)).label("failed")
    a_run = (
        select(SignalRow.trace_id, SignalRow.name, failed)
        .join(TraceRow, TraceRow.id == SignalRow.trace_id)
        .where(SignalRow.success.is_not(None), SignalRow.replaced_at.is_(None))
        .where(TraceRow.time_known, *of_agent(agent), *began_in(span))
        .group_by(SignalRow.trace_id, SignalRow.name)
        .subquery()
    )
    week, cluster = week_of(session), func.coalesce(TraceRow.task_id, -TraceRow.id).label("cluster")
    query = (
        select(week, a_run.c.name, cluster, func.count(), func.sum(a_run.c.failed))
        .join(TraceRow, TraceRow.id == a_run.c.trace_id)
        .group_by(week, a_run.c.name, cluster)
        .order_by(week, a_run.c.name, cluster)
    )
    return [WeekSignals(date.fromisoformat(monday), *rest) for monday, *rest in session.execute(query)]
