from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from core.clock import now
from core.memory.indexer import sync
from core.memory.recall import RecallRequest, recall
from core.records import Annotation, Lesson, LessonState, Role
from core.review.queues import enqueue
from core.store.annotations import add_annotation
from core.store.lessons import add_lesson, lesson_line, list_lessons
from core.store.people import person_id
from core.store.tables import QueueRow, TraceRow
from core.store.trace_writing import insert_traces
from dashboard import identity, process
from dashboard.identity import Actor
from dashboard.parts import lesson_decisions
from tests.worlds import run

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "lessons.py")
REFUND = Lesson("refund", "a refund is asked for", "ask for the order")


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    """The page as the only lead sees it."""
    process.store()
    yield AppTest.from_file(PAGE, default_timeout=20)
    process.close_all()


def propose(*lessons: Lesson, state: LessonState = LessonState.PROPOSED) -> None:
    with process.store().session() as session:
        me = person_id(session, "me", Role.LEAD)
        for lesson in lessons:
            add_lesson(session, lesson, me)
            if state is not LessonState.PROPOSED:
                from core.store.lessons import change_lesson

                change_lesson(session, lesson.lesson_id, 1, me, "", state=state)


def line(uid: str = "refund") -> tuple[str, int]:
    with process.store().reading() as session:
        found = lesson_line(session, uid)
    return found.state.value, found.revision


def shown(page: AppTest) -> str:
    return " ".join(element.body for element in page.get("html"))


