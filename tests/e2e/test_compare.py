"""The compare desk: sides without names, six answers by key, and what is shared with the review desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.records import Choice, Pair
from tests.e2e.desks import HOSTILE, expect_saved, fill, open_desk, preferred, talk, title
from tests.e2e.server import Server


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    fill(folder, [])
    return folder


@pytest.fixture
def desk(world: Path, server: Callable[..., Server], page: Page) -> Page:
    open_desk(page, server("serve", world).url, "compare")
    return page


def test_a_pair_is_decided_with_the_keyboard_only(desk: Page, world: Path) -> None:
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
    (said,) = preferred(world)
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
    answers: list[str] = []
    desk.on("response", lambda response: answers.append(response.text()) if "/api/items/" in response.url else None)
    desk.reload()
    expect(desk.get_by_role("button", name="Submit")).to_be_visible(timeout=30_000)
    assert answers
    for name in ("polite", "rude"):
        assert name not in desk.locator(".desk").inner_text()
        assert all(name not in answer for answer in answers)


def test_a_draft_comes_back_and_undo_gives_the_choice_back(desk: Page, world: Path) -> None:
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
    assert preferred(world) == []


def test_differing_words_are_marked_until_told_otherwise(
    tmp_path: Path, server: Callable[..., Server], page: Page
) -> None:
    folder = tmp_path / "alike"
    fill(folder, [], [Pair("p", "test", "Say hello.", "Hello, dear friend.", "Hello, dear madam.")])
    open_desk(page, server("serve", folder).url, "compare")
    expect(page.locator(".side-text del")).to_have_count(1)
    expect(page.locator(".side-text ins")).to_have_count(1)
    page.keyboard.press("d")
    expect(page.locator(".side-text ins")).to_have_count(0)


def test_two_runs_stand_side_by_side_folded_to_where_they_part(
    tmp_path: Path, server: Callable[..., Server], page: Page
) -> None:
    folder = tmp_path / "runs"
    shared = ("Cancel it.", "Which one?", "The blue one.")
    runs = [talk("one", *shared, "It is cancelled."), talk("two", *shared, "It cannot be cancelled.")]
    fill(folder, runs, [Pair("p", "test", "Cancel it.", trace_a="one", trace_b="two")])
    open_desk(page, server("serve", folder).url, "compare")
    expect(page.get_by_text("The first 3 steps are the same on both sides.")).to_be_visible()
    expect(page.get_by_text("The blue one.")).to_have_count(0)
    expect(page.get_by_text("It cannot be cancelled.")).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    expect(page.get_by_text("The blue one.")).to_have_count(2)
    page.keyboard.press("b")
    page.keyboard.press("k")
    expect(page.get_by_role("region", name="Answer B").locator("article[aria-current]")).to_contain_text(
        "The blue one."
    )


def test_markup_in_an_answer_is_text(tmp_path: Path, server: Callable[..., Server], page: Page) -> None:
    folder = tmp_path / "hostile"
    fill(folder, [], [Pair("p", "test", HOSTILE, HOSTILE, f"{HOSTILE}!")])
    open_desk(page, server("serve", folder).url, "compare")
    expect(page.locator(".side-text").first).to_contain_text("<script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0


def test_an_item_of_the_other_desk_is_said(tmp_path: Path, server: Callable[..., Server], page: Page) -> None:
    folder = tmp_path / "both"
    fill(folder)
    url = server("serve", folder).url
    open_desk(page, url)
    run = page.url.rsplit("item=", 1)[1]
    open_desk(page, url, f"compare?item={run}")
    expect(page.locator(".notice")).to_contain_text("open it on the Review page")
