"""The life of a lesson: who may do what to it, and when.

Proposed by anybody; a lead makes it active or rejects it, edits it, retires it, and may change their mind. Every step
names the revision that was looked at: who acts on an older one is told so (Conflict) instead of deciding blindly.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import Lesson, LessonState, Role
from core.store.lesson_evidence import add_evidence
from core.store.lessons import (
    LIMITS,
    add_lesson,
    change_lesson,
    checked,
    lesson_line,
    proposals_of_review,
    same_words,
)

_DECIDES = {LessonState.ACTIVE: "approve", LessonState.REJECTED: "reject", LessonState.RETIRED: "retire"}
_FROM = {
    LessonState.ACTIVE: {LessonState.PROPOSED, LessonState.REJECTED, LessonState.RETIRED},
    LessonState.REJECTED: {LessonState.PROPOSED},
    LessonState.RETIRED: {LessonState.ACTIVE},
}


def propose(session: Session, lesson: Lesson, person: int, annotation: int | None = None) -> str:
    """Propose a lesson; its id. The same words for the same agent are one lesson: its evidence grows.

    Raises InvalidInput saying what is missing or too long.
    """
    same = same_words(session, lesson)
    if same is not None:
        add_evidence(session, same.id, lesson.evidence, annotation)
        return same.uid
    uid = lesson.lesson_id or new_id()
    add_lesson(session, replace(lesson, lesson_id=uid, state=LessonState.PROPOSED), person, annotation)
    return uid


def propose_once(session: Session, lesson: Lesson, person: int, annotation: int) -> str:
    """Propose what a review says, however often that review is submitted again; the lesson's id.

    While the proposal is open, other words in a later revision of the review change it. One that was decided on stays
    as it is, and other words are a new proposal.
    """
    open_ones = proposals_of_review(session, annotation)
    if open_ones and same_words(session, lesson) is None:
        mine = open_ones[0]
        change_lesson(session, mine.uid, mine.revision, person, "The review was edited.", text=lesson)
        add_evidence(session, mine.id, lesson.evidence, annotation)
        return mine.uid
    return propose(session, lesson, person, annotation)


def withdraw_proposals(session: Session, annotation: int, person: int) -> int:
    """Take back the open proposals of a review that its writer withdrew; how many there were."""
    open_ones = proposals_of_review(session, annotation)
    for mine in open_ones:
        reason = "The review was withdrawn."
        change_lesson(session, mine.uid, mine.revision, person, reason, state=LessonState.REJECTED)
    return len(open_ones)


def approve(session: Session, uid: str, revision: int, person: int, role: Role, reason: str = "") -> int:
    """Make a lesson active (again), so that agents are given it; its revision after."""
    return _decide(session, uid, revision, person, role, LessonState.ACTIVE, reason)


def reject(session: Session, uid: str, revision: int, person: int, role: Role, reason: str) -> int:
    """Turn a proposal down, with the reason; its revision after."""
    return _decide(session, uid, revision, person, role, LessonState.REJECTED, _required(reason, "reject"))


def retire(session: Session, uid: str, revision: int, person: int, role: Role, reason: str) -> int:
    """Take an active lesson out of the memory, with the reason; its revision after."""
    return _decide(session, uid, revision, person, role, LessonState.RETIRED, _required(reason, "retire"))


def edit(session: Session, uid: str, revision: int, person: int, role: Role, text: Lesson, reason: str = "") -> int:
    """Give a proposed or active lesson other words or scope; its revision after (the same for the same text)."""
    _permit(role, "edit")
    line = lesson_line(session, uid)
    new = checked(text)
    if line.revision == revision and line.state not in (LessonState.PROPOSED, LessonState.ACTIVE):
        raise Conflict(f"This lesson is {line.state}. Make it active again before you edit it.", field="state")
    if all(getattr(line, name) == getattr(new, name) for name in LIMITS):
        return line.revision
    return change_lesson(session, uid, revision, person, reason, text=new)


def _decide(session: Session, uid: str, revision: int, person: int, role: Role, state: LessonState, reason: str) -> int:
    _permit(role, _DECIDES[state])
    line = lesson_line(session, uid)
    if line.state is state and (line.revision == revision or line.changed_by_id == person):
        return line.revision  # a second click
    if line.revision == revision and line.state not in _FROM[state]:
        raise Conflict(f"This lesson is {line.state}: you cannot {_DECIDES[state]} it.", field="state")
    try:
        return change_lesson(session, uid, revision, person, reason, state=state)
    except Conflict:
        line = lesson_line(session, uid)
        if line.state is state and line.changed_by_id == person:
            return line.revision  # a second click that ran beside the first
        raise


def _permit(role: Role, deed: str) -> None:
    if role is not Role.LEAD:
        raise NotPermitted(f"Only a lead can {deed} a lesson. Ask one: their names stand on Settings.")


def _required(reason: str, deed: str) -> str:
    if not reason.strip():
        raise InvalidInput(f"Say why you {deed} this lesson: whoever proposed it will read that.", field="reason")
    return reason
