"""The trace reader, as people use it: links, keys, the minimap, long steps, hostile content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.long_runs import LONG, MEGABYTES, opener, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    yield from serving(tmp_path_factory.mktemp("traces"))


@pytest.fixture
def go(page: Page, site: tuple[str, dict[str, int]]) -> Callable[..., Page]:
    return opener(page, *site)


def current(page: Page) -> str:
    """The number of the step under the cursor."""
    return page.locator("article[aria-current] .number").inner_text()


def test_a_link_to_a_step_opens_there(go: Callable[..., Page]) -> None:
    page = go("long", step=901)
    expect(page.locator("article[aria-current] .number")).to_have_text("901")
    expect(page.locator("article[aria-current]")).to_contain_text("Question 900.")
    expect(page.locator("article[aria-current]")).to_be_in_viewport()


@pytest.mark.parametrize("wrong", ["0", "5", "x", "9" * 30])
def test_a_wrong_step_shows_the_run_with_a_message(go: Callable[..., Page], wrong: str) -> None:
    page = go("r1", step=wrong)
    expect(page.get_by_text(re.compile(r"This run has no step .*: its steps are 1 to 4"))).to_be_visible()
    assert current(page) == "1"


def test_only_what_is_near_the_window_is_drawn(go: Callable[..., Page]) -> None:
    page = go("long")
    page.locator("article").first.click()
    page.keyboard.press("End")
    expect(page.locator("article[aria-current]")).to_contain_text(f"Answer {LONG - 1}.")
    assert page.locator("article").count() < 60


SETTLED = """() => {
  const top = window.watched.getBoundingClientRect().top
  const same = top === window.before
  window.before = top
  return same
}"""
"""Whether the row that is watched stands where it stood a moment ago: under load a wheel's turn takes longer."""


def test_nothing_jumps_while_one_scrolls_up_through_what_was_never_measured(go: Callable[..., Page]) -> None:
    page = go("long", step=901)
    page.locator(".reader-scroll").hover()
    for _ in range(12):
        watched = page.evaluate(
            """() => {
              const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
              const root = roots.find((one) => one?.querySelector(".reader"))
              const box = root.querySelector(".reader-scroll").getBoundingClientRect()
              const rows = [...root.querySelectorAll("[data-row]")]
              const row = rows.find((one) => one.getBoundingClientRect().top > box.top)
              window.watched = row
              return row.getBoundingClientRect().top
            }"""
        )
        page.mouse.wheel(0, -150)
        page.wait_for_timeout(120)
        page.wait_for_function(SETTLED, polling=100)
        assert page.evaluate("window.watched.getBoundingClientRect().top") == pytest.approx(watched + 150, abs=3)


def test_keys_go_from_step_to_step_to_errors_labels_and_numbers(go: Callable[..., Page]) -> None:
    page = go("long")
    for key, number in [("j", "2"), ("j", "3"), ("k", "2"), ("e", "51"), ("e", "151"), ("Shift+E", "51"), ("l", "701")]:
        page.keyboard.press(key)
        expect(page.locator("article[aria-current] .number")).to_have_text(number)
    expect(page.locator("article[aria-current]")).to_contain_text("It looked in the wrong place.")
    page.keyboard.press("l")
    expect(page.get_by_text("This is the only step with a label.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.type("1234e")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no step 1234e: the run has 1500.")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.locator("article[aria-current] .number")).to_have_text("1234")
    expect(page.locator("article[aria-current]")).to_be_focused()
    for key, number in [("ArrowDown", "1235"), ("Home", "1"), ("ArrowUp", "1"), ("End", "1500"), ("Control+e", "1500")]:
        page.keyboard.press(key)
        expect(page.locator("article[aria-current] .number")).to_have_text(number)


def test_the_minimap_is_clicked_and_driven_by_keys(go: Callable[..., Page]) -> None:
    page = go("long")
    strip = page.get_by_role("slider", name="Position in the run")
    box = strip.bounding_box()
    assert box is not None
    strip.click(position={"x": box["width"] / 2, "y": 10})
    expect(page.locator("article[aria-current] .number")).to_have_text(re.compile(r"^75\d$"))
    strip.focus()
    page.keyboard.press("End")
    expect(strip).to_have_attribute("aria-valuenow", "1500")
    page.keyboard.press("ArrowLeft")
    expect(strip).to_have_attribute("aria-valuetext", re.compile("^step 1499 of 1500, tool look"))


