"""Lessons: as they stand, every revision of them, and what the index owes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound
from core.records import Lesson, LessonState, Role
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.lesson_evidence import add_evidence
from core.store.tables import (
    AnnotationRow,
    LessonEvidenceRow,
    LessonRevisionRow,
    LessonRow,
    PersonRow,
)

LIMITS = {
    "when": 500,
    "guidance": 2000,
    "avoid": 1000,
    "why": 2000,
    "agent": 200,
    "tool": 200,
    "tags": 300,
    "valid_until": 10,
}
"""Longest texts of a lesson, in characters: an agent reads several before it acts."""

UNDECIDED = (LessonState.PROPOSED, LessonState.APPROVED)
"""The states in which a lesson waits for somebody's decision."""

_ASKED = {"when": "when it applies (the situation)", "guidance": "what to do then"}
_WORDS = {
    "when": "“When”",
    "guidance": "“Do”",
    "avoid": "“Don't”",
    "why": "“Why”",
    "agent": "“Agent”",
    "tool": "“Tool”",
    "tags": "“Tags”",
    "valid_until": "“Valid until”",
}


@dataclass(frozen=True, slots=True)
class LessonLine:
    """A lesson as it stands, with who made it and who changed it last."""

    id: int
    uid: str
    revision: int
    state: LessonState
    when: str
    guidance: str
    avoid: str
    why: str
    agent: str
    tool: str
    tags: str
    valid_until: str
    created_by: str
    created_by_id: int
    created_at: datetime
    changed_by: str
    changed_by_id: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class LessonRevision:
    """What a lesson said and was at one revision; `text` holds the keys of LIMITS."""

    revision: int
    state: LessonState
    text: dict[str, str]
    person: str
    role: Role
    reason: str
    at: datetime


def checked(lesson: Lesson) -> Lesson:
    """The lesson with its texts stripped; raises InvalidInput saying all that is missing or too long."""
    texts = {name: clean(getattr(lesson, name)).strip() for name in LIMITS}
    texts["tags"] = ", ".join(sorted(tags_of(texts["tags"])))
    missing = [name for name in _ASKED if not texts[name]]
    long = [name for name, limit in LIMITS.items() if len(texts[name]) > limit]
    said = [f"say {_ASKED[name]}" for name in missing]
    said += [f"{_WORDS[name]} has {len(texts[name])} characters, {LIMITS[name]} are allowed" for name in long]
    if until := texts["valid_until"]:
        try:
            texts["valid_until"] = date.fromisoformat(until).isoformat()
        except ValueError:
            long.append("valid_until")
            said.append(f"“Valid until” is a date like 2026-12-31, and not {until[:40]!r}")
    if said:
        raise InvalidInput(f"A lesson needs more care: {'; '.join(said)}.", field=[*missing, *long][0])
    return replace(lesson, **cast("dict[str, Any]", texts))


def tags_of(text: str) -> set[str]:
    """The tags that stand between commas, in small letters."""
    return {" ".join(tag.split()).lower() for tag in text.split(",")} - {""}


def add_lesson(
    session: Session, lesson: Lesson, person: int, annotation: int | None = None, decided_by: int | None = None
) -> bool:
    """Write a new lesson under its `lesson_id`; False when that id is there already, which changes nothing.

    It enters as proposed by `person` at its `created_at`; where its state is another, a second revision by
    `decided_by` at its `decided_at` says so. Raises InvalidInput for what `checked` refuses or for unknown evidence.
    """
    lesson = checked(lesson)
    if not 0 < len(lesson.lesson_id) <= 64:
        raise InvalidInput("The id of a lesson has 1 to 64 characters.", field="lesson_id")
    if lesson.state is not LessonState.PROPOSED and decided_by is None:
        raise InvalidInput(f"The lesson {lesson.lesson_id} is {lesson.state}, and nobody is named who decided that.")
    created = lesson.created_at or now()
    values = _texts(lesson) | {
        "uid": lesson.lesson_id,
        "revision": 1,
        "indexed_revision": 0,
        "state": LessonState.PROPOSED.value,
        "created_by": person,
        "created_at": created,
        "changed_at": created,
    }
    inserted = insert_new(session, LessonRow, [values], LessonRow.id)
    if not inserted:
        return False
    row = session.get_one(LessonRow, inserted.pop())
    _keep(session, row, person, "", created)
    add_evidence(session, row.id, lesson.evidence, annotation)
    if decided_by is not None and lesson.state is not LessonState.PROPOSED:
        change_lesson(session, row.uid, 1, decided_by, "", state=lesson.state, at=lesson.decided_at or created)
    return True


