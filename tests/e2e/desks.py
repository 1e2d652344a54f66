"""A folder with something to review and to compare, and what a person sees of a desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from core.records import Message, Pair, Step, StepKind, Trace
from core.review.queues import enqueue
from core.store.annotations import annotations_of
from core.store.drafts import get_draft
from core.store.engine import open_store
from core.store.pairs import insert_pairs, preferences_of
from core.store.traces import insert_traces
from tests.worlds import run, texts

OUTCOME = "Did it solve the task?"
HOSTILE = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"


def fill(folder: Path, traces: list[Trace] | None = None, pairs: list[Pair] | None = None) -> None:
    """Store runs and pairs (six of each unless given) and queue them, as an import does."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(_url(folder))
    with store.session() as session:
        given = insert_traces(
            session, traces if traces is not None else [run(f"r{i}", f"Order {i}?") for i in range(6)]
        )
        made = insert_pairs(
            session, pairs if pairs is not None else [texts(f"p{i}", f"Say hello {i}.") for i in range(6)]
        )
        enqueue(session, list(given.traces.values()), list(made.values()))
    store.close()


def talk(uid: str, *said: str) -> Trace:
    """A run in which a person and an agent take turns."""
    kinds = (StepKind.USER, StepKind.LLM)
    roles = ("user", "assistant")
    steps = [
        Step(str(i), kinds[i % 2], roles[i % 2], output=(Message(roles[i % 2], text),)) for i, text in enumerate(said)
    ]
    return run(uid, said[0], steps=tuple(steps))


def submitted(folder: Path) -> list[Any]:
    """Every current annotation in the folder."""
    store = open_store(_url(folder))
    with store.reading() as session:
        found = annotations_of(session)
    store.close()
    return found


def preferred(folder: Path) -> list[Any]:
    """Every current preference in the folder."""
    store = open_store(_url(folder))
    with store.reading() as session:
        found = preferences_of(session)
    store.close()
    return found


def draft(folder: Path, item: int, person: int = 1) -> dict[str, Any]:
    """What the server holds of a draft; {} for nothing."""
    store = open_store(_url(folder))
    with store.reading() as session:
        row = get_draft(session, item, person)
        body = {} if row is None else dict(row.body)
    store.close()
    return body


def open_desk(page: Page, url: str, where: str = "review") -> None:
    """Open a desk and wait until an item stands on it."""
    page.goto(f"{url}/{where}")
    expect(page.get_by_role("button", name="Submit")).to_be_visible(timeout=30_000)


def title(page: Page) -> str:
    """The task of the item on the screen."""
    return page.locator(".task-title").inner_text()


def expect_saved(page: Page) -> None:
    """Wait until the server has acknowledged what was typed."""
    expect(page.locator(".state")).to_have_text(compiled(r"saved \d\d:\d\d:\d\d"))


def compiled(pattern: str) -> Any:
    """A pattern for an expectation."""
    import re

    return re.compile(pattern)


def kept_here(page: Page) -> list[dict[str, Any]]:
    """What this browser holds unsent."""
    found = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('loopwright.draft/'))")
    return [json.loads(value) for _, value in found]


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'loopwright.db'}"
