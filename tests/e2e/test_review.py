"""The review desk, driven as an annotator drives it: mostly by keys, with connections that break."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.records import Trace
from tests.e2e.desks import HOSTILE, OUTCOME, Work, expect_saved, item_on, kept_here, open_desk, queue_runs, talk, title
from tests.e2e.server import Server, start

LINES = ("Cancel my order.", "It is cancelled.", "Thanks.", "You are welcome.")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("review")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


def runs(name: str) -> list[Trace]:
    return [talk(f"{name}-{i}", f"{LINES[0]} Number {i}.", *LINES[1:]) for i in range(6)]


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    return queue_runs(site.data_dir, request.node.name, runs(request.node.name))


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    open_desk(page, work.address(site.url))
    return page


def lesson(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=f"Lesson: {name}")


def test_a_run_is_labelled_with_the_keyboard_only(desk: Page, work: Work) -> None:
    first, keys = title(desk), desk.keyboard
    keys.press("j")
    keys.press("2")
    expect(desk.get_by_role("radio", name="Partly")).to_be_checked()
    keys.press("m")
    expect(desk.get_by_label("Your answers").get_by_role("button", name="step 2 · agent")).to_be_visible()
    keys.press("w")
    keys.type("drift")
    expect(desk.get_by_role("option")).to_have_count(1)
    keys.press("Enter")
    keys.press("c")
    expect(desk.get_by_role("textbox", name="What step 2 should have said")).to_be_focused()
    keys.press("Control+a")
    keys.type("It cannot be cancelled any more.")
    expect(desk.locator(".diff ins").first).to_be_visible()
    expect(desk.get_by_text("words changed")).to_be_visible()
    keys.press("Escape")
    keys.press("q")  # the outcome is the question that the digits answer; from it to the rating
    keys.press("q")
    keys.press("q")
    keys.press("4")
    keys.press("l")
    keys.type("an order was sent already")
    keys.press("Tab")
    keys.type("say that it cannot be cancelled")
    keys.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    assert title(desk) != first
    (given,) = work.said()
    assert given.answers == {"outcome": "partly", "rating": "4"}
    assert [(mark.question, mark.step_id, mark.value) for mark in given.marks] == [
        ("first_mistake", "1", ""),
        ("went_wrong", "1", "Goal Deviation"),
    ]
    assert [(one.original, one.corrected) for one in given.corrections] == [
        ("It is cancelled.", "It cannot be cancelled any more.")
    ]
    assert given.active_seconds is not None


def test_a_mark_carries_the_selected_words_its_impact_and_a_comment_and_can_be_removed(desk: Page, work: Work) -> None:
    desk.get_by_text("It is cancelled.").first.dblclick(position={"x": 45, "y": 8})  # selects a word
    desk.keyboard.press("w")
    desk.get_by_role("radio", name="high").check(force=True)
    desk.get_by_role("textbox", name="Comment on this mark").fill("it was not")
    desk.get_by_role("combobox", name=re.compile("search")).fill("output")
    desk.keyboard.press("Enter")
    mark = desk.locator(".step-mark")
    expect(mark).to_contain_text("high")
    expect(mark).to_contain_text("it was not")
    expect_saved(desk)
    (kept,) = work.draft(item_on(desk))["marks"]
    assert (kept["impact"], kept["comment"]) == ("HIGH", "it was not")
    assert kept["quote"] == "cancelled"
    mark.get_by_role("button", name="Remove").click()
    expect(mark).to_have_count(0)
    expect_saved(desk)
    assert work.draft(item_on(desk))["marks"] == []


def test_what_is_missing_is_said_at_its_question_and_focus_goes_there(desk: Page) -> None:
    desk.keyboard.press("l")
    desk.keyboard.press("Control+Enter")
    question = desk.locator(".question.invalid")
    expect(question).to_contain_text(OUTCOME)
    expect(question.get_by_role("alert")).to_have_text("“Did it solve the task?” needs an answer.")
    expect(question.get_by_role("radio").first).to_be_focused()
    desk.keyboard.press("1")
    expect(desk.locator(".question.invalid")).to_have_count(0)


def test_a_draft_survives_another_page_and_a_reload(desk: Page) -> None:
    before = title(desk)
    lesson(desk, "When").fill("they ask twice")
    desk.get_by_role("link", name="Settings").click()  # with a letter still on its way
    expect(desk.get_by_role("heading", name="Settings").first).to_be_visible()
    desk.get_by_role("link", name="Review").click()
    expect(lesson(desk, "When")).to_have_value("they ask twice")
    desk.keyboard.press("l")
    desk.keyboard.press("End")
    desk.keyboard.type(" in a row")
    desk.reload()
    expect(lesson(desk, "When")).to_have_value("they ask twice in a row", timeout=20_000)
    assert title(desk) == before


def test_what_is_typed_is_saved_while_one_types_on_without_a_pause(desk: Page, work: Work) -> None:
    item = item_on(desk)
    lesson(desk, "When").focus()
    for _ in range(25):
        desk.keyboard.type("word ", delay=25)
    assert len(work.draft(item)["lesson"]["when"]) > 50


def test_a_lost_connection_is_said_and_loses_nothing(desk: Page, work: Work) -> None:
    item = item_on(desk)
    desk.context.set_offline(True)
    lesson(desk, "When").fill("the line is dead")
    expect(desk.locator(".state")).to_have_text("not saved yet: kept in this browser, trying again")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice")).to_contain_text("press Submit again")
    expect(lesson(desk, "When")).to_have_value("the line is dead")
    assert work.draft(item) == {}
    desk.context.set_offline(False)
    expect_saved(desk)
    assert work.draft(item)["lesson"]["when"] == "the line is dead"


def test_unsent_text_comes_back_after_the_tab_was_closed_offline(desk: Page) -> None:
    url = desk.url
    desk.context.set_offline(True)
    lesson(desk, "When").fill("typed in the tunnel")
    expect(desk.locator(".state")).to_contain_text("not saved yet")
    context = desk.context
    desk.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(url)
    expect(lesson(page, "When")).to_have_value("typed in the tunnel", timeout=20_000)
    expect_saved(page)
    assert kept_here(page) == []


def test_a_draft_survives_the_kill_of_the_server(tmp_path: Path, page: Page) -> None:
    work = queue_runs(tmp_path / "data", "mine", runs("r"))
    running = start("serve", work.folder, tmp_path / "one.log")
    open_desk(page, work.address(running.url))
    item = item_on(page)
    lesson(page, "When").fill("acknowledged")
    expect_saved(page)
    running.kill()
    lesson(page, "When").fill("acknowledged, and typed after the kill")
    expect(page.locator(".state")).to_contain_text("not saved yet")
    again = start("serve", work.folder, tmp_path / "two.log", port=int(running.url.rsplit(":", 1)[1]))
    try:
        expect(page.locator(".state")).to_have_text(re.compile(r"saved \d\d:"), timeout=30_000)
        expect(lesson(page, "When")).to_have_value("acknowledged, and typed after the kill")
        assert work.draft(item)["lesson"]["when"] == "acknowledged, and typed after the kill"
    finally:
        again.stop()


def test_two_tabs_never_overwrite_each_other_in_silence(desk: Page) -> None:
    other = desk.context.new_page()
    open_desk(other, desk.url)
    assert title(other) == title(desk)
    lesson(desk, "When").fill("from the first tab")
    expect_saved(desk)
    lesson(other, "When").fill("from the second tab")
    expect(other.locator(".notice")).to_contain_text("also open in another tab")
    other.get_by_role("button", name="Show").click()
    expect(other.get_by_role("dialog")).to_contain_text("from the first tab")
    other.keyboard.press("Escape")
    other.get_by_role("button", name="Use it").click()
    expect(lesson(other, "When")).to_have_value("from the first tab")
    expect(other.locator(".notice")).to_contain_text("is kept")  # what stood here before


def test_a_submission_in_another_tab_is_said_and_not_overwritten(desk: Page, work: Work) -> None:
    other = desk.context.new_page()
    open_desk(other, desk.url)
    desk.keyboard.press("3")
    other.keyboard.press("1")
    other.keyboard.press("Control+Enter")
    expect(other.locator(".progress")).to_contain_text("1 of 6")
    expect(desk.locator(".notice")).to_contain_text(re.compile("submitted in (another tab|the meantime)"))
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("button", name="Edit my submission with this text")).to_be_focused()
    assert [given.answers for given in work.said()] == [{"outcome": "solved"}]


def test_what_is_typed_after_a_submission_elsewhere_can_still_be_used(
    desk: Page, work: Work, site: Server, open_page: Callable[..., Page]
) -> None:
    other = open_page()  # another browser of the same person
    open_desk(other, work.address(site.url))
    assert title(other) == title(desk)
    other.keyboard.press("1")
    other.keyboard.press("Control+Enter")
    expect(other.locator(".progress")).to_contain_text("1 of 6")
    lesson(desk, "When").fill("late words")
    expect(desk.locator(".notice")).to_contain_text("submitted in the meantime")
    expect(lesson(desk, "When")).to_have_value("late words")
    desk.get_by_role("button", name="Edit my submission with this text").click()
    expect(desk.locator(".notice")).to_contain_text("Submit replaces")
    desk.keyboard.press("Escape")
    desk.keyboard.press("3")
    lesson(desk, "do").fill("know them sooner")
    expect_saved(desk)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".spoken")).to_contain_text("Submitted")
    assert [given.answers for given in work.said()] == [{"outcome": "failed"}]


def test_two_presses_of_submit_count_once(desk: Page, work: Work) -> None:
    desk.keyboard.press("1")
    desk.evaluate(
        """() => { for (const _ of [1, 2]) window.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true })) }"""
    )
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    assert len(work.said()) == 1


def test_undo_gives_the_answers_back(desk: Page, work: Work) -> None:
    first = title(desk)
    desk.keyboard.press("2")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    desk.keyboard.press("u")
    expect(desk.locator(".notice")).to_contain_text("withdrawn")
    expect(desk.locator(".task-title")).to_have_text(first)
    expect(desk.get_by_role("radio", name="Partly")).to_be_checked()
    expect(desk.locator(".progress")).to_contain_text("0 of 6")
    assert work.said() == []


def test_a_previous_submission_is_edited_by_key(desk: Page, work: Work) -> None:
    first = title(desk)
    desk.keyboard.press("2")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    desk.keyboard.press("p")
    expect(desk.get_by_role("dialog").get_by_role("button", name=first)).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(".task-title")).to_have_text(first)
    expect(desk.get_by_role("radio", name="Partly")).to_be_checked()
    desk.keyboard.press("3")
    expect_saved(desk)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".task-title")).not_to_have_text(first)
    assert [given.answers["outcome"] for given in work.said()] == ["failed"]


def test_a_second_press_does_not_submit_the_next_item(desk: Page, work: Work) -> None:
    first = title(desk)
    desk.keyboard.press("2")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".task-title")).not_to_have_text(first)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".spoken")).to_have_text("This is the next item.")
    assert len(work.said()) == 1


def test_skip_and_flag_go_on_and_nothing_comes_twice(desk: Page) -> None:
    seen = {title(desk)}
    desk.keyboard.press("s")
    expect(desk.locator(".spoken")).to_have_text("Skipped.")
    seen.add(title(desk))
    desk.keyboard.press("f")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("dialog").get_by_role("alert")).to_contain_text("Say why")
    desk.keyboard.type("the log is cut")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Control+Enter")  # from any control of the dialog
    expect(desk.locator(".spoken")).to_contain_text("Flagged")
    seen.add(title(desk))
    assert len(seen) == 3


def test_an_empty_queue_says_why(desk: Page) -> None:
    for _ in range(6):
        desk.keyboard.press("s")
        expect(desk.locator(".spoken")).to_have_text("Skipped.")
        desk.locator(".spoken").evaluate("node => node.textContent = ''")
        desk.wait_for_timeout(50)
    expect(desk.locator(".blank")).to_contain_text("of 6 items are done")


def test_help_lists_every_key_and_explains_every_failure(desk: Page) -> None:
    desk.keyboard.press("h")
    shown = desk.get_by_role("dialog", name="Keys and words")
    for key in ("M", "W", "C", "Q", "L", "T", "S", "F", "U", "P", "H", "Ctrl+Enter", "Esc"):
        expect(shown.locator("kbd").get_by_text(key, exact=True).first).to_be_visible()
    expect(shown).to_contain_text("Drifts away from the goal")
    desk.keyboard.press("s")  # no key of the desk answers behind the dialog
    desk.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    expect(desk.locator(".spoken")).to_have_text("")


def test_an_address_names_an_item_and_a_wrong_one_is_said(desk: Page, site: Server) -> None:
    here = item_on(desk)
    desk.keyboard.press("s")
    expect(desk.locator(".spoken")).to_have_text("Skipped.")
    open_desk(desk, f"{site.url}/review?item={here}")
    assert item_on(desk) == here
    for wrong in ("999999", "abc"):
        open_desk(desk, f"{site.url}/review?item={wrong}")
        expect(desk.locator(".notice")).to_contain_text("no item")


def test_another_queue_is_chosen_on_the_page(desk: Page, work: Work, site: Server) -> None:
    second = queue_runs(site.data_dir, f"{work.queue} 2", [talk("second", "A run of the second queue.", "Yes.")])
    desk.reload()
    choice = desk.get_by_role("combobox", name="Queue")
    choice.click()
    choice.fill(second.queue)
    choice.press("Enter")
    expect(desk.locator(".task-title")).to_have_text("A run of the second queue.")
    expect(choice).not_to_be_focused()  # the next key is the desk's
    expect(desk).to_have_url(re.compile(r"review_queue=\d+(&|$)"))  # by its number: until now it stood there by name
    first = item_on(desk)
    desk.reload()
    expect(desk.locator(".task-title")).to_have_text("A run of the second queue.", timeout=30_000)
    assert item_on(desk) == first


def test_markup_in_a_run_is_text(site: Server, page: Page) -> None:
    bad = queue_runs(site.data_dir, "hostile", [talk("bad", HOSTILE, HOSTILE)])
    open_desk(page, bad.address(site.url))
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type(HOSTILE)
    expect(page.locator(".diff")).to_contain_text("<script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0


def test_the_page_itself_does_not_scroll(desk: Page) -> None:
    for width, height in ((1440, 900), (1024, 768)):
        desk.set_viewport_size({"width": width, "height": height})
        desk.wait_for_timeout(200)
        heights = desk.evaluate("[document.querySelector('.stMain').scrollHeight, innerHeight]")
        assert heights[0] <= heights[1]
        box, run = desk.locator(".answers").bounding_box(), desk.locator(".run").bounding_box()
        assert box is not None
        assert run is not None
        assert box["x"] >= run["x"] + run["width"] - 1  # beside it
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
