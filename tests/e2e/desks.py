"""Something to review and to compare, and what a person sees of a desk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from core.records import LabelSchema, Message, Pair, Step, StepKind, Trace
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import annotations_of
from core.store.drafts import get_draft
from core.store.engine import open_store
from core.store.items import NewItem, add_items
from core.store.pairs import insert_pairs, preferences_of
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.trace_writing import insert_traces
from tests.worlds import run

OUTCOME = "Did it solve the task?"
HOSTILE = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"


@dataclass(frozen=True)
class Work:
    """A queue of a test's own in a folder that a server may be serving at the same time."""

    folder: Path
    queue: str
    subject: str
    ids: tuple[int, ...]

    def address(self, url: str) -> str:
        """Where the desk shows this queue."""
        desk = "review" if self.subject == "trace" else "compare"
        return f"{url}/{desk}?{urlencode({f'{desk}_queue': self.queue})}"

    def said(self) -> list[Any]:
        """What was submitted on its items and still stands."""
        with session(self.folder) as opened:
            return (annotations_of if self.subject == "trace" else preferences_of)(opened, self.ids)

    def draft(self, item: int) -> dict[str, Any]:
        """What the server holds of a draft; {} for nothing."""
        with session(self.folder) as opened:
            row = get_draft(opened, item, 1)
            return {} if row is None else dict(row.body)


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A session on the folder's database."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as opened:
        yield opened
    store.close()


def queue_runs(folder: Path, name: str, runs: Sequence[Trace]) -> Work:
    """Store the runs and put them into a queue of this name."""
    with session(folder) as opened:
        ids = tuple(insert_traces(opened, runs).traces.values())
        queue = make_queue(opened, name, "trace", save_schema(opened, RUN_REVIEW))
        add_items(opened, get_queue(opened, queue), [NewItem(one) for one in ids])
    return Work(folder, name, "trace", ids)


def queue_pairs(
    folder: Path, name: str, pairs: Sequence[Pair], runs: Sequence[Trace] = (), schema: LabelSchema | None = None
) -> Work:
    """Store the pairs (and the runs they are of) and put them into a queue of this name."""
    with session(folder) as opened:
        insert_traces(opened, runs)
        ids = tuple(insert_pairs(opened, pairs).values())
        queue = make_queue(opened, name, "pair", None if schema is None else save_schema(opened, schema))
        add_items(opened, get_queue(opened, queue), [NewItem(one) for one in ids])
    return Work(folder, name, "pair", ids)


def talk(uid: str, *said: str) -> Trace:
    """A run in which a person and an agent take turns."""
    kinds = (StepKind.USER, StepKind.LLM)
    roles = ("user", "assistant")
    steps = [
        Step(str(i), kinds[i % 2], roles[i % 2], output=(Message(roles[i % 2], text),)) for i, text in enumerate(said)
    ]
    return run(uid, said[0], steps=tuple(steps))


def open_desk(page: Page, address: str) -> None:
    """Open a desk and wait until an item stands on it."""
    page.goto(address)
    expect(page.get_by_role("button", name="Submit")).to_be_visible(timeout=30_000)


def item_on(page: Page) -> int:
    """The item on the screen."""
    return int(page.evaluate("new URLSearchParams(location.search).get('item')"))


def title(page: Page) -> str:
    """The task of the item on the screen."""
    return page.locator(".task-title").inner_text()


def expect_saved(page: Page) -> None:
    """Wait until the server has acknowledged what was typed."""
    expect(page.locator(".state")).to_have_text(re.compile(r"saved \d\d:\d\d:\d\d"))


def kept_here(page: Page) -> list[dict[str, Any]]:
    """What this browser holds unsent."""
    found = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('loopwright.draft/'))")
    return [json.loads(value) for _, value in found]
