"""A lead takes back a reviewer, a run or a version of a guideline: first what it touches, then one action, one undo.

Nothing is deleted (`core.retract.removing` does that for runs). What is set apart counts nowhere: not for outcomes, in
agreement, in datasets made from then on, nor as evidence of lessons, which fall back or leave where nothing else holds
them. Dataset versions that were made before stay, and are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.ingest.leading import only_lead
from core.memory.lessons import REVIEWERS_NEEDED
from core.records import LessonState, Role
from core.retract.examples import TouchedVersion, touched_versions
from core.store.lesson_evidence import lesson_evidence
from core.store.lesson_opinions import approvers
from core.store.lessons import UNDECIDED, LessonLine, change_lesson, lesson_history, lessons_by_row
from core.store.people import PersonLine, list_people
from core.store.retractions import (
    GUIDELINE,
    REVIEWER,
    RUN,
    Target,
    Touched,
    about_retraction,
    end_retraction,
    get_retraction,
    lock_touched,
    note_was,
    retracted_rows,
    set_back,
    set_retracted,
    standing_retraction,
    touched_by,
    uids_of,
)
from core.store.schemas import schema_versions
from core.store.traces import find_trace
from core.store.weeks import forget_weeks_of
from core.tasks.outcome import refresh_outcomes

KINDS = (REVIEWER, RUN, GUIDELINE)


@dataclass(frozen=True, slots=True)
class LessonFate:
    """A lesson that loses something: the state in which it stands, and the one into which it comes."""

    uid: str
    when: str
    state: LessonState
    after: LessonState


@dataclass(frozen=True, slots=True)
class Radius:
    """What a retraction touches: answers by kind, runs, items that are to be answered again or leave their queues,
    lessons, and dataset versions with rows of these runs."""

    target: Target
    labels: int
    preferences: int
    rankings: int
    runs: int
    lessons: Sequence[LessonFate]
    approvals: int
    versions: Sequence[TouchedVersion]

    @property
    def told(self) -> list[str]:
        """The counts of what people said, in words: "214 labels"."""
        counts = {
            ("label", "labels"): self.labels,
            ("choice between two answers", "choices between two answers"): self.preferences,
            ("order of candidates", "orders of candidates"): self.rankings,
            ("approval of a lesson", "approvals of lessons"): self.approvals,
        }
        return [f"{n:,} {words[n != 1]}" for words, n in counts.items() if n]

    @property
    def nothing(self) -> bool:
        """Whether nothing hangs on it."""
        return not (self.labels or self.preferences or self.rankings or self.lessons or self.approvals)

    def as_json(self) -> dict[str, Any]:
        """The JSON object of `loopwright retract`."""
        return {
            "kind": self.target.kind,
            "name": self.target.name,
            "labels": self.labels,
            "preferences": self.preferences,
            "rankings": self.rankings,
            "runs": self.runs,
            "approvals": self.approvals,
            "lessons": [
                {"id": one.uid, "when": one.when, "state": one.state.value, "after": one.after.value}
                for one in self.lessons
            ],
            "datasets": [
                {"dataset": one.dataset, "version": one.number, "rows": one.rows, "of": one.of} for one in self.versions
            ],
        }


def find_target(session: Session, kind: str, name: str) -> Target:
    """The reviewer (name), run (its source's id) or guideline version (key@version); raises NotFound, InvalidInput."""
    if kind not in KINDS:
        raise InvalidInput(f"{kind} cannot be retracted: {', '.join(KINDS)} can.", field="kind")
    row: int | None = None
    if kind == REVIEWER:
        row = next((one.id for one in list_people(session) if one.name == name), None)
    elif kind == RUN:
        row = find_trace(session, name)
    else:
        key, _, version = name.rpartition("@")
        if not key or not version.isdecimal():
            raise InvalidInput("Name a guideline with its version: run-review@2.", field="name")
        row = next((one.id for one in schema_versions(session, key) if one.schema.version == int(version)), None)
    if row is None:
        raise NotFound(f"There is no {kind} {name}.", field="name")
    return Target(kind, row, name)


def radius(session: Session, target: Target) -> Radius:
    """What would be touched; nothing is written."""
    touched = touched_by(session, target)
    uids = uids_of(session, touched.traces)
    return Radius(
        target,
        len(touched.answers["annotation"]),
        len(touched.answers["preference"]),
        len(touched.answers["ranking"]),
        len(touched.traces),
        _fates(session, target, touched),
        len(touched.approvals),
        touched_versions(session, uids),
    )


def retract(session: Session, target: Target, lead: PersonLine, reason: str) -> int:
    """Take it back; the number of the retraction, with which it is undone.

    Raises NotPermitted, InvalidInput without a reason, Conflict where it is taken back already or nothing hangs on it.
    """
    only_lead(lead.role, "take labels back")
    if not reason.strip():
        raise InvalidInput("Say why: whoever finds it missing will read that.", field="reason")
    if standing_retraction(session, target) is not None:
        raise Conflict(f"The {target.kind} {target.name} is retracted already.", field="name")
    lock_touched(session, touched_by(session, target))
    touched = touched_by(session, target)
    if not any(touched.answers.values()) and not touched.lessons and not touched.items:
        raise Conflict(f"Nothing hangs on the {target.kind} {target.name}.", field="name")
    fates = _fates(session, target, touched)
    number = set_retracted(session, target, touched, lead.id, reason.strip())
    told = f"{target.kind.capitalize()} {target.name} was retracted: {reason.strip()}"
    lines = {line.uid: line for line in lessons_by_row(session, touched.lessons)}
    for fate in fates:
        if fate.after is not fate.state:
            line = lines[fate.uid]
            after = change_lesson(session, line.uid, line.revision, lead.id, told, state=fate.after)
            note_was(session, number, "lesson", {line.id: {"state": fate.state.value, "revision": after}})
    refresh_outcomes(session, touched.traces)
    forget_weeks_of(session, touched.traces)
    return number


def undo(session: Session, number: int, lead: PersonLine) -> None:
    """Let everything stand as it did, less what was said, decided or removed since; raises NotPermitted, NotFound,
    Conflict where it was undone before."""
    only_lead(lead.role, "take labels back")
    found = get_retraction(session, number)
    end_retraction(session, number, lead.id)
    touched = about_retraction(session, found.target, number)
    lock_touched(session, touched)
    set_back(session, found.target, number, touched)
    fell = retracted_rows(session, number, "lesson")
    for line in lessons_by_row(session, list(fell)):
        if line.revision == fell[line.id]["revision"]:
            state = LessonState(fell[line.id]["state"])
            change_lesson(session, line.uid, line.revision, lead.id, "The retraction was undone.", state=state)
    refresh_outcomes(session, touched.traces)
    forget_weeks_of(session, touched.traces)


def _fates(session: Session, target: Target, touched: Touched) -> list[LessonFate]:
    gone = set(touched.evidence)
    found = []
    for line in lessons_by_row(session, touched.lessons):
        rests = lesson_evidence(session, line.id)
        after = line.state
        if rests and all(one.id in gone for one in rests):
            if line.state is LessonState.ACTIVE:
                after = LessonState.RETIRED
            elif line.state in UNDECIDED:
                after = LessonState.REJECTED
        elif target.kind == REVIEWER and line.id in touched.approvals:
            after = _without_word(session, line, target.name)
        found.append(LessonFate(line.uid, line.when, line.state, after))
    return found


def _without_word(session: Session, line: LessonLine, reviewer: str) -> LessonState:
    """The state of a lesson once a reviewer's word for it is gone; what a lead approved stays."""
    left = [name for name in approvers(session, line) if name != reviewer]
    if line.state is LessonState.APPROVED:
        return LessonState.APPROVED if left else LessonState.PROPOSED
    by_lead = line.state is not LessonState.ACTIVE or _approved_by_lead(session, line)
    if by_lead or len(left) >= REVIEWERS_NEEDED:
        return line.state
    return LessonState.APPROVED if left else LessonState.PROPOSED


def _approved_by_lead(session: Session, line: LessonLine) -> bool:
    """Whether a lead, and not the second reviewer, made it active."""
    entered = None
    for one in lesson_history(session, line.id):  # newest first
        if one.state is not LessonState.ACTIVE:
            break
        entered = one
    return entered is not None and entered.role is Role.LEAD
