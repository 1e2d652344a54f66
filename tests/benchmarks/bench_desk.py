"""From the submit key to the first step of the next item on the screen, in Chromium, with 10,000 and 100,000 runs.

Two floors of the same page and run: a round trip to /healthz, which is what any answer of this server takes, and a key
press that changes a line of an empty page until it is painted. Then, with 100,000 runs, the same while nine others
review through the same process.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from core.records import Role
from core.store.engine import open_store
from core.store.people import person_id
from dashboard.identity import cookie_for
from tests.benchmarks._colleagues import colleagues
from tests.benchmarks._memory import resident
from tests.benchmarks._stored import grow
from tests.e2e.chromium import launch
from tests.e2e.server import start

SIZES = (10_000, 100_000)
SUBMITS, WARM = 60, 5
TARGET_MS, TARGET_RATIO = 350, 1.3
TOGETHER, TARGET_TOGETHER_MS = 10, 600

# A moment is taken when the frame in which its test was true has been shown.
_WATCH = """
{
  const shadows = () => [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
  const desk = () => shadows().find((root) => root?.querySelector(".task-title"))
  const first = () => desk()?.querySelector("[data-row] .step-body")
  const painted = (test) => new Promise((resolve) => {
    const done = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    const look = () => test() ? done() : requestAnimationFrame(look)
    look()
  })
  let began = 0
  const note = (event) => { if (event.key === "Enter" && event.ctrlKey) began = performance.now() }
  addEventListener("keydown", note, { capture: true })
  window.nextItem = () => {
    const [was, at] = [first(), location.search]
    const drawn = () => first() && first() !== was && !["", "…"].includes(first().textContent)
    window.measured = painted(() => location.search !== at && drawn()).then((end) => end - began)
  }
  window.roundTrip = async () => {
    const start = performance.now()
    await (await fetch("healthz", { cache: "no-store" })).json()
    return performance.now() - start
  }
}
"""
_KEY = """
() => {
  document.body.innerHTML = "<p>0</p>"
  const press = () => {
    const start = performance.now()
    document.querySelector("p").textContent += "x"
    window.measured = new Promise((resolve) => {
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
    })
  }
  addEventListener("keydown", press, { capture: true })
}
"""


def main() -> None:
    """Print p50 and p95 at both sizes beside the floors, and whether the targets are met."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = launch(playwright)
        folder = Path(name)
        p95 = []
        for size in SIZES:
            store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
            begin = time.perf_counter()
            grow(store, size)
            store.close()
            print(f"{size:,} runs stored ({time.perf_counter() - begin:.0f} s to make them)", flush=True)
            p95.append(measure(browser, folder, size))
        together = measure_together(browser, folder)
        browser.close()
    print(
        f"p95 at {SIZES[-1]:,}: {p95[-1]:.0f} ms (target {TARGET_MS}), "
        f"{p95[-1] / p95[0]:.2f} times that at {SIZES[0]:,} (target {TARGET_RATIO}); "
        f"{together:.0f} ms with {TOGETHER} people at once (target {TARGET_TOGETHER_MS})"
    )


def measure(browser: Browser, folder: Path, size: int) -> float:
    server = start("serve", folder, folder / f"server{size}.log")
    try:
        before = resident(server.process.pid)
        page = open_desk(browser, server.url)
        took = [submit(page) for _ in range(WARM + SUBMITS)][WARM:]
        trips = [page.evaluate("roundTrip()") for _ in range(WARM + SUBMITS)][WARM:]
        page.close()
        keys = key_presses(browser)
        after = resident(server.process.pid)
    finally:
        server.stop()
    told = [np.percentile(values, (50, 95)) for values in (took, trips, keys)]
    print(
        f"  submit to next item: p50 {told[0][0]:.0f} ms, p95 {told[0][1]:.0f} ms over {len(took)}   "
        f"floors: round trip p50 {told[1][0]:.0f}, p95 {told[1][1]:.0f} ms; "
        f"key press p50 {told[2][0]:.0f}, p95 {told[2][1]:.0f} ms   ratio of p50 to both floors "
        f"{told[0][0] / (told[1][0] + told[2][0]):.1f}\n"
        f"  memory of the server: {before:.0f} MB at its start, {after:.0f} MB after {len(took)} submissions",
        flush=True,
    )
    return float(told[0][1])


def measure_together(browser: Browser, folder: Path) -> float:
    """The same, while others work at the same server."""
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        people = [person_id(session, f"colleague {n}", Role.ANNOTATOR, active=True) for n in range(1, TOGETHER)]
    store.close()
    os.environ["LOOPWRIGHT_DATA_DIR"] = str(folder)  # where the key is that signs cookies
    server = start("serve", folder, folder / "together.log")
    try:
        page = open_desk(browser, server.url)
        with colleagues(server.url, [cookie_for(person) for person in people]):
            page.wait_for_timeout(5_000)
            took = [submit(page) for _ in range(WARM + SUBMITS)][WARM:]
        page.close()
    finally:
        server.stop()
    p50, p95 = np.percentile(took, (50, 95))
    print(f"  with {TOGETHER - 1} others at work: p50 {p50:.0f} ms, p95 {p95:.0f} ms over {len(took)}", flush=True)
    return float(p95)


def open_desk(browser: Browser, url: str) -> Page:
    """The desk with an item on it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.request.get(f"{url}/who/1", max_redirects=0)  # the cookie that says who reviews
    page.add_init_script(_WATCH)  # before the desk, which lets nobody after it see its keys
    page.goto(f"{url}/review")
    page.get_by_role("button", name="Submit").wait_for(timeout=60_000)
    return page


def submit(page: Page) -> float:
    """Answer what must be answered, read for a moment, submit; milliseconds until the next item can be read."""
    page.keyboard.press("1")
    page.wait_for_timeout(400)
    page.evaluate("nextItem()")
    page.keyboard.press("Control+Enter")
    return float(page.evaluate("measured"))


def key_presses(browser: Browser) -> list[float]:
    """A key press until the change it makes is painted, on a page in which nothing else is."""
    page = browser.new_page()
    page.evaluate(_KEY)
    took = []
    for _ in range(WARM + SUBMITS):
        page.keyboard.press("a")
        took.append(float(page.evaluate("measured")))
    page.close()
    return took[WARM:]


if __name__ == "__main__":
    main()
