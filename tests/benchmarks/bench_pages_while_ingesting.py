"""What a person waits for while 500 spans a second come in, beside the same with none: the desk, a run, the list.

Idle and loaded take turns on one server and one database of 10,000 runs, so that what else the machine does falls on
both. Each wait is taken in Chromium, from the key or the click to the frame that shows what was asked for.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Locator, Page, sync_playwright

from core.store.engine import open_store
from tests.benchmarks._stored import grow
from tests.benchmarks.bench_desk import _WATCH, submit
from tests.e2e.chromium import launch
from tests.e2e.server import Server, start
from tests.otlp_world import requests

RUNS, RATE, SPANS = 10_000, 500, 25
"""Runs stored; spans a second, and in a request: an agent's exporter sends what it has, not whole runs."""
TURNS, TIMES, WARM = 4, 25, 5
TARGET = 1.5
STATES = ("idle", "loaded")
ACTIONS = ("submit to the next item", "opening a run", "the list of runs")

_CLICKS = """
{
  const shadows = () => [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
  const found = (selector) => shadows().map((root) => root?.querySelector(selector)).find((one) => one)
  const tests = {
    run: () => !["", "…", undefined].includes(found("article.step .step-body")?.textContent),
    list: () => !found("article.step") && found("tbody tr"),
  }
  let began = 0
  addEventListener("pointerdown", () => { began = performance.now() }, { capture: true })
  window.waitFor = (what) => {
    began = 0
    window.waited = new Promise((resolve) => {
      const done = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)))
      const look = () => began && tests[what]() ? done() : requestAnimationFrame(look)
      look()
    })
  }
}
"""


def main() -> None:
    """Print p50 and p95 of each action, idle and loaded, and their ratio."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
        grow(store, RUNS)
        store.close()
        server = start("serve", folder, folder / "log")
        try:
            waits = measure(server, launch(playwright).new_page(viewport={"width": 1440, "height": 900}))
        finally:
            server.stop()
    print(f"load average {os.getloadavg()[0]:.1f}, {TURNS} turns each, {RATE} spans/s in requests of {SPANS}")
    for action in ACTIONS:
        idle, loaded = (np.percentile(waits[action, state], (50, 95)) for state in ("idle", "loaded"))
        print(
            f"{action:24} idle p50 {idle[0]:4.0f}, p95 {idle[1]:4.0f} ms   "
            f"loaded p50 {loaded[0]:4.0f}, p95 {loaded[1]:4.0f} ms   ratio of p95 {loaded[1] / idle[1]:.2f} "
            f"(target {TARGET}) over {len(waits[action, 'idle'])} each"
        )


def measure(server: Server, page: Page) -> dict[tuple[str, str], list[float]]:
    """Milliseconds by action and state."""
    page.set_default_timeout(60_000)
    page.request.get(f"{server.url}/who/1", max_redirects=0)  # the cookie that says who reviews
    page.add_init_script(_WATCH)
    page.add_init_script(_CLICKS)
    waits: dict[tuple[str, str], list[float]] = {(action, state): [] for action in ACTIONS for state in STATES}
    for turn in range(-1, TURNS):  # the first is for warming up
        for state in STATES:
            with sending(server.url, turn) if state == "loaded" else nullcontext():
                for action, wait in act(server.url, page, TIMES if turn >= 0 else WARM):
                    waits[action, state] += [wait] if turn >= 0 else []
    return waits


def act(url: str, page: Page, times: int) -> Iterator[tuple[str, float]]:
    """Submit some items; then go into a run and back to the list, again and again."""
    page.goto(f"{url}/review")
    page.get_by_role("button", name="Submit").wait_for()
    page.wait_for_timeout(1_000)
    for _ in range(times):
        yield ACTIONS[0], submit(page)
    page.goto(f"{url}/traces")
    for _ in range(times):
        yield ACTIONS[1], click(page, "run", page.locator("tbody tr").nth(3))
        yield ACTIONS[2], click(page, "list", page.get_by_role("button", name="All runs"))


def click(page: Page, what: str, place: Locator) -> float:
    """Look for a moment, click; milliseconds until what was asked for is shown."""
    place.wait_for()
    page.wait_for_timeout(300)
    page.evaluate(f"waitFor('{what}')")
    place.click()
    return float(page.evaluate("waited"))


@contextmanager
def sending(url: str, turn: int) -> Iterator[None]:
    """Spans come in within this block, from a process of their own."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    sender = context.Process(target=send, args=(url, (turn + 2) * 1_000_000, stop))
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()
        assert sender.exitcode == 0, "a request was refused, or the server could not keep up"


def send(url: str, first: int, stop: Event) -> None:
    """`RATE` spans a second until told to stop."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    begin = time.perf_counter()
    for n, body in enumerate(requests(first, 100_000, SPANS)):
        if stop.is_set():
            late = time.perf_counter() - begin - n * SPANS / RATE
            assert late < 2, f"{late:.1f} s behind"
            return
        time.sleep(max(0.0, begin + n * SPANS / RATE - time.perf_counter()))
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status


if __name__ == "__main__":
    main()
