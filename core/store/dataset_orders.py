"""Dataset versions that were asked for and are made in the background, by whichever process takes them first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.store.tables import DatasetOrderRow, PersonRow

WAITING, MAKING, MADE, FAILED, CANCELLED = "waiting", "making", "made", "failed", "cancelled"
OPEN = (WAITING, MAKING)

SILENT = timedelta(minutes=2)
"""Whoever makes a version and has not said so for so long is gone: it is made anew by another."""

KEPT = timedelta(days=7)
"""How long an order that ended is listed."""


@dataclass(frozen=True, slots=True)
class Order:
    """A version that somebody asked for: how far it is (`done` of `total` of what is done), or what came of it."""

    id: int
    dataset: str
    definition: Mapping[str, Any]
    state: str
    doing: str
    done: int
    total: int
    message: str
    number: int | None
    by: str
    ordered_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it still waits or is being made."""
        return self.state in OPEN


def add_order(session: Session, dataset: str, definition: Mapping[str, Any], person: int | None) -> int:
    """Ask for a version; the order's row id, of the one that is open where the same was asked for already.

    What ended long ago is forgotten.
    """
    row, at = DatasetOrderRow, now()
    same = (one for one in _orders(session, row.state.in_(OPEN)) if one.dataset == dataset)
    known = next((one.id for one in same if dict(one.definition) == dict(definition)), None)
    if known is not None:
        return known
    session.execute(delete(row).where(row.state.not_in(OPEN), row.ordered_at < at - KEPT))
    made = row(
        dataset=dataset, definition=dict(definition), state=WAITING, person_id=person, ordered_at=at, alive_at=at
    )
    session.add(made)
    session.flush()
    return made.id


def take_order(session: Session) -> Order | None:
    """The oldest order that nobody makes, which the caller makes from now on."""
    row, at = DatasetOrderRow, now()
    free = or_(row.state == WAITING, and_(row.state == MAKING, row.alive_at < at - SILENT))
    oldest = select(row.id).where(free).order_by(row.id).limit(1).scalar_subquery()
    taken = update(row).where(row.id == oldest, free).values(state=MAKING, alive_at=at, doing="", done=0, total=0)
    order = session.scalar(taken.returning(row.id))
    return None if order is None else get_order(session, order)


def say_progress(session: Session, order: int, doing: str, done: int, total: int) -> bool:
    """Say how far it is, and that somebody is at it; whether it is still wanted."""
    row = DatasetOrderRow
    values = {"doing": doing, "done": done, "total": total, "alive_at": now()}
    said = update(row).where(row.id == order, row.state == MAKING).values(**values).returning(row.id)
    return session.scalar(said) is not None


def end_order(session: Session, order: int, number: int | None, message: str = "") -> None:
    """Say which version came of it, or why none did; what was cancelled stays so."""
    row = DatasetOrderRow
    state = FAILED if number is None else MADE
    ended = update(row).where(row.id == order, row.state == MAKING)
    session.execute(ended.values(state=state, number=number, message=message))


def cancel_order(session: Session, order: int) -> None:
    """Want it no more; whoever makes it stops at the next word of progress."""
    row = DatasetOrderRow
    session.execute(update(row).where(row.id == order, row.state.in_(OPEN)).values(state=CANCELLED))


def get_order(session: Session, order: int) -> Order | None:
    """One order, where it is still known."""
    return next(iter(_orders(session, DatasetOrderRow.id == order)), None)


def list_orders(session: Session) -> list[Order]:
    """All orders that are known, the newest first."""
    return _orders(session, DatasetOrderRow.id > 0)


def _orders(session: Session, which: Any) -> list[Order]:
    row = DatasetOrderRow
    query = select(row, PersonRow.name).outerjoin(PersonRow, PersonRow.id == row.person_id)
    return [
        Order(
            one.id,
            one.dataset,
            dict(one.definition),
            one.state,
            one.doing,
            one.done,
            one.total,
            one.message,
            one.number,
            name or "",
            one.ordered_at,
        )
        for one, name in session.execute(query.where(which).order_by(row.id.desc()))
    ]
