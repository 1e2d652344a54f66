"""Queues whose order depends on what is labelled: put in order anew, in the background, at most once a minute."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from threading import Event

from sqlalchemy.orm import Session

from core.review.informative import informative_ranks
from core.review.orders import RENEWED, Rankers, Renewal, reorder
from core.store.queues import get_queue
from core.store.tables import QueueRow
from core.tasks.likeness import unlike_ranks
from dashboard.process import run_index, store

orders_due = Event()
"""Set when a queue was made or its order was changed: it is put in order at once instead of at the next round."""

_renewal = Renewal()


def _unlike(session: Session, queue: QueueRow, subjects: Collection[int]) -> Mapping[int, float]:
    return unlike_ranks(session, run_index(), sorted(subjects))


RANKERS = Rankers(unlike=_unlike, informative=informative_ranks)


def renew_orders() -> bool:
    """Put those queues in order for which something came since."""
    _renewal.renew(store(), RANKERS)
    return False


def put_in_order(queue: int) -> None:
    """Put a queue in its order now, or at once in the background where that rests on vectors or many choices."""
    with store().reading() as session:
        renewed = get_queue(session, queue).order in RENEWED
    if renewed:
        orders_due.set()
    else:
        reorder(store(), queue)
