"""Comments on runs, steps and pairs: what was said, the replies to it, and whether it is resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.errors import NotFound
from core.store.content import clean
from core.store.items import GOLD, OPEN
from core.store.queues import ARCHIVED
from core.store.revisions import SURPLUS
from core.store.steps import places_of
from core.store.tables import (
    AnnotationRow,
    CommentRow,
    ItemRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueuePersonRow,
    QueueRow,
    RankingGivenRow,
    TraceRow,
)

AGAIN = timedelta(hours=1)
"""The same words by the same person in the same place within this time are one comment, sent twice."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is spoken about: a trace or a pair (row id)."""

    trace: int | None = None
    pair: int | None = None

    def holds(self) -> ColumnElement[bool]:
        """A condition on CommentRow."""
        return CommentRow.pair_id == self.pair if self.trace is None else CommentRow.trace_id == self.trace


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment or reply; `step` is "" for the run as a whole, `resolved_by` a name, "" while it is open."""

    id: int
    place: Place
    step: str
    reply_to: int | None
    person_id: int
    person: str
    text: str
    created_at: datetime
    resolved_by: str
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenThread:
    """A thread that nobody has resolved: its first comment, what the run or pair is called, and how many replied.

    `position` is that of the step from 0; None for the run as a whole, and for a pair.
    """

    first: Comment
    title: str
    position: int | None
    replies: int
    last_at: datetime


def comments_on(session: Session, place: Place) -> list[Comment]:
    """Everything that was said there, oldest first."""
    return _read(session, place.holds())


def get_comment(session: Session, comment: int) -> Comment:
    """One comment; raises NotFound."""
    found = _read(session, CommentRow.id == comment)
    if not found:
        raise NotFound("This comment is not here any more. Its run may have been removed.", field="comment")
    return found[0]


def _read(session: Session, which: ColumnElement[bool], limit: int | None = None) -> list[Comment]:
    author, resolver = aliased(PersonRow), aliased(PersonRow)
    query = (
        select(CommentRow, author.name, resolver.name)
        .join(author, author.id == CommentRow.person_id)
        .outerjoin(resolver, resolver.id == CommentRow.resolved_by)
        .where(which)
        .order_by(CommentRow.created_at, CommentRow.id)
        .limit(limit)
    )
    return [
        Comment(
            row.id,
            Place(row.trace_id, row.pair_id),
            row.step_uid,
            row.reply_to,
            row.person_id,
            name,
            row.text,
            row.created_at,
            by or "",
            row.resolved_at,
        )
        for row, name, by in session.execute(query)
    ]


def add_comment(session: Session, place: Place, step: str, person: int, text: str, reply_to: int | None = None) -> int:
    """Write a comment, or a reply to the first of a thread; its row id. Sent twice within AGAIN it is there once."""
    said, at = clean(text), now()
    same = select(CommentRow.id).where(
        place.holds(),
        CommentRow.step_uid == step,
        CommentRow.person_id == person,
        CommentRow.text == said,
        CommentRow.reply_to.is_(None) if reply_to is None else CommentRow.reply_to == reply_to,
        CommentRow.created_at > at - AGAIN,
    )
    there = session.scalar(same.limit(1))
    if there is not None:
        return there
    row = CommentRow(
        trace_id=place.trace,
        pair_id=place.pair,
        step_uid=step,
        reply_to=reply_to,
        person_id=person,
        text=said,
        created_at=at,
    )
    session.add(row)
    session.flush()
    return row.id


def set_resolved(session: Session, comment: int, person: int | None) -> None:
    """Resolve a thread in somebody's name, or open it again; one that is so already stays as it is."""
    row = session.get_one(CommentRow, comment)
    if (row.resolved_by is None) != (person is None):
        row.resolved_by, row.resolved_at = person, now() if person is not None else None
    session.flush()


def open_threads(session: Session, limit: int) -> tuple[int, list[OpenThread]]:
    """How many threads are open, and the oldest of them."""
    still = and_(CommentRow.reply_to.is_(None), CommentRow.resolved_by.is_(None))
    n = session.scalar(select(func.count()).select_from(CommentRow).where(still)) or 0
    firsts = _read(session, still, limit)
    replies = select(CommentRow.reply_to, func.count(), func.max(CommentRow.created_at)).group_by(CommentRow.reply_to)
    answered = {
        first: (count, last)
        for first, count, last in session.execute(replies.where(CommentRow.reply_to.in_([one.id for one in firsts])))
    }
    titles = _titles(session, firsts)
    places: dict[int, dict[str, int]] = {}
    for trace in {one.place.trace for one in firsts if one.place.trace is not None}:
        places[trace] = places_of(session, trace, {one.step for one in firsts if one.place.trace == trace and one.step})
    return n, [
        OpenThread(
            one,
            titles.get(one.place, ""),
            places.get(one.place.trace or 0, {}).get(one.step),
            *answered.get(one.id, (0, one.created_at)),
        )
        for one in firsts
    ]


def _titles(session: Session, comments: Sequence[Comment]) -> dict[Place, str]:
    traces = {one.place.trace for one in comments if one.place.trace is not None}
    pairs = {one.place.pair for one in comments if one.place.pair is not None}
    of_traces = session.execute(select(TraceRow.id, TraceRow.title).where(TraceRow.id.in_(traces)))
    of_pairs = session.execute(select(PairRow.id, PairRow.prompt).where(PairRow.id.in_(pairs)))
    found = {Place(trace=trace): title for trace, title in of_traces}
    return found | {Place(pair=pair): prompt[:300] for pair, prompt in of_pairs}


def last_submission(session: Session, person: int) -> datetime | None:
    """When somebody last submitted anything."""
    tables = (AnnotationRow, PreferenceRow, RankingGivenRow)
    times = [session.scalar(select(func.max(one.submitted_at)).where(one.person_id == person)) for one in tables]
    return max((time for time in times if time is not None), default=None)


def pair_hidden(session: Session, person: int, pair: int) -> bool:
    """Whether an annotator has still to judge the pair in a blind queue of theirs."""
    members = exists().where(QueuePersonRow.queue_id == QueueRow.id)
    member = exists().where(QueuePersonRow.queue_id == QueueRow.id, QueuePersonRow.person_id == person)
    given = PreferenceRow
    stands = or_(given.current, and_(given.place == SURPLUS, ~given.withdrawn))
    query = select(ItemRow.id).where(
        ItemRow.pair_id == pair,
        ItemRow.state.in_((OPEN, GOLD)),
        ItemRow.for_person == 0,
        QueueRow.id == ItemRow.queue_id,
        QueueRow.blind,
        QueueRow.state != ARCHIVED,
        or_(~members, member),
        ~exists().where(given.pair_id == pair, given.person_id == person, stands),
    )
    return session.scalar(query.limit(1)) is not None
