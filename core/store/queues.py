"""Queues: what is reviewed, by whom, under which questions; and how far each is. Every count of them is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.errors import NotFound
from core.records import Role
from core.store.claims import CLAIMED, said_of
from core.store.content import clean
from core.store.dialect import insert_new, unindexed
from core.store.items import DISCARDED, DONE, GOLD, OPEN
from core.store.tables import (
    AnnotationRow,
    ClaimRow,
    ItemRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueuePersonRow,
    QueueRow,
    RankingGivenRow,
    RankingRow,
    TraceRow,
)

FEW_RECENT = 5
"""Below so many submissions no pace is told."""

QUEUE_OPEN, PAUSED, ARCHIVED = "open", "paused", "archived"


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far a queue is: items done by enough people, all items, one person's submissions and pace an hour.

    The pace rests on the `recent` ones of those; it is None where they are fewer than FEW_RECENT.
    """

    done: int
    total: int
    mine: int
    recent: int
    per_hour: float | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The items of a queue by how far they are; hidden repeats are none of them.

    `in_work` are open items that somebody holds now, `waiting` those that nobody does. Of all items `flagged` have a
    flag that no lead has looked at. `gold` have a known answer and are never done. `answers_left` are the answers that
    open items still need.
    """

    done: int
    in_work: int
    waiting: int
    discarded: int
    gold: int
    flagged: int
    answers_left: int

    @property
    def total(self) -> int:
        """What there is to be done, and was."""
        return self.done + self.in_work + self.waiting


def make_queue(
    session: Session, name: str, subject: str, schema_id: int | None, overlap: int = 1, blind: bool = True
) -> int:
    """The row id of a queue, made when its name is new; what else it may be is set on its row."""
    name = clean(name, 200)
    values: dict[str, Any] = {
        "name": name,
        "subject": subject,
        "schema_id": schema_id,
        "overlap": overlap,
        "blind": blind,
        "state": QUEUE_OPEN,
        "filter": {},
        "standing": False,
        "order": "random",
        "seed": 0,
        "repeat_share": 0.0,
        "gold_share": 0.0,
        "votes_to_discard": 0,
        "created_at": now(),
    }
    insert_new(session, QueueRow, [values], QueueRow.id)
    return session.scalars(select(QueueRow.id).where(QueueRow.name == name)).one()


def get_queue(session: Session, queue: int) -> QueueRow:
    """A queue by row id; raises NotFound."""
    row = session.get(QueueRow, queue)
    if row is None:
        raise NotFound(f"There is no queue {queue}. Choose one from the list.", field="queue")
    return row


def find_named(session: Session, name: str) -> int | None:
    """The row id of the queue of this name, or None."""
    return session.scalar(select(QueueRow.id).where(QueueRow.name == clean(name, 200)))


def list_queues(session: Session, *subjects: str, person: int | None = None) -> list[QueueRow]:
    """The queues of these subjects that are not archived, by name; those that a person may review, where one is named.

    Without subjects all queues, archived ones too.
    """
    query = select(QueueRow).order_by(QueueRow.name)
    if subjects:
        query = query.where(QueueRow.subject.in_(subjects), QueueRow.state != ARCHIVED)
    if person is not None:
        members = exists().where(QueuePersonRow.queue_id == QueueRow.id)
        member = exists().where(QueuePersonRow.queue_id == QueueRow.id, QueuePersonRow.person_id == person)
        query = query.where(or_(~members, member))
    return list(session.scalars(query))


def standing_queues(session: Session, subjects: Sequence[str]) -> list[QueueRow]:
    """The queues of these subjects that take what comes later, oldest first; archived ones take nothing."""
    standing = (QueueRow.standing, QueueRow.state != ARCHIVED, QueueRow.subject.in_(subjects))
    return list(session.scalars(select(QueueRow).where(*standing).order_by(QueueRow.id)))


def members(session: Session, queue: int) -> set[int]:
    """The people who review a queue; empty where everybody may."""
    return set(session.scalars(select(QueuePersonRow.person_id).where(QueuePersonRow.queue_id == queue)))


def set_members(session: Session, queue: int, people: Iterable[int]) -> None:
    """Let only these people review a queue; none: everybody."""
    session.execute(delete(QueuePersonRow).where(QueuePersonRow.queue_id == queue))
    session.add_all(QueuePersonRow(queue_id=queue, person_id=person) for person in sorted(set(people)))
    session.flush()


def may_review(session: Session, queue: int, person: int) -> bool:
    """Whether the queue is this person's to review."""
    chosen = members(session, queue)
    return not chosen or person in chosen


_SAID: dict[str, Any] = {"pair": PreferenceRow, "ranking": RankingGivenRow}


def said_on(queue: QueueRow) -> Any:
    """The table of what people say on the items of a queue."""
    return _SAID.get(queue.subject, AnnotationRow)


def progress(session: Session, queue: QueueRow, person: int) -> QueueProgress:
    """Counts of a queue; the pace is a person's submissions over the last eight hours they were at it."""
    counts = _by_state(session, queue)
    table = said_on(queue)
    # from the person's submissions to their items: a queue has many times as many items as one person submits
    mine = (table.person_id == person, stands(table), ItemRow.queue_id == queue.id)
    counted = select(func.count(), func.min(table.submitted_at), func.max(table.submitted_at))
    counted = counted.select_from(table).join(ItemRow, ItemRow.id == table.item_id).where(*mine)
    total_mine = session.execute(counted).one()[0]
    recent = counted.where(table.submitted_at > now() - timedelta(hours=8))
    count, first, last = session.execute(recent).one()
    hours = (last - first).total_seconds() / 3600 if count >= FEW_RECENT else 0.0
    return QueueProgress(
        counts.get(DONE, 0),
        counts.get(DONE, 0) + counts.get(OPEN, 0),
        total_mine,
        count,
        (count - 1) / hours if hours > 0.005 else None,
    )


