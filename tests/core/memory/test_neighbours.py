"""The lessons near a proposal: found, asked about once, joined or decided between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import InvalidInput, NotPermitted
from core.memory import lessons
from core.memory.indexer import sync
from core.memory.neighbours import Neighbour, decide, near_words, neighbours, open_lessons, say
from core.records import Lesson, LessonState, Role
from core.similarity.index import TextIndex
from core.store.engine import Store
from core.store.lesson_evidence import lesson_evidence
from core.store.lesson_opinions import Relation, approvers, contradictions
from core.store.lessons import lesson_history, lesson_line
from core.store.people import person_id
from core.store.trace_writing import insert_traces
from tests.core.memory.conftest import People
from tests.worlds import run

LESSON = Lesson("", "a refund is asked for", "Ask for the order first.", agent="shop")


@pytest.fixture
def world(store: Store, index: TextIndex, people: People) -> dict[str, str]:
    """An active lesson, two proposals near it, one that is far from all."""
    with store.session() as session:
        insert_traces(session, [run(f"t{n}") for n in range(3)])
        ben = person_id(session, "Ben")
        made = {
            "active": lessons.propose(session, replace(LESSON, evidence=(("t0", ""),)), people.ann),
            "near": lessons.propose(
                session, replace(LESSON, guidance="Ask for the order.", evidence=(("t1", ""),)), ben
            ),
            "open": lessons.propose(session, replace(LESSON, guidance="Ask for the order number."), people.ann),
            "far": lessons.propose(session, Lesson("", "the parcel is late by a week", "Look at the carrier."), ben),
        }
        lessons.approve(session, made["active"], 1, people.lea, Role.LEAD)
    sync(store, index)
    return made


def near(store: Store, index: TextIndex, uid: str) -> list[Neighbour]:
    with store.reading() as session:
        return neighbours(session, index, [lesson_line(session, uid)])[uid]


def test_open_and_active_neighbours_are_found_nearest_first(
    store: Store, index: TextIndex, world: dict[str, str]
) -> None:
    found = near(store, index, world["near"])
    assert {one.line.uid for one in found} == {world["active"], world["open"]}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert near(store, index, world["far"]) == []


def test_the_same_gives_its_evidence_and_its_word_and_leaves(
    store: Store, index: TextIndex, world: dict[str, str], people: People
) -> None:
    with store.session() as session:
        with pytest.raises(NotPermitted, match="Whoever wrote it"):
            say(session, world["near"], world["open"], Relation.SAME, people.ann, Role.ANNOTATOR)
        ben = person_id(session, "Ben")
        say(session, world["near"], world["open"], Relation.SAME, ben, Role.ANNOTATOR)
        gone, kept = lesson_line(session, world["near"]), lesson_line(session, world["open"])
        assert gone.state is LessonState.SUPERSEDED
        assert [one.trace_uid for one in lesson_evidence(session, kept.id)] == ["t1"]
        assert (kept.state, approvers(session, kept)) == (LessonState.APPROVED, ["Ben"])


def test_what_was_said_is_kept_and_not_asked_again(
    store: Store, index: TextIndex, world: dict[str, str], people: People
) -> None:
    with store.session() as session:
        say(session, world["near"], world["active"], Relation.DIFFERENT, people.ann, Role.ANNOTATOR)
    said = {one.line.uid: one.said for one in near(store, index, world["near"])}
    assert said == {world["active"]: Relation.DIFFERENT, world["open"]: None}


@pytest.mark.parametrize(("kept", "stays", "goes"), [("near", "near", "active"), ("active", "active", "near")])
def test_a_lead_decides_between_two_that_contradict(
    store: Store, world: dict[str, str], people: People, kept: str, stays: str, goes: str
) -> None:
    with store.session() as session:
        say(session, world["near"], world["active"], Relation.CONTRADICTS, people.ann, Role.ANNOTATOR, "which?")
        pair = (world["near"], world["active"])
        with pytest.raises(NotPermitted):
            decide(session, *pair, world[kept], people.ann, Role.ANNOTATOR, "so")
        with pytest.raises(InvalidInput, match="Say why"):
            decide(session, *pair, world[kept], people.lea, Role.LEAD, " ")
        before = lesson_line(session, world[stays]).state
        decide(session, *pair, world[kept], people.lea, Role.LEAD, "the policy says so")
        assert contradictions(session) == []
        assert lesson_line(session, world[stays]).state is before
        assert lesson_line(session, world[goes]).state in (LessonState.RETIRED, LessonState.REJECTED)


def test_both_may_hold(store: Store, world: dict[str, str], people: People) -> None:
    with store.session() as session:
        say(session, world["near"], world["active"], Relation.CONTRADICTS, people.ann, Role.ANNOTATOR)
        decide(session, world["near"], world["active"], "", people.lea, Role.LEAD, "one is for gift cards")
        assert contradictions(session) == []
        assert lesson_line(session, world["active"]).state is LessonState.ACTIVE


def test_words_that_nobody_proposed_yet_have_neighbours_too(
    store: Store, index: TextIndex, world: dict[str, str], people: People
) -> None:
    with store.session() as session:
        kept = open_lessons(session, index)
        lessons.reject(session, world["open"], 1, people.lea, Role.LEAD, "not ours")
        found = near_words(session, index, LESSON, kept)
        assert {one.line.uid for one in found} == {world["active"], world["near"]}
        assert found[0].line.uid == world["active"]
        assert [one.said for one in found] == [None, None]
        assert near_words(session, index, replace(LESSON, when="the moon is full", guidance="Howl."), kept) == []


def test_an_answer_is_changed_by_who_gave_it_or_a_lead_and_both_are_kept(
    store: Store, people: People, world: dict[str, str]
) -> None:
    near_one, other = world["near"], world["open"]
    with store.session() as session:
        say(session, near_one, other, Relation.CONTRADICTS, people.ann, Role.ANNOTATOR)
        say(session, near_one, other, Relation.CONTRADICTS, people.ann, Role.ANNOTATOR)
        assert lesson_line(session, near_one).revision == 1, "the same again changes nothing"
        with pytest.raises(NotPermitted, match="Only they, or a lead"):
            say(session, near_one, other, Relation.DIFFERENT, person_id(session, "Ben"), Role.ANNOTATOR)
        say(session, near_one, other, Relation.DIFFERENT, people.ann, Role.ANNOTATOR)
        assert contradictions(session) == []
        [newest, _] = lesson_history(session, lesson_line(session, near_one).id)
        told = "How it stands to “a refund is asked for”: different. Before, Ann had said: contradicts."
        assert (newest.person, newest.reason) == ("Ann", told)
        say(session, other, near_one, Relation.SAME, people.lea, Role.LEAD)
        assert lesson_line(session, other).state is LessonState.SUPERSEDED
        assert len(lesson_history(session, lesson_line(session, other).id)) == 3, "proposed, said otherwise, superseded"
