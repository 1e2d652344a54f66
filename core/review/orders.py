"""The order in which a queue is given out: a rank for every item, low first, and their renewal when labels came.

Ranks of an order have tiers (whole numbers) and a lot within each, so that what is alike is not in the order of import.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from sqlalchemy.orm import Session

from core.clock import now
from core.errors import InvalidInput, Unavailable
from core.records import Outcome, Role, Signal, SignalKind
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.items import lot
from core.store.queue_filters import Fit
from core.store.queue_ranks import (
    Seen,
    failed_steps,
    newest_seen,
    open_places,
    outcomes_of,
    set_ranks,
    times_of,
)
from core.store.queues import ARCHIVED, get_queue, list_queues
from core.store.signals import signals_of
from core.store.tables import QueueRow
from core.tasks.outcome import JUDGE, OUTCOME, words_of

RANDOM, FAILURES, UNCERTAIN, UNLIKE, OLDEST, INFORMATIVE = (
    *("random", "failures", "uncertain", "unlike", "oldest", "informative"),
)

OF_SUBJECT = {
    "trace": (RANDOM, FAILURES, UNCERTAIN, UNLIKE, OLDEST),
    "step": (RANDOM, FAILURES, UNCERTAIN, UNLIKE, OLDEST),
    "pair": (RANDOM, INFORMATIVE, OLDEST),
    "ranking": (RANDOM, OLDEST),
}
"""Which orders a queue of these things may have."""

RENEWED = (UNCERTAIN, UNLIKE, INFORMATIVE)
"""Orders that change with what is labelled, or with what judges say."""

AT_ONCE = 500
LAST = 2.0
"""Where an item stands, with a lot added, of which its order knows nothing (yet)."""

_GRADE = {Outcome.SOLVED.value: 1.0, Outcome.PARTLY.value: 0.5, Outcome.FAILED.value: 0.0}
_FAILED_FIRST = {"failed": 0, "partly": 1, "unknown": 2, "solved": 3}


class Ranked(Protocol):
    """What ranks the subjects of a queue by something that is known elsewhere, such as the vectors of runs."""

    def __call__(self, session: Session, queue: QueueRow, subjects: Collection[int]) -> Mapping[int, float]:
        """Subject → rank, low first; without those that nothing is known of."""


@dataclass(frozen=True, slots=True)
class Rankers:
    """What can rank by likeness, and by how much a pair would tell; an order whose ranker is missing is not offered."""

    unlike: Ranked | None = None
    informative: Ranked | None = None

    def offered(self, subject: str) -> tuple[str, ...]:
        """The orders that a queue of these things may be given."""
        missing = {UNLIKE: self.unlike is None, INFORMATIVE: self.informative is None}
        return tuple(order for order in OF_SUBJECT[subject] if not missing.get(order, False))


NOTHING = Rankers()


def check_order(subject: str, order: str) -> None:
    """Raise InvalidInput for an order that these things cannot have."""
    if order not in OF_SUBJECT[subject]:
        known = ", ".join(OF_SUBJECT[subject])
        raise InvalidInput(f"A queue of {subject}s has no order {order}. Orders are: {known}.", field="order")


def ranks(session: Session, queue: QueueRow, fits: Sequence[Fit], rankers: Rankers = NOTHING) -> list[float]:
    """The rank of each of these in the queue's order."""
    by_lot = [lot(queue.seed, queue.name, one.subject, one.step) for one in fits]
    if queue.order == RANDOM:
        return by_lot
    subjects = {one.subject for one in fits}
    if queue.order == OLDEST:
        times = times_of(session, queue.subject, subjects)
        return [times[one.subject].timestamp() for one in fits]
    if queue.order == FAILURES:
        return [tier + place for tier, place in zip(_tiers(session, queue, fits), by_lot, strict=True)]
    if queue.order == UNCERTAIN:
        known: Mapping[int, float] = doubt(session, subjects)
        return [known.get(one.subject, LAST) + place / 1000 for one, place in zip(fits, by_lot, strict=True)]
    ranker = rankers.unlike if queue.order == UNLIKE else rankers.informative
    known = ranker(session, queue, subjects) if ranker is not None else {}
    last = max([LAST, *known.values()]) + 1
    return [known.get(one.subject, last + place) for one, place in zip(fits, by_lot, strict=True)]


