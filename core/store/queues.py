"""Queues, their items, and the claims that people hold on items. Items are taken under a lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.clock import content_hash, now
from core.errors import NotFound
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import (
    AnnotationRow,
    ClaimRow,
    ItemRow,
    LabelSchemaRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    TraceRow,
)

CLAIMED, LAPSED, SKIPPED, SUBMITTED = "claimed", "lapsed", "skipped", "submitted"
OPEN, DONE = "open", "done"


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
    """The row id of a queue, made when its name is new."""
    name = clean(name, 200)
    values = {
        "name": name,
        "subject": subject,
        "schema_id": schema_id,
        "overlap": overlap,
        "blind": blind,
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


def list_queues(session: Session, subject: str) -> list[QueueRow]:
    """All queues of traces or of pairs, by name."""
    return list(session.scalars(select(QueueRow).where(QueueRow.subject == subject).order_by(QueueRow.name)))


def add_items(session: Session, queue: QueueRow, subjects: Sequence[int]) -> int:
    """Put traces or pairs (row ids) into a queue, in an order that only the queue and the subject decide.

    What is in it already stays where it is; the number that was new.
    """
    column = ItemRow.trace_id if queue.subject == "trace" else ItemRow.pair_id
    rows = [
        {
            "queue_id": queue.id,
            column.key: subject,
            "rank": _rank(queue.name, subject),
            "state": OPEN,
            "n_done": 0,
            "flag": "",
        }
        for subject in subjects
    ]
    added = insert_new(session, ItemRow, rows, column)
    refresh_items(session, queue.subject, list(added))
    return len(added)


def _rank(queue: str, subject: int) -> float:
    return int(content_hash([queue, subject], 12), 16) / 16**12


def refresh_items(session: Session, subject: str, subjects: Sequence[int]) -> None:
    """Bring `n_done` and the state of the items of these traces or pairs in line with the labels they have."""
    label: Any
    if subject == "trace":
        column, label = ItemRow.trace_id, AnnotationRow
        asked, given = aliased(LabelSchemaRow), (AnnotationRow.trace_id == ItemRow.trace_id, AnnotationRow.current)
    else:
        column, label = ItemRow.pair_id, PreferenceRow
        asked, given = aliased(LabelSchemaRow), (PreferenceRow.pair_id == ItemRow.pair_id, PreferenceRow.current)
    query = (
        select(ItemRow.id, ItemRow.state, QueueRow.overlap, func.count(label.id))
        .join(QueueRow, QueueRow.id == ItemRow.queue_id)
        .outerjoin(asked, asked.id == QueueRow.schema_id)
        .outerjoin(label, and_(*given, *([AnnotationRow.schema_key == asked.key] if subject == "trace" else [])))
        .group_by(ItemRow.id, ItemRow.state, QueueRow.overlap)
    )
    listed = list(subjects)
    for start in range(0, len(listed), 500):
        counted = session.execute(query.where(column.in_(listed[start : start + 500]))).all()
        rows = [
            {
                "id": item,
                "n_done": done,
                "state": (DONE if done >= overlap else OPEN) if state in (OPEN, DONE) else state,
            }
            for item, state, overlap, done in counted
        ]
        if rows:
            session.execute(update(ItemRow), rows)
    session.expire_all()


def get_item(session: Session, item: int) -> ItemRow:
    """An item by row id; raises NotFound."""
    row = session.get(ItemRow, item)
    if row is None:
        raise NotFound(f"There is no item {item}. It may have been removed; the next one is shown.", field="item")
    return row


def my_claim(session: Session, item: int, person: int) -> ClaimRow | None:
    """A person's claim on an item, in whatever state."""
    return session.scalar(select(ClaimRow).where(ClaimRow.item_id == item, ClaimRow.person_id == person))


def held_item(session: Session, queue: int, person: int) -> ItemRow | None:
    """The item of the queue that a person holds already, if any."""
    query = (
        select(ItemRow)
        .join(ClaimRow, ClaimRow.item_id == ItemRow.id)
        .where(
            ItemRow.queue_id == queue, ClaimRow.person_id == person, ClaimRow.state == CLAIMED, ItemRow.state == OPEN
        )
    )
    return session.scalar(query.order_by(ClaimRow.claimed_at).limit(1))


def next_open_item(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """The first item that needs a reviewer and that this person has not had; locked until the transaction ends."""
    needs_one = ItemRow.n_done + _claims_of_others(person) < queue.overlap
    query = (
        select(ItemRow)
        .where(
            ItemRow.queue_id == queue.id,
            ItemRow.state == OPEN,
            needs_one,
            ~exists().where(ClaimRow.item_id == ItemRow.id, ClaimRow.person_id == person),
            ~_labelled_by(queue, person),
        )
        .order_by(ItemRow.rank, ItemRow.id)
        .limit(1)
    )
    passing, waiting = (query.with_for_update(of=ItemRow, skip_locked=skip) for skip in (True, False))
    while (found := session.scalar(passing) or session.scalar(waiting)) is not None:
        # what was counted may have been claimed between the count and the lock: count again under the lock
        if session.scalar(select(needs_one).select_from(ItemRow).where(ItemRow.id == found.id)):
            return found
    return None


def is_free(session: Session, item: ItemRow, person: int) -> bool:
    """Whether the item needs one reviewer more than have or hold it; it is locked until the transaction ends."""
    session.scalar(select(ItemRow.id).where(ItemRow.id == item.id).with_for_update())
    needs_one = ItemRow.n_done + _claims_of_others(person) < QueueRow.overlap
    query = select(needs_one).select_from(ItemRow).join(QueueRow, QueueRow.id == ItemRow.queue_id)
    return bool(session.scalar(query.where(ItemRow.id == item.id)))


def _claims_of_others(person: int) -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(
            ClaimRow.item_id == ItemRow.id,
            ClaimRow.person_id != person,
            ClaimRow.state == CLAIMED,
            ClaimRow.expires_at > now(),
        )
        .scalar_subquery()
    )


