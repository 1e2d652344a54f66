"""Answers that came when enough others had answered: a lead may let one count."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from core.errors import Conflict, NotFound
from core.store.annotations import recount
from core.store.items import refresh_items
from core.store.locks import lock_item, lock_subject
from core.store.queues import said_on, stands
from core.store.revisions import SURPLUS
from core.store.tables import AnnotationRow, ItemRow, PreferenceRow, QueueRow, RankingGivenRow


def adopt_answer(session: Session, queue: QueueRow, answer: int, by: int) -> int | None:
    """Let the answer count from now on, recorded as taken over; the trace that it is about, where it is about one.

    Raises NotFound, and Conflict where it counts already, was taken back, or the person has answered the same again.
    """
    table = said_on(queue)
    row: Any = session.get(table, answer)
    item = None if row is None or row.item_id is None else session.get(ItemRow, row.item_id)
    if row is None or item is None or item.queue_id != queue.id:
        raise NotFound("This answer is not in the queue any more. The list is shown anew.", field="answer")
    lock_subject(session, item)
    lock_item(session, item)
    session.refresh(row)
    if row.place != SURPLUS or not session.scalar(select(exists().where(table.id == row.id, stands(table)))):
        raise Conflict(
            "This answer was taken back, changed, or counts already. The list is shown anew.", field="answer"
        )
    if session.scalar(select(exists().where(*_counting(row)))):
        raise Conflict("This person has another answer to the same questions that counts already.", field="answer")
    row.place, row.current, row.adopted_by = "", True, by
    session.flush()
    if isinstance(row, AnnotationRow):
        recount(session, row.trace_id)
        refresh_items(session, ItemRow.trace_id, [row.trace_id])
        return row.trace_id
    if isinstance(row, RankingGivenRow):
        _adopt_parts(session, row, by)
        refresh_items(session, ItemRow.ranking_id, [row.ranking_id])
        return None
    refresh_items(session, ItemRow.pair_id, [row.pair_id])
    return None


def _counting(row: Any) -> tuple[Any, ...]:
    """Conditions on what the same person says of the same under the same questions, and that counts."""
    table = type(row)
    mine = (table.person_id == row.person_id, table.current)
    if isinstance(row, AnnotationRow):
        same = (table.trace_id == row.trace_id, table.step_uid == row.step_uid, table.schema_key == row.schema_key)
        return *mine, *same
    return *mine, table.pair_id == row.pair_id if isinstance(row, PreferenceRow) else table.ranking_id == row.ranking_id


def _adopt_parts(session: Session, given: RankingGivenRow, by: int) -> None:
    """What an order of candidates says of each two of them counts with it, where the person said nothing else of it."""
    other = aliased(PreferenceRow)
    said = exists().where(other.pair_id == PreferenceRow.pair_id, other.person_id == given.person_id, other.current)
    parts = select(PreferenceRow).where(PreferenceRow.given_id == given.id, PreferenceRow.place == SURPLUS, ~said)
    found = session.scalars(parts).all()
    session.execute(
        update(PreferenceRow)
        .where(PreferenceRow.id.in_([row.id for row in found]))
        .values(place="", current=True, adopted_by=by)
    )
    refresh_items(session, ItemRow.pair_id, [row.pair_id for row in found])
