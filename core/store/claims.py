"""The claims that people hold on items: who has what, until when. An item is taken under its lock.

At any moment the answers that count on an item and the live claims on it are at most as many as its queue asks for:
that, and nothing else, makes overlap exact.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.store.dialect import is_postgresql, unindexed
from core.store.items import OPEN
from core.store.locks import lock_rows
from core.store.tables import (
    AnnotationRow,
    ClaimRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
)

CLAIMED, LAPSED, SKIPPED, SUBMITTED = "claimed", "lapsed", "skipped", "submitted"


def my_claim(session: Session, item: int, person: int) -> ClaimRow | None:
    """A person's claim on an item, in whatever state."""
    return session.scalar(select(ClaimRow).where(ClaimRow.item_id == item, ClaimRow.person_id == person))


def lock_claim(session: Session, item: int, person: int) -> ClaimRow | None:
    """A person's claim on an item, which nobody else changes until this transaction ends.

    The item is locked before it where the claim may have to be revived (`renew`).
    """
    row = my_claim(session, item, person)
    if row is None:
        return None
    if not is_live(row):
        lock_rows(session, ItemRow.id, ItemRow.id == item)
    lock_rows(session, ClaimRow.id, ClaimRow.id == row.id)
    session.refresh(row)
    return row


def held_item(session: Session, queue: int, person: int) -> ItemRow | None:
    """The item of the queue that a person holds already, if any."""
    query = (
        select(ItemRow)
        .join(ClaimRow, ClaimRow.item_id == ItemRow.id)
        .where(
            ItemRow.queue_id == queue,
            ClaimRow.person_id == person,
            ClaimRow.state == CLAIMED,
            ItemRow.state.in_((OPEN, "gold")),
        )
    )
    return session.scalar(query.order_by(ClaimRow.claimed_at).limit(1))


