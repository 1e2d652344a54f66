"""What two or more people said of the same thing, in bulk: where a lead looks for disagreement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from core.records import Role
from core.store.dialect import parts
from core.store.queues import get_queue
from core.store.resolutions import Subject
from core.store.schemas import get_schema
from core.store.tables import (
    AnnotationRow,
    ItemRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    RankingGivenRow,
    RankingRow,
    StepRow,
    TraceRow,
)
from core.store.work import ORDER, PREFERENCE


@dataclass(frozen=True, slots=True)
class Spoken:
    """One person's present word on a subject; `schema_id` is None for a pair of a queue without questions.

    `marks` and `corrections` are the stored rows; of a pair, `answers` hold its choice under "preference", of a ranking
    its order. `ranking` is the one that a choice is part of.
    """

    subject: Subject
    schema_id: int | None
    schema: str
    person: str
    answers: dict[str, Any]
    marks: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    ranking: int | None = None


def spoken_on_runs(session: Session, queue: int | None = None) -> list[Spoken]:
    """What people say of the runs and steps on which two of them spoke under one schema; of one queue, or of all."""
    row, other = AnnotationRow, aliased(AnnotationRow)
    people = select(PersonRow.id).where(PersonRow.role != Role.MACHINE.value)
    same = (other.trace_id == row.trace_id, other.step_uid == row.step_uid, other.schema_key == row.schema_key)
    another = exists().where(*same, other.current, other.person_id != row.person_id, other.person_id.in_(people))
    query = (
        select(row.trace_id, row.step_uid, row.schema_id, row.schema_key, PersonRow.name)
        .add_columns(row.answers, row.marks, row.corrections)
        .join(PersonRow, PersonRow.id == row.person_id)
        .where(row.current, row.person_id.in_(people), another)
        .order_by(row.id)
    )
    if queue is not None:
        asked = get_queue(session, queue)
        key = "" if asked.schema_id is None else get_schema(session, asked.schema_id).key
        item = and_(ItemRow.queue_id == queue, ItemRow.trace_id == row.trace_id, ItemRow.step_uid == row.step_uid)
        query = query.where(row.schema_key == key, exists().where(item))
    return [
        Spoken(Subject(trace, step), schema_id, key, name, answers, marks, corrections)
        for trace, step, schema_id, key, name, answers, marks, corrections in session.execute(query)
    ]


def spoken_on_pairs(session: Session, queue: int | None = None) -> list[Spoken]:
    """What people say of the pairs on which two of them spoke; of one queue, or of all."""
    row, other = PreferenceRow, aliased(PreferenceRow)
    people = select(PersonRow.id).where(PersonRow.role != Role.MACHINE.value)
    another = exists().where(
        other.pair_id == row.pair_id, other.current, other.person_id != row.person_id, other.person_id.in_(people)
    )
    query = (
        select(row.pair_id, row.schema_id, PersonRow.name, row.choice, row.answers, RankingGivenRow.ranking_id)
        .join(PersonRow, PersonRow.id == row.person_id)
        .outerjoin(RankingGivenRow, RankingGivenRow.id == row.given_id)
        .where(row.current, row.person_id.in_(people), another)
        .order_by(row.id)
    )
    if queue is not None:
        query = query.where(exists().where(ItemRow.queue_id == queue, ItemRow.pair_id == row.pair_id))
    return [
        Spoken(Subject(pair_id=pair), schema_id, "", name, {**answers, PREFERENCE: choice}, [], [], ranking)
        for pair, schema_id, name, choice, answers, ranking in session.execute(query)
    ]


def spoken_on_rankings(session: Session, queue: int | None = None) -> list[Spoken]:
    """What people say of the rankings that two of them put in order; of one queue, or of all."""
    row, other = RankingGivenRow, aliased(RankingGivenRow)
    people = select(PersonRow.id).where(PersonRow.role != Role.MACHINE.value)
    another = exists().where(
        other.ranking_id == row.ranking_id, other.current, other.person_id != row.person_id, other.person_id.in_(people)
    )
    query = (
        select(row.ranking_id, row.schema_id, PersonRow.name, row.order, row.answers)
        .join(PersonRow, PersonRow.id == row.person_id)
        .where(row.current, row.person_id.in_(people), another)
        .order_by(row.id)
    )
    if queue is not None:
        query = query.where(exists().where(ItemRow.queue_id == queue, ItemRow.ranking_id == row.ranking_id))
    return [
        Spoken(Subject(ranking_id=ranking), schema_id, "", name, {**answers, ORDER: order}, [], [])
        for ranking, schema_id, name, order, answers in session.execute(query)
    ]


def positions(session: Session, trace_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Trace → step id → its position."""
    found: dict[int, dict[str, int]] = {trace: {} for trace in trace_ids}
    for some in parts(sorted(found)):
        query = select(StepRow.trace_id, StepRow.uid, StepRow.position)
        for trace, uid, position in session.execute(query.where(StepRow.trace_id.in_(some))):
            found[trace][uid] = position
    return found


def titles(session: Session, subjects: Sequence[Subject]) -> dict[Subject, str]:
    """What each subject is called: its run's title, or the prompt of its pair or ranking."""
    of_trace: dict[int, str] = {}
    for some in parts(sorted({one.trace_id for one in subjects if one.trace_id is not None})):
        query = select(TraceRow.id, TraceRow.title, TraceRow.uid).where(TraceRow.id.in_(some))
        of_trace |= {row: title or uid for row, title, uid in session.execute(query)}
    of_pair = _prompts(session, PairRow, {one.pair_id for one in subjects})
    of_ranking = _prompts(session, RankingRow, {one.ranking_id for one in subjects})
    return {
        one: of_trace.get(one.trace_id or 0) or of_pair.get(one.pair_id or 0) or of_ranking.get(one.ranking_id or 0, "")
        for one in subjects
    }


def _prompts(session: Session, table: Any, wanted: Collection[int | None]) -> dict[int, str]:
    """Row id → how the prompt of a pair or ranking begins."""
    found: dict[int, str] = {}
    for some in parts(sorted(one for one in wanted if one is not None)):
        query = select(table.id, func.substr(table.prompt, 1, 200), table.uid)
        rows = session.execute(query.where(table.id.in_(some)))
        found |= {row: text or uid for row, text, uid in rows}
    return found


def stamp(session: Session) -> str:
    """A short text that changes whenever an answer does that disagreements are found from."""
    told = [
        session.execute(select(func.count(), func.max(table.id)).where(table.current)).one()
        for table in (AnnotationRow, PreferenceRow, RankingGivenRow)
    ]
    return " ".join(f"{count}/{newest}" for count, newest in told)
