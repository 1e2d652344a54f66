"""What people and machines said, as agreement, weekly label rates and the team's work need it: rows, not traces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Choice, LabelSchema, Role
from core.store.results import of_agent, week_of
from core.store.schemas import schema_from_row
from core.store.tables import AnnotationRow, ItemRow, LabelSchemaRow, PersonRow, PreferenceRow, QueueRow, TraceRow


@dataclass(frozen=True, slots=True)
class Said:
    """One reviewer's current answers on one trace; `marks` are the stored rows (core.records.Mark)."""

    trace_id: int
    person: str
    schema_id: int
    answers: dict[str, Any]
    marks: list[dict[str, Any]]

    def chosen(self, question: str) -> frozenset[str]:
        """What was chosen for a question with several answers, on steps or for the whole run."""
        whole = self.answers.get(question) or []
        listed = whole if isinstance(whole, list) else [whole]
        marked = [mark["value"] for mark in self.marks if mark["question"] == question]
        return frozenset(str(value) for value in (*listed, *marked) if value)


@dataclass(frozen=True, slots=True)
class Work:
    """What one person has submitted that still stands: runs and pairs, and the active time where it was taken."""

    person_id: int
    person: str
    role: Role
    runs: int
    pairs: int
    seconds: tuple[float, ...]
    first: datetime
    last: datetime


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


def answers_by(session: Session, machines: bool = False, queue: int | None = None) -> list[Said]:
    """Current annotations of people (or of machines), of all traces or of those in a queue."""
    columns = (
        AnnotationRow.trace_id,
        PersonRow.name,
        AnnotationRow.schema_id,
        AnnotationRow.answers,
        AnnotationRow.marks,
    )
    query = (
        select(*columns)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current, _by(machines))
        .order_by(AnnotationRow.trace_id, PersonRow.name)
    )
    if queue is not None:
        query = query.where(AnnotationRow.trace_id.in_(select(ItemRow.trace_id).where(ItemRow.queue_id == queue)))
    return [Said(*row) for row in session.execute(query)]


def choices_by(session: Session, machines: bool = False, queue: int | None = None) -> list[tuple[int, str, Choice]]:
    """(pair, person, choice) of every current preference of people (or of machines)."""
    query = (
        select(PreferenceRow.pair_id, PersonRow.name, PreferenceRow.choice)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .where(PreferenceRow.current, _by(machines))
        .order_by(PreferenceRow.pair_id, PersonRow.name)
    )
    if queue is not None:
        query = query.where(PreferenceRow.pair_id.in_(select(ItemRow.pair_id).where(ItemRow.queue_id == queue)))
    return [(pair, person, Choice(choice)) for pair, person, choice in session.execute(query)]


def labels_by_week(session: Session, agent: str | None = None) -> list[tuple[date, Said]]:
    """People's current annotations with the week in which their trace began."""
    week = week_of(session)
    query = (
        select(week, TraceRow.id, PersonRow.name, AnnotationRow.schema_id, AnnotationRow.answers, AnnotationRow.marks)
        .join(AnnotationRow, AnnotationRow.trace_id == TraceRow.id)
        .join(PersonRow, PersonRow.id == AnnotationRow.person_id)
        .where(AnnotationRow.current, _by(machines=False), TraceRow.time_known, *of_agent(agent))
    )
    return [(date.fromisoformat(monday), Said(*said)) for monday, *said in session.execute(query)]


def work_done(session: Session) -> list[Work]:
    """Everybody who has submitted anything that stands, most first."""
    totals: dict[int, dict[str, Any]] = {}
    for table, kind in ((AnnotationRow, "runs"), (PreferenceRow, "pairs")):
        query = (
            select(
                PersonRow.id,
                PersonRow.name,
                PersonRow.role,
                func.count(),
                func.min(table.submitted_at),
                func.max(table.submitted_at),
            )
            .join(PersonRow, PersonRow.id == table.person_id)
            .where(table.current)
            .group_by(PersonRow.id)
        )
        for person, name, role, n, first, last in session.execute(query):
            known = totals.setdefault(person, {"name": name, "role": role, "first": first, "last": last})
            known[kind] = n
            known["first"], known["last"] = min(known["first"], first), max(known["last"], last)
        timed = select(table.person_id, table.active_seconds).where(table.current, table.active_seconds.is_not(None))
        for person, seconds in session.execute(timed):
            totals[person].setdefault("seconds", []).append(seconds)
    return sorted(
        (
            Work(
                person,
                known["name"],
                Role(known["role"]),
                known.get("runs", 0),
                known.get("pairs", 0),
                tuple(known.get("seconds", ())),
                known["first"],
                known["last"],
            )
            for person, known in totals.items()
        ),
        key=lambda work: (work.role is Role.MACHINE, -(work.runs + work.pairs), work.person),
    )