def _tiers(session: Session, queue: QueueRow, fits: Sequence[Fit]) -> list[int]:
    """Failed runs, then partly solved ones, unknown ones, solved ones; of steps those first that ended in an error."""
    traces = {one.subject for one in fits}
    outcomes = outcomes_of(session, traces)
    tiers = [_FAILED_FIRST[outcomes[one.subject]] for one in fits]
    if queue.subject != "step":
        return tiers
    failed = failed_steps(session, traces)
    return [0 if (one.subject, one.step) in failed else 1 + tier for one, tier in zip(fits, tiers, strict=True)]


def doubt(session: Session, traces: Collection[int]) -> dict[int, float]:
    """Trace → rank by what judges say of the whole run, of those that a judge spoke of: 0 all doubt, 1 none.

    Each opinion is a grade g, 0 to 1. The rank is 1 - (u + d) / 2 with the uncertainty u = 1 - |2p - 1|, p being the
    mean of all g, and the disagreement d = max g - min g.
    """
    listed = sorted(set(traces))
    said: dict[int, list[float]] = {}
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        for trace, signals in signals_of(session, some).items():
            for signal in signals:
                if (grade := _opinion(signal)) is not None:
                    said.setdefault(trace, []).append(grade)
        for given in annotations_of(session, some):
            grade = _GRADE.get(str(given.answers.get(OUTCOME)))
            if given.role is Role.MACHINE and not given.step_id and grade is not None:
                said.setdefault(given.trace_id, []).append(grade)
    return {
        trace: 1 - (1 - abs(2 * fmean(grades) - 1) + max(grades) - min(grades)) / 2 for trace, grades in said.items()
    }


def _opinion(signal: Signal) -> float | None:
    """What a judge's signal says of the run, 0 to 1; None for any other signal."""
    named = JUDGE in words_of(signal.source) or JUDGE in words_of(signal.name)
    if signal.kind is not SignalKind.AUTOMATED or signal.step_id is not None or not named:
        return None
    if isinstance(signal.value, (int, float)) and not isinstance(signal.value, bool) and 0 <= signal.value <= 1:
        return float(signal.value)
    return None if signal.success is None else float(signal.success)


def reorder(store: Store, queue: int, rankers: Rankers = NOTHING) -> int:
    """Put the open items of a queue in its order; how many moved. What somebody holds stays theirs."""
    at = now()
    with store.reading() as session:
        row = get_queue(session, queue)
        places = open_places(session, row)
        wanted = ranks(session, row, [Fit(place.subject, place.step) for place in places], rankers)
    moved = {place.item: rank for place, rank in zip(places, wanted, strict=True) if place.rank != rank}
    _move(store, moved)
    with store.session(patient=True) as session:
        get_queue(session, queue).ranked_at = at
    return len(moved)


def _move(store: Store, moved: Mapping[int, float]) -> None:
    listed = sorted(moved)
    for start in range(0, len(listed), AT_ONCE):
        with store.session(patient=True) as session:
            set_ranks(session, {item: moved[item] for item in listed[start : start + AT_ONCE]})


class Renewal:
    """Puts the queues in order whose order depends on what is labelled, when something came that it depends on.

    It remembers what was newest when it looked last; after a restart every such queue is put in order once.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, int, int, int]] = {}

    def renew(self, store: Store, rankers: Rankers = NOTHING) -> int:
        """Look at each queue once; how many were put in order. Raises Unavailable when what ranks one is not there."""
        with store.reading() as session:
            queues = [row for row in list_queues(session) if row.order in RENEWED and row.state != ARCHIVED]
            found = {row.id: _depends(row, newest_seen(session, row)) for row in queues}
        due = [queue for queue, newest in found.items() if self._seen.get(queue) != newest]
        self._seen = {queue: newest for queue, newest in found.items() if queue not in due}
        missing: Unavailable | None = None
        for queue in due:
            try:
                reorder(store, queue, rankers)
                self._seen[queue] = found[queue]
            except Unavailable as error:  # its turn comes again at the next look
                missing = error
        if missing is not None:
            raise missing
        return len(due)


def _depends(queue: QueueRow, seen: Seen) -> tuple[str, int, int, int]:
    """What the queue's order was made from, and its newest item."""
    by = {UNCERTAIN: (seen.signal, seen.machine), UNLIKE: (seen.label, 0), INFORMATIVE: (seen.preference, 0)}
    return queue.order, *by[queue.order], seen.item