def _labelled_by(queue: QueueRow, person: int) -> ColumnElement[bool]:
    if queue.subject == "pair":
        mine = and_(PreferenceRow.pair_id == ItemRow.pair_id, PreferenceRow.person_id == person, PreferenceRow.current)
        return exists().where(mine)
    mine = and_(AnnotationRow.trace_id == ItemRow.trace_id, AnnotationRow.person_id == person, AnnotationRow.current)
    return exists().where(mine, AnnotationRow.schema_id == queue.schema_id)


def claim(session: Session, item: int, person: int, lease: timedelta, left: str = "") -> ClaimRow:
    """Give the item to the person until the lease ends; a claim they had keeps its side."""
    at = now()
    row = my_claim(session, item, person)
    if row is None:
        row = ClaimRow(item_id=item, person_id=person, state=CLAIMED, left=left, claimed_at=at, expires_at=at + lease)
        session.add(row)
    else:
        row.state, row.claimed_at, row.expires_at = CLAIMED, at, at + lease
    session.flush()
    return row


def renew(session: Session, item: int, person: int, lease: timedelta) -> None:
    """Move the end of a person's claim: they are still at it."""
    held = (ClaimRow.item_id == item, ClaimRow.person_id == person, ClaimRow.state == CLAIMED)
    session.execute(update(ClaimRow).where(*held).values(expires_at=now() + lease))


def progress(session: Session, queue: QueueRow, person: int) -> QueueProgress:
    """Counts of a queue; the pace is a person's submissions over the last eight hours they were at it."""
    states = select(ItemRow.state, func.count()).where(ItemRow.queue_id == queue.id).group_by(ItemRow.state)
    counts = dict(session.execute(states).all())
    table: Any = PreferenceRow if queue.subject == "pair" else AnnotationRow
    # from the person's submissions to their items: a queue has many times as many items as one person submits
    mine = (table.person_id == person, table.current, ItemRow.queue_id == queue.id)
    counted = select(func.count(), func.min(table.submitted_at), func.max(table.submitted_at))
    counted = counted.select_from(table).join(ItemRow, ItemRow.id == table.item_id).where(*mine)
    total_mine = session.execute(counted).one()[0]
    recent = counted.where(table.submitted_at > now() - timedelta(hours=8))
    count, first, last = session.execute(recent).one()
    hours = (last - first).total_seconds() / 3600 if count >= 3 else 0.0
    return QueueProgress(
        counts.get(DONE, 0), sum(counts.values()), total_mine, (count - 1) / hours if hours > 0.005 else None
    )


def submissions(session: Session, queue: QueueRow, person: int, limit: int) -> list[tuple[int, str, datetime]]:
    """(item, title, when) of a person's current submissions in a queue, newest first."""
    query: Any
    if queue.subject == "pair":
        query = (
            select(ItemRow.id, PairRow.prompt, PreferenceRow.submitted_at)
            .join(PreferenceRow, PreferenceRow.item_id == ItemRow.id)
            .join(PairRow, PairRow.id == ItemRow.pair_id)
            .where(PreferenceRow.current, PreferenceRow.person_id == person)
            .order_by(PreferenceRow.submitted_at.desc(), PreferenceRow.id.desc())
        )
    else:
        query = (
            select(ItemRow.id, TraceRow.title, AnnotationRow.submitted_at)
            .join(AnnotationRow, AnnotationRow.item_id == ItemRow.id)
            .join(TraceRow, TraceRow.id == ItemRow.trace_id)
            .where(AnnotationRow.current, AnnotationRow.person_id == person)
            .order_by(AnnotationRow.submitted_at.desc(), AnnotationRow.id.desc())
        )
    found = session.execute(query.where(ItemRow.queue_id == queue.id).limit(limit))
    return [(item, title[:120], at) for item, title, at in found]


def hidden_from(person: int) -> ColumnElement[bool]:
    """A condition on `TraceRow`: an open item of a blind queue that this annotator has still to judge (law 7)."""
    said = exists().where(
        AnnotationRow.trace_id == TraceRow.id, AnnotationRow.person_id == person, AnnotationRow.current
    )
    annotator = exists().where(PersonRow.id == person, PersonRow.role == "annotator")
    traces = exists().where(
        ItemRow.trace_id == TraceRow.id, ItemRow.state == OPEN, QueueRow.id == ItemRow.queue_id, QueueRow.blind
    )
    decided = exists().where(
        PreferenceRow.item_id == ItemRow.id, PreferenceRow.person_id == person, PreferenceRow.current
    )
    pairs = exists().where(
        or_(PairRow.trace_a_id == TraceRow.id, PairRow.trace_b_id == TraceRow.id),
        ItemRow.pair_id == PairRow.id,
        ItemRow.state == OPEN,
        QueueRow.id == ItemRow.queue_id,
        QueueRow.blind,
        ~decided,
    )
    return and_(annotator, or_(and_(traces, ~said), pairs))


def hidden_traces(session: Session, person: int, trace_ids: Sequence[int]) -> set[int]:
    """Which of these traces must not show their outcome, version, signals and labels to this person yet."""
    query = select(TraceRow.id).where(TraceRow.id.in_(trace_ids), hidden_from(person))
    return set(session.scalars(query))
