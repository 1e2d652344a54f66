"""Every page opens by its address, and asks for nothing that is not there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response

from tests.e2e.server import Server

PAGES = sorted(page.stem for page in (Path(__file__).resolve().parents[2] / "pages").glob("*.py"))


def guessed(answer: Response) -> bool:
    """Streamlit's client looks for its server below the page's own address first."""
    return urlsplit(answer.url).path.endswith(("/_stcore/health", "/_stcore/host-config"))


def test_no_page_asks_for_what_is_not_there(demo: Server, page: Page, console_errors: list[str]) -> None:
    wrong: list[str] = []
    page.on("response", lambda one: wrong.append(one.url) if one.status >= 400 and not guessed(one) else None)
    for name in ["", *(one for one in PAGES if one != "home")]:
        page.goto(f"{demo.url}/{name}")
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        page.wait_for_timeout(500)
        assert (name, wrong, [error for error in console_errors if "404" not in error]) == (name, [], [])
