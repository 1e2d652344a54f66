"""What each person has submitted and how long it took; and what they answered, as checks of their answers need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Text, cast, func, literal, select, true
from sqlalchemy.orm import Session

from core.records import Role
from core.store.claims import SKIPPED
from core.store.items import GOLD
from core.store.queues import ARCHIVED, stands
from core.store.revisions import REPEAT, SURPLUS
from core.store.tables import (
    AnnotationRow,
    ClaimRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
    ResolutionRow,
)

PREFERENCE, ORDER = "preference", "order"
"""The questions of a pair and of a ranking, beside those of its schema."""


@dataclass(slots=True)
class Work:
    """What one person has submitted and not taken back, hidden repeats with it.

    `surplus` answers do not count until a lead takes them over, `bulk` ones were given to many runs at once: neither is
    in another number. `days` are submissions by day (UTC), `seconds` the active time of each where it was taken.
    """

    person_id: int
    person: str
    role: Role
    runs: int = 0
    steps: int = 0
    pairs: int = 0
    rankings: int = 0
    surplus: int = 0
    bulk: int = 0
    skipped: int = 0
    flagged: int = 0
    seconds: list[float] = field(default_factory=list)
    days: Counter[date] = field(default_factory=Counter)
    last: datetime | None = None

    @property
    def done(self) -> int:
        """Everything that stands, of whatever kind."""
        return self.runs + self.steps + self.pairs + self.rankings


class Subject(NamedTuple):
    """What an answer is about: the row id of a trace, pair or ranking, or a step of a trace. A tuple hashes fast."""

    kind: str
    id: int
    step: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person says on something; `marks` are stored ones (core.records.Mark). `revision` counts their changes.

    The choice between the sides of a pair stands in `answers` under PREFERENCE, an order of candidates under ORDER.
    """

    person_id: int
    subject: Subject
    schema_id: int | None
    answers: Mapping[str, Any]
    marks: list[dict[str, Any]]
    seconds: float | None
    at: datetime
    revision: int


def work_done(session: Session) -> list[Work]:
    """Everybody who has submitted, skipped or flagged anything, most first, machines last."""
    found: dict[int, Work] = {}
    people = {row.id: row for row in session.scalars(select(PersonRow))}

    def of(person: int) -> Work:
        row = people[person]
        return found.setdefault(person, Work(person, row.name, Role(row.role)))

    for person, kind, place, bulk, at, seconds in _submissions(session):
        work = of(person)
        work.last = max(at, work.last or at)
        if bulk is not None:
            work.bulk += 1
        elif place == SURPLUS:
            work.surplus += 1
        else:
            setattr(work, kind, getattr(work, kind) + 1)
            work.days[at.date()] += 1
            if seconds is not None:
                work.seconds.append(seconds)
    skipped = select(ClaimRow.person_id, func.count()).where(ClaimRow.state == SKIPPED).group_by(ClaimRow.person_id)
    for person, n in session.execute(skipped):
        of(person).skipped = n
    for person, flag in session.execute(_flags()):
        if any(line.startswith(f"{people[person].name}: ") for line in flag.splitlines()):
            of(person).flagged += 1
    return sorted(found.values(), key=lambda work: (work.role is Role.MACHINE, -work.done, work.person))


def _submissions(session: Session) -> Iterator[Any]:
    """(person, kind, place, bulk, when, seconds) of all that stands. What a ranking says of pairs is in the ranking."""
    own = AnnotationRow
    rows: tuple[tuple[str, Any, Any, Any], ...] = (
        ("runs", own, own.bulk_id, own.step_uid == ""),
        ("steps", own, own.bulk_id, own.step_uid != ""),
        ("pairs", PreferenceRow, literal(None), PreferenceRow.given_id.is_(None)),
        ("rankings", RankingGivenRow, literal(None), true()),
    )
    for kind, table, bulk, which in rows:
        columns = (table.person_id, literal(kind), table.place, bulk, table.submitted_at, table.active_seconds)
        yield from session.execute(select(*columns).where(stands(table), which))


