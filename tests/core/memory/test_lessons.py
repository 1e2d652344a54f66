from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import Conflict, InvalidInput, NotPermitted
from core.memory import lessons
from core.records import Annotation, LabelSchema, Lesson, LessonState, Role
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.lesson_evidence import lesson_evidence
from core.store.lessons import lesson_history, lesson_line, list_lessons
from core.store.schemas import save_schema
from core.store.trace_writing import insert_traces
from tests.core.memory.conftest import People
from tests.worlds import run

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
LESSON = Lesson("", "a refund is asked for", "ask for the order", agent="shop")


def propose(store: Store, people: People, lesson: Lesson = LESSON) -> str:
    with store.session() as session:
        return lessons.propose(session, lesson, people.ann)


def review(store: Store, person: int, uid: str = "t1") -> int:
    """A submitted review of a run: its row id."""
    with store.session() as session:
        trace = insert_traces(session, [run(uid)]).traces.get(uid, 1)
        schema = (save_schema(session, LabelSchema("outcome", 1, "Outcome", ())), "outcome")
        return add_annotation(session, trace, person, schema, Annotation(uid, "", ""), AT).id


def test_whatever_a_proposal_says_of_itself_it_is_proposed(store: Store, people: People) -> None:
    uid = propose(store, people, replace(LESSON, state=LessonState.ACTIVE, decided_by="me"))
    with store.reading() as session:
        assert lesson_line(session, uid).state is LessonState.PROPOSED


def test_the_life_of_a_lesson(store: Store, people: People) -> None:
    uid = propose(store, people)
    with store.session() as session:
        assert lessons.approve(session, uid, 1, people.lea, Role.LEAD, "true of every shop") == 2
        text = replace(LESSON, agent="", guidance="ask for the order first")
        assert lessons.edit(session, uid, 2, people.lou, Role.LEAD, text, "for all agents") == 3
        assert lessons.retire(session, uid, 3, people.lea, Role.LEAD, "the policy changed") == 4
        assert lessons.approve(session, uid, 4, people.lou, Role.LEAD, "it changed back") == 5
        line = lesson_line(session, uid)
        assert (line.state, line.agent, line.guidance) == (LessonState.ACTIVE, "", "ask for the order first")
        told = [(one.revision, one.state.value, one.person, one.reason) for one in lesson_history(session, line.id)]
    assert told == [
        (5, "active", "Lou", "it changed back"),
        (4, "retired", "Lea", "the policy changed"),
        (3, "active", "Lou", "for all agents"),
        (2, "active", "Lea", "true of every shop"),
        (1, "proposed", "Ann", ""),
    ]


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.MACHINE])
def test_only_leads_decide(store: Store, people: People, role: Role) -> None:
    uid = propose(store, people)
    deeds: list[Callable[..., int]] = [lessons.reject, lessons.retire]
    deeds += [lessons.approve] if role is Role.MACHINE else []
    with store.session() as session:
        for deed in deeds:
            with pytest.raises(NotPermitted, match=rf"Only a lead can {deed.__name__} a lesson"):
                deed(session, uid, 1, people.ann, role, "because")
        with pytest.raises(NotPermitted, match="Only a lead can edit"):
            lessons.edit(session, uid, 1, people.ann, role, LESSON)
        assert lesson_line(session, uid).revision == 1


@pytest.mark.parametrize("deed", [lessons.reject, lessons.retire])
def test_who_takes_away_says_why(store: Store, people: People, deed: Callable[..., int]) -> None:
    uid = propose(store, people)
    with pytest.raises(InvalidInput, match="Say why") as refused, store.session() as session:
        deed(session, uid, 1, people.lea, Role.LEAD, "  ")
    assert refused.value.field == "reason"


