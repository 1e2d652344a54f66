"""Answers that are known: those of gold items, and those that a lead has resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.store.items import GOLD, OPEN, refresh_items
from core.store.queues import ARCHIVED
from core.store.tables import ItemRow, LabelSchemaRow, QueueRow, ResolutionRow
from core.store.work import Subject


@dataclass(frozen=True, slots=True)
class Known:
    """The known answers on something under the questions of a schema (key, "" for a pair or ranking by itself)."""

    subject: Subject
    schema: str
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A lead's answer to one question where annotations disagreed; `marks` are stored ones (core.records.Mark)."""

    subject: Subject
    schema: str
    question: str
    answer: Any
    marks: list[dict[str, Any]]
    by: int


def put_gold(session: Session, item: ItemRow, answers: Mapping[str, Any] | None) -> None:
    """Keep the known answer of an item, which everybody then gets once; None makes it ordinary work again."""
    item.gold, item.state = (dict(answers), GOLD) if answers is not None else (None, OPEN)
    session.flush()
    refresh_items(session, ItemRow.id, [item.id])


def known_answers(session: Session, closed_only: bool = False) -> list[Known]:
    """The known answers of all gold items (of those in archived queues only)."""
    query = (
        select(
            ItemRow.trace_id, ItemRow.step_uid, ItemRow.pair_id, ItemRow.ranking_id, LabelSchemaRow.key, ItemRow.gold
        )
        .join(QueueRow, QueueRow.id == ItemRow.queue_id)
        .outerjoin(LabelSchemaRow, LabelSchemaRow.id == QueueRow.schema_id)
        .where(ItemRow.state == GOLD)
        .order_by(ItemRow.id)
    )
    if closed_only:
        query = query.where(QueueRow.state == ARCHIVED)
    return [
        Known(_subject(trace, step, pair, ranking), key if trace is not None and key else "", gold)
        for trace, step, pair, ranking, key, gold in session.execute(query)
        if gold
    ]


def resolutions_that_stand(session: Session) -> list[Resolved]:
    """Every question that a lead has resolved, with the resolution of today."""
    query = select(ResolutionRow).where(ResolutionRow.current, ~ResolutionRow.withdrawn).order_by(ResolutionRow.id)
    return [
        Resolved(
            _subject(row.trace_id, row.step_uid, row.pair_id, row.ranking_id),
            row.schema_key if row.trace_id is not None else "",
            row.question,
            row.answer,
            row.marks,
            row.person_id,
        )
        for row in session.scalars(query)
    ]


def _subject(trace: int | None, step: str, pair: int | None, ranking: int | None) -> Subject:
    if trace is not None:
        return Subject("trace", trace, step)
    return Subject("pair", pair, "") if pair is not None else Subject("ranking", ranking or 0)