def test_an_empty_page_says_what_will_stand_here(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "No proposal waits" in page.info[0].value
    page.segmented_control("lessons_view").set_value("try").run()
    assert "No lesson is active yet" in page.info[0].value


def test_what_was_typed_is_shown_as_text(page: AppTest) -> None:
    propose(Lesson("x", "<script>alert(1)</script>", "![x](http://evil.example/x.png)"))
    page.run()
    assert not page.exception
    assert "&lt;script&gt;" in shown(page)
    assert "<script>" not in shown(page)
    assert not [element for element in page.markdown if "evil" in element.value]


def test_a_lead_approves_retires_and_brings_back(page: AppTest) -> None:
    propose(REFUND)
    page.run()
    page.button("lessons_refund_Approve").click().run()
    assert line() == ("active", 2)
    assert page.button("lessons_refund_Approve").disabled
    page.segmented_control("lessons_view").set_value("active").run()
    page.button("lessons_refund_Retire").click().run()
    [retire] = [button for button in page.button if button.label == "Retire"]
    retire.click().run()
    assert "Say why you retire" in page.toast[0].value
    assert line() == ("active", 2)
    page.text_area("lessons_refund_reason").input("the policy changed")
    [retire] = [button for button in page.button if button.label == "Retire"]
    retire.click().run()
    assert line() == ("retired", 3)
    page.segmented_control("lessons_view").set_value("retired").run()
    assert "the policy changed" in shown(page)
    page.button("lessons_refund_Approve").click().run()
    assert line() == ("active", 4)


def test_an_edit_keeps_its_text_when_somebody_was_first(page: AppTest) -> None:
    propose(REFUND)
    page.run()
    page.button("lessons_refund_Edit").click().run()
    page.text_area("lessons_refund_guidance").input("ask for the order and the card")
    with process.store().session() as session:
        from core.store.lessons import change_lesson

        change_lesson(session, "refund", 1, person_id(session, "Lou", Role.LEAD), "", text=REFUND)
    save(page)
    assert "Lou has changed this lesson" in page.toast[0].value
    assert page.text_area("lessons_refund_guidance").value == "ask for the order and the card"
    save(page)
    assert [one.value for one in page.toast] == ["Saved\\."]
    assert line() == ("proposed", 3)
    assert "ask for the order and the card" in shown(page)


def save(page: AppTest) -> None:
    next(button for button in page.button if button.label == "Save").click().run()


def test_a_lesson_is_written_by_hand(page: AppTest) -> None:
    page.run()
    next(button for button in page.button if button.label == "Write a lesson").click().run()
    page.text_area("lessons_new_when").input("the parcel is late")
    next(button for button in page.button if button.label == "Propose").click().run()
    assert "say what to do then" in page.toast[0].value
    page.text_area("lessons_new_guidance").input("call the carrier")
    next(button for button in page.button if button.label == "Propose").click().run()
    with process.store().reading() as session:
        [found] = list_lessons(session)
    assert (found.when, found.guidance, found.state.value) == ("the parcel is late", "call the carrier", "proposed")


def test_annotators_see_why_they_cannot_decide(data_dir: Path) -> None:
    from core.store.engine import open_store

    opened = open_store(f"sqlite:///{data_dir / 'loopwright.db'}")
    with opened.session() as session:
        ann = person_id(session, "Ann", active=True)
        add_lesson(session, REFUND, ann)
    opened.close()
    page = AppTest.from_file(PAGE, default_timeout=20).run()
    decisions = [button for button in page.button if button.key and button.key.startswith("lessons_refund")]
    assert [button.disabled for button in decisions] == [True] * 3
    assert decisions[0].help == "You wrote this lesson: another reviewer or a lead has to agree with it."
    assert decisions[1].help == "Only a lead can edit a lesson."
    process.close_all()


def test_a_run_that_is_still_to_judge_is_not_named_as_what_a_lesson_rests_on(data_dir: Path) -> None:
    with process.store().session() as session:
        ann, ben = person_id(session, "Ann", active=True), person_id(session, "Ben", active=True)
        enqueue(session, list(insert_traces(session, [run("r1"), run("r2")]).traces.values()))
        session.execute(update(QueueRow).values(overlap=2))
        for name, who in (("r1", ann), ("r1", ben), ("r2", ben)):
            said = Annotation(name, "", "run-review", {"outcome": "failed"})
            trace = session.scalars(select(TraceRow.id).where(TraceRow.uid == name)).one()
            add_annotation(
                session, trace, who, (session.scalars(select(QueueRow.schema_id)).one(), said.schema), said, now()
            )
        add_lesson(session, replace(REFUND, evidence=(("r1", "2"), ("r2", "2"))), ben)
    links: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson_decisions, "show_evidence", lambda found: links.extend(one.trace_uid for one in found))
        for actor, wanted in (
            (Actor(ann, "Ann", Role.ANNOTATOR), ["r1"]),
            (Actor(ben, "Ben", Role.ANNOTATOR), ["r1", "r2"]),
        ):
            patch.setattr(identity, "actor_from", lambda cookies, actor=actor: actor)
            links.clear()
            page = AppTest.from_file(PAGE, default_timeout=20).run()
            assert not page.exception
            assert links == wanted
    process.close_all()


def test_a_tried_recall_ranks_as_every_other_door(page: AppTest) -> None:
    late, lost = Lesson("late", "the parcel is late", "call"), Lesson("lost", "the parcel is lost", "claim")
    propose(REFUND, late, lost, state=LessonState.ACTIVE)
    sync(process.store(), process.lesson_index())
    page.run()
    page.segmented_control("lessons_view").set_value("try").run()
    page.text_area("lessons_situation").input("my parcel is lost")
    next(button for button in page.button if button.label == "Try").click().run()
    assert not page.exception
    with process.store().reading() as session:
        found = recall(session, process.lesson_index(), RecallRequest("", "my parcel is lost"), dry_run=True)
    assert found.lessons[0].id == "lost"
    ordered = sorted(found.lessons + found.near, key=lambda lesson: shown(page).index(f">{lesson.when}<"))
    assert ordered == list(found.lessons + found.near)
    assert page.code[0].value == found.prompt
    page.text_area("lessons_situation").input("Prove that two is prime.")
    next(button for button in page.button if button.label == "Try").click().run()
    assert "nothing would be given" in page.info[0].value
    assert page.code[0].value == "(nothing)"


def test_a_view_that_is_none_shows_the_page(page: AppTest) -> None:
    page.query_params["view"] = "nonsense"
    page.run()
    assert not page.exception
    assert page.segmented_control("lessons_view").value == "proposed"
