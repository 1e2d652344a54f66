"""Locks in one order, so that of two who want the same one waits, and not each for the other.

First what is reviewed (runs, then pairs, then rankings), then items, then claims; several of a kind by row id. What
refers to a locked row may be written meanwhile. SQLite has one writer, and nothing to lock.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import NotFound
from core.store.dialect import is_postgresql, parts
from core.store.tables import ItemRow, PairRow, RankingRow, TraceRow

AT_ONCE = 500

_WORDS = 730022
"""What tells these locks from others of the same database."""


def lock_rows(session: Session, key: InstrumentedAttribute[int], which: ColumnElement[bool]) -> None:
    """Let nobody else change these rows (of the table whose row id is `key`) until this transaction ends."""
    if is_postgresql(session):
        session.scalars(select(key).where(which).order_by(key).with_for_update(key_share=True)).all()


def lock_words(session: Session, words: str) -> None:
    """Let nobody else write the same words until this transaction ends: there is no row yet that could be locked."""
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(_WORDS, func.hashtext(words))))


def lock_item(session: Session, item: ItemRow) -> None:
    """Let nobody else claim, submit or discard the item until this transaction ends; it is read anew.

    Raises NotFound where it was removed meanwhile. Who writes an answer takes `lock_subject` first.
    """
    session.flush()
    lock_rows(session, ItemRow.id, ItemRow.id == item.id)
    if session.scalar(select(ItemRow).where(ItemRow.id == item.id).execution_options(populate_existing=True)) is None:
        raise NotFound("This item has been removed.", field="item")


def lock_subject(session: Session, item: ItemRow) -> None:
    """Let nobody else answer what the item is about, in whatever queue, until this transaction ends."""
    if item.trace_id is not None:
        lock_rows(session, TraceRow.id, TraceRow.id == item.trace_id)
    elif item.pair_id is not None:
        lock_rows(session, PairRow.id, PairRow.id == item.pair_id)
    else:
        lock_rows(session, RankingRow.id, RankingRow.id == item.ranking_id)


def lock_subjects(
    session: Session, traces: Collection[int] = (), pairs: Collection[int] = (), rankings: Collection[int] = ()
) -> None:
    """The same for many runs, pairs and rankings (row ids), and for all items about them."""
    kinds = (
        (TraceRow.id, ItemRow.trace_id, sorted(traces)),
        (PairRow.id, ItemRow.pair_id, sorted(pairs)),
        (RankingRow.id, ItemRow.ranking_id, sorted(rankings)),
    )
    for row_id, _, ids in kinds:
        for some in parts(ids, AT_ONCE):
            lock_rows(session, row_id, row_id.in_(some))
    for _, about, ids in kinds:
        for some in parts(ids, AT_ONCE):
            lock_rows(session, ItemRow.id, about.in_(some))
