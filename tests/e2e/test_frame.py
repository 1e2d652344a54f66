"""Every page opens by its address without one answer of an error."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.dashboard.test_frame import NAMES
from tests.e2e.server import Server


def test_no_page_asks_for_what_is_not_there(demo: Server, page: Page, console_errors: list[str]) -> None:
    wrong: list[str] = []
    page.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    for name in ["", *(one for one in NAMES if one != "home")]:
        page.goto(f"{demo.url}/{name}")
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        page.wait_for_timeout(500)
        assert (name, wrong, console_errors) == (name, [], [])
