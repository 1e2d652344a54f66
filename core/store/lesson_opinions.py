"""What people think of lessons: who approved which words, and how two lessons that are near each other relate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.lessons import LIMITS, LessonLine
from core.store.tables import LessonApprovalRow, LessonRelationRow, PersonRow


class Relation(StrEnum):
    """How a lesson stands to one that is near it."""

    DIFFERENT = "different"
    SAME = "same"
    REPLACES = "replaces"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class Related:
    """What somebody said of two lessons (row ids): `lesson` stands to `other` as `kind` says."""

    lesson: int
    other: int
    kind: Relation
    person: str
    person_id: int
    reason: str
    at: datetime
    settled_at: datetime | None


def words_of(line: LessonLine) -> str:
    """What tells the words of a lesson, its scope included, from any others."""
    return content_hash([getattr(line, name) for name in LIMITS], 16)


def add_approval(session: Session, line: LessonLine, person: int) -> bool:
    """Note that a person agrees with the lesson as it reads; False when they had said so."""
    row = {"lesson_id": line.id, "person_id": person, "words": words_of(line), "at": now()}
    return bool(insert_new(session, LessonApprovalRow, [row], LessonApprovalRow.person_id))


def approvers(session: Session, line: LessonLine) -> list[str]:
    """Who agrees with the lesson as it reads now, in the order in which they said so."""
    query = select(PersonRow.name).join(LessonApprovalRow, LessonApprovalRow.person_id == PersonRow.id)
    mine = (LessonApprovalRow.lesson_id == line.id, LessonApprovalRow.words == words_of(line))
    return list(session.scalars(query.where(*mine).order_by(LessonApprovalRow.at, PersonRow.id)))


def relate(session: Session, lesson: int, other: int, kind: Relation, person: int, reason: str = "") -> None:
    """Say, or say anew, how a lesson stands to another one; what was said of the two the other way round goes."""
    for one, two in ((lesson, other), (other, lesson)):
        row = session.get(LessonRelationRow, (one, two))
        if row is not None:
            session.delete(row)
    session.flush()
    said = LessonRelationRow(
        lesson_id=lesson, other_id=other, kind=kind.value, person_id=person, reason=clean(reason.strip()), at=now()
    )
    session.add(said)
    session.flush()


def settle(session: Session, lesson: int, other: int, person: int) -> None:
    """Note that a lead has decided about two lessons that contradict each other."""
    row = LessonRelationRow
    pair = or_((row.lesson_id == lesson) & (row.other_id == other), (row.lesson_id == other) & (row.other_id == lesson))
    session.execute(
        update(row)
        .where(pair, row.settled_at.is_(None))
        .values(settled_at=now(), settled_by=person)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def relations(session: Session, lessons: Sequence[int] = (), kind: Relation | None = None) -> list[Related]:
    """What was said of these lessons, from either side (none given: of all), the newest first."""
    row = LessonRelationRow
    query = select(row, PersonRow.name).join(PersonRow, PersonRow.id == row.person_id)
    if lessons:
        query = query.where(or_(row.lesson_id.in_(lessons), row.other_id.in_(lessons)))
    if kind is not None:
        query = query.where(row.kind == kind.value)
    return [
        Related(
            one.lesson_id, one.other_id, Relation(one.kind), name, one.person_id, one.reason, one.at, one.settled_at
        )
        for one, name in session.execute(query.order_by(row.at.desc(), row.lesson_id, row.other_id))
    ]


def contradictions(session: Session, lesson: int | None = None) -> list[Related]:
    """The contradictions that no lead has settled; of one lesson, where it is named."""
    found = relations(session, [] if lesson is None else [lesson], Relation.CONTRADICTS)
    return [one for one in found if one.settled_at is None]