def test_a_second_click_changes_nothing_and_somebody_elses_is_told(store: Store, people: People) -> None:
    uid = propose(store, people)
    with store.session() as session:
        assert lessons.approve(session, uid, 1, people.lea, Role.LEAD) == 2
        assert lessons.approve(session, uid, 1, people.lea, Role.LEAD) == 2
        with pytest.raises(Conflict, match=r"Lea has changed .* \(it is active now\)"):
            lessons.approve(session, uid, 1, people.lou, Role.LEAD)
        with pytest.raises(Conflict, match="Lea has changed"):
            lessons.reject(session, uid, 1, people.lou, Role.LEAD, "no")
        with pytest.raises(Conflict, match="This lesson is active: you cannot reject it"):
            lessons.reject(session, uid, 2, people.lou, Role.LEAD, "no")
        assert lessons.edit(session, uid, 2, people.lou, Role.LEAD, LESSON) == 2
        lessons.retire(session, uid, 2, people.lou, Role.LEAD, "no")
        with pytest.raises(Conflict, match="Make it active again"):
            lessons.edit(session, uid, 3, people.lea, Role.LEAD, replace(LESSON, why="x"))


def test_of_many_at_once_one_decides(store: Store, people: People) -> None:
    uid = propose(store, people)

    def decide(number: int) -> str:
        try:
            with store.session() as session:
                if number % 2:
                    lessons.approve(session, uid, 1, people.lea, Role.LEAD)
                else:
                    lessons.reject(session, uid, 1, people.lou, Role.LEAD, "no")
            return "done"
        except Conflict:
            return "told"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(decide, range(8)))
    with store.reading() as session:
        line = lesson_line(session, uid)
        assert line.revision == 2
        assert len(lesson_history(session, line.id)) == 2
    # The four of one person are one click, repeated; the others are all told.
    assert sorted(answers) == ["done"] * 4 + ["told"] * 4


def test_the_same_words_are_proposed_once_and_gain_evidence(store: Store, people: People) -> None:
    with store.session() as session:
        insert_traces(session, [run("t1"), run("t2")])
        first = lessons.propose(session, replace(LESSON, evidence=(("t1", "1"),)), people.ann)
        again = lessons.propose(session, replace(LESSON, evidence=(("t2", "3"),)), people.lea)
        assert first == again
        found = lesson_evidence(session, lesson_line(session, first).id)
        assert [(one.trace_uid, one.step_id) for one in found] == [("t1", "1"), ("t2", "3")]
        assert lessons.propose(session, replace(LESSON, agent="bank"), people.ann) != first


def test_a_review_that_is_edited_keeps_its_one_proposal(store: Store, people: People) -> None:
    first = review(store, people.ann)
    with store.session() as session:
        uid = lessons.propose_once(session, LESSON, people.ann, first)
        assert lessons.propose_once(session, replace(LESSON, evidence=(("t1", "1"),)), people.ann, first) == uid
    second = review(store, people.ann)
    with store.session() as session:
        text = replace(LESSON, guidance="ask for the order and the card", evidence=(("t1", "1"),))
        assert lessons.propose_once(session, text, people.ann, second) == uid
        line = lesson_line(session, uid)
        assert (line.revision, line.guidance) == (2, "ask for the order and the card")
        lessons.approve(session, uid, 2, people.lea, Role.LEAD)
        third = lessons.propose_once(session, replace(LESSON, guidance="ask nothing"), people.ann, second)
        assert third != uid
        assert lesson_line(session, uid).guidance == "ask for the order and the card"


def test_a_withdrawn_review_takes_its_open_proposal_back(store: Store, people: People) -> None:
    mine = review(store, people.ann)
    with store.session() as session:
        uid = lessons.propose_once(session, replace(LESSON, evidence=(("t1", ""),)), people.ann, mine)
        assert lessons.withdraw_proposals(session, mine, people.ann) == 1
        assert lessons.withdraw_proposals(session, mine, people.ann) == 0
        assert lesson_line(session, uid).state is LessonState.REJECTED
        other = lessons.propose_once(session, replace(LESSON, evidence=(("t1", ""),)), people.ann, mine)
        lessons.approve(session, other, 1, people.lea, Role.LEAD)
        assert lessons.withdraw_proposals(session, mine, people.ann) == 0
        assert {line.uid: line.state.value for line in list_lessons(session)} == {uid: "rejected", other: "active"}