def _by_state(session: Session, queue: QueueRow) -> dict[str, int]:
    """State → items. All are counted from an index alone, and the few hidden repeats taken off."""
    states = select(ItemRow.state, func.count()).where(ItemRow.queue_id == queue.id).group_by(ItemRow.state)
    counts: dict[str, int] = dict(session.execute(states).all())
    for state, n in session.execute(states.where(ItemRow.repeat_of.is_not(None))):
        counts[state] -= n
    return counts


def count_queue(session: Session, queue: QueueRow) -> QueueCounts:
    """How far the items of a queue are."""
    flagged = func.sum(case((ItemRow.flag != "", 1), else_=0))
    states = select(ItemRow.state, func.count(), func.sum(ItemRow.n_done), flagged)
    states = states.where(ItemRow.queue_id == queue.id, ItemRow.for_person == 0).group_by(ItemRow.state)
    found = {state: (n, answers, flags) for state, n, answers, flags in session.execute(states)}
    held = select(func.count(ClaimRow.item_id.distinct())).join(ItemRow, ItemRow.id == ClaimRow.item_id)
    in_work = session.scalar(held.where(*_open(queue), *_live())) or 0
    n_open, answers, _ = found.get(OPEN, (0, 0, 0))
    return QueueCounts(
        done=found.get(DONE, (0,))[0],
        in_work=in_work,
        waiting=n_open - in_work,
        discarded=found.get(DISCARDED, (0,))[0],
        gold=found.get(GOLD, (0,))[0],
        flagged=sum(flags for state, (_, _, flags) in found.items() if state != DISCARDED),
        answers_left=n_open * queue.overlap - answers,
    )


def _open(queue: QueueRow) -> tuple[ColumnElement[bool], ...]:
    """Conditions on items that are given out, for queries that come to them from claims or answers."""
    return unindexed(ItemRow.queue_id) == queue.id, ItemRow.state == OPEN, ItemRow.for_person == 0


def _live() -> tuple[ColumnElement[bool], ...]:
    """Conditions on claims that keep others away now; person by person, which an index finds."""
    everybody = ClaimRow.person_id.in_(select(PersonRow.id))
    return everybody, ClaimRow.state == CLAIMED, ClaimRow.expires_at > now()


def left_for(session: Session, queue: QueueRow, person: int) -> int:
    """How many items of an open queue a person may still be given as things stand, the one they hold among them.

    What they had or answered is taken off, and what others hold or have answered as often as the queue asks.
    """
    if queue.state != QUEUE_OPEN or not may_review(session, queue.id, person):
        return 0
    on_claims = select(ItemRow.id).join(ClaimRow, ClaimRow.item_id == ItemRow.id).where(*_open(queue))
    had = on_claims.where(ClaimRow.person_id == person, ClaimRow.state != CLAIMED)
    table, same = said_of(queue)
    answered = select(ItemRow.id).where(*_open(queue), same, table.person_id == person)
    others = ItemRow.n_done + func.count() >= queue.overlap
    full = on_claims.where(ClaimRow.person_id != person, *_live()).group_by(ItemRow.id, ItemRow.n_done).having(others)
    without = session.scalars(union(had, answered, full)).all()
    return _by_state(session, queue).get(OPEN, 0) - len(without)


def n_reviewers(session: Session, queue: int) -> int:
    """How many people may review a queue: the chosen ones who are active, or all who are."""
    people = select(func.count()).where(PersonRow.active, PersonRow.role != Role.MACHINE.value)
    chosen = members(session, queue)
    return session.scalar(people.where(PersonRow.id.in_(chosen)) if chosen else people) or 0


def stands(table: Any) -> Any:
    """A condition on answers: one that counts, or stands apart and was not withdrawn or written anew."""
    newer = aliased(table)
    later = exists().where(
        newer.item_id == table.item_id, newer.person_id == table.person_id, newer.revision > table.revision
    )
    return or_(table.current, and_(table.place.in_(("surplus", "repeat")), ~table.withdrawn, ~later))


def submissions(session: Session, queue: QueueRow, person: int, limit: int) -> list[tuple[int, str, datetime]]:
    """(item, title, when) of what a person has submitted in a queue and not withdrawn, newest first."""
    table = said_on(queue)
    subject: Any = {"pair": PairRow, "ranking": RankingRow}.get(queue.subject, TraceRow)
    key = {"pair": ItemRow.pair_id, "ranking": ItemRow.ranking_id}.get(queue.subject, ItemRow.trace_id)
    title = TraceRow.title if subject is TraceRow else subject.prompt
    query = (
        select(ItemRow.id, title, table.submitted_at)
        .join(table, table.item_id == ItemRow.id)
        .join(subject, subject.id == key)
        .where(stands(table), table.person_id == person, ItemRow.queue_id == queue.id)
        .order_by(table.submitted_at.desc(), table.id.desc())
    )
    return [(item, title[:120], at) for item, title, at in session.execute(query.limit(limit))]
