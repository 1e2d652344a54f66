"""The order of a queue's items: what decides it, read; the places, written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.records import Role
from core.store.dialect import parts
from core.store.items import OPEN, SUBJECTS
from core.store.tables import (
    AnnotationRow,
    ItemRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingRow,
    SignalRow,
    StepRow,
    TraceRow,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An open item where it stands: its subject's row id, the step of a run, its rank."""

    item: int
    subject: int
    step: str
    rank: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest of what an order may depend on, by row id; 0 where there is none."""

    label: int
    preference: int
    signal: int
    machine: int
    item: int


def open_places(session: Session, queue: QueueRow) -> list[Placed]:
    """The items of a queue that are still given out, in their order."""
    query = (
        select(ItemRow.id, SUBJECTS[queue.subject], ItemRow.step_uid, ItemRow.rank)
        .where(ItemRow.queue_id == queue.id, ItemRow.state == OPEN, ItemRow.for_person == 0)
        .order_by(ItemRow.rank, ItemRow.id)
    )
    return [Placed(*row) for row in session.execute(query)]


def set_ranks(session: Session, ranks: Mapping[int, float]) -> None:
    """Write item → rank."""
    if ranks:
        session.execute(update(ItemRow), [{"id": item, "rank": rank} for item, rank in sorted(ranks.items())])


def outcomes_of(session: Session, traces: Collection[int]) -> dict[int, str]:
    """Trace → outcome."""
    found: dict[int, str] = {}
    for some in parts(sorted(set(traces))):
        found.update(session.execute(select(TraceRow.id, TraceRow.outcome).where(TraceRow.id.in_(some))).all())
    return found


def failed_steps(session: Session, traces: Collection[int]) -> set[tuple[int, str]]:
    """The (trace, step id) of these runs that ended in an error."""
    found: set[tuple[int, str]] = set()
    for some in parts(sorted(set(traces))):
        query = select(StepRow.trace_id, StepRow.uid).where(StepRow.trace_id.in_(some), StepRow.error != "")
        found.update((trace, step) for trace, step in session.execute(query))
    return found


def times_of(session: Session, subject: str, ids: Collection[int]) -> dict[int, datetime]:
    """When runs began, or pairs and rankings were made."""
    made = {"pair": (PairRow.id, PairRow.created_at), "ranking": (RankingRow.id, RankingRow.created_at)}
    key, at = made.get(subject, (TraceRow.id, TraceRow.started_at))
    found: dict[int, datetime] = {}
    for some in parts(sorted(set(ids))):
        found.update(session.execute(select(key, at).where(key.in_(some))).all())
    return found


def newest_seen(session: Session, queue: QueueRow) -> Seen:
    """What is newest of labels, choices, signals, machines' labels, and the queue's own items."""
    machines = select(PersonRow.id).where(PersonRow.role == Role.MACHINE.value)
    by_machine = select(func.max(AnnotationRow.id)).where(AnnotationRow.person_id.in_(machines))
    mine = select(func.max(ItemRow.id)).where(ItemRow.queue_id == queue.id)
    newest = [select(func.max(table.id)) for table in (AnnotationRow, PreferenceRow, SignalRow)]
    return Seen(*(session.scalar(query) or 0 for query in (*newest, by_machine, mine)))
