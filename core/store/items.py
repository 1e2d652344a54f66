"""The items of a queue: put in once each, counted, discarded and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core.clock import content_hash
from core.errors import InvalidInput, NotFound
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.locks import lock_rows
from core.store.tables import (
    AnnotationRow,
    ItemRow,
    LabelSchemaRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
)

OPEN, DONE, DISCARDED, GOLD = "open", "done", "discarded", "gold"
"""`GOLD` items have a known answer and are never done: everybody gets each once."""

SUBJECTS: dict[str, InstrumentedAttribute[Any]] = {
    "trace": ItemRow.trace_id,
    "step": ItemRow.trace_id,
    "pair": ItemRow.pair_id,
    "ranking": ItemRow.ranking_id,
}
"""What an item of a queue may be, and the column that points at it."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A trace, pair or ranking (row id), or a step of a trace, to be put into a queue.

    `rank` is its place in the order, low first; None for a place by lot, which only the queue's seed decides.
    """

    subject: int
    step: str = ""
    rank: float | None = None


def lot(seed: int, queue: str, subject: int, step: str = "") -> float:
    """A place by lot, 0 to 1: the same for the same seed, queue and subject."""
    return int(content_hash([seed, queue, subject, step], 12), 16) / 16**12


def add_items(session: Session, queue: QueueRow, new: Sequence[NewItem]) -> int:
    """Put items into a queue; the number that was new. What is in it already stays where and as it is."""
    column = SUBJECTS[queue.subject]
    rows = [
        {
            "queue_id": queue.id,
            column.key: one.subject,
            "step_uid": one.step,
            "rank": lot(queue.seed, queue.name, one.subject, one.step) if one.rank is None else one.rank,
            "state": OPEN,
            "n_done": 0,
            "flag": "",
            "for_person": 0,
            "discard_reason": "",
        }
        for one in new
    ]
    added = insert_new(session, ItemRow, rows, ItemRow.id)
    refresh_items(session, ItemRow.id, list(added))
    return len(added)


def get_item(session: Session, item: int) -> ItemRow:
    """An item by row id; raises NotFound."""
    row = session.get(ItemRow, item)
    if row is None:
        raise NotFound(f"There is no item {item}. It may have been removed.", field="item")
    return row


_ASKED = aliased(LabelSchemaRow)


def _counted(subject: str) -> tuple[Any, ColumnElement[bool]]:
    """The table of what people say on a kind of item, and how its rows that count are found."""
    if subject == "pair":
        return PreferenceRow, and_(PreferenceRow.pair_id == ItemRow.pair_id, PreferenceRow.current)
    if subject == "ranking":
        return RankingGivenRow, and_(RankingGivenRow.ranking_id == ItemRow.ranking_id, RankingGivenRow.current)
    on = and_(AnnotationRow.trace_id == ItemRow.trace_id, AnnotationRow.step_uid == ItemRow.step_uid)
    read = AnnotationRow.bulk_id.is_(None)  # a label that many runs got at once is not this run's review
    return AnnotationRow, and_(on, AnnotationRow.current, AnnotationRow.schema_key == _ASKED.key, read)


def refresh_items(session: Session, column: InstrumentedAttribute[Any], of: Sequence[int]) -> None:
    """Bring `n_done` and the state of items in line with the answers on them.

    `column` is what `of` are row ids of: ItemRow.trace_id, pair_id, ranking_id, or ItemRow.id itself. Hidden repeats
    count the answers that were given to them.
    """
    for some in parts(sorted(set(of))):
        lock_rows(session, ItemRow.id, column.in_(some))  # before they are counted: who counts meanwhile counts less
        subjects = session.scalars(
            select(QueueRow.subject).join(ItemRow, ItemRow.queue_id == QueueRow.id).where(column.in_(some)).distinct()
        ).all()
        for subject in subjects:
            _refresh(session, subject, column.in_(some))
    session.expire_all()


def _refresh(session: Session, subject: str, which: ColumnElement[bool]) -> None:
    label, counts = _counted(subject)
    own = and_(label.item_id == ItemRow.id, label.place == "repeat", ~label.withdrawn)
    query = (
        select(ItemRow.id, ItemRow.state, ItemRow.n_done, ItemRow.for_person, QueueRow.overlap)
        .add_columns(func.count(label.person_id.distinct()))
        .join(QueueRow, QueueRow.id == ItemRow.queue_id)
        .outerjoin(_ASKED, _ASKED.id == QueueRow.schema_id)
        .outerjoin(label, or_(and_(ItemRow.for_person == 0, counts), and_(ItemRow.for_person != 0, own)))
        .where(QueueRow.subject == subject, which)
        .group_by(ItemRow.id, ItemRow.state, ItemRow.n_done, ItemRow.for_person, QueueRow.overlap)
    )
    changed = []
    for item, state, n_before, for_person, overlap, n in session.execute(query).all():
        wanted = 1 if for_person else overlap
        new = (DONE if n >= wanted else OPEN) if state in (OPEN, DONE) else state
        if (new, n) != (state, n_before):
            changed.append({"id": item, "n_done": n, "state": new})
    if changed:
        session.execute(update(ItemRow), changed)


def apply_overlap(session: Session, queue: QueueRow) -> None:
    """Close and open items again after the queue's overlap was changed; what was answered more often stays so.

    Open items, and those to be opened, are locked first: an answer that is being stored meanwhile is counted, one that
    comes next waits for the new overlap.
    """
    mine = (ItemRow.queue_id == queue.id, ItemRow.for_person == 0)
    enough, missing = ItemRow.n_done >= queue.overlap, ItemRow.n_done < queue.overlap
    lock_rows(session, ItemRow.id, and_(*mine, or_(ItemRow.state == OPEN, and_(ItemRow.state == DONE, missing))))
    plain = {"synchronize_session": False}
    session.execute(
        update(ItemRow).where(*mine, ItemRow.state == OPEN, enough).values(state=DONE), execution_options=plain
    )
    session.execute(
        update(ItemRow).where(*mine, ItemRow.state == DONE, missing).values(state=OPEN), execution_options=plain
    )
    session.expire_all()


def discard_item(session: Session, item: ItemRow, person: int, reason: str) -> None:
    """Take an item out of its queue for all; it stays out, also when its subject is added again."""
    if not reason.strip():
        raise InvalidInput("Say why this item is taken out, so that others can tell.", field="reason")
    item.state, item.discarded_by, item.discard_reason = DISCARDED, person, clean(reason.strip(), 2000)
    session.flush()


def bring_back(session: Session, item: ItemRow) -> None:
    """Let a discarded item be reviewed again."""
    item.state, item.discarded_by, item.discard_reason = OPEN, None, ""
    session.flush()
    refresh_items(session, ItemRow.id, [item.id])
