"""From a run to a lesson that it was given, and from a lesson to its runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import now
from core.memory.indexer import sync
from core.records import Lesson, LessonState, LoggedRecall, Role
from core.store.lessons import add_lesson, change_lesson, lesson_line
from core.store.people import person_id
from core.store.recalls import log_recall
from core.store.trace_writing import insert_traces
from dashboard import process
from tests.worlds import run

PAGES = Path(__file__).resolve().parents[2] / "pages"
WHEN = "a *refund* is asked for, and the card with which the order was paid is closed"


@pytest.fixture
def world(data_dir: Path) -> Iterator[None]:
    """Of two runs one was given the lesson."""
    with process.store().session() as session:
        me = person_id(session, "me", Role.LEAD)
        add_lesson(session, Lesson("refund", WHEN, "ask for the order"), me)
        change_lesson(session, "refund", 1, me, "", state=LessonState.ACTIVE)
        insert_traces(session, [run("a"), run("b")])
        given = {"id": "refund", "revision": 2, "score": 0.5, "fate": "given"}
        log_recall(session, LoggedRecall("r", "x", "memory", now(), trace_id="b", lessons=(given,)))
    yield
    process.close_all()


def open_page(name: str, **address: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=30)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def press(page: AppTest, label: str) -> None:
    next(one for one in page.button if one.label == label).click().run()


def state(uid: str = "refund") -> LessonState:
    with process.store().reading() as session:
        return lesson_line(session, uid).state


@pytest.mark.usefixtures("world")
def test_a_link_shows_one_lesson_and_leads_back_to_all() -> None:
    page = open_page("lessons", lesson="refund")
    assert not page.exception
    assert len(page.get("segmented_control")) == 0
    assert any("a *refund* is asked for" in one.body for one in page.get("html"))
    next(one for one in page.button if one.label == "All lessons").click().run()
    assert "lesson" not in page.query_params
    assert page.segmented_control("lessons_view").value == "proposed"


@pytest.mark.usefixtures("world")
def test_a_lesson_that_a_link_shows_is_retired_and_made_active_there() -> None:
    page = open_page("lessons", lesson="refund")
    press(page, "Retire")
    page.text_area[0].set_value("It is wrong.")
    press(page, "Retire")
    assert not page.exception
    assert state() is LessonState.RETIRED
    press(page, "Make active")
    assert not page.exception
    assert state() is LessonState.ACTIVE


@pytest.mark.usefixtures("world")
def test_a_proposal_that_a_link_shows_is_the_same_as_another() -> None:
    with process.store().session() as session:
        add_lesson(session, Lesson("near", f"{WHEN} now", "ask for the order"), person_id(session, "me", Role.LEAD))
    sync(process.store(), process.lesson_index())
    page = open_page("lessons", lesson="near")
    press(page, "The same")
    assert not page.exception
    assert state("near") is LessonState.SUPERSEDED


@pytest.mark.usefixtures("world")
def test_a_link_to_a_lesson_that_is_gone_says_so() -> None:
    page = open_page("lessons", lesson="nothing")
    assert "This lesson is not here." in page.info[0].value


@pytest.mark.usefixtures("world")
def test_traces_shows_the_runs_that_were_given_a_lesson() -> None:
    page = open_page("traces", traces_lesson="refund")
    assert not page.exception
    assert any("1 to 1 of 1 runs that fit, of 2 in all" in one.value for one in page.caption)
    chip = next(one for one in page.button if one.label.startswith("given: "))
    chip.click().run()
    assert "traces_lesson" not in page.query_params
    assert any("1 to 2 of 2 runs" in one.value for one in page.caption)
