"""Queues are filled: the ones that need no set-up, those that a lead makes, and what comes later and fits.

Every imported run is to be reviewed and every imported pair to be decided, unless a lead archives these queues.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.review.orders import ranks
from core.review.ready_made import RUN_REVIEW
from core.store.items import NewItem, add_items
from core.store.queue_filters import Fit, QueueFilter, fitting
from core.store.queues import get_queue, make_queue, standing_queues
from core.store.schemas import save_schema
from core.store.tables import QueueRow

ALL_RUNS = "All runs"
ALL_PAIRS = "All pairs"


def enqueue(
    session: Session, trace_ids: Sequence[int], pair_ids: Sequence[int] = (), ranking_ids: Sequence[int] = ()
) -> int:
    """Put what is new into the standing queues whose filter lets it in; how many items were new there.

    The queues of all runs and of all pairs are made when they are missing.
    """
    if trace_ids:
        _stand(session, make_queue(session, ALL_RUNS, "trace", save_schema(session, RUN_REVIEW)))
    if pair_ids:
        _stand(session, make_queue(session, ALL_PAIRS, "pair", None))
    new = {"trace": trace_ids, "step": trace_ids, "pair": pair_ids, "ranking": ranking_ids}
    added = 0
    for queue in standing_queues(session, [subject for subject, ids in new.items() if ids]):
        added += put_in(session, queue, _joining(session, queue, new[queue.subject]))
    return added


def _stand(session: Session, queue: int) -> None:
    get_queue(session, queue).standing = True
    session.flush()


def _joining(session: Session, queue: QueueRow, ids: Sequence[int]) -> list[Fit]:
    if not queue.filter and queue.subject != "step":
        return [Fit(one) for one in ids]
    return fitting(session, queue.subject, QueueFilter.from_json(queue.filter), among=ids)


def put_in(session: Session, queue: QueueRow, fits: Sequence[Fit]) -> int:
    """Put these into a queue, each where its order wants it; how many were new. What is there stays as it is.

    Where the order rests on vectors or on many choices they come last, until it is renewed (core.review.orders).
    """
    placed = zip(fits, ranks(session, queue, fits), strict=True)
    return add_items(session, queue, [NewItem(one.subject, one.step, rank) for one, rank in placed])


def fits_of(session: Session, queue: QueueRow, wanted: QueueFilter | None = None) -> list[Fit]:
    """What the queue's filter (or another one) lets in, of all that is stored."""
    asked = QueueFilter.from_json(queue.filter) if wanted is None else wanted
    return fitting(session, queue.subject, asked, seed=queue.seed, queue=queue.name)
