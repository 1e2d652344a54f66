"""The queues that need no set-up: every imported run is to be reviewed, every imported pair to be decided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.review.ready_made import RUN_REVIEW
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema

ALL_RUNS = "All runs"
ALL_PAIRS = "All pairs"


def enqueue(session: Session, trace_ids: Sequence[int], pair_ids: Sequence[int] = ()) -> int:
    """Put new traces and pairs into the default queues, made when they are missing; how many were new there."""
    added = 0
    if trace_ids:
        queue = make_queue(session, ALL_RUNS, "trace", save_schema(session, RUN_REVIEW))
        added += add_items(session, get_queue(session, queue), [NewItem(one) for one in trace_ids])
    if pair_ids:
        queue = make_queue(session, ALL_PAIRS, "pair", None)
        added += add_items(session, get_queue(session, queue), [NewItem(one) for one in pair_ids])
    return added
