"""The compare desk: sides without names, six answers by key, and what is shared with the review desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.records import Choice, LabelSchema, Option, Pair, Question, ShownIf
from core.store.tables import PreferenceRow
from tests.e2e.desks import (
    HOSTILE,
    Work,
    expect_saved,
    item_on,
    open_desk,
    queue_pairs,
    queue_runs,
    session,
    talk,
    title,
)
from tests.e2e.server import Server, start
from tests.worlds import texts


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("compare")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    name = request.node.name
    return queue_pairs(site.data_dir, name, [texts(f"{name}-{i}", f"Say hello {i}.") for i in range(6)])


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    open_desk(page, work.address(site.url))
    return page


def test_a_pair_is_decided_with_the_keyboard_only(desk: Page, work: Work) -> None:
    polite_is_left = "Hello" in desk.get_by_role("region", name="Answer A").inner_text()
    first, keys = title(desk), desk.keyboard
    keys.press("1" if polite_is_left else "5")
    keys.press("w")
    keys.type("it greets")
    keys.press("Escape")
    keys.press("Shift+Digit4")
    expect_saved(desk)
    keys.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    assert title(desk) != first
    (said,) = work.said()
    assert (said.choice, said.reason, said.confidence) == (Choice.A_MUCH, "it greets", 4)
    assert said.left == ("a" if polite_is_left else "b")


@pytest.mark.parametrize(("key", "label"), [("2", "A better"), ("e", "Equal"), ("4", "B better"), ("x", "Both bad")])
def test_each_key_chooses_and_chooses_back(desk: Page, key: str, label: str) -> None:
    choice = desk.get_by_role("radio", name=label)
    desk.keyboard.press(key)
    expect(choice).to_be_checked()
    desk.keyboard.press(key)
    expect(choice).not_to_be_checked()


def test_nothing_chosen_is_said_at_the_choices(desk: Page) -> None:
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("Choose one")
    expect(desk.get_by_role("radio", name="A much better")).to_be_focused()


def test_names_are_nowhere_on_the_screen_nor_in_the_answer(desk: Page) -> None:
    with desk.expect_response(lambda response: "/api/items/" in response.url) as answer:
        desk.reload()
    said = answer.value.text()
    expect(desk.get_by_role("button", name="Submit")).to_be_visible(timeout=30_000)
    for name in ("polite", "rude"):
        assert name not in desk.locator(".desk").inner_text()
        assert name not in said


def test_a_draft_comes_back_and_undo_gives_the_choice_back(desk: Page, work: Work) -> None:
    first = title(desk)
    desk.keyboard.press("4")
    desk.get_by_role("textbox", name="Why?").fill("shorter")
    desk.reload()
    expect(desk.get_by_role("textbox", name="Why?")).to_have_value("shorter", timeout=30_000)
    expect(desk.get_by_role("radio", name="B better")).to_be_checked()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    desk.keyboard.press("u")
    expect(desk.locator(".task-title")).to_have_text(first)
    expect(desk.get_by_role("radio", name="B better")).to_be_checked()
    expect(desk.get_by_role("textbox", name="Why?")).to_have_value("shorter")
    assert work.said() == []


def test_differing_words_are_marked_until_told_otherwise(site: Server, page: Page) -> None:
    pair = Pair("alike", "test", "Say hello.", "Hello, dear friend.", "Hello, dear madam.")
    open_desk(page, queue_pairs(site.data_dir, "alike", [pair]).address(site.url))
    expect(page.locator(".side-text del")).to_have_count(1)
    expect(page.locator(".side-text ins")).to_have_count(1)
    page.keyboard.press("d")
    expect(page.locator(".side-text ins")).to_have_count(0)


def test_two_runs_stand_side_by_side_folded_to_where_they_part(site: Server, page: Page) -> None:
    shared = ("Cancel it.", "Which one?", "The blue one.")
    runs = [talk("one", *shared, "It is cancelled."), talk("two", *shared, "It cannot be cancelled.")]
    pair = Pair("runs", "test", "Cancel it.", trace_a="one", trace_b="two")
    open_desk(page, queue_pairs(site.data_dir, "runs", [pair], runs).address(site.url))
    expect(page.get_by_text("The first 3 steps are the same on both sides.")).to_be_visible()
    expect(page.get_by_text("The blue one.")).to_have_count(0)
    expect(page.get_by_text("It cannot be cancelled.")).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    expect(page.get_by_text("The blue one.")).to_have_count(2)
    page.keyboard.press("b")
    page.keyboard.press("k")
    current = page.get_by_role("region", name="Answer B").locator("article[aria-current]")
    expect(current).to_contain_text("The blue one.")


def test_markup_in_an_answer_is_text(site: Server, page: Page) -> None:
    pair = Pair("hostile", "test", HOSTILE, HOSTILE, f"{HOSTILE}!")
    open_desk(page, queue_pairs(site.data_dir, "hostile", [pair]).address(site.url))
    expect(page.locator(".side-text").first).to_contain_text("<script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0


def test_an_item_of_the_other_desk_is_said(desk: Page, site: Server) -> None:
    open_desk(desk, queue_runs(site.data_dir, "a run", [talk("run", "Hello.", "Yes.")]).address(site.url))
    run = item_on(desk)
    open_desk(desk, f"{site.url}/compare?item={run}")
    expect(desk.locator(".notice")).to_contain_text("open it on the Review page")


REASONS = LabelSchema(
    "why",
    1,
    "Why",
    (
        Question(
            "reasons",
            "multi_choice",
            "Why",
            (Option("right", "Right", key="r"), Option("harm", "Does harm"), Option("taken", "Skipped", key="s")),
            required=True,
        ),
        Question("how_bad", "choice", "How bad?", (Option("mild", "Mild"),), shown_if=ShownIf("reasons", ("harm",))),
    ),
)


@pytest.fixture
def asked(site: Server, page: Page, request: pytest.FixtureRequest) -> tuple[Page, Work]:
    """A desk whose queue asks for reasons."""
    name = request.node.name
    work = queue_pairs(site.data_dir, name, [texts(f"{name}-{i}", f"Say hello {i}.") for i in range(6)], schema=REASONS)
    open_desk(page, work.address(site.url))
    return page, work


def given(work: Work) -> list[dict[str, object]]:
    with session(work.folder) as opened:
        return [row.answers for row in opened.query(PreferenceRow).filter(PreferenceRow.pair_id.in_(work.ids))]


def test_reasons_are_chips_with_keys_of_their_own(asked: tuple[Page, Work]) -> None:
    desk, work = asked
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert").filter(has_text="needs an answer")).to_be_visible()
    chips = desk.get_by_role("group", name="Why", exact=True)
    expect(chips.locator("kbd")).to_have_text(["R", "6", "7"])  # S skips: it is nobody's reason
    expect(desk.get_by_role("group", name="How bad?")).to_be_hidden()
    desk.keyboard.press("r")
    desk.keyboard.press("6")
    desk.keyboard.press("8")
    expect(desk.get_by_role("radio", name="Mild")).to_be_checked()
    expect_saved(desk)
    desk.reload()
    expect(desk.get_by_role("checkbox", name="Does harm")).to_be_checked(timeout=30_000)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 6")
    assert given(work) == [{"reasons": ["right", "harm"], "how_bad": "mild"}]
    desk.keyboard.press("u")
    expect(desk.get_by_role("checkbox", name="Right")).to_be_checked()


def test_a_letter_in_the_text_is_no_reason(asked: tuple[Page, Work]) -> None:
    desk, _ = asked
    desk.keyboard.press("w")
    desk.keyboard.type("rare 6")
    expect(desk.get_by_role("textbox", name="Why?")).to_have_value("rare 6")
    expect(desk.get_by_role("checkbox", name="Right")).not_to_be_checked()


def test_two_steps_stand_as_texts_below_what_came_before(site: Server, page: Page) -> None:
    shared = ("Cancel it.", "Which one?", "The blue one.")
    runs = [talk("s-one", *shared, "It is cancelled."), talk("s-two", *shared, "It cannot be cancelled.")]
    before = "user: Cancel it.\n\nassistant: Which one?\n\nuser: The blue one."
    pair = Pair(
        "steps",
        "steps",
        before,
        "It is cancelled.",
        "It cannot be cancelled.",
        "s-one",
        "s-two",
        step_a="3",
        step_b="3",
    )
    open_desk(page, queue_pairs(site.data_dir, "steps", [pair], runs).address(site.url))
    context = page.get_by_role("region", name="What came before")
    expect(context).to_contain_text("Which one?")
    expect(page.locator(".side-text")).to_have_count(2)
    page.keyboard.press("Shift+B")
    expect(context).to_be_hidden()