def test_what_is_unfolded_stays_unfolded_when_one_comes_back(go: Callable[..., Page]) -> None:
    page = go("long", step=4)
    expect(page.locator("article[aria-current] .number")).to_have_text("4")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Be kind.")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_text("Be kind.")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Be kind.")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_text("Be kind.")).to_be_hidden()


def test_a_step_of_five_megabytes_is_shown_in_full_on_request(go: Callable[..., Page]) -> None:
    page = go("heavy", step=3)
    row = page.locator("article[aria-current]")
    expect(row).to_contain_text("line 000001 of a log")
    assert "line 000200" not in row.inner_text()
    page.get_by_role("button", name="Show all 5.0 MB").click()
    # By short strings only: reading five megabytes at each look is slower than showing them.
    expect(row.locator(".long-foot [role=status]")).to_have_text("all 5.0 MB", timeout=60_000)
    texts = "(box) => [...box.children].map((chunk) => chunk.textContent)"
    ends = row.locator(".long.open").evaluate(f"(box) => ({texts})(box).map((text) => [text.length, text.slice(-60)])")
    assert sum(length + 1 for length, _ in ends) == len(MEGABYTES)
    assert ends[-1][1].endswith("line 094339 of a log that goes on and on for a while")
    page.keyboard.press("j")
    expect(page.locator("article[aria-current]")).to_contain_text("That is a long log.")


def test_a_long_result_that_is_structured_opens_as_a_tree(go: Callable[..., Page]) -> None:
    page = go("heavy", step=5)
    row = page.locator("article[aria-current]")
    expect(row.locator(".tree")).to_have_count(0)
    row.get_by_role("button", name=re.compile("^Show all")).click()
    expect(row.locator(".long.open > .tree > .pair")).to_have_count(60)
    row.get_by_role("button", name="show 60 of 140 more").click()
    expect(row.locator(".long.open > .tree > .pair")).to_have_count(120)
    row.locator(".branch").nth(100).click()
    expect(row.locator(".long.open > .tree > .pair").nth(100)).to_contain_text("<script>window.pwned=1</script>")
    assert page.evaluate("window.pwned") is None


def test_content_is_text_and_nothing_else(go: Callable[..., Page]) -> None:
    page = go("heavy")
    expect(page.locator("article").first).to_contain_text("<script>window.pwned=1</script>")
    expect(page.locator("article").first).to_contain_text("> red ![i](http://x.example/i)")
    page.keyboard.press("j")
    expect(page.locator("article").nth(1)).to_contain_text("<b>tool</b>")
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("article script, article img, article b").count() == 0


def test_nested_steps_fold_under_the_one_that_holds_them(go: Callable[..., Page]) -> None:
    page = go("nested")
    expect(page.locator("article")).to_have_count(5)
    page.locator("article").nth(1).click()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("article")).to_have_count(4)
    expect(page.locator("article").nth(1)).to_contain_text("1 step inside")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("article")).to_have_count(1)
    page.keyboard.press("g")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("article[aria-current]")).to_contain_text("Thought 0")


def test_a_run_without_steps_says_so(go: Callable[..., Page]) -> None:
    expect(go("empty").get_by_text("This run has no steps")).to_be_visible()


def test_a_page_of_steps_that_does_not_come_is_asked_for_again(go: Callable[..., Page]) -> None:
    page = go("long")
    page.route(re.compile(r"/api/traces/\d+/steps\?"), lambda route: route.abort())
    page.keyboard.press("e")
    expect(page.get_by_text("This step could not be loaded").first).to_be_visible()
    page.unroute_all()
    page.locator("article[aria-current]").get_by_role("button", name="Retry").click()
    expect(page.locator("article[aria-current]")).to_contain_text("no answer within 30 s")


def test_a_slow_answer_neither_moves_nor_empties_the_page(go: Callable[..., Page]) -> None:
    page = go("long")

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route(re.compile(r"/api/traces/\d+/steps\?"), late)
    page.keyboard.press("e")
    expect(page.locator("article[aria-current] .number")).to_have_text("51")
    expect(page.locator("article[aria-current]")).to_contain_text("no answer within 30 s")
    expect(page.locator("article[aria-current]")).to_be_focused()
    page.unroute_all(behavior="wait")  # an answer that is still held back would come to a closed page
