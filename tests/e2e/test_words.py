"""Words that somebody marked are highlighted where they stand: at the desk, on Traces, folded, cut and loaded late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from core.records import Option, Question, Step, StepKind, Trace
from core.review.ready_made import RUN_REVIEW
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.trace_writing import insert_traces
from tests.e2e.desks import HOSTILE, Work, expect_saved, open_desk, session, talk
from tests.e2e.server import Server, start

WORDS = Question("words", "span", "Telling words", (Option("claim", "A claim"), Option("proof", "A proof")))
SCHEMA = replace(RUN_REVIEW, key="words_review", questions=(*RUN_REVIEW.questions, WORDS))
FILLED = "Nothing of note happens in this line.\n"
CUT = FILLED * 30 + "Here the refund is promised."
FAR = FILLED * 300 + "Here the parcel is lost."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("words")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


def told(uid: str) -> Trace:
    """Two that are short, a result that is cut, one of which only the beginning is sent."""
    told = talk(uid, f"Where is it? {HOSTILE}", "It was sent, and sent again.", "Why?", "", "And now?", FAR)
    steps = [*told.steps]
    steps[3] = Step("3", StepKind.TOOL, "read_policy", result=CUT)
    return replace(told, steps=tuple(steps))


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    name = request.node.name
    with session(site.data_dir) as opened:
        ids = tuple(insert_traces(opened, [told(name)]).traces.values())
        queue = make_queue(opened, name, "trace", save_schema(opened, SCHEMA))
        add_items(opened, get_queue(opened, queue), [NewItem(one) for one in ids])
    return Work(site.data_dir, name, "trace", ids)


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    open_desk(page, work.address(site.url))
    return page


def go(page: Page, number: int) -> Locator:
    """The step of this number, under the cursor."""
    page.keyboard.press("g")
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")
    row = page.locator("article[aria-current]")
    expect(row.locator(".number")).to_have_text(str(number))
    return row


def select(row: Locator, words: str, place: int = 0) -> None:
    """Select the words as a mouse would, the `place`th time that they stand there."""
    row.evaluate(
        """(row, [words, place]) => {
          const walker = document.createTreeWalker(row.querySelector(".step-body"), NodeFilter.SHOW_TEXT)
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            for (let at = node.data.indexOf(words); at >= 0; at = node.data.indexOf(words, at + 1)) {
              if (place-- > 0) continue
              return document.getSelection().setBaseAndExtent(node, at, node, at + words.length)
            }
          }
          throw new Error("not there")
        }""",
        [words, place],
    )


def mark(page: Page, row: Locator, words: str, category: str, place: int = 0) -> None:
    select(row, words, place)
    page.keyboard.press("Shift+W")
    page.keyboard.type(category)
    page.keyboard.press("Enter")


def test_marked_words_are_highlighted_where_they_were_selected_under_their_name(desk: Page, work: Work) -> None:
    row = go(desk, 2)
    mark(desk, row, "sent", "claim", place=1)
    shown = row.locator("mark.words")
    expect(shown).to_have_text("sent")
    expect(shown).to_have_attribute("title", "A claim")
    expect(shown).to_have_attribute("data-name", "A claim")
    assert shown.evaluate("node => node.nextSibling.data") == " again."
    mark(desk, row, "It was", "proof")  # before it: what is marked already does not move
    expect(shown).to_have_text(["It was", "sent"])
    expect_saved(desk)
    desk.reload()
    expect(desk.locator("mark.words")).to_have_text(["It was", "sent"], timeout=30_000)
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    assert [(one.quote, one.start) for one in work.said()[0].marks] == [("sent", 17), ("It was", 0)]


def test_a_mark_that_is_removed_leaves_the_text_as_it_was(desk: Page) -> None:
    row = go(desk, 1)
    mark(desk, row, "<script>window", "claim")
    expect(row.locator("mark.words")).to_have_text("<script>window")
    row.locator(".step-mark").get_by_role("button", name="Remove").click()
    expect(row.locator("mark.words")).to_have_count(0)
    expect(row.locator(".said")).to_have_text(f"Where is it? {HOSTILE}")
    assert desk.evaluate("window.pwned") is None
    assert desk.locator("img[src=x]").count() == 0


def test_words_in_a_cut_text_are_uncovered_by_the_way_to_them(desk: Page) -> None:
    row = go(desk, 4)
    row.get_by_role("button", name="show more").click()
    mark(desk, row, "refund", "claim")
    row.get_by_role("button", name="show less").click()
    expect(row.locator("mark.words")).not_to_be_in_viewport()
    go(desk, 1)
    desk.get_by_label("Your answers").get_by_title("Show these words").click()
    expect(row.locator("mark.words")).to_be_in_viewport()
    expect(row.locator("mark.words")).to_have_text("refund")


def test_words_that_are_not_loaded_are_told_and_loaded_by_the_way_to_them(desk: Page) -> None:
    row = go(desk, 6)
    row.get_by_role("button", name="Show all").click()
    expect(row.get_by_role("status").get_by_text("all ")).to_be_visible()
    mark(desk, row, "parcel", "claim")
    expect(row.locator("mark.words")).to_have_text("parcel")
    expect_saved(desk)
    desk.reload()
    expect(desk.get_by_role("button", name="Submit")).to_be_visible(timeout=30_000)
    row = go(desk, 6)
    more = row.locator("[data-more-words] .long-foot button")
    assert "marked words in it" in more.evaluate("node => getComputedStyle(node, '::after').content")
    desk.get_by_label("Your answers").get_by_title("Show these words").click()
    expect(row.locator("mark.words")).to_have_text("parcel")
    expect(row.locator("mark.words")).to_be_in_viewport()


def test_words_that_others_marked_are_highlighted_on_traces(desk: Page, work: Work, site: Server) -> None:
    mark(desk, go(desk, 2), "sent again", "claim")
    row = go(desk, 4)
    row.get_by_role("button", name="show more").click()
    mark(desk, row, "refund", "proof")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    desk.goto(f"{site.url}/traces?trace={work.ids[0]}&step=4")
    shown = desk.locator("mark.words")
    expect(shown).to_have_text(["sent again", "refund"], timeout=30_000)
    expect(shown.last).to_have_attribute("title", "A proof, me")
    expect(desk.get_by_role("button", name="show less")).to_be_visible()  # nobody had to open it