def change_lesson(
    session: Session,
    uid: str,
    revision: int,
    person: int,
    reason: str,
    state: LessonState | None = None,
    text: Lesson | None = None,
    at: datetime | None = None,
) -> int:
    """Make the next revision of a lesson that stands at `revision`, with another state, other text, or both.

    Returns the new revision; raises Conflict, saying who was first, when the lesson stands at another revision by now.
    """
    at = at or now()
    values = _texts(checked(text)) if text is not None else {}
    if state is not None:
        values["state"] = state.value
    changed = session.scalar(
        update(LessonRow)
        .where(LessonRow.uid == uid, LessonRow.revision == revision)
        .values(revision=revision + 1, changed_at=at, **values)
        .returning(LessonRow.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        line = lesson_line(session, uid)
        raise Conflict(
            f"{line.changed_by} has changed this lesson since you opened it (it is {line.state} now). "
            "Look at it again and decide anew.",
            field="revision",
        )
    _keep(session, session.get_one(LessonRow, changed, populate_existing=True), person, clean(reason.strip()), at)
    return revision + 1


_CREATOR, _CHANGER = aliased(PersonRow), aliased(PersonRow)
_LINE = (
    select(LessonRow, _CREATOR.name, _CHANGER)
    .join(_CREATOR, _CREATOR.id == LessonRow.created_by)
    .join(
        LessonRevisionRow,
        (LessonRevisionRow.lesson_id == LessonRow.id) & (LessonRevisionRow.revision == LessonRow.revision),
    )
    .join(_CHANGER, _CHANGER.id == LessonRevisionRow.person_id)
    .execution_options(populate_existing=True)  # what the session read before may have been changed by another
)


def _line(row: LessonRow, creator: str, changer: PersonRow) -> LessonLine:
    return LessonLine(
        id=row.id,
        uid=row.uid,
        revision=row.revision,
        state=LessonState(row.state),
        created_by=creator,
        created_by_id=row.created_by,
        created_at=row.created_at,
        changed_by=changer.name,
        changed_by_id=changer.id,
        changed_at=row.changed_at,
        **{name: getattr(row, name) for name in LIMITS},
    )


def list_lessons(
    session: Session,
    states: Sequence[LessonState] = (),
    agent: str | None = None,
    limit: int | None = None,
    start: int = 0,
) -> list[LessonLine]:
    """Lessons in the states (none: all), of an agent (with those for every agent), last changed first."""
    query = _LINE.where(*_wanted(states, agent)).order_by(LessonRow.changed_at.desc(), LessonRow.id.desc())
    return [_line(*row) for row in session.execute(query.limit(limit).offset(start))]


def count_lessons(session: Session, agent: str | None = None) -> dict[LessonState, int]:
    """How many lessons stand in each state that has any."""
    query = select(LessonRow.state, func.count()).where(*_wanted((), agent)).group_by(LessonRow.state)
    return {LessonState(state): count for state, count in session.execute(query)}


def _wanted(states: Sequence[LessonState], agent: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if states:
        wanted.append(LessonRow.state.in_([state.value for state in states]))
    if agent is not None:
        wanted.append(LessonRow.agent.in_(["", agent]))
    return wanted


def lesson_line(session: Session, uid: str) -> LessonLine:
    """One lesson; raises NotFound."""
    row = session.execute(_LINE.where(LessonRow.uid == uid)).first()
    if row is None:
        raise NotFound(f"There is no lesson {uid}.", field="lesson")
    return _line(*row)


def lessons_by_row(session: Session, rows: Sequence[int]) -> list[LessonLine]:
    """The lessons with these row ids, in the order of the ids."""
    found = session.execute(_LINE.where(LessonRow.id.in_(rows)).order_by(LessonRow.id))
    return [_line(*row) for row in found]


def lessons_by_uid(session: Session, uids: Sequence[str]) -> dict[str, LessonLine]:
    """The lessons with these ids that are there."""
    return {row[0].uid: _line(*row) for row in session.execute(_LINE.where(LessonRow.uid.in_(uids)))}


def active_revisions(session: Session) -> dict[str, int]:
    """The revision at which each active lesson stands, by id."""
    query = select(LessonRow.uid, LessonRow.revision).where(LessonRow.state == LessonState.ACTIVE.value)
    return {row.uid: row.revision for row in session.execute(query)}


def active_among(
    session: Session, uids: Sequence[str], agent: str = "", tool: str = "", tags: str = ""
) -> dict[str, LessonLine]:
    """Of these lessons those that are active, still valid and for this agent, tool and kind of task, by id.

    What is not said ("") on either side fits everything.
    """
    # Asked by id alone: with the state in the question as well, SQLite reads every active lesson.
    lines = lessons_by_uid(session, uids).values()
    today, asked = now().date().isoformat(), tags_of(tags)
    return {
        line.uid: line
        for line in lines
        if line.state is LessonState.ACTIVE
        and (not line.valid_until or line.valid_until >= today)
        and (not agent or line.agent in ("", agent))
        and (not tool or line.tool in ("", tool))
        and (not asked or not line.tags or asked & tags_of(line.tags))
    }


def lesson_history(session: Session, lesson: int) -> list[LessonRevision]:
    """Every revision, newest first."""
    query = (
        select(LessonRevisionRow, PersonRow.name, PersonRow.role)
        .join(PersonRow, PersonRow.id == LessonRevisionRow.person_id)
        .where(LessonRevisionRow.lesson_id == lesson)
        .order_by(LessonRevisionRow.revision.desc())
    )
    return [
        LessonRevision(row.revision, LessonState(row.state), row.text, name, Role(role), row.reason, row.at)
        for row, name, role in session.execute(query)
    ]


def same_words(session: Session, lesson: Lesson) -> LessonLine | None:
    """The open or active lesson that says exactly this, for the same agent and tool, if there is one."""
    texts = _texts(checked(lesson))
    same = [getattr(LessonRow, name) == texts[name] for name in ("when", "guidance", "avoid", "agent", "tool")]
    row = session.execute(_LINE.where(*_wanted([*UNDECIDED, LessonState.ACTIVE], None), *same).limit(1)).first()
    return None if row is None else _line(*row)


def proposals_of_review(session: Session, annotation: int) -> list[LessonLine]:
    """The open proposals of the reviewer that rest on this review, in any revision of it, of the same trace."""
    this, other = aliased(AnnotationRow), aliased(AnnotationRow)
    rests = (
        select(LessonEvidenceRow.lesson_id)
        .join(other, other.id == LessonEvidenceRow.annotation_id)
        .join(this, (this.trace_id == other.trace_id) & (this.person_id == other.person_id))
        .where(this.id == annotation, LessonRow.created_by == this.person_id)
        .correlate(LessonRow)
    )
    proposed = _LINE.where(LessonRow.id.in_(rests), *_wanted(UNDECIDED, None))
    return [_line(*row) for row in session.execute(proposed.order_by(LessonRow.id))]


def lessons_owing_index(session: Session, limit: int | None = None) -> list[LessonLine]:
    """Lessons whose newest revision the index has not taken in yet (the outbox)."""
    owing = LessonRow.revision != LessonRow.indexed_revision
    return [_line(*row) for row in session.execute(_LINE.where(owing).order_by(LessonRow.id).limit(limit))]


def mark_indexed(session: Session, lessons: Sequence[LessonLine]) -> None:
    """Note that the index holds these revisions; a lesson that was changed meanwhile stays owed."""
    rows = [{"id": lesson.id, "indexed_revision": lesson.revision} for lesson in lessons]
    if rows:
        session.execute(update(LessonRow), rows)


def _texts(lesson: Lesson) -> dict[str, str]:
    return {name: getattr(lesson, name) for name in LIMITS}


def _keep(session: Session, row: LessonRow, person: int, reason: str, at: datetime) -> None:
    session.add(
        LessonRevisionRow(
            lesson_id=row.id,
            revision=row.revision,
            state=row.state,
            text={name: getattr(row, name) for name in LIMITS},
            person_id=person,
            reason=reason,
            at=at,
        )
    )
    session.flush()
