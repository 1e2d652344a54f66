"""Known answers of a queue as a list shows them, and what may become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, exists, select
from sqlalchemy.orm import Session

from core.records import Question
from core.store.claims import said_of
from core.store.items import DONE, GOLD, OPEN, get_item
from core.store.queue_work import title_of
from core.store.schemas import get_schema
from core.store.tables import (
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
    ResolutionRow,
)
from core.store.work import ORDER, PREFERENCE


@dataclass(frozen=True, slots=True)
class GoldItem:
    """An item whose answer is known (question → answer)."""

    item: int
    title: str
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sayable:
    """What somebody said of an item, or a lead resolved, that may become its known answer.

    `by` names them; `asked` are the keys of the questions that they were asked, answered or not.
    """

    by: str
    answers: dict[str, Any]
    marks: list[dict[str, Any]]
    asked: frozenset[str]


def gold_items(session: Session, queue: QueueRow, limit: int) -> list[GoldItem]:
    """The items of a queue whose answer is known."""
    subject, key, title = title_of(queue)
    query = select(ItemRow.id, title, ItemRow.gold).join(subject, subject.id == key)
    found = session.execute(query.where(ItemRow.queue_id == queue.id, ItemRow.state == GOLD).limit(limit))
    return [GoldItem(item, named[:200], gold or {}) for item, named, gold in found]


def answered_items(session: Session, queue: QueueRow, limit: int) -> dict[int, str]:
    """Item → title of what somebody has answered and whose answer is not known yet; resolved ones come first."""
    subject, key, title = title_of(queue)
    resolved = exists().where(_resolutions(queue))
    query = (
        select(ItemRow.id, title)
        .join(subject, subject.id == key)
        .where(ItemRow.queue_id == queue.id, ItemRow.for_person == 0, ItemRow.n_done > 0)
        .where(ItemRow.state.in_((OPEN, DONE)))
        .order_by(case((resolved, 0), else_=1), ItemRow.id)
        .limit(limit)
    )
    return {item: named[:200] for item, named in session.execute(query)}


def sayable(session: Session, queue: QueueRow, item: int) -> list[Sayable]:
    """A lead's resolution of the item, then what each person said of it that counts."""
    row = get_item(session, item)
    resolved = select(ResolutionRow).join(ItemRow, _resolutions(queue)).where(ItemRow.id == row.id)
    found: list[Sayable] = []
    questions: dict[str, Any] = {}
    marks: list[dict[str, Any]] = []
    for one in session.scalars(resolved):
        questions[one.question] = one.answer
        marks += one.marks
    if questions:
        found.append(Sayable("Resolution", questions, marks, frozenset(questions)))
    table, same = said_of(queue)
    said = select(table, PersonRow.name).select_from(table).join(ItemRow, same)
    said = said.join(PersonRow, PersonRow.id == table.person_id)
    for answer, name in session.execute(said.where(ItemRow.id == row.id).order_by(table.id)):
        own: dict[str, Any] = {}
        if isinstance(answer, PreferenceRow):
            own = {PREFERENCE: answer.choice}
        elif isinstance(answer, RankingGivenRow):
            own = {ORDER: answer.order}
        asked = frozenset(question.key for question in _questions(session, answer.schema_id))
        found.append(Sayable(name, own | dict(answer.answers), list(getattr(answer, "marks", [])), asked))
    return found


def _questions(session: Session, schema: int | None) -> tuple[Question, ...]:
    return () if schema is None else get_schema(session, schema).questions


def _resolutions(queue: QueueRow) -> Any:
    """A condition: a resolution stands, and is about the item under the questions of its queue."""
    stands = and_(ResolutionRow.current, ~ResolutionRow.withdrawn)
    if queue.subject == "pair":
        return and_(stands, ResolutionRow.pair_id == ItemRow.pair_id)
    if queue.subject == "ranking":
        return and_(stands, ResolutionRow.ranking_id == ItemRow.ranking_id)
    asked = select(LabelSchemaRow.key).where(LabelSchemaRow.id == queue.schema_id).scalar_subquery()
    same = and_(ResolutionRow.trace_id == ItemRow.trace_id, ResolutionRow.step_uid == ItemRow.step_uid)
    return and_(stands, same, ResolutionRow.schema_key == asked)
