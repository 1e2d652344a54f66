"""Answers set apart because their guidelines were changed, and their items given out again; and both taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from core.records import Role
from core.store.annotations import recount
from core.store.claims import LAPSED, SUBMITTED
from core.store.dialect import parts
from core.store.items import DONE, OPEN, refresh_items
from core.store.queues import ARCHIVED
from core.store.resolutions import Subject
from core.store.revisions import REPEAT, REQUEUED
from core.store.tables import (
    AnnotationRow,
    ClaimRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
)
from core.store.work import ORDER, PREFERENCE

Said = AnnotationRow | PreferenceRow | RankingGivenRow


@dataclass(frozen=True, slots=True)
class Answered:
    """One person's present answer on an item of a queue under some version of a schema; `marks` are stored rows."""

    id: int
    subject: Subject
    schema_id: int
    answers: dict[str, Any]
    marks: list[dict[str, Any]]


def queues_asking(session: Session, schema: str) -> list[QueueRow]:
    """The queues that ask a schema (key) in any version and are not archived, by name."""
    versions = select(LabelSchemaRow.id).where(LabelSchemaRow.key == schema)
    query = select(QueueRow).where(QueueRow.schema_id.in_(versions), QueueRow.state != ARCHIVED)
    return list(session.scalars(query.order_by(QueueRow.name)))


def answered_before(session: Session, schema: str, newest: int) -> list[Answered]:
    """What people say now on the items of these queues under versions before `newest` (row id)."""
    people = select(PersonRow.id).where(PersonRow.role != Role.MACHINE.value)
    asking = [queue.id for queue in queues_asking(session, schema)]
    item = (ItemRow.queue_id.in_(asking), ItemRow.for_person == 0, ItemRow.state.in_((OPEN, DONE)))
    row, choice, order = AnnotationRow, PreferenceRow, RankingGivenRow
    runs = select(row.id, row.trace_id, row.step_uid, row.schema_id, row.answers, row.marks).where(
        row.current,
        row.schema_key == schema,
        row.schema_id != newest,
        row.person_id.in_(people),
        exists().where(ItemRow.trace_id == row.trace_id, ItemRow.step_uid == row.step_uid, *item),
    )
    versions = select(LabelSchemaRow.id).where(LabelSchemaRow.key == schema, LabelSchemaRow.id != newest)
    pairs = select(choice.id, choice.pair_id, choice.schema_id, choice.choice, choice.answers).where(
        choice.current,
        choice.given_id.is_(None),
        choice.schema_id.in_(versions),
        choice.person_id.in_(people),
        exists().where(ItemRow.pair_id == choice.pair_id, *item),
    )
    rankings = select(order.id, order.ranking_id, order.schema_id, order.order, order.answers).where(
        order.current,
        order.schema_id.in_(versions),
        order.person_id.in_(people),
        exists().where(ItemRow.ranking_id == order.ranking_id, *item),
    )
    found = [
        Answered(row_id, Subject(trace, step), schema_id, answers, marks)
        for row_id, trace, step, schema_id, answers, marks in session.execute(runs)
    ]
    found += [
        Answered(row_id, Subject(ranking_id=ranking), schema_id, {ORDER: tiers, **answers}, [])
        for row_id, ranking, schema_id, tiers, answers in session.execute(rankings)
    ]
    return found + [
        Answered(row_id, Subject(pair_id=pair), schema_id, {PREFERENCE: chosen, **answers}, [])
        for row_id, pair, schema_id, chosen, answers in session.execute(pairs)
    ]


def set_apart(session: Session, schema: str, answered: Sequence[Answered]) -> int:
    """Let these answers count no more and give their items out again, to the same people too; how many items."""
    pairs: set[int] = set()
    for table, ids in _by_table(answered):
        for some in parts(ids):
            session.execute(update(table).where(table.id.in_(some)).values(current=False, place=REQUEUED))
            if table is RankingGivenRow:
                part = (PreferenceRow.given_id.in_(some), PreferenceRow.current)
                pairs.update(_move_parts(session, part, current=False, place=REQUEUED))
    items = _items(session, schema, [one.subject for one in answered])
    for some in parts(items):
        over = ClaimRow.state.in_((SUBMITTED, LAPSED))
        session.execute(delete(ClaimRow).where(ClaimRow.item_id.in_(some), over))
    _bring_in_line(session, [one.subject for one in answered], items, pairs)
    return len(items)


def _move_parts(session: Session, which: Sequence[Any], **to: Any) -> list[int]:
    """Set what orders say of each two of their candidates apart, or let it count again; the pairs it is about."""
    found = session.execute(select(PreferenceRow.id, PreferenceRow.pair_id).where(*which)).all()
    for some in parts([row for row, _ in found]):
        session.execute(update(PreferenceRow).where(PreferenceRow.id.in_(some)).values(**to))
    return [pair for _, pair in found]


