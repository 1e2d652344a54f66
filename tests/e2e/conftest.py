"""What a browser test may ask for: a running server, a page, and the certainty that nothing left the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.chromium import launch
from tests.e2e.server import Server, start

_HERE = Path(__file__).parent
_DESK = {"width": 1440, "height": 900}
_INSIDE = {"data", "blob", "about"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test below this folder is marked e2e."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of one file; a test opens pages in it.

    Not one for the run: while Playwright is open its event loop counts as running, and `asyncio.run` fails in the
    tests that come after.
    """
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers: `server()` serves an empty folder, `server("demo")` the seeded world; stopped after the test.

    `data_dir=` names a folder (to start again on the same one), `port=` a port, other keywords are settings.
    """
    started: list[Server] = []

    def begin(command: str = "serve", data_dir: Path | None = None, **settings: str) -> Server:
        number = len(started)
        folder = data_dir or tmp_path / f"data{number}"
        started.append(start(command, folder, tmp_path / f"server{number}.log", **settings))
        return started[-1]

    yield begin
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The seeded world, served once for the tests of one file."""
    folder = tmp_path_factory.mktemp("demo")
    running = start("demo", folder / "data", folder / "server.log")
    yield running
    running.stop()


@pytest.fixture
def console_errors() -> list[str]:
    """What the pages of this test wrote to the console as errors, uncaught exceptions among them; fills as it runs."""
    return []


@pytest.fixture
def open_page(browser: Browser, console_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens pages, each a browser of its own (cookies, storage); keywords are those of Browser.new_context.

    The test fails when one of them asked another machine for anything.
    """
    contexts = []
    left: list[str] = []

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _INSIDE and parts.hostname != "127.0.0.1":
            left.append(url)

    def begin(**options: object) -> Page:
        context = browser.new_context(**{"viewport": _DESK, **options})
        contexts.append(context)
        context.on("request", lambda request: note(request.url))
        context.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: console_errors.append(str(error.error)))
        page = context.new_page()
        page.on("websocket", lambda socket: note(socket.url))
        return page

    yield begin
    for context in contexts:
        context.close()
    if left:
        pytest.fail("left this machine: " + ", ".join(sorted(set(left))), pytrace=False)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """One page at 1440 × 900."""
    return open_page()
