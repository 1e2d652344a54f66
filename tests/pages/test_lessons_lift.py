"""The view “Lift” of Lessons: empty, few and many; and a lesson that harms is taken out by a lead alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Lesson, LessonState, LoggedRecall, Role, Task
from core.store.lessons import add_lesson, change_lesson, lesson_history, lesson_line
from core.store.people import person_id
from core.store.recalls import log_recall
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import START, run

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "lessons.py")


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    process.store()
    found = AppTest.from_file(PAGE, default_timeout=20)
    found.query_params["view"] = "lift"
    yield found
    process.close_all()


def harmful(runs: int) -> None:
    """A lesson with which every run fails; held back from every fourth, which then succeed."""
    with process.store().session() as session:
        me = person_id(session, "me", Role.LEAD)
        add_lesson(session, Lesson("bad", "a refund is asked for", "say no"), me)
        change_lesson(session, "bad", 1, me, "", state=LessonState.ACTIVE)
        for number in range(runs):
            held = number % 4 == 0
            trace = run(f"r{number}", reward=float(held), task=Task(f"shop/{number}", "?"))
            made = insert_traces(session, [trace]).traces
            add_signals(session, trace.signals)
            refresh_outcomes(session, list(made.values()))
            fitted = ({"id": "bad", "fate": "held back" if held else "given"},)
            line = LoggedRecall(f"r{number}", "?", "memory", START, "shop", trace_id=f"r{number}", lessons=fitted)
            log_recall(session, line)


def captions(page: AppTest) -> str:
    return " ".join(one.value for one in page.caption)


def test_an_empty_view_says_what_will_stand_here(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "10 % of them go without lessons" in page.info[0].value
    assert not page.caption
    assert not page.dataframe


def test_few_runs_are_no_finding(page: AppTest) -> None:
    harmful(3)
    page.run()
    assert not page.exception
    assert [one.value for one in page.markdown if "Nothing to compare yet" in one.value]
    assert "Retire" not in [button.label for button in page.button]
    assert "0 of 1 lessons" in captions(page)


def test_a_lead_retires_what_harms_with_the_reason_that_is_suggested(page: AppTest) -> None:
    harmful(40)
    page.run()
    assert not page.exception
    assert lesson_state() == ("active", 2)
    reason = page.text_input("lessons_harm_bad_reason").value
    assert reason.startswith("With it, runs solved 100 points fewer")
    page.text_input("lessons_harm_bad_reason").input(f"{reason} Read, and true.")
    page.button("lessons_harm_bad_retire").click().run()
    assert not page.exception
    assert lesson_state() == ("retired", 3)
    with process.store().reading() as session:
        assert lesson_history(session, lesson_line(session, "bad").id)[0].reason == f"{reason} Read, and true."
    assert page.text_input("lessons_harm_bad_given").value == f"{reason} Read, and true."
    assert page.button("lessons_harm_bad_retire").disabled
    assert ":material/check: retired" in captions(page)


def test_a_reviewer_sees_it_and_cannot(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    harmful(40)
    with process.store().session() as session:
        ann = person_id(session, "Ann", active=True)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: Actor(ann, "Ann", Role.ANNOTATOR))
    page.run()
    assert page.button("lessons_harm_bad_retire").disabled
    assert page.button("lessons_harm_bad_retire").help == "Only a lead can retire a lesson."


def test_a_card_says_how_often_the_lesson_was_given_and_what_that_did(page: AppTest) -> None:
    harmful(40)
    page.query_params["view"] = "active"
    page.run()
    assert not page.exception
    assert "Given 30 times, last" in captions(page)
    assert "Runs with it solved 100 points fewer" in captions(page)


def lesson_state() -> tuple[str, int]:
    with process.store().reading() as session:
        found = lesson_line(session, "bad")
    return found.state.value, found.revision
