from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.records import Annotation, LabelSchema, Lesson, LessonState, LoggedRecall, Role
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.lesson_evidence import Evidence, add_evidence, lesson_evidence
from core.store.lessons import (
    LIMITS,
    active_among,
    add_lesson,
    change_lesson,
    count_lessons,
    lesson_history,
    lesson_line,
    lessons_owing_index,
    list_lessons,
    mark_indexed,
    proposals_of_review,
    same_words,
)
from core.store.people import person_id
from core.store.recalls import list_recalls, log_recall
from core.store.schemas import save_schema
from core.store.trace_writing import insert_traces
from tests.worlds import run

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
LESSON = Lesson("l1", "a refund is asked for", "ask for the order", "guess", "it went wrong", "shop", "refund")


def people(session: Session) -> tuple[int, int]:
    return person_id(session, "Ann"), person_id(session, "Lea", Role.LEAD)


def test_a_lesson_comes_back_as_it_was_told(store: Store) -> None:
    with store.session() as session:
        ann, _ = people(session)
        assert add_lesson(session, replace(LESSON, created_at=AT), ann)
        assert not add_lesson(session, replace(LESSON, when="something else"), ann)
    with store.reading() as session:
        line = lesson_line(session, "l1")
        assert (line.when, line.guidance, line.avoid, line.why, line.agent, line.tool) == (
            "a refund is asked for",
            "ask for the order",
            "guess",
            "it went wrong",
            "shop",
            "refund",
        )
        assert (line.revision, line.state, line.created_by, line.created_at) == (1, LessonState.PROPOSED, "Ann", AT)
        assert list_lessons(session) == [line]
        with pytest.raises(NotFound):
            lesson_line(session, "l2")


