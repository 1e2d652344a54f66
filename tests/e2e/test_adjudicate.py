"""Adjudication by keyboard in a real browser: read, adopt, take back, go on; and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.store.engine import open_store
from core.store.resolutions import Resolved, current_resolutions
from tests.core.review.team import Team, make_team, outcome
from tests.e2e.desks import HOSTILE, session
from tests.e2e.server import Server


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Ada and ben differ on both runs and on the pair; what they wrote would run, were it not text."""
    folder = tmp_path / "data0"
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    made = make_team(store)
    fix = {"corrections": [{"step_id": "3", "corrected": f"I cannot tell. {HOSTILE}"}]}
    for number in (0, 1):
        made.answer("ada", number, outcome("failed", why=HOSTILE) | fix)
        made.answer("ben", number, outcome("solved"))
    for name, choice in (("ada", "equal"), ("ben", "both_bad")):
        made.answer(name, 0, {"choice": choice, "reason": HOSTILE}, made.pairs)
    store.close()
    return made


def decided(folder: Path) -> list[Resolved]:
    with session(folder) as opened:
        return current_resolutions(opened)


def lead_opens(page: Page, server: Server, team: Team, path: str) -> None:
    page.goto(f"{server.url}/who/{team.lead.id}?next=/{path}")


def test_a_lead_goes_through_disagreements_by_keyboard(
    server: Callable[..., Server], page: Page, team: Team, console_errors: list[str]
) -> None:
    running = server()
    lead_opens(page, running, team, "adjudicate")
    rows = page.locator("table.runs tbody tr")
    expect(rows).to_have_count(3, timeout=30_000)
    rows.filter(has_text="Did it solve the task?").first.click()
    adopt = page.get_by_role("button", name=re.compile("^Adopt"))
    expect(adopt).to_have_count(2)
    expect(page.get_by_text("It should have said").first).to_be_visible()
    why = page.get_by_label("Why? (optional; it stands with the decision)")
    why.click()
    page.keyboard.type("Ben looked 2 minutes longer; n, p and 1 are letters here.")
    page.keyboard.press("Tab")
    stood = adopt.last.bounding_box()
    page.keyboard.press("2")
    expect(page.get_by_text("Resolved by")).to_be_visible(timeout=20_000)
    assert adopt.last.bounding_box() == stood
    (made,) = decided(running.data_dir)
    assert (made.answer, made.reason) == ("solved", "Ben looked 2 minutes longer; n, p and 1 are letters here.")
    page.keyboard.press("u")
    expect(page.get_by_text("Resolved by")).to_have_count(0)
    assert decided(running.data_dir) == []
    here = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != here)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(adopt).to_have_count(2)
    page.keyboard.press("1")
    expect(page.get_by_text("Resolved by")).to_be_visible(timeout=20_000)
    assert len(decided(running.data_dir)) == 1
    assert page.evaluate("window.pwned") is None
    assert [text for text in console_errors if "404" not in text] == []


def test_a_pair_stands_side_by_side_and_a_reload_shows_what_was_decided(
    server: Callable[..., Server], page: Page, team: Team
) -> None:
    running = server()
    lead_opens(page, running, team, "adjudicate?adjudicate_queue=Pairs")
    page.locator("table.runs tbody tr").first.click(timeout=30_000)
    for name in ("Answer A", "Answer B"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Adopt")).first.click()
    expect(page.get_by_text("Resolved by")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Resolved by")).to_be_visible(timeout=30_000)
    assert [one.question for one in decided(running.data_dir)] == ["preference"]
    assert page.evaluate("window.pwned") is None


def test_a_reviewer_is_told_that_leads_decide(server: Callable[..., Server], page: Page, team: Team) -> None:
    running = server()
    who = team.people["cem"]
    page.goto(f"{running.url}/who/{who.id}?next=/adjudicate")
    expect(page.get_by_text("Leads decide here")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name=re.compile("^Adopt"))).to_have_count(0)