def next_open_item(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """The first item that needs a reviewer and that this person has not had; locked until the transaction ends.

    Items that others lock are passed over, unless no other is left.
    """
    while (found := _first_in_line(session, queue, person, locked=True)) is not None:
        # What was counted may have been claimed between the count and the lock: count again under the lock. As of now,
        # not of the first count: else a claim that lapsed between them is live here and lapsed there, for ever.
        if session.scalar(select(_needs_one(queue, person)).select_from(ItemRow).where(ItemRow.id == found.id)):
            return found
    return None


def next_in_line(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """What `next_open_item` would find now; nobody is kept from it."""
    return _first_in_line(session, queue, person, locked=False)


def _first_in_line(session: Session, queue: QueueRow, person: int, locked: bool) -> ItemRow | None:
    """Looked for among the first open items, then behind what the person had last, then everywhere.

    Somebody far ahead of the others has all of thousands of open items behind them: to look through these each time
    took a quarter of a second for twenty thousand. What became free among them again is found by others, or at the end.
    """
    line, everywhere = _in_line(queue, person), ItemRow.queue_id == queue.id
    passing = line.with_for_update(of=ItemRow, skip_locked=True, key_share=True) if locked else line
    found: ItemRow | None = session.scalar(passing.where(_front(queue)))
    if found is None and (behind := _behind_last(session, queue, person)) is not None:
        found = session.scalar(passing.where(everywhere, behind))
    if found is None:
        found = session.scalar(passing.where(everywhere))
    if found is None and locked and is_postgresql(session):
        found = session.scalar(line.where(everywhere).with_for_update(of=ItemRow, key_share=True))
    return found


FRONT = 300
"""How many of the first open items are looked at before what lies behind a person's last one."""


def _front(queue: QueueRow) -> ColumnElement[bool]:
    first = (
        select(ItemRow.id)
        .where(ItemRow.queue_id == queue.id, ItemRow.state == OPEN)
        .order_by(ItemRow.rank, ItemRow.id)
        .limit(FRONT)
    )
    return ItemRow.id.in_(first)


def _behind_last(session: Session, queue: QueueRow, person: int) -> ColumnElement[bool] | None:
    """Behind the item that the person had last; None for somebody who had none."""
    last: tuple[int, float, int] | None = None
    for state in (SUBMITTED, SKIPPED):  # one by one: the newest of each stands at the end of an index
        query = (
            select(ClaimRow.id, ItemRow.rank, ItemRow.id)
            .join(ItemRow, ItemRow.id == ClaimRow.item_id)
            .where(ClaimRow.person_id == person, ClaimRow.state == state, ItemRow.queue_id == queue.id)
            .order_by(ClaimRow.id.desc())
            .limit(1)
        )
        found = session.execute(query).first()
        if found is not None and (last is None or found[0] > last[0]):
            last = (found[0], found[1], found[2])
    return None if last is None else tuple_(ItemRow.rank, ItemRow.id) > tuple_(last[1], last[2])


def _needs_one(queue: QueueRow, person: int) -> ColumnElement[bool]:
    return ItemRow.n_done + _claims_of_others(person) < queue.overlap


def _in_line(queue: QueueRow, person: int) -> Select[Any]:
    return (
        select(ItemRow)
        .where(
            ItemRow.state == OPEN,
            ItemRow.for_person == 0,
            ~exists().where(ClaimRow.item_id == ItemRow.id, ClaimRow.person_id == person),
            ~answered_by(queue, person),
            _needs_one(queue, person),
        )
        .order_by(ItemRow.rank, ItemRow.id)
        .limit(1)
    )


def is_free(session: Session, item: ItemRow, person: int) -> bool:
    """Whether the item needs one answer more than it has and others hold; it is locked until the transaction ends."""
    lock_rows(session, ItemRow.id, ItemRow.id == item.id)
    if item.for_person:
        return item.for_person == person
    needs_one = or_(ItemRow.state == "gold", ItemRow.n_done + _claims_of_others(person) < QueueRow.overlap)
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


def answered_by(queue: QueueRow, person: int) -> ColumnElement[bool]:
    """A condition on ItemRow: the person has answered its subject under the same questions, in whatever queue."""
    table, same = said_of(queue)
    return exists().where(same, unindexed(table.person_id) == person)


def said_of(queue: QueueRow) -> tuple[Any, ColumnElement[bool]]:
    """The table of what people say, and a condition: such a row counts, and is on an item under the same questions."""
    if queue.subject == "pair":
        return PreferenceRow, and_(PreferenceRow.pair_id == ItemRow.pair_id, PreferenceRow.current)
    if queue.subject == "ranking":
        given = RankingGivenRow
        return given, and_(given.ranking_id == ItemRow.ranking_id, given.current)
    asked = select(LabelSchemaRow.key).where(LabelSchemaRow.id == queue.schema_id).scalar_subquery()
    same = and_(AnnotationRow.trace_id == ItemRow.trace_id, AnnotationRow.step_uid == ItemRow.step_uid)
    read = AnnotationRow.bulk_id.is_(None)
    return AnnotationRow, and_(same, AnnotationRow.current, AnnotationRow.schema_key == asked, read)


def claim(
    session: Session, item: int, person: int, lease: timedelta, left: str = "", schema: int | None = None
) -> ClaimRow:
    """Give the item to the person until the lease ends; a claim they had keeps its sides and its questions."""
    at = now()
    row = my_claim(session, item, person)
    if row is None:
        row = ClaimRow(item_id=item, person_id=person, left=left, schema_id=schema)
        session.add(row)
    row.state, row.claimed_at, row.expires_at = CLAIMED, at, at + lease
    session.flush()
    return row


def renew(session: Session, item: ItemRow, person: int, lease: timedelta) -> ClaimRow | None:
    """Move the end of a person's claim: they are still at it. One that ended is revived while the item is free.

    The claim as it stands then, LAPSED where others hold or have done the item; None for somebody without one.
    """
    row = my_claim(session, item.id, person)
    if row is None or row.state not in (CLAIMED, LAPSED):
        return row
    if is_live(row) or is_free(session, item, person):
        row.state, row.expires_at = CLAIMED, now() + lease
    else:
        row.state = LAPSED
    session.flush()
    return row


def is_live(claim: ClaimRow) -> bool:
    """Whether the claim still keeps others away."""
    return claim.state == CLAIMED and claim.expires_at > now()


def let_go(session: Session, person: int, queue: int | None = None) -> int:
    """End all claims of somebody who left (in one queue, or everywhere), so that others get these items at once.

    How many there were. What they had written is kept, and may still be submitted.
    """
    held = select(ClaimRow.id).where(ClaimRow.person_id == person, ClaimRow.state == CLAIMED)
    if queue is not None:
        held = held.join(ItemRow, ItemRow.id == ClaimRow.item_id).where(ItemRow.queue_id == queue)
    found = list(session.scalars(held))
    session.execute(update(ClaimRow).where(ClaimRow.id.in_(found)).values(state=LAPSED))
    return len(found)


def free_again_at(session: Session, queue: QueueRow, person: int) -> datetime | None:
    """When the first item that others hold, and that this person has not had, is free again at the latest."""
    mine = aliased(ClaimRow)
    query = (
        select(func.min(ClaimRow.expires_at))
        .join(ItemRow, ItemRow.id == ClaimRow.item_id)
        .where(
            unindexed(ItemRow.queue_id) == queue.id,  # claims are found by person: there are far more items
            ItemRow.state == OPEN,
            ItemRow.for_person == 0,
            ClaimRow.person_id != person,
            ClaimRow.person_id.in_(select(PersonRow.id)),
            ClaimRow.state == CLAIMED,
            ClaimRow.expires_at > now(),
            ~exists().where(mine.item_id == ItemRow.id, mine.person_id == person),
        )
    )
    return session.scalar(query)


def discard_votes(session: Session, item: int) -> int:
    """How many people vote to take an item out of its queue."""
    return session.scalar(select(func.count()).where(ClaimRow.item_id == item, ClaimRow.discard)) or 0