def test_an_imported_decision_is_a_revision_of_its_own(store: Store) -> None:
    decided = replace(LESSON, state=LessonState.RETIRED, created_at=AT, decided_at=AT + timedelta(days=1))
    with store.session() as session:
        ann, lea = people(session)
        with pytest.raises(InvalidInput, match="nobody is named"):
            add_lesson(session, decided, ann)
        add_lesson(session, decided, ann, decided_by=lea)
        line = lesson_line(session, "l1")
        assert (line.state, line.changed_by, line.changed_at) == (LessonState.RETIRED, "Lea", AT + timedelta(days=1))
        told = [(one.revision, one.state, one.person, one.at) for one in lesson_history(session, line.id)]
        assert told == [
            (2, LessonState.RETIRED, "Lea", AT + timedelta(days=1)),
            (1, LessonState.PROPOSED, "Ann", AT),
        ]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"when": "  "}, "when", "say when it applies"),
        ({"guidance": "\n"}, "guidance", "say what to do then"),
        ({"when": "", "guidance": ""}, "when", "say when it applies.*; say what to do then"),
        ({"when": "x" * 501}, "when", "has 501 characters, 500 are allowed"),
        ({"why": "x" * 2001}, "why", "“Why” has 2001 characters"),
        ({"lesson_id": "x" * 65}, "lesson_id", "1 to 64"),
        ({"evidence": (("nowhere", "1"),)}, "evidence", "'nowhere', which is not here"),
    ],
)
def test_what_is_missing_is_said_and_nothing_stays(
    store: Store, values: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as refused, store.session() as session:
        add_lesson(session, replace(LESSON, **values), people(session)[0])  # type: ignore[arg-type]
    assert refused.value.field == field
    with store.reading() as session:
        assert list_lessons(session) == []


def test_text_that_a_database_cannot_hold_is_kept_readable(store: Store) -> None:
    with store.session() as session:
        add_lesson(session, replace(LESSON, when=" a\x00b\ud800 "), people(session)[0])
        assert lesson_line(session, "l1").when == "a�b?"


def test_a_change_keeps_what_was_and_says_who_and_why(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        add_lesson(session, LESSON, ann)
        new = replace(LESSON, guidance="look it up")
        assert change_lesson(session, "l1", 1, lea, " clearer ", state=LessonState.ACTIVE, text=new) == 2
        line = lesson_line(session, "l1")
        assert (line.revision, line.state, line.guidance, line.changed_by) == (2, "active", "look it up", "Lea")
        newest, first = lesson_history(session, line.id)
        assert (newest.reason, newest.person, newest.text["guidance"]) == ("clearer", "Lea", "look it up")
        assert (first.reason, first.person, first.text["guidance"]) == ("", "Ann", "ask for the order")
        assert set(first.text) == set(LIMITS)


def test_whoever_looked_at_an_older_revision_is_told_who_was_first(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        add_lesson(session, LESSON, ann)
    with store.session() as session:
        seen = lesson_line(session, "l1")
        with store.reading() as other:
            assert lesson_line(other, "l1").revision == seen.revision
        change_lesson(session, "l1", seen.revision, lea, "", state=LessonState.ACTIVE)
    with (
        pytest.raises(Conflict, match=r"Lea has changed this lesson .* \(it is active now\)"),
        store.session() as session,
    ):
        change_lesson(session, "l1", seen.revision, ann, "", state=LessonState.REJECTED)
    with store.session() as session, pytest.raises(NotFound):
        change_lesson(session, "nobody", 1, ann, "", state=LessonState.REJECTED)


def test_lists_by_state_and_agent(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        for number, (agent, state) in enumerate(
            [("shop", "active"), ("", "active"), ("bank", "active"), ("shop", "proposed"), ("shop", "retired")]
        ):
            at = AT + timedelta(hours=number)
            lesson = replace(LESSON, lesson_id=f"l{number}", agent=agent, state=LessonState(state), created_at=at)
            add_lesson(session, lesson, ann, decided_by=lea)
        ids = [line.uid for line in list_lessons(session)]
        assert ids == ["l4", "l3", "l2", "l1", "l0"]
        assert [line.uid for line in list_lessons(session, [LessonState.ACTIVE], "shop")] == ["l1", "l0"]
        assert [line.uid for line in list_lessons(session, limit=2, start=1)] == ["l3", "l2"]
        counts = {LessonState.ACTIVE: 3, LessonState.PROPOSED: 1, LessonState.RETIRED: 1}
        assert count_lessons(session) == counts
        assert count_lessons(session, "bank") == {LessonState.ACTIVE: 2}
        assert set(active_among(session, ids, "shop")) == {"l0", "l1"}
        assert set(active_among(session, ids)) == {"l0", "l1", "l2"}
        assert active_among(session, [], "shop") == {}


def test_the_outbox_owes_every_revision_once(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        add_lesson(session, LESSON, ann)
        add_lesson(session, replace(LESSON, lesson_id="l2"), ann)
        owed = lessons_owing_index(session)
        assert [line.uid for line in owed] == ["l1", "l2"]
        assert len(lessons_owing_index(session, 1)) == 1
        change_lesson(session, "l2", 1, lea, "", state=LessonState.ACTIVE)
        mark_indexed(session, owed)
        mark_indexed(session, [])
    with store.reading() as session:
        assert [(line.uid, line.revision) for line in lessons_owing_index(session)] == [("l2", 2)]


def test_evidence_names_steps_and_who_reviewed_them(store: Store) -> None:
    with store.session() as session:
        ann, _ = people(session)
        traces = insert_traces(session, [run("t1"), run("t2")]).traces
        schema = (save_schema(session, LabelSchema("outcome", 1, "Outcome", ())), "outcome")
        said = add_annotation(session, traces["t1"], ann, schema, Annotation("t1", "Ann", "outcome"), AT)
        add_lesson(session, replace(LESSON, evidence=(("t1", "3"),)), ann, annotation=said.id)
        lesson = lesson_line(session, "l1").id
        assert add_evidence(session, lesson, [("t1", "3"), ("t2", ""), ("t2", "")]) == 1
        assert lesson_evidence(session, lesson) == [
            Evidence(1, traces["t1"], "t1", "Where is my order?", "3", 3, said.id, "Ann"),
            Evidence(2, traces["t2"], "t2", "Where is my order?", "", None, None, ""),
        ]


def test_a_review_finds_its_open_proposals_in_every_revision(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        trace = insert_traces(session, [run("t1")]).traces["t1"]
        schema = (save_schema(session, LabelSchema("outcome", 1, "Outcome", ())), "outcome")
        mine = [add_annotation(session, trace, ann, schema, Annotation("t1", "", ""), AT).id for _ in range(2)]
        others = add_annotation(session, trace, lea, schema, Annotation("t1", "", ""), AT).id
        add_lesson(session, replace(LESSON, evidence=(("t1", "3"),)), ann, annotation=mine[0])
        assert [line.uid for line in proposals_of_review(session, mine[1])] == ["l1"]
        assert proposals_of_review(session, others) == []
        change_lesson(session, "l1", 1, lea, "", state=LessonState.ACTIVE)
        assert proposals_of_review(session, mine[1]) == []


def test_the_same_words_are_the_same_lesson_while_it_stands(store: Store) -> None:
    with store.session() as session:
        ann, lea = people(session)
        add_lesson(session, LESSON, ann)
        again = replace(LESSON, lesson_id="", when="  a refund is asked for\n", why="another reason")
        found = same_words(session, again)
        assert found is not None
        assert found.uid == "l1"
        assert same_words(session, replace(again, agent="bank")) is None
        change_lesson(session, "l1", 1, lea, "no", state=LessonState.REJECTED)
        assert same_words(session, again) is None


def test_recalls_are_read_as_they_were_logged(store: Store) -> None:
    given = ({"id": "l1", "revision": 2, "score": 0.5, "given": True, "fate": "given"},)
    lines = [
        LoggedRecall(f"r{number}", "where\x00?", "memory", AT, agent, "v1", "run", f"t{number}", "s", given)
        for number, agent in enumerate(["shop", "bank"])
    ]
    with store.session() as session:
        for line in lines:
            log_recall(session, line)
    with store.reading() as session:
        kept = [replace(line, task="where�?") for line in lines]
        assert list_recalls(session, 10) == kept[::-1]
        assert list_recalls(session, 1) == kept[1:]
        assert list_recalls(session, 10, agent="shop") == kept[:1]
        assert list_recalls(session, 10, trace_ids=["t1"]) == kept[1:]
