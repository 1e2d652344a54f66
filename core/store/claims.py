"""The claims that people hold on items: who has what, until when. An item is taken under its lock.

At any moment the answers that count on an item and the live claims on it are at most as many as its queue asks for:
that, and nothing else, makes overlap exact.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core.clock import now
from core.store.items import OPEN, lock_item
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
    """The first item that needs a reviewer and that this person has not had; locked until the transaction ends."""
    query, needs_one = _in_line(queue, person), _needs_one(queue, person)
    passing, waiting = (query.with_for_update(of=ItemRow, skip_locked=skip) for skip in (True, False))
    while (found := session.scalar(passing) or session.scalar(waiting)) is not None:
        # what was counted may have been claimed between the count and the lock: count again under the lock
        if session.scalar(select(needs_one).select_from(ItemRow).where(ItemRow.id == found.id)):
            return found
    return None


def next_in_line(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """What `next_open_item` would find now; nobody is kept from it."""
    return session.scalar(_in_line(queue, person))


def _needs_one(queue: QueueRow, person: int) -> ColumnElement[bool]:
    return ItemRow.n_done + _claims_of_others(person) < queue.overlap


def _in_line(queue: QueueRow, person: int) -> Select[ItemRow]:
    return (
        select(ItemRow)
        .where(
            ItemRow.queue_id == queue.id,
            ItemRow.state == OPEN,
            ItemRow.for_person == 0,
            _needs_one(queue, person),
            ~exists().where(ClaimRow.item_id == ItemRow.id, ClaimRow.person_id == person),
            ~answered_by(queue, person),
        )
        .order_by(ItemRow.rank, ItemRow.id)
        .limit(1)
    )


def is_free(session: Session, item: ItemRow, person: int) -> bool:
    """Whether the item needs one answer more than it has and others hold; it is locked until the transaction ends."""
    lock_item(session, item.id)
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
    return exists().where(*answers_of(queue, person))


def answers_of(queue: QueueRow, person: int) -> tuple[ColumnElement[bool] | InstrumentedAttribute[bool], ...]:
    """Conditions on ItemRow and on what the person said that counts: these answers are answers to these items."""
    if queue.subject == "pair":
        chosen = PreferenceRow
        return chosen.pair_id == ItemRow.pair_id, chosen.person_id == person, chosen.current
    if queue.subject == "ranking":
        given = RankingGivenRow
        return given.ranking_id == ItemRow.ranking_id, given.person_id == person, given.current
    asked = select(LabelSchemaRow.key).where(LabelSchemaRow.id == queue.schema_id).scalar_subquery()
    return (
        AnnotationRow.trace_id == ItemRow.trace_id,
        AnnotationRow.step_uid == ItemRow.step_uid,
        AnnotationRow.person_id == person,
        AnnotationRow.current,
        AnnotationRow.schema_key == asked,
    )


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
            ItemRow.queue_id == queue.id,
            ItemRow.state == OPEN,
            ItemRow.for_person == 0,
            ClaimRow.person_id != person,
            ClaimRow.person_id.in_(select(PersonRow.id)),  # claims are found by person: there are far more items
            ClaimRow.state == CLAIMED,
            ClaimRow.expires_at > now(),
            ~exists().where(mine.item_id == ItemRow.id, mine.person_id == person),
        )
    )
    return session.scalar(query)


def discard_votes(session: Session, item: int) -> int:
    """How many people vote to take an item out of its queue."""
    return session.scalar(select(func.count()).where(ClaimRow.item_id == item, ClaimRow.discard)) or 0
