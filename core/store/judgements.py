"""What people and machines said, as agreement and weekly label rates need it: rows, not traces."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Integer, String, Text, cast, column, exists, func, literal, or_, select, values
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Choice, LabelSchema, Role
from core.store.dialect import BATCH
from core.store.items import GOLD
from core.store.results import Span, began_in, of_agent, week_of
from core.store.schemas import schema_from_row
from core.store.tables import (
    AnnotationRow,
    AnswerWordRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
    StepRow,
    TraceRow,
)


@dataclass(frozen=True, slots=True)
class Said:
    """One person's current answers on one trace; `marks` are the stored rows (core.records.Mark)."""

    trace_id: int
    person: str
    schema_id: int
    answers: dict[str, Any]
    marks: list[dict[str, Any]]

    def chosen(self, question: str) -> frozenset[str]:
        """What was chosen for a question with several answers, on steps or for the whole run."""
        return chosen(self.answers, self.marks, question)


def chosen(answers: dict[str, Any], marks: list[dict[str, Any]], question: str) -> frozenset[str]:
    """What was chosen for a question with several answers, on steps or for the whole of it."""
    whole = answers.get(question) or []
    listed = whole if isinstance(whole, list) else [whole]
    marked = [mark["value"] for mark in marks if mark["question"] == question]
    return frozenset(str(value) for value in (*listed, *marked) if value)


class Judged(NamedTuple):
    """One person's current answers on one thing; `marks` are the stored rows. A tuple: very many are made at once.

    `unit` is what was judged: a trace (row id), a step of one (row id, step id), ("pair", row id) or ("ranking",
    row id). `known` says that it was an item whose answer is known.
    """

    unit: Hashable
    person: str
    schema_id: int
    answers: dict[str, Any]
    marks: list[dict[str, Any]]
    at: datetime
    known: bool


class Chosen(NamedTuple):
    """One person's current choice between the sides of a pair (row id); `known` as above."""

    pair: int
    person: str
    choice: Choice
    at: datetime
    known: bool


def schemas_in_use(session: Session) -> dict[int, LabelSchema]:
    """All label schemas by row id."""
    return {row.id: schema_from_row(row) for row in session.scalars(select(LabelSchemaRow).order_by(LabelSchemaRow.id))}


def find_queue(session: Session, name: str) -> int:
    """The row id of a queue by its name; raises NotFound."""
    found = session.scalar(select(QueueRow.id).where(QueueRow.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(QueueRow.name).order_by(QueueRow.name))) or "none yet"
        raise NotFound(f"There is no queue {name} (there are: {known}).", field="queue")
    return found


def _by(machines: bool) -> ColumnElement[bool]:
    machine = PersonRow.role == Role.MACHINE.value
    return machine if machines else ~machine


def judged_by(session: Session, machines: bool = False, queue: int | None = None) -> Iterator[Judged]:
    """Current answers of people (or of machines) on runs, steps, pairs and rankings, one by one; of all or of a queue.

    Of a queue: what it asks (its schema) about what is in it, wherever that was answered. A label that many runs got at
    once says nothing of how two people read one of them.
    """
    people, known = _people(session, machines), _known_items(session)
    for table, name in ((AnnotationRow, ""), (PreferenceRow, "pair"), (RankingGivenRow, "ranking")):
        marks = cast(table.marks, Text) if table is AnnotationRow else literal("[]")
        step = table.step_uid if table is AnnotationRow else literal("")
        subject = {"": "trace_id", "pair": "pair_id", "ranking": "ranking_id"}[name]
        columns = (getattr(table, subject), step, table.person_id, table.schema_id, cast(table.answers, Text), marks)
        query = (
            select(*columns, table.submitted_at, table.item_id)
            .where(table.current, table.person_id.in_(people), table.schema_id.is_not(None))
            .order_by(table.id)
        )
        if table is AnnotationRow:
            query = query.where(AnnotationRow.bulk_id.is_(None))
        if queue is not None:
            query = query.where(*_of_queue(session, table, queue))
        for on, uid, person, schema, said, marked, at, item in session.execute(query):
            unit: Hashable = (name, on) if name else (on, uid) if uid else on
            listed = [] if marked == "[]" else orjson.loads(marked)
            yield Judged(unit, people[person], schema, orjson.loads(said), listed, at, item in known)


