"""Active time is what a person was at it: not a page behind another, nor one at which nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.server import Server

COUNT = "window.attention.seconds"
HIDE = "state => Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })"


@pytest.fixture
def seconds(page: Page, demo: Server) -> Callable[[], float]:
    """The module itself on a page of ours, with a clock that the test moves; what it has counted."""
    page.goto(f"{demo.url}/assets/dom.js")
    page.clock.install()
    page.evaluate(
        "async () => { window.attention = (await import('/assets/attention.js')).createAttention() }",
    )
    return lambda: float(page.evaluate(COUNT))


def pass_by(page: Page, count: int) -> None:
    page.clock.run_for(count * 1000)


def test_somebody_who_does_something_now_and_then_is_counted_all_along(page: Page, seconds: Any) -> None:
    for _ in range(6):
        page.keyboard.press("j")
        pass_by(page, 50)
    assert seconds() == pytest.approx(300, abs=2)


@pytest.mark.parametrize("sign", ["key", "pointer", "wheel", "touch", "dictated"])
def test_each_sign_of_a_person_counts_and_a_minute_without_any_ends_it(page: Page, seconds: Any, sign: str) -> None:
    pass_by(page, 600)
    assert seconds() == pytest.approx(60, abs=2), "ten minutes away count as the first of them"
    if sign == "key":
        page.keyboard.press("k")
    elif sign == "pointer":
        page.mouse.move(10, 10)
        page.mouse.move(20, 20)
    elif sign == "wheel":
        page.mouse.wheel(0, 10)
        page.wait_for_timeout(100)
    else:
        name = "PointerEvent('pointerdown'" if sign == "touch" else "InputEvent('input'"
        page.evaluate(f"document.body.dispatchEvent(new {name}, {{ bubbles: true }}))")
    before = seconds()
    pass_by(page, 600)
    assert seconds() - before == pytest.approx(60, abs=2)


def test_a_page_that_is_hidden_does_not_count(page: Page, seconds: Any) -> None:
    page.keyboard.press("j")
    pass_by(page, 10)
    page.evaluate(HIDE, "hidden")
    pass_by(page, 30)
    page.evaluate(HIDE, "visible")
    page.keyboard.press("j")
    pass_by(page, 10)
    assert seconds() == pytest.approx(20, abs=2)


def test_a_machine_that_slept_adds_nothing(page: Page, seconds: Any) -> None:
    page.keyboard.press("j")
    pass_by(page, 10)
    page.clock.fast_forward(8 * 3_600_000)
    pass_by(page, 5)
    assert seconds() <= 16
