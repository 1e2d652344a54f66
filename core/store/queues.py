"""Queues: what is reviewed, by whom, under which questions; and how far each is. Every count of them is made here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.errors import NotFound
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.items import DONE, OPEN, ORDINARY
from core.store.tables import (
    AnnotationRow,
    ItemRow,
    PairRow,
    PreferenceRow,
    QueuePersonRow,
    QueueRow,
    RankingGivenRow,
    RankingRow,
    TraceRow,
)

QUEUE_OPEN, PAUSED, ARCHIVED = "open", "paused", "archived"


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far a queue is: items done by enough people, all items, one person's submissions and pace an hour."""

    done: int
    total: int
    mine: int
    per_hour: float | None


def make_queue(
    session: Session, name: str, subject: str, schema_id: int | None, overlap: int = 1, blind: bool = True
) -> int:
    """The row id of a queue, made when its name is new; what else it may be is set on its row."""
    name = clean(name, 200)
    values: dict[str, Any] = {
        "name": name,
        "subject": subject,
        "schema_id": schema_id,
        "overlap": overlap,
        "blind": blind,
        "state": QUEUE_OPEN,
        "filter": {},
        "standing": False,
        "order": "random",
        "seed": 0,
        "repeat_share": 0.0,
        "gold_share": 0.0,
        "votes_to_discard": 0,
        "created_at": now(),
    }
    insert_new(session, QueueRow, [values], QueueRow.id)
    return session.scalars(select(QueueRow.id).where(QueueRow.name == name)).one()


def get_queue(session: Session, queue: int) -> QueueRow:
    """A queue by row id; raises NotFound."""
    row = session.get(QueueRow, queue)
    if row is None:
        raise NotFound(f"There is no queue {queue}. Choose one from the list.", field="queue")
    return row


def list_queues(session: Session, *subjects: str, person: int | None = None) -> list[QueueRow]:
    """The queues of these subjects that are not archived, by name; those that a person may review, where one is named.

    Without subjects all queues, archived ones too.
    """
    query = select(QueueRow).order_by(QueueRow.name)
    if subjects:
        query = query.where(QueueRow.subject.in_(subjects), QueueRow.state != ARCHIVED)
    if person is not None:
        members = exists().where(QueuePersonRow.queue_id == QueueRow.id)
        member = exists().where(QueuePersonRow.queue_id == QueueRow.id, QueuePersonRow.person_id == person)
        query = query.where(or_(~members, member))
    return list(session.scalars(query))


def members(session: Session, queue: int) -> set[int]:
    """The people who review a queue; empty where everybody may."""
    return set(session.scalars(select(QueuePersonRow.person_id).where(QueuePersonRow.queue_id == queue)))


def set_members(session: Session, queue: int, people: Iterable[int]) -> None:
    """Let only these people review a queue; none: everybody."""
    session.execute(delete(QueuePersonRow).where(QueuePersonRow.queue_id == queue))
    session.add_all(QueuePersonRow(queue_id=queue, person_id=person) for person in sorted(set(people)))
    session.flush()


def may_review(session: Session, queue: int, person: int) -> bool:
    """Whether the queue is this person's to review."""
    chosen = members(session, queue)
    return not chosen or person in chosen


_SAID: dict[str, Any] = {"pair": PreferenceRow, "ranking": RankingGivenRow}


def said_on(queue: QueueRow) -> Any:
    """The table of what people say on the items of a queue."""
    return _SAID.get(queue.subject, AnnotationRow)


def progress(session: Session, queue: QueueRow, person: int) -> QueueProgress:
    """Counts of a queue; the pace is a person's submissions over the last eight hours they were at it."""
    states = select(ItemRow.state, func.count()).where(ItemRow.queue_id == queue.id, *ORDINARY)
    counts = dict(session.execute(states.group_by(ItemRow.state)).all())
    table = said_on(queue)
    # from the person's submissions to their items: a queue has many times as many items as one person submits
    mine = (table.person_id == person, stands(table), ItemRow.queue_id == queue.id)
    counted = select(func.count(), func.min(table.submitted_at), func.max(table.submitted_at))
    counted = counted.select_from(table).join(ItemRow, ItemRow.id == table.item_id).where(*mine)
    total_mine = session.execute(counted).one()[0]
    recent = counted.where(table.submitted_at > now() - timedelta(hours=8))
    count, first, last = session.execute(recent).one()
    hours = (last - first).total_seconds() / 3600 if count >= 3 else 0.0
    return QueueProgress(
        counts.get(DONE, 0),
        counts.get(DONE, 0) + counts.get(OPEN, 0),
        total_mine,
        (count - 1) / hours if hours > 0.005 else None,
    )


def stands(table: Any) -> Any:
    """A condition on answers: one that counts, or stands apart and was not withdrawn or written anew."""
    newer = aliased(table)
    later = exists().where(
        newer.item_id == table.item_id, newer.person_id == table.person_id, newer.revision > table.revision
    )
    return or_(table.current, and_(table.place.in_(("surplus", "repeat")), ~table.withdrawn, ~later))


def submissions(session: Session, queue: QueueRow, person: int, limit: int) -> list[tuple[int, str, datetime]]:
    """(item, title, when) of what a person has submitted in a queue and not withdrawn, newest first."""
    table = said_on(queue)
    subject: Any = {"pair": PairRow, "ranking": RankingRow}.get(queue.subject, TraceRow)
    key = {"pair": ItemRow.pair_id, "ranking": ItemRow.ranking_id}.get(queue.subject, ItemRow.trace_id)
    title = TraceRow.title if subject is TraceRow else subject.prompt
    query = (
        select(ItemRow.id, title, table.submitted_at)
        .join(table, table.item_id == ItemRow.id)
        .join(subject, subject.id == key)
        .where(stands(table), table.person_id == person, ItemRow.queue_id == queue.id)
        .order_by(table.submitted_at.desc(), table.id.desc())
    )
    return [(item, title[:120], at) for item, title, at in session.execute(query.limit(limit))]
