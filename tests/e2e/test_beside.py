"""From a task that a version broke to both runs beside each other, folded to where they part."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.server import Server


def test_two_runs_stand_beside_each_other(demo: Server, page: Page, console_errors: list[str]) -> None:
    page.goto(f"{demo.url}/traces?trace=1&beside=2")
    expect(page.locator(".sides-page .side")).to_have_count(2)
    for side in page.locator(".sides-page .side").all():
        expect(side.get_by_role("feed", name="Steps").locator("> *").first).to_be_visible()
    expect(page.locator(".sides-page .parted")).to_contain_text("step")
    assert [error for error in console_errors if "404" not in error] == []


def test_a_run_beside_itself_is_folded_to_its_last_step_and_unfolds(demo: Server, page: Page) -> None:
    page.goto(f"{demo.url}/traces?trace=1&beside=1")
    parted = page.locator(".sides-page .parted")
    expect(parted).to_contain_text("are the same on both sides")
    expect(page.locator(".sides-page .side").first.locator("article:visible")).to_have_count(1)
    parted.get_by_role("button", name="Show them").click()
    expect(parted.get_by_role("button", name="Fold again")).to_be_visible()
    expect(page.locator(".sides-page .side").first.locator("article").nth(1)).to_be_visible()
