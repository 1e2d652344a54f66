"""Claims of 50 reviewers who each take an item every 2 s from a queue of 100,000 with overlap 3, on both databases.

One of them is 20,000 items ahead of all others, another one 2,000. The floor, from the same run and the same threads in
turns with the claims: a transaction that writes one row and is committed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.records import Message, Role, Step, StepKind, Trace
from core.review.desk import next_item
from core.review.ready_made import RUN_REVIEW
from core.review.submitting import submit
from core.store.engine import Store, open_store
from core.store.items import NewItem, add_items
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, PersonRow
from core.store.trace_writing import insert_traces
from dashboard.serving import SWITCH
from tests.benchmarks.bench_traces import postgresql

ITEMS, OVERLAP, PEOPLE = 100_000, 3, 50
EVERY, ROUNDS, WARM = 2.0, 20, 2
AHEAD = {0: 20_000, 1: 2_000}
"""Reviewer → how many items they have done that nobody else has."""

TARGET_MS = 20
BATCH = 1_000


@dataclass
class Reviewer:
    """One reviewer, and the milliseconds that their claims, submissions and floors took."""

    person: PersonLine
    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)


def main() -> None:
    """Print latencies beside the floor, and whether the target is met."""
    sys.setswitchinterval(SWITCH)
    with tempfile.TemporaryDirectory() as name, postgresql() as url:
        for what, where in (("SQLite", f"sqlite:///{Path(name) / 'loopwright.db'}"), ("PostgreSQL", url)):
            if where:
                measure(what, where)


def measure(what: str, url: str) -> None:
    store = open_store(url)
    begin = time.perf_counter()
    queue, people = prepare(store)
    print(f"{what}: {ITEMS:,} items, {PEOPLE} reviewers ({time.perf_counter() - begin:.0f} s to make them)", flush=True)
    reviewers = [Reviewer(person) for person in people]
    together = Barrier(PEOPLE)
    threads = [Thread(target=work, args=(store, queue, n, each, together)) for n, each in enumerate(reviewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    claims = show("claim", (one.claims for one in reviewers))
    floor = show("floor", (one.floors for one in reviewers))
    show("submit", (one.submits for one in reviewers))
    for n, done in AHEAD.items():
        show(f"claim, {done:,} ahead", [reviewers[n].claims])
    print(f"  p95 of a claim {claims:.1f} ms (target {TARGET_MS} on SQLite), {claims / floor:.1f} floors", flush=True)


def show(what: str, took: Iterator[list[float]] | list[list[float]]) -> float:
    """Print the middle and the slowest; the 95th percentile in milliseconds."""
    values = np.array([one for each in took for one in each])
    p50, p95, top = np.percentile(values, (50, 95, 100))
    print(f"  {what:22} p50 {p50:6.1f}   p95 {p95:6.1f}   max {top:6.1f} ms over {len(values):,}", flush=True)
    return float(p95)


def work(store: Store, queue: int, n: int, reviewer: Reviewer, together: Barrier) -> None:
    """Claim every 2 s; halfway between two claims submit what is held, and write the floor's row."""
    together.wait()
    begin = time.perf_counter() + EVERY * n / PEOPLE
    for turn in range(ROUNDS):
        _until(begin + turn * EVERY)
        item = _timed(lambda: _claim(store, queue, reviewer.person), reviewer.claims, turn)
        _until(begin + (turn + 1 / 3) * EVERY)
        _timed(lambda: _touch(store, reviewer.person.id), reviewer.floors, turn)
        _until(begin + (turn + 2 / 3) * EVERY)
        _timed(lambda item=item: _submit(store, item, reviewer.person), reviewer.submits, turn)  # type: ignore[misc]


def _until(at: float) -> None:
    time.sleep(max(0.0, at - time.perf_counter()))


def _timed(deed: Callable[[], int], into: list[float], turn: int) -> int:
    begin = time.perf_counter()
    result = deed()
    if turn >= WARM:
        into.append((time.perf_counter() - begin) * 1000)
    return result


def _claim(store: Store, queue: int, person: PersonLine) -> int:
    with store.session() as session:
        item = next_item(session, get_queue(session, queue), person)
        assert item is not None
        return item.id


def _submit(store: Store, item: int, person: PersonLine) -> int:
    with store.session() as session:
        return submit(session, item, person, {"answers": {"outcome": "solved"}}).row_id


def _touch(store: Store, person: int) -> int:
    with store.session() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person).values(created_at=now()))
    return person


def prepare(store: Store) -> tuple[int, list[PersonLine]]:
    """A queue of many short runs, its reviewers, and what those who are ahead have answered."""
    with store.session() as session:
        names = [f"reviewer {n}" for n in range(PEOPLE)]
        people = [
            PersonLine(person_id(session, name, Role.ANNOTATOR, active=True), name, Role.ANNOTATOR, True)
            for name in names
        ]
        schema = save_schema(session, RUN_REVIEW)
        queue = make_queue(session, "bench", "trace", schema, OVERLAP)
    for start in range(0, ITEMS, BATCH):
        with store.session() as session:
            ids = insert_traces(session, [run(n) for n in range(start, start + BATCH)]).traces.values()
            add_items(session, get_queue(session, queue), [NewItem(one) for one in ids])
    for n, done in AHEAD.items():
        with store.session() as session:
            answered(session, queue, schema, people[n].id, done)
    return queue, people


def answered(session: Session, queue: int, schema: int, person: int, done: int) -> None:
    """The first items of the queue, answered by one person."""
    first = select(ItemRow.id, ItemRow.trace_id).where(ItemRow.queue_id == queue).order_by(ItemRow.rank, ItemRow.id)
    items = session.execute(first.limit(done)).all()
    at, shared = now(), {"person_id": person, "schema_id": schema}
    said = {"schema_key": RUN_REVIEW.key, "revision": 1, "answers": {"outcome": "solved"}, "submitted_at": at}
    held = {"state": "submitted", "claimed_at": at, "expires_at": at + timedelta(minutes=30)}
    session.execute(insert(ClaimRow), [{"item_id": item} | shared | held for item, _ in items])
    session.execute(
        insert(AnnotationRow), [{"trace_id": trace, "item_id": item} | shared | said for item, trace in items]
    )
    some = select(ClaimRow.item_id).where(ClaimRow.person_id == person)
    session.execute(update(ItemRow).where(ItemRow.id.in_(some)).values(n_done=ItemRow.n_done + 1))


def run(n: int) -> Trace:
    """A run of one step."""
    said = Step("0", StepKind.LLM, "agent", output=(Message("assistant", f"This is run {n}."),))
    return Trace(f"bench/{n}", "bench", (said,), "agent", "v1")


if __name__ == "__main__":
    main()
