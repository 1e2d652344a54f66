"""Intake as people see it: it fills while they look, nothing jumps; the refused is tried again, a price entered."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.server import Server
from tests.otlp_world import request_of, trace_of

QUICK = {"LOOPWRIGHT_TRACE_SILENCE": "1", "LOOPWRIGHT_TRACE_GIVE_UP": "600"}


def send(server: Server, *traces: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(
        f"{server.url}/v1/traces",
        data=request_of(*traces).SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
    )
    urllib.request.urlopen(request).read()


def broken(number: int) -> list[dict[str, Any]]:
    return [span | {"trace_id": b"abcd"} for span in trace_of(number)]


def test_the_page_fills_while_one_looks_and_nothing_jumps(
    server: Callable[..., Server], page: Page, console_errors: list[str]
) -> None:
    running = server(**QUICK)
    page.goto(f"{running.url}/intake")
    expect(page.get_by_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={running.url}")).to_be_visible()
    send(running, trace_of(1), broken(2))
    expect(page.get_by_text("All 12 spans of the last hour are in runs. Nothing waits.")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("12 rejected in the last hour")).to_be_visible()

    reason = page.get_by_text("it has 4 bytes, not 16, in its trace id").first
    reason.click()
    again = page.get_by_role("button", name="Try all 12 again")
    expect(again).to_be_visible()
    again.scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)
    before = again.bounding_box()
    for number in range(10, 16):
        send(running, trace_of(number))
        page.wait_for_timeout(1_500)
    assert again.bounding_box() == before
    expect(page.get_by_text("All 84 spans of the last hour are in runs.")).to_be_attached(timeout=20_000)

    again.click()  # and the reason stays open, with the answer under the button
    expect(page.get_by_text("0 of 12 were taken. Still rejected:")).to_be_visible()
    expect(page.get_by_text("12 × it has 4 bytes, not 16, in its trace id").last).to_be_visible()
    assert [error for error in console_errors if "404" not in error] == []


def test_an_unpriced_call_leads_to_its_price_which_counts_from_then_on(
    server: Callable[..., Server], page: Page, console_errors: list[str]
) -> None:
    running = server(**QUICK)
    send(running, _of_own_model(1))
    page.goto(f"{running.url}/traces")
    expect(page.get_by_text("unpriced")).to_be_visible(timeout=20_000)
    page.locator("table.runs a").first.click()
    page.get_by_role("link", name="6 calls unpriced").click()
    expect(page.get_by_text("Calls of my-own-model have no price. Enter one under Prices.")).to_be_visible()
    page.get_by_label("Input, $ a million").fill("2")
    page.get_by_label("Output, $ a million").fill("4")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_text("The price of my-own-model is saved.")).to_be_visible()

    send(running, _of_own_model(2))
    page.goto(f"{running.url}/traces")
    expect(page.get_by_text(re.compile(r"^\$0\.016$"))).to_be_visible(timeout=20_000)
    assert [error for error in console_errors if "404" not in error] == []


def _of_own_model(number: int) -> list[dict[str, Any]]:
    """A run of six calls of a model that has no price, of 1,200 tokens read and 80 written each."""
    model = {"gen_ai.request.model": "my-own-model", "gen_ai.response.model": "my-own-model"}
    begin = time.time_ns()
    return [
        span
        | {"start": begin, "end": begin + 10**9}
        | {"attributes": span["attributes"] | (model if "gen_ai.request.model" in span["attributes"] else {})}
        for span in trace_of(number)
    ]