def _flags() -> Any:
    """(person, what stands as the flag) of every flagged item that the person skipped."""
    flagged = select(ClaimRow.person_id, ItemRow.flag).join(ItemRow, ItemRow.id == ClaimRow.item_id)
    return flagged.where(ItemRow.flag != "", ClaimRow.state == SKIPPED)


def answers_given(session: Session, repeats: bool = False, closed_only: bool = False) -> list[Answered]:
    """What people say now, oldest first; with `repeats`, what they said when they were asked again without knowing.

    Neither machines' answers nor those given in bulk. Surplus counts as said, for it was said. `closed_only`: of
    repeats only those in archived queues.
    """
    found: list[Answered] = []
    for kind, table in (("trace", AnnotationRow), ("pair", PreferenceRow), ("ranking", RankingGivenRow)):
        query = _given(kind, table).where((table.place == REPEAT) == repeats)
        if repeats and closed_only:
            closed = (
                select(ItemRow.id).join(QueueRow, QueueRow.id == ItemRow.queue_id).where(QueueRow.state == ARCHIVED)
            )
            query = query.where(table.item_id.in_(closed))
        found += [_answered(kind, *row) for row in session.execute(query)]
    return found


def _given(kind: str, table: Any) -> Any:
    more: dict[str, tuple[Any, ...]] = {
        "trace": (AnnotationRow.trace_id, cast(AnnotationRow.marks, Text), AnnotationRow.step_uid),
        "pair": (PreferenceRow.pair_id, PreferenceRow.choice),
        "ranking": (RankingGivenRow.ranking_id, RankingGivenRow.order),
    }
    columns = (table.person_id, table.schema_id, cast(table.answers, Text), table.active_seconds)
    machines = select(PersonRow.id).where(PersonRow.role == Role.MACHINE.value)
    query = select(*columns, table.submitted_at, table.revision, *more[kind])
    query = query.where(stands(table), table.person_id.not_in(machines))
    if kind == "trace":
        query = query.where(AnnotationRow.bulk_id.is_(None))
    if kind == "pair":
        query = query.where(PreferenceRow.given_id.is_(None))
    return query.order_by(table.submitted_at, table.id)


def _answered(
    kind: str,
    person: int,
    schema: int | None,
    answers: str,
    seconds: float | None,
    at: datetime,
    revision: int,
    subject: int,
    said: Any,
    step: str = "",
) -> Answered:
    marks = orjson.loads(said) if kind == "trace" and said != "[]" else []
    own = {"pair": {PREFERENCE: said}, "ranking": {ORDER: said}}.get(kind, {})
    return Answered(
        person, Subject(kind, subject, step), schema, orjson.loads(answers) | own, marks, seconds, at, revision
    )


def stamp_of_work(session: Session) -> Hashable:
    """What changes whenever anything does that is told of people: answers, claims, gold, resolutions, names, queues."""
    parts: list[Any] = []
    for table in (AnnotationRow, PreferenceRow, RankingGivenRow, ResolutionRow):
        counted = select(func.max(table.id), func.count(), func.sum(table.id)).where(table.current)
        parts += [session.scalar(select(func.max(table.id))), *session.execute(counted).one()]
    for rows in (
        select(ClaimRow.state, func.count(), func.sum(ClaimRow.id)).group_by(ClaimRow.state).order_by(ClaimRow.state),
        select(ItemRow.id, ItemRow.gold).where(ItemRow.state == GOLD).order_by(ItemRow.id),
        select(PersonRow.id, PersonRow.name, PersonRow.role).order_by(PersonRow.id),
        select(QueueRow.id, QueueRow.schema_id, QueueRow.state).order_by(QueueRow.id),
        select(func.count(), func.max(LabelSchemaRow.id)).select_from(LabelSchemaRow),
    ):
        parts.append(tuple(repr(tuple(row)) for row in session.execute(rows)))
    return tuple(parts)
