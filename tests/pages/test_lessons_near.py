"""What several people make of lessons: they agree, say how two stand to each other; a lead decides between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.memory import lessons as memory
from core.memory.indexer import sync
from core.memory.neighbours import say
from core.records import Lesson, Role
from core.store.lesson_evidence import lesson_evidence
from core.store.lesson_opinions import Relation, relations
from core.store.lessons import lesson_line, list_lessons
from core.store.people import person_id
from core.store.trace_writing import insert_traces
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import run

ROOT = Path(__file__).resolve().parents[2]
REFUND = Lesson("", "a refund is asked for", "Ask for the order first.", agent="shop")
ROLES = {"Ann": Role.ANNOTATOR, "Ben": Role.ANNOTATOR, "Cid": Role.ANNOTATOR, "Lea": Role.LEAD}

Opens = Callable[..., AppTest]


@pytest.fixture
def opens(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    """Opens the page as one of the team sees it."""

    def page(name: str, view: str = "proposed") -> AppTest:
        actor = Actor(who(name), name, ROLES[name])
        monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
        opened = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
        opened.query_params["view"] = view
        opened.switch_page(str(ROOT / "pages" / "lessons.py")).run()
        assert not opened.exception
        return opened

    with process.store().session() as session:
        insert_traces(session, [run("r1"), run("r2")])
    yield page
    process.close_all()


def who(name: str) -> int:
    with process.store().session() as session:
        return person_id(session, name, ROLES[name], active=True)


def propose(name: str, lesson: Lesson = REFUND, active: bool = False) -> str:
    person, lead = who(name), who("Lea")
    with process.store().session() as session:
        uid = memory.propose(session, lesson, person)
        if active:
            memory.approve(session, uid, 1, lead, Role.LEAD)
    if active:
        sync(process.store(), process.lesson_index())
    return uid


def state(uid: str) -> str:
    with process.store().reading() as session:
        return lesson_line(session, uid).state.value


def shown(page: AppTest) -> str:
    return " ".join(element.body for element in page.get("html"))


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_two_reviewers_make_a_lesson_active_and_its_writer_is_none_of_them(opens: Opens) -> None:
    uid = propose("Ann")
    agree = opens("Ann").button(f"lessons_{uid}_Approve")
    assert agree.disabled
    assert "You wrote this lesson" in agree.help
    ben = press(opens("Ben"), "Agree")
    assert state(uid) == "approved"
    assert "<b>approved by Ben</b> (1 of 2 reviewers)" in shown(ben)
    assert "You agreed" in ben.button(f"lessons_{uid}_Approve").help
    press(opens("Cid"), "Agree")
    assert state(uid) == "active"


def test_what_is_near_is_asked_once(opens: Opens) -> None:
    propose("Ann", active=True)
    uid = propose("Ben", replace(REFUND, guidance="Ask for the order."))
    page = opens("Cid")
    assert "Near an active lesson for shop" in shown(page)
    same = next(button for button in page.button if button.label == "The same")
    assert same.disabled  # neither a lead nor its writer
    press(page, "Different")
    assert not [button for button in page.button if button.label == "Different"]
    assert "Cid said: different" in shown(page)
    assert "Near an active" not in shown(opens("Lea"))
    assert state(uid) == "proposed"


def test_the_same_leaves_the_list_where_it_stood(opens: Opens) -> None:
    kept = propose("Ann", active=True)
    gone = propose("Ben", replace(REFUND, guidance="Ask for the order.", evidence=(("r1", "2"),)))
    page = press(opens("Ben"), "The same")
    assert state(gone) == "superseded"
    assert any("the same as" in caption.value for caption in page.caption)
    with process.store().reading() as session:
        assert [one.trace_uid for one in lesson_evidence(session, lesson_line(session, kept).id)] == ["r1"]
    assert "in its place, active: “a refund is asked for”" in shown(opens("Lea", "retired"))


@pytest.mark.parametrize(
    ("choice", "states"),
    [
        ("Keep the left one", ("proposed", "retired")),
        ("Keep the right one", ("rejected", "active")),
        ("Both hold", ("proposed", "active")),
    ],
)
def test_a_lead_decides_between_two(opens: Opens, choice: str, states: tuple[str, str]) -> None:
    one = propose("Ann", active=True)
    other = propose("Ben", replace(REFUND, guidance="Pay at once.", evidence=(("r1", "2"),)))
    with process.store().session() as session:
        say(session, other, one, Relation.CONTRADICTS, person_id(session, "Ben"), Role.ANNOTATOR)
    assert [option for option in opens("Cid").segmented_control("lessons_view").options if "Contra" in option] == []
    page = press(opens("Lea", "contradictions"), choice)
    press(page, choice)
    assert "Say why" in page.toast[0].value
    page.text_area(f"lessons_{other}_{one}_reason").input("the policy says so")
    press(page, choice)
    assert (state(other), state(one)) == states
    assert "No two lessons contradict" in page.info[0].value


def test_a_new_lesson_is_shown_what_is_near_before_it_is_proposed(opens: Opens) -> None:
    old = propose("Ann", active=True)
    page = press(opens("Ben"), "Write a lesson")
    page.text_area("lessons_new_when").input("a refund is asked for")
    page.text_area("lessons_new_guidance").input("Ask for the order number first.")
    page.text_input("lessons_new_tags").input("Refund, billing")
    page.date_input("lessons_new_valid_until").set_value("2020-01-01")
    press(page, "Propose")
    assert page.segmented_control(f"lessons_new_say_{old}").value is None
    with process.store().reading() as session:
        assert len(list_lessons(session)) == 1
    page.segmented_control(f"lessons_new_say_{old}").set_value(Relation.REPLACES)
    press(page, "Propose")
    assert not page.exception
    with process.store().reading() as session:
        [new] = [line for line in list_lessons(session) if line.uid != old]
        [said] = relations(session, [new.id])
    assert (new.tags, new.valid_until, said.kind) == ("billing, refund", "2020-01-01", Relation.REPLACES)
    assert "in tasks of billing, refund" in shown(page)
    assert "expired on 2020-01-01: no longer given" in shown(page)


def test_a_refusal_stands_beside_its_field_and_keeps_the_text(opens: Opens) -> None:
    page = press(opens("Ben"), "Write a lesson")
    page.text_area("lessons_new_when").input("refunds")
    page.text_area("lessons_new_guidance").input("Ask for the order.")
    press(page, "Propose")
    assert "is a fragment" in page.error[0].value
    assert page.text_area("lessons_new_when").value == "refunds"
    page.text_area("lessons_new_when").input("a refund is asked for")
    press(page, "What is near?")
    assert any("Nothing that is said already" in caption.value for caption in page.caption)
    press(page, "Propose")
    assert not page.error
    with process.store().reading() as session:
        assert len(list_lessons(session)) == 1


def test_without_the_index_lessons_are_decided_all_the_same(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = propose("Ann")
    opens("Lea")
    process.lesson_index().ready = False
    page = opens("Lea")
    assert any("cannot be shown now" in caption.value for caption in page.caption)
    press(page, "Approve")
    assert state(uid) == "active"
