"""Deliveries: accepted requests that wait until what they hold stands in traces; read in order, removed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict
from core.store.content import pack_bytes, unpack_bytes
from core.store.dialect import is_postgresql
from core.store.tables import DeliveryRow

Redactions = Mapping[str, Mapping[str, int]]
"""Trace id → kind → how often something was replaced."""

_TURN = 730022


@dataclass(frozen=True, slots=True)
class Delivery:
    """One accepted request; `n` spans or log records in a protobuf message of `size` bytes."""

    id: int
    door: str
    n: int
    size: int
    body: bytes
    redactions: Redactions
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many spans and log records wait, and since when the oldest does (None: nothing waits)."""

    n: int
    since: datetime | None


def add_delivery(session: Session, door: str, n: int, body: bytes, redactions: Redactions) -> None:
    """Keep a request until it is taken."""
    kept = {trace: dict(kinds) for trace, kinds in redactions.items()}
    session.add(DeliveryRow(door=door, n=n, size=len(body), body=pack_bytes(body), redactions=kept, at=now()))
    session.flush()


def read_deliveries(session: Session, most: int) -> list[Delivery]:
    """The oldest deliveries, together about `most` spans and at least one; they stay until they are removed.

    Of several processes on PostgreSQL one reads at a time, until its session ends; the others are given none.
    """
    if is_postgresql(session) and not session.scalar(text(f"SELECT pg_try_advisory_xact_lock({_TURN})")):
        return []
    counts = session.execute(select(DeliveryRow.id, DeliveryRow.n).order_by(DeliveryRow.id).limit(1000)).all()
    ids: list[int] = []
    n = 0
    for delivery, held in counts:
        ids.append(delivery)
        n += held
        if n >= most:
            break
    rows = session.scalars(select(DeliveryRow).where(DeliveryRow.id.in_(ids)).order_by(DeliveryRow.id))
    return [Delivery(row.id, row.door, row.n, row.size, unpack_bytes(row.body), row.redactions, row.at) for row in rows]


def remove_deliveries(session: Session, taken: Sequence[Delivery]) -> None:
    """Remove deliveries whose spans are written in the same transaction; raises Conflict when one is gone already."""
    ids, newest = [one.id for one in taken], max(one.at for one in taken)
    # SQLite numbers the rows of an empty table from 1 again: what came later is another request
    mine = delete(DeliveryRow).where(DeliveryRow.id.in_(ids), DeliveryRow.at <= newest)
    if len(session.scalars(mine.returning(DeliveryRow.id)).all()) != len(taken):
        raise Conflict("Another process has put these spans into traces.")


def deliveries_waiting(session: Session) -> Waiting:
    """What waits."""
    n, since = session.execute(select(func.coalesce(func.sum(DeliveryRow.n), 0), func.min(DeliveryRow.at))).one()
    return Waiting(n, since)
