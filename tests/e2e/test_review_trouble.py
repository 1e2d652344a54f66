"""What goes wrong while somebody reviews ends in a true message, and no text is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from core.records import Role
from core.review import desk as at_desk
from core.review.ready_made import RUN_REVIEW
from core.review.submitting import submit
from core.store.judgements import find_queue
from core.store.people import PersonLine, change_person, person_id
from core.store.reach import Run
from core.store.removal import remove_runs
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, ClaimRow, QueueRow, TraceRow
from tests.e2e.desks import Work, expect_saved, item_on, kept_here, open_desk, queue_runs, session, talk, title
from tests.e2e.server import Server, start

KEPT = "these words took me an hour"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("trouble")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    name = request.node.name
    return queue_runs(site.data_dir, name, [talk(f"{name}-{n}", f"Question {n}.", "Answer.") for n in range(3)])


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    page.request.get(f"{site.url}/who/1", max_redirects=0)  # the cookie that says who reviews
    open_desk(page, work.address(site.url))
    write(page, KEPT)
    expect_saved(page)
    return page


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Comment").last.fill(text)


def written(page: Page) -> str:
    return page.get_by_role("textbox", name="Comment").last.input_value()


def others_take_it(work: Work, item: int, done: bool) -> None:
    """The reviewer's time ends; somebody else claims the item and, if so wished, submits it."""
    with session(work.folder) as opened:
        ben = PersonLine(person_id(opened, "ben", Role.ANNOTATOR, active=True), "ben", Role.ANNOTATOR, True)
        opened.execute(update(ClaimRow).where(ClaimRow.item_id == item).values(expires_at=ClaimRow.claimed_at))
        at_desk.open_item(opened, item, ben)
        if done:
            submit(opened, item, ben, {"answers": {"outcome": "failed"}})


def test_an_item_that_others_have_taken_says_so_and_what_is_submitted_is_kept_as_surplus(
    desk: Page, work: Work
) -> None:
    item = item_on(desk)
    others_take_it(work, item, done=False)
    desk.reload()
    expect(desk.locator(".notice")).to_contain_text("others have taken it", timeout=30_000)
    assert (item_on(desk), written(desk)) == (item, KEPT)
    others_take_it(work, item, done=True)
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice")).to_contain_text("kept beside theirs")
    with session(work.folder) as opened:
        rows = opened.execute(select(AnnotationRow.place, AnnotationRow.answers).where(AnnotationRow.item_id == item))
        assert sorted(tuple(row) for row in rows) == [
            ("", {"outcome": "failed"}),
            ("surplus", {"outcome": "solved", "comment": KEPT}),
        ]


def test_a_run_that_was_removed_meanwhile_is_told_and_the_text_stays_on_the_screen(desk: Page, work: Work) -> None:
    first = title(desk)
    with session(work.folder) as opened:
        row = opened.scalars(select(TraceRow).where(TraceRow.id.in_(work.ids), TraceRow.title == first)).one()
        remove_runs(opened, [Run(row.id, row.uid, row.session, row.task_id, row.title)], "me")
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice")).to_contain_text("It may have been removed. What you typed is still on this screen.")
    assert written(desk) == KEPT
    assert KEPT in str(kept_here(desk))
    desk.get_by_role("button", name="Go on to the next").click()
    expect(desk.locator(".task-title")).not_to_have_text(first)


def test_who_is_made_inactive_in_the_middle_of_a_sentence_loses_nothing(work: Work, site: Server, page: Page) -> None:
    with session(work.folder) as opened:
        ann = person_id(opened, f"ann of {work.queue}", Role.ANNOTATOR, active=True)
    page.request.get(f"{site.url}/who/{ann}", max_redirects=0)
    open_desk(page, work.address(site.url))
    with session(work.folder) as opened:
        change_person(opened, ann, active=False)
    write(page, KEPT)
    expect(page.locator(".state")).to_contain_text("has made ann of")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice")).to_contain_text("What you typed is still on this screen.")
    assert written(page) == KEPT
    assert work.said() == []
    with session(work.folder) as opened:
        change_person(opened, ann, active=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".spoken")).to_contain_text("Submitted")
    (given,) = work.said()
    assert (given.person_id, given.answers["comment"]) == (ann, KEPT)


def test_questions_that_change_while_an_item_is_open_are_answered_as_they_were_asked(desk: Page, work: Work) -> None:
    with session(work.folder) as opened:
        newer = replace(RUN_REVIEW, version=1_000 + work.ids[0], questions=RUN_REVIEW.questions[:1])
        queue = opened.get_one(QueueRow, find_queue(opened, work.queue))
        before, queue.schema_id = queue.schema_id, save_schema(opened, newer)
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 3")
    expect(desk.get_by_role("textbox", name="Comment")).to_have_count(0)
    (given,) = work.said()
    assert (given.schema_id, given.answers) == (before, {"outcome": "solved", "comment": KEPT})


def test_a_queue_that_is_paused_meanwhile_takes_what_was_begun_and_then_says_so(desk: Page, work: Work) -> None:
    with session(work.folder) as opened:
        opened.get_one(QueueRow, find_queue(opened, work.queue)).state = "paused"
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_contain_text("A lead has paused this queue.")
    assert [given.answers["comment"] for given in work.said()] == [KEPT]
