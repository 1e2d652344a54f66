"""What came in and what was refused: counts by minute, and each refused record with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import Json, Rejected
from core.store.content import clean, pack, unpack
from core.store.dialect import is_postgresql
from core.store.tables import IntakeRow, RefusalRow


@dataclass(slots=True)
class Came:
    """Counts of what came through one door from one agent: spans (or signals, records), bytes, values replaced."""

    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    size: int = 0
    redacted: int = 0


def count_intake(session: Session, came: Mapping[tuple[str, str], Came], at: datetime | None = None) -> None:
    """Add (door, agent) → counts to those of the minute."""
    minute = (at or now()).replace(second=0, microsecond=0)
    # in one order, so that two writers never hold a row each that the other waits for
    rows = [
        {"minute": minute, "door": door, "agent": clean(agent, 200)} | {name: getattr(counts, name) for name in _COUNTS}
        for (door, agent), counts in sorted(came.items())
    ]
    if rows:
        session.execute(_adding(is_postgresql(session)), rows)


_COUNTS = tuple(field.name for field in fields(Came))


@cache
def _adding(on_postgresql: bool) -> Executable:
    """The statement, made once: many requests are small."""
    statement = (postgresql.insert if on_postgresql else sqlite.insert)(IntakeRow.__table__)  # type: ignore[arg-type]  # declared as any FROM clause
    more = {name: getattr(IntakeRow, name) + statement.excluded[name] for name in _COUNTS}
    return statement.on_conflict_do_update(index_elements=["minute", "door", "agent"], set_=more)


def add_refusals(session: Session, door: str, rejected: Sequence[Rejected], source: str = "", format: str = "") -> None:
    """Keep what was not taken, with its reason and, where there is one, the record itself (redacted by the caller).

    Of a `source` that comes again, such as a file, nothing is kept twice for one reason.
    """
    at, source = now(), clean(source, 1000)
    told = [(clean(one.record, 200), clean(one.reason, 1000), one.body) for one in rejected]
    held: set[tuple[str, str]] = set()
    if source and told:
        query = select(RefusalRow.record, RefusalRow.reason).where(RefusalRow.door == door, RefusalRow.source == source)
        held = {(record, reason) for record, reason in session.execute(query)}
    session.add_all(
        RefusalRow(
            door=door,
            source=source,
            record=record,
            reason=reason,
            format=format,
            body=None if body is None else pack(body),
            at=at,
        )
        for record, reason, body in told
        if (record, reason) not in held
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken; `body` is None where it was not kept."""

    id: int
    door: str
    source: str
    record: str
    reason: str
    format: str
    at: datetime
    replayed_at: datetime | None
    body: Json


def get_refusal(session: Session, number: int) -> Refusal:
    """A refused record by row id; raises NotFound."""
    row = session.get(RefusalRow, number)
    if row is None:
        raise NotFound(f"There is no refused record {number}. It may have been removed.", field="refusal")
    return Refusal(
        row.id,
        row.door,
        row.source,
        row.record,
        row.reason,
        row.format,
        row.at,
        row.replayed_at,
        None if row.body is None else unpack(row.body),
    )


def set_replayed(session: Session, number: int) -> None:
    """Mark a refused record as taken after all."""
    session.execute(update(RefusalRow).where(RefusalRow.id == number).values(replayed_at=now()))


def reasons(rejected: Sequence[Rejected], most: int = 5) -> str:
    """The reasons in a sentence, the most frequent first."""
    counted = Counter(one.reason for one in rejected).most_common()
    told = [f"{n} × {reason}" if n > 1 else reason for reason, n in counted[:most]]
    rest = sum(n for _, n in counted[most:])
    return "; ".join(told) + (f"; and {rest} more" if rest else "")
