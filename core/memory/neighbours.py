"""The lessons nearest to a proposal, and what is said of the two: different, the same, replaces, contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.memory.guards import without_echoes
from core.memory.indexer import embedded_text
from core.memory.lessons import agree, reject, retire
from core.records import LessonState, Role
from core.similarity.index import TextIndex
from core.store.lesson_evidence import add_evidence, lesson_evidence
from core.store.lesson_opinions import Relation, relate, relations, settle
from core.store.lessons import UNDECIDED, LessonLine, change_lesson, lesson_line, lessons_by_uid, list_lessons

NEAR = 0.6
"""Similarity from which on two lessons may be about the same, and somebody is asked."""

MOST_NEAR = 5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A lesson near a proposal, how similar it is (0..1), and what was said of the two, if anything."""

    line: LessonLine
    score: float
    said: Relation | None


def neighbours(session: Session, index: TextIndex, lines: Sequence[LessonLine]) -> dict[str, list[Neighbour]]:
    """The open and active lessons that are nearest to each of these, the nearest first, by id.

    The index knows the active ones; the open ones are embedded here. Raises Unavailable when there is no index.
    """
    if not lines:
        return {}
    undecided = list_lessons(session, UNDECIDED)
    mine = index.vectors_of([embedded_text(line) for line in lines])
    theirs = index.vectors_of([embedded_text(line) for line in undecided])
    scores = mine @ theirs.T if len(undecided) else np.zeros((len(lines), 0), dtype=np.float32)
    found: dict[str, dict[str, float]] = {}
    for row, line in enumerate(lines):
        near = {hit.id: hit.score for hit in index.nearest(mine[row], MOST_NEAR + 1)}
        best = np.argsort(-scores[row], kind="stable")[: MOST_NEAR + 1]
        near |= {undecided[place].uid: float(scores[row, place]) for place in best.tolist()}
        found[line.uid] = {uid: score for uid, score in near.items() if uid != line.uid and score >= NEAR}
    known = lessons_by_uid(session, sorted({uid for near in found.values() for uid in near}))
    said = {frozenset((one.lesson, one.other)): one.kind for one in relations(session, [line.id for line in lines])}
    told: dict[str, list[Neighbour]] = {}
    for line in lines:
        told[line.uid] = [
            Neighbour(known[uid], round(score, 4), said.get(frozenset((line.id, known[uid].id))))
            for uid, score in sorted(found[line.uid].items(), key=lambda one: (-one[1], one[0]))
            if uid in known and known[uid].state in (*UNDECIDED, LessonState.ACTIVE)
        ][:MOST_NEAR]
    return told


def say(session: Session, uid: str, other: str, kind: Relation, person: int, role: Role, reason: str = "") -> None:
    """Say how an open lesson stands to another one; nobody is asked of these two again.

    What is the same gives its evidence to the other one and leaves. Raises InvalidInput for a lesson and itself,
    Conflict for a lesson that is decided on, NotPermitted for a machine and for who would put another's lesson away.
    """
    one, two = lesson_line(session, uid), lesson_line(session, other)
    if uid == other:
        raise InvalidInput("These two are one lesson.", field="other")
    if role is Role.MACHINE:
        raise NotPermitted("People say how lessons stand to each other.")
    if one.state not in UNDECIDED:
        raise Conflict(f"This lesson is {one.state} by now. Look at it again.", field="lesson")
    if kind is Relation.SAME:
        if role is not Role.LEAD and one.created_by_id != person:
            raise NotPermitted("Whoever wrote it, or a lead, can say that it is the same as another one.")
        _join(session, one, two, person)
    relate(session, one.id, two.id, kind, person, reason)


def _join(session: Session, one: LessonLine, two: LessonLine, person: int) -> None:
    """The first one's evidence, without its echo, and its writer's word go to the second; the first is superseded."""
    rests = lesson_evidence(session, one.id)
    fresh = set(without_echoes(session, two.uid, [(each.trace_uid, each.step_id) for each in rests]))
    for each in rests:
        if (each.trace_uid, each.step_id) in fresh:
            add_evidence(session, two.id, [(each.trace_uid, each.step_id)], each.annotation_id)
    reason = f"The same as “{two.when}”."
    change_lesson(session, one.uid, one.revision, person, reason, state=LessonState.SUPERSEDED)
    if two.state in UNDECIDED and two.created_by_id != one.created_by_id and (fresh or not rests):
        agree(session, two, one.created_by_id)


def decide(session: Session, uid: str, other: str, keep: str, lead: int, role: Role, reason: str) -> None:
    """A lead's decision about two lessons that contradict each other: `keep` is the id of the one that stays, or ""
    when both hold, each in its situation. Raises NotPermitted, and InvalidInput without a reason or for a third one."""
    if role is not Role.LEAD:
        raise NotPermitted("Only a lead can decide between lessons that contradict each other.")
    if not reason.strip():
        raise InvalidInput("Say why: whoever wrote the one that goes will read that.", field="reason")
    if keep not in ("", uid, other):
        raise InvalidInput("Keep one of the two, or both.", field="keep")
    one, two = lesson_line(session, uid), lesson_line(session, other)
    settle(session, one.id, two.id, lead)
    if keep:
        gone = two if keep == uid else one
        if gone.state is LessonState.ACTIVE:
            retire(session, gone.uid, gone.revision, lead, role, reason)
        elif gone.state in UNDECIDED:
            reject(session, gone.uid, gone.revision, lead, role, reason)
