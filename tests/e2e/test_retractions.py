"""A lead takes a reviewer's word back on a page: listed first, done with one key, and undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.memory import lessons
from core.records import Annotation, Lesson, LessonState, Role
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.lessons import lesson_line
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.tables import TraceRow
from core.store.trace_writing import insert_traces
from tests.e2e.desks import session
from tests.e2e.server import Server
from tests.worlds import START, run

LESSON = Lesson("", "a refund is asked for", "Ask for the order first.", evidence=(("r0", "2"),))


def labelled(folder: Path) -> tuple[int, int, str]:
    """Two runs that reviewer-1 labelled, and the active lesson from one of them: a lead, the reviewer, the lesson."""
    with session(folder) as opened:
        insert_traces(opened, [run("r0"), run("r1")])
        lead = person_id(opened, "me", Role.LEAD, active=True)
        one = person_id(opened, "reviewer-1", active=True)
        schema = (save_schema(opened, RUN_REVIEW), RUN_REVIEW.key)
        for row, uid in opened.execute(select(TraceRow.id, TraceRow.uid)).all():
            said = Annotation(uid, "reviewer-1", RUN_REVIEW.key, {"outcome": "failed"})
            review = add_annotation(opened, row, one, schema, said, START).id
        lesson = lessons.propose(opened, LESSON, one, review)
        lessons.approve(opened, lesson, 1, lead, Role.LEAD)
    return lead, one, lesson


def test_what_a_reviewer_said_is_taken_back_and_brought_back(
    server: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "data0"
    lead, one, lesson = labelled(folder)
    url = server(data_dir=folder).url

    def state() -> LessonState:
        with session(folder) as opened:
            return lesson_line(opened, lesson).state

    page.goto(f"{url}/who/{one}?next=/retractions")
    expect(page.get_by_text("Only leads take back what was said")).to_be_visible()

    page.goto(f"{url}/who/{lead}?next=/team")
    page.get_by_role("link", name="Take back what somebody said").click()
    who = page.get_by_role("combobox", name="Whose answers")
    who.focus()
    page.keyboard.type("reviewer-1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("On 2 runs: 2 labels")).to_be_visible()
    expect(page.get_by_text("1 lesson loses evidence or approval, and 1 its state:")).to_be_visible()
    reason = page.get_by_role("textbox", name="Why")
    reason.press("Enter")
    expect(page.get_by_text("Say why: whoever finds it missing will read that.")).to_be_visible()
    assert state() is LessonState.ACTIVE
    reason.fill("clicked <script>alert(1)</script> *without* reading")
    reason.press("Enter")
    expect(page.get_by_text("is taken back. Undo stands below.")).to_be_visible()
    expect(page.get_by_text("clicked <script>alert(1)</script> *without* reading")).to_be_visible()
    expect(page.get_by_text("is taken back already: see below")).to_be_visible()
    assert state() is LessonState.RETIRED

    other = page.context.new_page()  # a second tab, which does not know of the undo in the first
    other.goto(f"{url}/retractions")
    twice = other.get_by_role("button", name="Undo")
    expect(twice).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("It is undone: what was taken back counts again.")).to_be_visible()
    assert state() is LessonState.ACTIVE
    expect(page.get_by_text("On 2 runs: 2 labels")).to_be_visible()
    twice.press("Enter")
    expect(other.get_by_text("This retraction has been undone already.")).to_be_visible()
    assert state() is LessonState.ACTIVE


def test_a_run_is_taken_back_from_its_page(server: Callable[..., Server], page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "data0"
    lead, _, _ = labelled(folder)
    url = server(data_dir=folder).url
    page.goto(f"{url}/who/{lead}?next=/traces?trace=1")
    page.get_by_role("button", name="Remove …").click()
    page.get_by_role("link", name="Let it count no more instead").click()
    expect(page.get_by_role("textbox", name="The run's id")).to_have_value("r0")
    expect(page.get_by_role("button", name="Take back 1 label of this run")).to_be_visible()
    page.get_by_role("textbox", name="The run's id").fill("nothing like it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no run nothing like it.")).to_be_visible()
