"""People who review at the same desk's server as their browsers do: read, save a draft each second, submit, go on.

`python -m tests.benchmarks._colleagues URL COOKIE…` works until it is ended, one thread a cookie.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import httpx

from dashboard.identity import COOKIE

READING = (3.0, 6.0)
"""Seconds from an item's arrival to its submission: far less than a person takes."""


@contextmanager
def colleagues(url: str, cookies: Sequence[str]) -> Iterator[None]:
    """Let people work in a process of their own while the block runs."""
    process = subprocess.Popen([sys.executable, "-m", __name__, url, *cookies])
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("the colleagues stopped working")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Work for each of the cookies."""
    url, *cookies = sys.argv[1:]
    threads = [Thread(target=_work, args=(url, cookie, number)) for number, cookie in enumerate(cookies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(url: str, cookie: str, number: int) -> None:
    chance = random.Random(number)
    with httpx.Client(base_url=url, cookies={COOKIE: cookie}, timeout=60, trust_env=False) as client:
        item = client.post("/api/queues/1/next", json={}).raise_for_status().json()["item"]
        while item is not None:
            ahead = client.get("/api/queues/1/ahead").raise_for_status().json()["item"]
            end, revision = time.monotonic() + chance.uniform(*READING), 0
            while time.monotonic() < end:
                time.sleep(1)
                body = {"answers": {"outcome": "partly", "comment": "typed " * (revision + 1)}}
                sent = {"tab": str(number), "revision": revision, "body": body}
                revision = client.put(f"/api/drafts/{item['item']}", json=sent).raise_for_status().json()["revision"]
            done = {"body": body}
            if ahead is not None:
                version = ahead["schema"]["version"]
                done["ahead"] = {"item": ahead["item"], "n_steps": ahead["facts"]["n_steps"], "version": version}
            item = client.post(f"/api/items/{item['item']}/submit", json=done).raise_for_status().json()["next"]["item"]


if __name__ == "__main__":
    main()
