"""What people have done in a queue, person by person and day by day, and what of it needs a lead's attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, case, cast, func, literal, select
from sqlalchemy.orm import Session

from core.clock import now
from core.store.claims import CLAIMED, SKIPPED
from core.store.items import DISCARDED
from core.store.queues import said_on, stands
from core.store.tables import ClaimRow, DraftRow, ItemRow, PairRow, PersonRow, QueueRow, RankingRow, StepRow, TraceRow
from core.store.work import ORDER, PREFERENCE


@dataclass(frozen=True, slots=True)
class PersonWork:
    """One person in a queue: what stands of what they submitted, how much of it in the last seven days and as surplus.

    `holds` are the items they hold now, until `until` unless they give a sign. `seconds` are the active times that
    were taken. `seen` is their last sign of life here.
    """

    person: int
    name: str
    active: bool
    submitted: int
    recent: int
    surplus: int
    skipped: int
    holds: int
    until: datetime | None
    seconds: tuple[float, ...]
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Flagged:
    """An item that somebody flagged (or that is discarded), with what they said and how many would take it out."""

    item: int
    title: str
    said: str
    votes: int
    state: str


@dataclass(frozen=True, slots=True)
class Surplus:
    """An answer that came when enough others had answered: it counts once a lead lets it.

    `said` holds a choice between the sides of a pair under PREFERENCE, an order of candidates under ORDER.
    """

    row: int
    item: int
    title: str
    person: str
    submitted_at: datetime
    said: Mapping[str, Any] = field(default_factory=dict)


def work_in(session: Session, queue: QueueRow) -> list[PersonWork]:
    """Everybody who has had an item of the queue, the busiest first."""
    found: dict[int, dict[str, Any]] = {}
    week = now() - timedelta(days=7)
    live = (ClaimRow.state == CLAIMED) & (ClaimRow.expires_at > now())
    claims = (
        select(
            ClaimRow.person_id,
            func.sum(case((ClaimRow.state == SKIPPED, 1), else_=0)),
            func.sum(case((live, 1), else_=0)),
            func.max(case((live, ClaimRow.expires_at))),
            func.max(ClaimRow.claimed_at),
        )
        .join(ItemRow, ItemRow.id == ClaimRow.item_id)
        .where(ItemRow.queue_id == queue.id)
        .group_by(ClaimRow.person_id)
    )
    for person, skipped, holds, until, seen in session.execute(claims):
        found[person] = {"skipped": skipped, "holds": holds, "until": until, "seen": [seen]}
    table = said_on(queue)
    said = (
        select(table.person_id, table.submitted_at, table.place, table.active_seconds)
        .join(ItemRow, ItemRow.id == table.item_id)
        .where(ItemRow.queue_id == queue.id, stands(table))
    )
    for person, at, place, seconds in session.execute(said):
        known = found.setdefault(person, {"seen": []})
        known["submitted"] = known.get("submitted", 0) + 1
        known["recent"] = known.get("recent", 0) + (at > week)
        known["surplus"] = known.get("surplus", 0) + (place == "surplus")
        known["seen"].append(at)
        if seconds is not None:
            known.setdefault("seconds", []).append(seconds)
    drafts = (
        select(DraftRow.person_id, func.max(DraftRow.saved_at))
        .join(ItemRow, ItemRow.id == DraftRow.item_id)
        .where(ItemRow.queue_id == queue.id)
        .group_by(DraftRow.person_id)
    )
    for person, at in session.execute(drafts):
        found.setdefault(person, {"seen": []})["seen"].append(at)
    people = session.execute(select(PersonRow).where(PersonRow.id.in_(found))).scalars().all()
    lines = [_line(row, found[row.id]) for row in people]
    return sorted(lines, key=lambda line: (-line.submitted, line.name))


def _line(row: PersonRow, known: dict[str, Any]) -> PersonWork:
    return PersonWork(
        row.id,
        row.name,
        row.active,
        known.get("submitted", 0),
        known.get("recent", 0),
        known.get("surplus", 0),
        known.get("skipped", 0),
        known.get("holds", 0),
        known.get("until"),
        tuple(known.get("seconds", ())),
        max(known["seen"], default=None),
    )


def answer_times(session: Session, queue: QueueRow, since: datetime) -> list[datetime]:
    """When the answers of a queue were given that count or stand apart, since some time."""
    table = said_on(queue)
    query = select(table.submitted_at).join(ItemRow, ItemRow.id == table.item_id)
    return list(session.scalars(query.where(ItemRow.queue_id == queue.id, stands(table), table.submitted_at > since)))


def first_answer(session: Session, queue: QueueRow) -> datetime | None:
    """When the queue was answered first."""
    table = said_on(queue)
    query = select(func.min(table.submitted_at)).join(ItemRow, ItemRow.id == table.item_id)
    return session.scalar(query.where(ItemRow.queue_id == queue.id, stands(table)))


def flagged_items(session: Session, queue: QueueRow, limit: int) -> list[Flagged]:
    """What people flagged and no lead has looked at, those first that most would take out."""
    return _flagged(session, queue, ItemRow.flag, (ItemRow.flag != "", ItemRow.state != DISCARDED), limit)


def discarded_items(session: Session, queue: QueueRow, limit: int) -> list[Flagged]:
    """What was taken out of the queue, with the reason."""
    return _flagged(session, queue, ItemRow.discard_reason, (ItemRow.state == DISCARDED,), limit)


def _flagged(session: Session, queue: QueueRow, said: Any, which: tuple[Any, ...], limit: int) -> list[Flagged]:
    votes = (
        select(func.count())
        .where(ClaimRow.item_id == ItemRow.id, ClaimRow.discard)
        .correlate(ItemRow)
        .scalar_subquery()
    )
    subject, key, title = title_of(queue)
    query = (
        select(ItemRow.id, title, said, votes, ItemRow.state)
        .join(subject, subject.id == key)
        .where(ItemRow.queue_id == queue.id, ItemRow.for_person == 0, *which)
        .order_by(votes.desc(), ItemRow.id)
        .limit(limit)
    )
    return [
        Flagged(item, title[:200], said, votes, state) for item, title, said, votes, state in session.execute(query)
    ]


def surplus_answers(session: Session, queue: QueueRow, limit: int) -> list[Surplus]:
    """Answers of the queue that stand apart because enough others had answered, newest first."""
    table = said_on(queue)
    subject, key, title = title_of(queue)
    what, key_of = {"pair": ("choice", PREFERENCE), "ranking": ("order", ORDER)}.get(queue.subject, ("", ""))
    query = (
        select(table, title, PersonRow.name)
        .join(ItemRow, ItemRow.id == table.item_id)
        .join(subject, subject.id == key)
        .join(PersonRow, PersonRow.id == table.person_id)
        .where(ItemRow.queue_id == queue.id, table.place == "surplus", stands(table))
        .order_by(table.submitted_at.desc(), table.id.desc())
        .limit(limit)
    )
    return [
        Surplus(
            row.id,
            row.item_id,
            named[:200],
            person,
            row.submitted_at,
            ({key_of: getattr(row, what)} if what else {}) | dict(row.answers),
        )
        for row, named, person in session.execute(query)
    ]


def title_of(queue: QueueRow) -> tuple[Any, Any, Any]:
    """The table of a queue's subjects, the column of an item that points at it, and what names one."""
    if queue.subject == "pair":
        return PairRow, ItemRow.pair_id, PairRow.prompt
    if queue.subject == "ranking":
        return RankingRow, ItemRow.ranking_id, RankingRow.prompt
    if queue.subject == "step":
        at = select(StepRow.position + 1).where(StepRow.trace_id == ItemRow.trace_id, StepRow.uid == ItemRow.step_uid)
        number = func.coalesce(cast(at.correlate(ItemRow).scalar_subquery(), String), "?")
        return TraceRow, ItemRow.trace_id, literal("Step ") + number + " · " + TraceRow.title
    return TraceRow, ItemRow.trace_id, TraceRow.title
