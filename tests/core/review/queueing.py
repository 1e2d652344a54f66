"""What the tests of queues share: people, plans, arrivals, six runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import (
    Role,
    Step,
    StepKind,
    Trace,
)
from core.review import desk
from core.review.orders import Rankers, reorder
from core.review.queue_making import QueuePlan, QueueRules, fill, make
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.store import queues
from core.store.engine import Store
from core.store.people import PersonLine, person_id
from core.store.queue_filters import QueueFilter
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.tables import ItemRow, TraceRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def lead(session: Session) -> PersonLine:
    return person(session, "lea", Role.LEAD)


def arrive(session: Session, runs: list[Trace]) -> dict[str, int]:
    """Store runs as an import does, without their words in the index yet."""
    made = insert_traces(session, runs).traces
    add_signals(session, [signal for one in runs for signal in one.signals])
    refresh_outcomes(session, list(made.values()))
    enqueue(session, list(made.values()))
    return made


def plan(name: str = "mine", subject: str = "trace", questions: str | None = "run-review", **more: Any) -> QueuePlan:
    rules = {key: more.pop(key) for key in list(more) if key in QueueRules.__slots__}
    return QueuePlan(name, subject, QueueFilter(**more), questions, QueueRules(**rules))


def made(store: Store, wanted: QueuePlan, rankers: Rankers = Rankers()) -> int:
    with store.session() as session:
        queue = make(session, wanted, lead(session)).id
    fill(store, queue)
    if rankers != Rankers():
        reorder(store, queue, rankers)
    return queue


def in_order(store: Store, queue: int) -> list[str]:
    """The runs of a queue as they are given out, a step with its id."""
    with store.reading() as session:
        query = select(TraceRow.uid, ItemRow.step_uid).join(ItemRow, ItemRow.trace_id == TraceRow.id)
        rows = session.execute(query.where(ItemRow.queue_id == queue).order_by(ItemRow.rank, ItemRow.id))
        return [f"{uid}{'/' * bool(step)}{step}" for uid, step in rows]


def take(session: Session, queue: int, who: PersonLine) -> ItemRow:
    item = desk.next_item(session, queues.get_queue(session, queue), who)
    assert item is not None
    return item


def six_runs(store: Store) -> dict[str, int]:
    """Six runs: r0 and r3 failed, r1 and r4 solved, r2 and r5 say nothing; r4 and r5 are of v2."""
    broken = Step("2", StepKind.TOOL, "get_order", call_id="c1", arguments={}, error="no such order")
    with store.session() as session:
        save_schema(session, RUN_REVIEW)
        runs = [
            run(
                f"r{n}",
                said=f"Where is parcel number{n}?",
                reward=None if n % 3 == 2 else float(n % 3),
                version="v1" if n < 4 else "v2",
                started_at=START + timedelta(hours=n),
            )
            for n in range(6)
        ]
        runs[3] = replace(runs[3], steps=(*runs[3].steps[:2], broken, runs[3].steps[3]))
        return arrive(session, runs)
