"""Items that check the reviewer: hidden repeats of their own, and items whose answer is known; they look like any.

Which comes when is drawn from the queue, the person and how much they have submitted in it, so that asking again does
not draw again.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.store.control_items import add_repeat, n_submitted, repeatable, unseen_gold
from core.store.tables import ItemRow, QueueRow

REPEAT_AFTER = 5
"""Submissions that lie between an item and its repeat at the least."""


def due_gold(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """An item with a known answer that the person has not had, if it is time for one."""
    if not queue.gold_share or _draw("gold", queue, person, n_submitted(session, queue.id, person)) >= queue.gold_share:
        return None
    left = sorted(unseen_gold(session, queue.id, person), key=lambda item: content_hash(["gold", item, person]))
    return session.get(ItemRow, left[0]) if left else None


def due_repeat(session: Session, queue: QueueRow, person: int) -> ItemRow | None:
    """An item that the person answered a while ago, to be answered again, if it is time for one."""
    if not queue.repeat_share:
        return None
    n = n_submitted(session, queue.id, person)
    if n <= REPEAT_AFTER or _draw("repeat", queue, person, n) >= queue.repeat_share:
        return None
    earlier = sorted(
        repeatable(session, queue, person, REPEAT_AFTER), key=lambda item: content_hash(["repeat", item, person])
    )
    return add_repeat(session, earlier[0], person) if earlier else None


def _draw(what: str, queue: QueueRow, person: int, n: int) -> float:
    return int(content_hash([what, queue.id, queue.seed, person, n], 12), 16) / 16**12
