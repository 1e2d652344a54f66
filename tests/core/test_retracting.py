"""Taking back a reviewer, a run or a guideline: what it touches, that it counts no more, and that the undo is exact."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.memory import lessons
from core.records import Lesson, LessonState, Role
from core.retract.retracting import find_target, radius, retract, undo
from core.review import desk
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.lesson_evidence import lesson_evidence
from core.store.lessons import lesson_history, lesson_line
from core.store.queues import count_queue, get_queue
from core.store.retractions import list_retractions
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, LessonEvidenceRow, PreferenceRow, TraceRow
from core.store.traces import trace_line
from tests.core.review.team import Team, make_team, outcome

LESSON = Lesson("", "somebody asks for an order", "Look the order up first.")


@pytest.fixture
def team(store: Store) -> Team:
    """Ada and ben answered both runs and the pair; ada's review of the first became a lesson."""
    made = make_team(store)
    for number in (0, 1):
        made.answer("ada", number, outcome("failed"))
        made.answer("ben", number, outcome("solved"))
    for name, choice in (("ada", "left"), ("ben", "equal")):
        made.answer(name, 0, {"choice": choice}, made.pairs)
    return made


def taught(team: Team, by: str, run: str = "t0") -> str:
    with team.store.session() as session:
        person = team.people[by].id
        mine = (AnnotationRow.person_id == person, TraceRow.uid == run)
        review = session.scalar(
            select(AnnotationRow.id).join(TraceRow, TraceRow.id == AnnotationRow.trace_id).where(*mine)
        )
        return lessons.propose(session, Lesson(**_words(), evidence=((run, "3"),)), person, review)


def _words() -> dict[str, Any]:
    return {"lesson_id": "", "when": LESSON.when, "guidance": LESSON.guidance}


def state(session: Session) -> list[Any]:
    """All that a retraction may change, as plain values."""
    answers = [
        session.execute(select(table.id, table.current, table.place).order_by(table.id)).all()
        for table in (AnnotationRow, PreferenceRow)
    ]
    items = session.execute(select(ItemRow.id, ItemRow.state, ItemRow.n_done).order_by(ItemRow.id)).all()
    traces = session.execute(select(TraceRow.id, TraceRow.outcome, TraceRow.n_annotations).order_by(TraceRow.id)).all()
    rests = select(LessonEvidenceRow.lesson_id, LessonEvidenceRow.trace_id, LessonEvidenceRow.annotation_id)
    claims = select(ClaimRow.item_id, ClaimRow.person_id, ClaimRow.state).order_by(ClaimRow.item_id, ClaimRow.person_id)
    found = [*answers, items, traces, session.execute(rests).all(), session.execute(claims).all()]
    return [[tuple(row) for row in rows] for rows in found]


def take(team: Team, kind: str, name: str) -> int:
    with team.store.session() as session:
        return retract(session, find_target(session, kind, name), team.lead, "they clicked without reading")


@pytest.mark.parametrize(("kind", "name"), [("reviewer", "ada"), ("run", "t0"), ("guideline", "team@1")])
def test_the_undo_is_exact(team: Team, kind: str, name: str) -> None:
    taught(team, "ada")
    with team.store.reading() as session:
        before = state(session)
    number = take(team, kind, name)
    with team.store.session() as session:
        assert state(session) != before
        undo(session, number, team.lead)
    with team.store.session() as session:
        assert state(session) == before
        assert list_retractions(session)[0].undone_at is not None
        with pytest.raises(Conflict, match="undone already"):
            undo(session, number, team.lead)


def test_a_reviewer_counts_no_more(team: Team) -> None:
    uid = taught(team, "ada")
    with team.store.session() as session:
        lessons.approve(session, uid, 1, team.lead.id, Role.LEAD)
        found = radius(session, find_target(session, "reviewer", "ada"))
        assert (found.labels, found.preferences, found.rankings, found.runs) == (2, 1, 0, 2)
        assert [(one.state, one.after) for one in found.lessons] == [(LessonState.ACTIVE, LessonState.RETIRED)]
        assert trace_line(session, 1).outcome == "unknown", "ada and ben disagree"
    take(team, "reviewer", "ada")
    with team.store.reading() as session:
        assert {one.person for one in annotations_of(session, [1, 2])} == {"ben"}
        assert trace_line(session, 1).outcome == "solved"
        assert lesson_line(session, uid).state is LessonState.RETIRED
        assert count_queue(session, get_queue(session, team.runs)).answers_left == 4
        item = team.items(session)[0]
        assert (item.state, item.n_done) == ("open", 1)


def test_a_retracted_run_leaves_its_queue_and_its_lessons(team: Team) -> None:
    uid = taught(team, "ada")
    take(team, "run", "t0")
    with team.store.session() as session:
        assert team.items(session)[0].state == "discarded"
        assert lesson_line(session, uid).state is LessonState.REJECTED
        assert lesson_evidence(session, lesson_line(session, uid).id) == []
        [newest, _] = lesson_history(session, lesson_line(session, uid).id)
        assert newest.reason == "Run t0 was retracted: they clicked without reading"


def test_under_a_retracted_guideline_everybody_may_answer_again(team: Team) -> None:
    number = take(team, "guideline", "team@1")
    with team.store.session() as session:
        assert [item.n_done for item in team.items(session)] == [0, 0]
        item = desk.next_item(session, get_queue(session, team.runs), team.people["ada"])
        assert item is not None
    team.answer("ada", 0, outcome("partly"))
    with team.store.session() as session:
        undo(session, number, team.lead)
        said = {(one.person, one.answers["outcome"]) for one in annotations_of(session, [1])}
        assert said == {("ada", "partly"), ("ben", "solved")}, "what was said since stands"


def test_a_lesson_that_two_reviewers_approved_falls_back_without_one_of_them(team: Team) -> None:
    uid = taught(team, "ben")
    with team.store.session() as session:
        for name in ("ada", "cem"):
            lessons.approve(session, uid, lesson_line(session, uid).revision, team.people[name].id, Role.ANNOTATOR)
        assert lesson_line(session, uid).state is LessonState.ACTIVE
    number = take(team, "reviewer", "ada")
    with team.store.session() as session:
        assert lesson_line(session, uid).state is LessonState.APPROVED
        undo(session, number, team.lead)
        assert lesson_line(session, uid).state is LessonState.ACTIVE


def test_what_cannot_be_taken_back_is_said(team: Team) -> None:
    with team.store.session() as session:
        for kind, name, error in (
            ("reviewer", "nobody", NotFound),
            ("run", "t9", NotFound),
            ("guideline", "team", InvalidInput),
            ("guideline", "team@9", NotFound),
            ("queue", "Runs", InvalidInput),
        ):
            with pytest.raises(error):
                find_target(session, kind, name)
        target = find_target(session, "reviewer", "ada")
        with pytest.raises(NotPermitted):
            retract(session, target, team.people["ben"], "why not")
        with pytest.raises(InvalidInput, match="Say why"):
            retract(session, target, team.lead, " ")
        with pytest.raises(Conflict, match="Nothing hangs"):
            retract(session, find_target(session, "reviewer", "dan"), team.lead, "unused")
        retract(session, target, team.lead, "once")
        with pytest.raises(Conflict, match="retracted already"):
            retract(session, target, team.lead, "twice")
