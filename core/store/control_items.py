"""Items whose answer is known, and a person's own items that may be asked again."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.store.claims import SUBMITTED
from core.store.dialect import insert_new
from core.store.items import GOLD, OPEN, get_item
from core.store.queues import said_on
from core.store.tables import ClaimRow, ItemRow, QueueRow


def n_submitted(session: Session, queue: int, person: int) -> int:
    """How many items of the queue a person has submitted, hidden repeats too."""
    mine = (ClaimRow.person_id == person, ClaimRow.state == SUBMITTED, ItemRow.queue_id == queue)
    query = select(func.count()).select_from(ClaimRow).join(ItemRow, ItemRow.id == ClaimRow.item_id).where(*mine)
    return session.scalar(query) or 0


def unseen_gold(session: Session, queue: int, person: int) -> list[int]:
    """The items with a known answer that the person has never had."""
    had = exists().where(ClaimRow.item_id == ItemRow.id, ClaimRow.person_id == person)
    return list(session.scalars(select(ItemRow.id).where(ItemRow.queue_id == queue, ItemRow.state == GOLD, ~had)))


def repeatable(session: Session, queue: QueueRow, person: int, after: int) -> list[int]:
    """What the person answered in the queue, `after` submissions ago or more, and was not asked again."""
    table = said_on(queue)
    repeated = select(ItemRow.repeat_of).where(ItemRow.for_person == person, ItemRow.repeat_of.is_not(None))
    query = (
        select(ItemRow.id)
        .join(table, table.item_id == ItemRow.id)
        .where(
            ItemRow.queue_id == queue.id,
            ItemRow.for_person == 0,
            ItemRow.state != GOLD,
            table.person_id == person,
            table.current,
            ItemRow.id.not_in(repeated),
        )
        .order_by(table.submitted_at.desc(), table.id.desc())
    )
    return list(session.scalars(query))[after:]


def add_repeat(session: Session, item: int, person: int) -> ItemRow | None:
    """Let a person be asked an item again, recorded as a repeat; None where it is recorded already."""
    first = get_item(session, item)
    subject = {name: getattr(first, name) for name in ("queue_id", "trace_id", "step_uid", "pair_id", "ranking_id")}
    row = subject | {
        "rank": first.rank,
        "state": OPEN,
        "n_done": 0,
        "flag": "",
        "repeat_of": first.id,
        "for_person": person,
        "discard_reason": "",
    }
    made = insert_new(session, ItemRow, [row], ItemRow.id)
    return session.get(ItemRow, made.pop()) if made else None
