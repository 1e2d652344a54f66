"""The life of a lesson: who may do what to it, and when.

Proposed by anybody; active once a lead approves it, or two reviewers who did not write it (after the first it is
approved). A lead rejects, edits and retires it, and may change their mind. Every step names the revision that was
looked at: who acts on an older one is told so (Conflict) instead of deciding blindly.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import Lesson, LessonState, Role
from core.review.lesson_guards import check, without_echoes
from core.store.lesson_evidence import add_evidence, lesson_evidence
from core.store.lesson_opinions import Relation, add_approval, approvers, contradictions, relations
from core.store.lessons import (
    LIMITS,
    UNDECIDED,
    LessonLine,
    add_lesson,
    change_lesson,
    checked,
    lesson_line,
    lessons_by_row,
    proposals_of_review,
    same_words,
)
from core.store.locks import lock_words

REVIEWERS_NEEDED = 2
"""Reviewers, none of them its writer, who make a lesson active without a lead."""

_DECIDES = {
    LessonState.ACTIVE: "approve",
    LessonState.APPROVED: "approve",
    LessonState.REJECTED: "reject",
    LessonState.RETIRED: "retire",
    LessonState.SUPERSEDED: "replace",
}
_FROM = {
    LessonState.ACTIVE: {*UNDECIDED, LessonState.REJECTED, LessonState.RETIRED, LessonState.SUPERSEDED},
    LessonState.APPROVED: {LessonState.PROPOSED},
    LessonState.REJECTED: {*UNDECIDED},
    LessonState.RETIRED: {LessonState.ACTIVE},
    LessonState.SUPERSEDED: {LessonState.ACTIVE, *UNDECIDED},
}


def propose(session: Session, lesson: Lesson, person: int, annotation: int | None = None) -> str:
    """Propose a lesson; its id. The same words for the same agent are one lesson: its evidence grows.

    Whoever writes what another has written agrees with it, unless their run was shown it: that is its echo, which adds
    nothing. Raises InvalidInput saying what is missing or too long, or why it is no lesson (core.review.lesson_guards).
    """
    check(session, checked(lesson))
    lock_words(session, checked(lesson).when)
    same = same_words(session, lesson)
    if same is not None:
        evidence = without_echoes(session, same.uid, lesson.evidence)
        add_evidence(session, same.id, evidence, annotation)
        if evidence and same.created_by_id != person and same.state in UNDECIDED:
            agree(session, same, person)
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
        check(session, checked(lesson))
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
    """A lead makes a lesson active (again), so that agents are given it; a reviewer agrees with it. Its revision after.

    What it was said to replace is superseded. Raises NotPermitted for a reviewer who wrote it or where it contradicts
    another lesson, and InvalidInput where it would leak an evaluation by now.
    """
    line = lesson_line(session, uid)
    if role is Role.LEAD:
        check(session, lesson_of(session, line))
        after = _decide(session, uid, revision, person, role, LessonState.ACTIVE, reason)
        if after != line.revision:
            _replace(session, line, person)
        return after
    if role is not Role.ANNOTATOR:
        _permit(role, "approve")
    if line.created_by_id == person:
        raise NotPermitted("You wrote this lesson: another reviewer or a lead has to agree with it.")
    if _agreed_last(line, person):
        return line.revision  # a second click
    if line.state not in UNDECIDED:
        raise Conflict(f"This lesson is {line.state}: only a lead can change that.", field="state")
    if line.revision != revision:
        raise Conflict(
            f"{line.changed_by} has changed this lesson since you opened it. Read it again.", field="revision"
        )
    check(session, lesson_of(session, line))
    try:
        return agree(session, line, person)
    except Conflict:
        line = lesson_line(session, uid)
        if _agreed_last(line, person):
            return line.revision  # a second click that ran beside the first
        raise


def _agreed_last(line: LessonLine, person: int) -> bool:
    """Whether the lesson stands as it does by this reviewer's own word."""
    return line.changed_by_id == person and line.state in (LessonState.APPROVED, LessonState.ACTIVE)


def agree(session: Session, line: LessonLine, person: int) -> int:
    """Count a reviewer's word for an open lesson; the lesson's revision after.

    With enough of them it becomes active, unless it contradicts another: then it waits for a lead.
    """
    add_approval(session, line, person)
    enough = len(approvers(session, line)) >= REVIEWERS_NEEDED and not contradictions(session, line.id)
    wanted = LessonState.ACTIVE if enough else LessonState.APPROVED
    if line.state is wanted:
        return line.revision
    reason = f"{REVIEWERS_NEEDED} reviewers agree." if enough else ""
    after = change_lesson(session, line.uid, line.revision, person, reason, state=wanted)
    if enough:
        _replace(session, line, person)
    return after


def _replace(session: Session, line: LessonLine, person: int) -> None:
    """Take out of the memory what an active lesson was said to replace."""
    for said in relations(session, [line.id], Relation.REPLACES):
        if said.lesson != line.id:
            continue
        [other] = lessons_by_row(session, [said.other])
        if other.state in _FROM[LessonState.SUPERSEDED]:
            reason = f"Replaced by “{line.when}”."
            change_lesson(session, other.uid, other.revision, person, reason, state=LessonState.SUPERSEDED)


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
    if line.revision == revision and line.state not in (*UNDECIDED, LessonState.ACTIVE):
        raise Conflict(f"This lesson is {line.state}. Make it active again before you edit it.", field="state")
    if all(getattr(line, name) == getattr(new, name) for name in LIMITS):
        return line.revision
    check(session, replace(new, evidence=lesson_of(session, line).evidence))
    proposed = LessonState.PROPOSED if line.state is LessonState.APPROVED else None  # it was of other words
    return change_lesson(session, uid, revision, person, reason, state=proposed, text=new)


def lesson_of(session: Session, line: LessonLine) -> Lesson:
    """The lesson as it was written, with the runs that it rests on."""
    evidence = tuple((one.trace_uid, one.step_id) for one in lesson_evidence(session, line.id))
    texts = {name: getattr(line, name) for name in LIMITS}
    return Lesson(line.uid, **texts, state=line.state, person=line.created_by, evidence=evidence)


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
