"""Comments as people meet them: a key, a count on the row, a panel; nothing typed is lost, nothing told too early."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.records import Role
from core.store.comments import Place, add_comment, comments_on
from core.store.people import add_person, person_id
from tests.e2e.desks import HOSTILE, OUTCOME, Work, open_desk, queue_pairs, queue_runs, session, talk
from tests.e2e.server import Server
from tests.worlds import texts

KEPT = "Object.entries(localStorage).filter(([key]) => key.startsWith('loopwright.comment/')).map(([, text]) => text)"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Two runs to review, of each a lead has said something."""
    made = queue_runs(
        tmp_path / "data0", "runs", [talk(f"t{n}", "Cancel it.", "Done.", "Really?", "Yes.") for n in range(2)]
    )
    with session(made.folder) as opened:
        me = person_id(opened, "me", Role.LEAD, active=True)
        for trace in made.ids:
            add_comment(opened, Place(trace=trace), "1", me, f"A lead says: it lied. {HOSTILE}")
    return made


@pytest.fixture
def served(work: Work, server: Callable[..., Server]) -> Server:
    return server(data_dir=work.folder)


def as_ada(page: Page, work: Work, url: str) -> None:
    with session(work.folder) as opened:
        ada = add_person(opened, "ada", Role.ANNOTATOR)
    page.goto(f"{url}/who/{ada}?next=/")


def stored(work: Work, trace: int) -> list[tuple[str, str, bool]]:
    with session(work.folder) as opened:
        return [(one.step, one.text, bool(one.resolved_by)) for one in comments_on(opened, Place(trace=trace))]


def test_on_the_run_view_a_comment_is_read_answered_and_settled(
    page: Page, work: Work, served: Server, console_errors: list[str]
) -> None:
    page.goto(f"{served.url}/traces?trace={work.ids[0]}&step=2")
    count = page.get_by_role("button", name="1 comment")
    expect(count).to_be_visible(timeout=30_000)
    expect(page.locator("article[aria-current]")).to_contain_text("Done.")
    page.keyboard.press("Shift+C")
    panel = page.get_by_role("dialog", name="Comments on step 2")
    expect(panel).to_contain_text(f"A lead says: it lied. {HOSTILE}")
    panel.get_by_role("button", name="Reply").click()
    page.keyboard.type("He did not.")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".comment-reply")).to_contain_text("He did not.")
    panel.get_by_role("button", name="Settled").click()
    expect(panel.get_by_text(re.compile("^Settled by me"))).to_be_visible()
    panel.get_by_label("Your comment").fill("jk and C are letters here, not keys.")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".comment-thread")).to_have_count(2)
    panel.get_by_role("button", name="The whole run: no comments").click()
    whole = page.get_by_role("dialog", name="Comments on the whole run")
    whole.get_by_label("Your comment").fill("A short one.")
    whole.get_by_role("button", name="Send").click()
    expect(whole.locator(".comment-text")).to_have_text("A short one.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="2 comments, 1 open")).to_be_visible()
    expect(page.locator(".run-comments")).to_have_text("1 comment")
    assert [(step, text, settled) for step, text, settled in stored(work, work.ids[0])][1:] == [
        ("1", "He did not.", False),
        ("1", "jk and C are letters here, not keys.", False),
        ("", "A short one.", False),
    ]
    assert page.evaluate(KEPT) == []
    assert page.evaluate("window.pwned") is None
    # Streamlit looks for itself below the page's own address first
    assert [error for error in console_errors if "404 (Not Found)" not in error] == []


def test_what_is_typed_outlives_a_lost_connection_and_a_closed_page(page: Page, work: Work, served: Server) -> None:
    address = f"{served.url}/traces?trace={work.ids[0]}&step=2"
    page.goto(address)
    expect(page.get_by_role("button", name="1 comment")).to_be_visible(timeout=30_000)
    page.keyboard.press("Shift+C")
    page.keyboard.type("In the middle of a sen")
    page.context.set_offline(True)
    page.keyboard.type("tence.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("The text is kept here")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="1 comment · not sent yet")).to_be_visible()
    assert page.evaluate(KEPT) == ["In the middle of a sentence."]
    page.context.set_offline(False)
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("button", name="1 comment · not sent yet")).to_be_visible(timeout=30_000)
    page.keyboard.press("Shift+C")
    field = page.get_by_label("Your comment")
    expect(field).to_have_value("In the middle of a sentence.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-thread")).to_have_count(2)
    expect(field).to_have_value("")
    assert page.evaluate(KEPT) == []
    assert [text for _, text, _ in stored(work, work.ids[0])][1:] == ["In the middle of a sentence."]


def test_an_answer_that_was_lost_on_the_way_is_sent_again_and_counts_once(
    page: Page, work: Work, served: Server
) -> None:
    page.goto(f"{served.url}/traces?trace={work.ids[0]}&step=2")
    expect(page.get_by_role("button", name="1 comment")).to_be_visible(timeout=30_000)
    lost: list[str] = []

    def lose(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            route.fetch()  # it is stored, and the answer never arrives
            route.abort()
        else:
            route.continue_()

    page.route("**/comments*", lose)
    page.keyboard.press("Shift+C")
    page.keyboard.type("Once.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("it counts once")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-thread")).to_have_count(2)
    assert [text for _, text, _ in stored(work, work.ids[0])][1:] == ["Once."]


def test_at_the_desk_others_are_not_heard_until_one_has_submitted(page: Page, work: Work, served: Server) -> None:
    as_ada(page, work, served.url)
    open_desk(page, work.address(served.url))
    expect(page.locator("article").first).to_be_visible()
    expect(page.get_by_role("button", name="Comment", exact=True).first).to_be_attached()
    item = page.url
    page.keyboard.press("j")
    page.keyboard.press("Shift+C")
    panel = page.get_by_role("dialog", name="Comments on step 2")
    expect(panel).to_contain_text("Nothing has been said here yet.")
    page.keyboard.type("What is asked? 1 2 3 s f")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".comment-text")).to_have_text("What is asked? 1 2 3 s f")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="1 comment")).to_be_visible()
    page.get_by_role("radiogroup", name=OUTCOME).get_by_role("radio").first.check()
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(item)
    expect(page.locator(".comment-count")).to_have_count(0)
    page.goto(item)
    expect(page.get_by_role("button", name="2 comments")).to_be_visible(timeout=30_000)


def test_a_pair_is_spoken_about(page: Page, tmp_path: Path, server: Callable[..., Server]) -> None:
    work = queue_pairs(tmp_path / "data0", "pairs", [texts("p0")])
    served = server(data_dir=work.folder)
    open_desk(page, work.address(served.url))
    page.keyboard.press("Shift+C")
    panel = page.get_by_role("dialog", name="Comments on this pair")
    page.keyboard.type("Both are rude.")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".comment-text")).to_have_text("Both are rude.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="1 comment")).to_be_visible()
