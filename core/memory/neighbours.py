"""The lessons nearest to a proposal, and what is said of the two: different, the same, replaces, contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.memory.indexer import embedded_text
from core.memory.lessons import agree, reject, retire
from core.records import Lesson, LessonState, Role
from core.review.lesson_guards import without_echoes
from core.similarity.embedder import Vectors
from core.similarity.index import TextIndex
from core.store.lesson_evidence import add_evidence, lesson_evidence
from core.store.lesson_opinions import Relation, relate, relations, settle
from core.store.lessons import UNDECIDED, LessonLine, change_lesson, lesson_line, lessons_by_uid, list_lessons

NEAR = 0.6
"""Similarity from which on two lessons may be about the same, and somebody is asked."""

MOST_NEAR = 5

_LOOKED_AT = 8 * MOST_NEAR
"""Open lessons looked at for each: some may have been decided on since they were embedded."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A lesson near a proposal, how similar it is (0..1), and what was said of the two, if anything."""

    line: LessonLine
    score: float
    said: Relation | None


@dataclass(frozen=True, slots=True)
class OpenLessons:
    """The lessons that wait for a decision, and their vectors, a row each; to be kept while few are added."""

    uids: tuple[str, ...]
    vectors: Vectors


def open_lessons(session: Session, index: TextIndex) -> OpenLessons:
    """The open lessons, embedded: the index knows only the active ones."""
    lines = list_lessons(session, UNDECIDED)
    return OpenLessons(tuple(line.uid for line in lines), index.vectors_of([embedded_text(line) for line in lines]))


def neighbours(
    session: Session, index: TextIndex, lines: Sequence[LessonLine], among: OpenLessons | None = None
) -> dict[str, list[Neighbour]]:
    """The open and active lessons that are nearest to each of these, the nearest first, by id.

    `among` are the open ones where they are at hand. Raises Unavailable when there is no index.
    """
    if not lines:
        return {}
    found = _nearest(session, index, [embedded_text(line) for line in lines], among)
    said = {frozenset((one.lesson, one.other)): one.kind for one in relations(session, [line.id for line in lines])}
    return {
        line.uid: [
            Neighbour(other, score, said.get(frozenset((line.id, other.id))))
            for other, score in near
            if other.id != line.id
        ][:MOST_NEAR]
        for line, near in zip(lines, found, strict=True)
    }


def near_words(session: Session, index: TextIndex, lesson: Lesson, among: OpenLessons | None = None) -> list[Neighbour]:
    """The same for words that nobody has proposed yet."""
    [near] = _nearest(session, index, [embedded_text(lesson)], among)
    return [Neighbour(other, score, None) for other, score in near[:MOST_NEAR]]


def _nearest(
    session: Session, index: TextIndex, texts: Sequence[str], among: OpenLessons | None
) -> list[list[tuple[LessonLine, float]]]:
    """Open and active lessons near each text with their similarity, the nearest first."""
    among = among or open_lessons(session, index)
    mine = index.vectors_of(texts)
    scores = mine @ among.vectors.T if among.uids else np.zeros((len(texts), 0), dtype=np.float32)
    found: list[dict[str, float]] = []
    for row in range(len(texts)):
        near = {hit.id: hit.score for hit in index.nearest(mine[row], MOST_NEAR + 1)}
        best = np.argsort(-scores[row], kind="stable")[:_LOOKED_AT]
        near |= {among.uids[place]: float(scores[row, place]) for place in best.tolist()}
        found.append({uid: score for uid, score in near.items() if score >= NEAR})
    known = lessons_by_uid(session, sorted({uid for near in found for uid in near}))
    return [
        [
            (known[uid], round(score, 4))
            for uid, score in sorted(near.items(), key=lambda one: (-one[1], one[0]))
            if uid in known and known[uid].state in (*UNDECIDED, LessonState.ACTIVE)
        ]
        for near in found
    ]


def say(session: Session, uid: str, other: str, kind: Relation, person: int, role: Role, reason: str = "") -> None:
    """Say how an open lesson stands to another one; nobody is asked of these two again.

    What is the same gives its evidence to the other one and leaves. Whoever said it, or a lead, may say otherwise
    later: the lesson's history keeps both. Raises InvalidInput for a lesson and itself, Conflict for a lesson that is
    decided on, NotPermitted for a machine and for who would put another's lesson or answer away.
    """
    one, two = lesson_line(session, uid), lesson_line(session, other)
    if uid == other:
        raise InvalidInput("These two are one lesson.", field="other")
    if role is Role.MACHINE:
        raise NotPermitted("People say how lessons stand to each other.")
    if one.state not in UNDECIDED:
        raise Conflict(f"This lesson is {one.state} by now. Look at it again.", field="lesson")
    _say_otherwise(session, one, two, kind, person, role)
    if kind is Relation.SAME:
        one = lesson_line(session, uid)
        if role is not Role.LEAD and one.created_by_id != person:
            raise NotPermitted("Whoever wrote it, or a lead, can say that it is the same as another one.")
        _join(session, one, two, person)
    relate(session, one.id, two.id, kind, person, reason)


def _say_otherwise(session: Session, one: LessonLine, two: LessonLine, kind: Relation, person: int, role: Role) -> None:
    """Note in the first one's history that something else was said of the two before, if it was."""
    pair = {one.id, two.id}
    said = next((each for each in relations(session, [one.id]) if {each.lesson, each.other} == pair), None)
    if said is None or said.kind is kind:
        return
    if role is not Role.LEAD and (said.person_id != person or said.settled_at is not None):
        raise NotPermitted(f"{said.person} has answered this. Only they, or a lead, can say otherwise.")
    told = f"How it stands to “{two.when[:80]}”: {kind}. Before, {said.person} had said: {said.kind}."
    change_lesson(session, one.uid, one.revision, person, told)


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
