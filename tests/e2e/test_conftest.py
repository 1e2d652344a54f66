"""The browser fixtures see what they promise to see."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def plain_site() -> Iterator[str]:
    """A page on this machine that is no Loopwright."""

    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}/"
    site.shutdown()


def test_console_errors_and_uncaught_exceptions_are_collected(
    page: Page, console_errors: list[str], plain_site: str
) -> None:
    page.goto(plain_site)
    page.evaluate("console.error('said'); setTimeout(() => { throw new Error('thrown') }, 0)")
    page.wait_for_timeout(200)
    assert "said" in console_errors
    assert any("thrown" in text for text in console_errors)


def test_two_pages_share_no_cookie(open_page: Callable[..., Page], plain_site: str) -> None:
    first, second = open_page(), open_page(color_scheme="dark")
    for page in (first, second):
        page.goto(plain_site)
    first.evaluate("document.cookie = 'who=me'")
    assert second.evaluate("document.cookie") == ""
    assert second.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_a_page_that_leaves_the_machine_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.e2e.conftest import browser, console_errors, open_page, page  # noqa")
    pytester.makepyfile(
        """
        def test_it(page):
            page.set_content("<img src='http://example.org/x.png'>")
            page.wait_for_timeout(200)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left this machine: http://example.org/x.png*"])