def choices_by(session: Session, machines: bool = False, queue: int | None = None) -> list[Chosen]:
    """Every current preference of people (or of machines), those that a ranking says too."""
    people, known = _people(session, machines), _known_items(session)
    query = (
        select(
            *(PreferenceRow.pair_id, PreferenceRow.person_id, PreferenceRow.choice, PreferenceRow.submitted_at),
            func.coalesce(RankingGivenRow.item_id, PreferenceRow.item_id),
        )
        .outerjoin(RankingGivenRow, RankingGivenRow.id == PreferenceRow.given_id)
        .where(PreferenceRow.current, PreferenceRow.person_id.in_(people))
        .order_by(PreferenceRow.id)
    )
    if queue is not None:
        pairs = select(ItemRow.pair_id).where(ItemRow.queue_id == queue, ItemRow.pair_id.is_not(None))
        rankings = select(ItemRow.ranking_id).where(ItemRow.queue_id == queue, ItemRow.ranking_id.is_not(None))
        query = query.where(or_(PreferenceRow.pair_id.in_(pairs), RankingGivenRow.ranking_id.in_(rankings)))
    return [
        Chosen(pair, people[person], Choice(choice), at, item in known)
        for pair, person, choice, at, item in session.execute(query)
    ]


def _people(session: Session, machines: bool) -> dict[int, str]:
    rows = session.execute(select(PersonRow.id, PersonRow.name).where(_by(machines)))
    return dict(iter(rows))


def _known_items(session: Session) -> set[int]:
    return set(session.scalars(select(ItemRow.id).where(ItemRow.state == GOLD)))


def _of_queue(session: Session, table: Any, queue: int) -> list[ColumnElement[bool]]:
    """Conditions on answers: on something in the queue, under its schema where it has one."""
    asked = select(LabelSchemaRow.key).join(QueueRow, QueueRow.schema_id == LabelSchemaRow.id)
    key = session.scalar(asked.where(QueueRow.id == queue))
    inside = [ItemRow.queue_id == queue, ItemRow.for_person == 0]
    if table is AnnotationRow:
        inside += [ItemRow.trace_id == table.trace_id, ItemRow.step_uid == table.step_uid]
    elif table is PreferenceRow:
        inside.append(ItemRow.pair_id == table.pair_id)
    else:
        inside.append(ItemRow.ranking_id == table.ranking_id)
    under = select(LabelSchemaRow.id).where(LabelSchemaRow.key == key)
    return [exists().where(*inside), *([table.schema_id.in_(under)] if key is not None else [])]


def step_positions(session: Session, steps: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """(trace row id, step id) → where the step stands in its run, of those that are there."""
    listed = sorted(set(steps))
    found: dict[tuple[int, str], int] = {}
    for start in range(0, len(listed), BATCH):
        # joined, for SQLite looks up no index for pairs that are among others: it would read every step there is
        asked = values(column("trace", Integer), column("uid", String)).data(listed[start : start + BATCH]).cte("asked")
        same = (StepRow.trace_id == asked.c.trace) & (StepRow.uid == asked.c.uid)
        query = select(StepRow.trace_id, StepRow.uid, StepRow.position).join_from(asked, StepRow, same)
        found |= {(trace, uid): position for trace, uid, position in session.execute(query)}
    return found


def stamp_of_judgements(session: Session) -> tuple[Hashable, ...]:
    """What changes whenever anything that agreement is computed from does: answers, people, known answers, words."""
    parts: list[Any] = []
    for table in (AnnotationRow, PreferenceRow, RankingGivenRow):
        newest = session.scalar(select(func.max(table.id)))
        parts += [newest, *session.execute(select(func.count(), func.sum(table.id)).where(table.current)).one()]
    parts += [*session.execute(select(func.count(), func.sum(ItemRow.id)).where(ItemRow.state == GOLD)).one()]
    parts += [session.scalar(select(func.count()).select_from(ItemRow)), session.scalar(select(func.max(ItemRow.id)))]
    for rows in (
        select(PersonRow.id, PersonRow.name, PersonRow.role).order_by(PersonRow.id),
        select(LabelSchemaRow.id).order_by(LabelSchemaRow.id),
        select(QueueRow.id, QueueRow.name, QueueRow.schema_id).order_by(QueueRow.id),
        select(AnswerWordRow.schema_key, AnswerWordRow.question, AnswerWordRow.word, AnswerWordRow.means).order_by(
            AnswerWordRow.schema_key, AnswerWordRow.question, AnswerWordRow.word
        ),
    ):
        parts.append(tuple(tuple(row) for row in session.execute(rows)))
    return tuple(parts)


def labels_by_week(session: Session, agent: str | None = None, span: Span | None = None) -> Iterator[tuple[date, Said]]:
    """People's current annotations with the week in which their trace began; one at a time, for there are many."""
    week, answers, marks = week_of(session), cast(AnnotationRow.answers, Text), cast(AnnotationRow.marks, Text)
    query = (
        select(week, TraceRow.id, PersonRow.name, AnnotationRow.schema_id, answers, marks)
        .join(AnnotationRow, AnnotationRow.trace_id == TraceRow.id)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current, _by(machines=False), TraceRow.time_known, *of_agent(agent), *began_in(span))
    )
    for monday, trace, person, schema, said, marked in session.execute(query):
        listed = [] if marked == "[]" else orjson.loads(marked)
        yield date.fromisoformat(monday), Said(trace, person, schema, orjson.loads(said), listed)