def taken_back(session: Session, schema: str) -> tuple[list[Answered], int]:
    """The answers set apart of subjects on which nobody said anything since; and for how many it is too late."""
    by_subject: dict[Subject, list[Answered]] = {}
    newest: dict[Subject, int] = {}
    versions = select(LabelSchemaRow.id).where(LabelSchemaRow.key == schema)
    tables: tuple[Any, ...] = (AnnotationRow, PreferenceRow, RankingGivenRow)
    for table in tables:
        newer, said = aliased(table), aliased(table)
        mine = (*_same_subject(table, newer), newer.person_id == table.person_id, newer.revision > table.revision)
        last = select(func.max(said.id)).where(*_same_subject(table, said), said.current).scalar_subquery()
        query = select(table, last).where(
            table.place == REQUEUED, table.schema_id.in_(versions), ~exists().where(*mine, newer.place != REPEAT)
        )
        for row, last_said in session.execute(query).all():
            subject = _subject_of(row)
            answered = Answered(row.id, subject, row.schema_id, row.answers, getattr(row, "marks", []))
            by_subject.setdefault(subject, []).append(answered)
            newest[subject] = last_said or 0
    late = {subject for subject, given in by_subject.items() if newest[subject] > max(one.id for one in given)}
    return [one for subject, given in by_subject.items() if subject not in late for one in given], len(late)


def put_back(session: Session, schema: str, answered: Sequence[Answered]) -> int:
    """Let answers that were set apart count again; how many items are as they were before.

    What a person has said of two candidates since stands; only the rest of their order comes back.
    """
    pairs: set[int] = set()
    for table, ids in _by_table(answered):
        for some in parts(ids):
            session.execute(update(table).where(table.id.in_(some)).values(current=True, place=""))
            if table is RankingGivenRow:
                pairs.update(_move_parts(session, _untouched(some), current=True, place=""))
            for row in session.scalars(select(table).where(table.id.in_(some), table.item_id.is_not(None))):
                claim_again(session, row)
    items = _items(session, schema, [one.subject for one in answered])
    _bring_in_line(session, [one.subject for one in answered], items, pairs)
    return len(items)


def _untouched(given: Sequence[int]) -> tuple[Any, ...]:
    """Conditions on parts of these orders that were set apart, where their person said nothing of the pair since."""
    part, newer = PreferenceRow, aliased(PreferenceRow)
    mine = (newer.pair_id == part.pair_id, newer.person_id == part.person_id, newer.revision > part.revision)
    later = exists().where(*mine, newer.place != REPEAT)
    return part.given_id.in_(given), part.place == REQUEUED, ~later


def claim_again(session: Session, row: Said) -> None:
    """Let the person have submitted the item that a row answers, as they had before it was given out again."""
    claim = session.scalar(select(ClaimRow).where(ClaimRow.item_id == row.item_id, ClaimRow.person_id == row.person_id))
    if claim is None:
        claim = ClaimRow(item_id=row.item_id, person_id=row.person_id, claimed_at=row.submitted_at)
        claim.expires_at = row.submitted_at
        claim.left = row.shown if isinstance(row, RankingGivenRow) else getattr(row, "left", "")
        session.add(claim)
    claim.state, claim.schema_id = SUBMITTED, row.schema_id
    session.flush()


def _by_table(answered: Sequence[Answered]) -> list[tuple[Any, list[int]]]:
    return [
        (AnnotationRow, [one.id for one in answered if one.subject.trace_id is not None]),
        (PreferenceRow, [one.id for one in answered if one.subject.pair_id is not None]),
        (RankingGivenRow, [one.id for one in answered if one.subject.ranking_id is not None]),
    ]


def _same_subject(table: Any, other: Any) -> tuple[Any, ...]:
    if table is PreferenceRow:
        return (other.pair_id == table.pair_id,)
    if table is RankingGivenRow:
        return (other.ranking_id == table.ranking_id,)
    same_step = other.step_uid == table.step_uid
    return (other.trace_id == table.trace_id, same_step, other.schema_key == table.schema_key)


def _subject_of(row: Said) -> Subject:
    if isinstance(row, RankingGivenRow):
        return Subject(ranking_id=row.ranking_id)
    return Subject(pair_id=row.pair_id) if isinstance(row, PreferenceRow) else Subject(row.trace_id, row.step_uid)


def _items(session: Session, schema: str, subjects: Sequence[Subject]) -> list[int]:
    """The items of the queues that ask the schema which are about these."""
    wanted = set(subjects)
    asking = [queue.id for queue in queues_asking(session, schema)]
    query = select(ItemRow.id, ItemRow.trace_id, ItemRow.step_uid, ItemRow.pair_id, ItemRow.ranking_id)
    query = query.where(ItemRow.queue_id.in_(asking), ItemRow.for_person == 0, ItemRow.state.in_((OPEN, DONE)))
    found = session.execute(query)
    return [item for item, trace, step, pair, order in found if Subject(trace, step, pair, order) in wanted]


def _bring_in_line(session: Session, subjects: Sequence[Subject], items: Sequence[int], pairs: Collection[int]) -> None:
    for trace in sorted({one.trace_id for one in subjects if one.trace_id is not None}):
        recount(session, trace)
    refresh_items(session, ItemRow.id, items)
    refresh_items(session, ItemRow.pair_id, sorted(pairs))


def move_queues(session: Session, schema: str, to: int) -> list[str]:
    """Let the queues that ask a schema ask this version of it; their names. Who holds an item answers as they began."""
    moved = [queue for queue in queues_asking(session, schema) if queue.schema_id != to]
    for queue in moved:
        queue.schema_id = to
    session.flush()
    return [queue.name for queue in moved]
