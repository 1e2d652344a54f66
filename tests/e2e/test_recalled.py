"""What a run was given from the memory, read by keyboard: at its step, on the run's page and at the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.clock import now
from core.memory.lessons import approve, propose
from core.records import Lesson, LoggedRecall, Role, Step, StepKind
from core.review.queues import enqueue
from core.store.engine import open_store
from core.store.people import person_id
from core.store.recalls import log_recall
from core.store.trace_writing import insert_traces
from tests.e2e.server import start
from tests.worlds import run

WHEN = "a customer asks <b>where</b> an order is"
ASKED = Step("m", StepKind.MEMORY, "search_memory", attributes={"loopwright.recall.id": "r1"}, arguments="an order")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("recalled")
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        me = person_id(session, "me", Role.LEAD, active=True)
        uid = propose(session, Lesson("", WHEN, "name the day on which the parcel comes"), me)
        approve(session, uid, 1, me, Role.LEAD)
        given = {"id": uid, "revision": 2, "score": 0.5, "fate": "given"}
        log_recall(session, LoggedRecall("r1", "x", "memory", now(), trace_id="a", tool="look", lessons=(given,)))
        log_recall(
            session, LoggedRecall("r2", "x", "control", now(), trace_id="a", lessons=({**given, "fate": "control"},))
        )
        trace = run("a")
        enqueue(session, list(insert_traces(session, [replace(trace, steps=(*trace.steps, ASKED))]).traces.values()))
    store.close()
    server = start("serve", folder, folder / "log")
    yield server.url
    server.stop()


@pytest.mark.parametrize("address", ["traces?trace=1", "review"])
def test_lessons_stand_where_they_were_asked_for(page: Page, site: str, address: str) -> None:
    page.goto(f"{site}/{address}")
    rows = page.locator("article.step")
    expect(rows.nth(0)).to_contain_text(
        "Memory asked: control arm, nothing given · 1 would have been given", timeout=60_000
    )
    expect(rows.nth(4)).to_contain_text("Memory asked before look: 1 lesson given")
    expect(rows.nth(4)).to_contain_text(WHEN)
    expect(page.locator(".recall")).to_have_count(2)


def test_a_lesson_is_opened_by_keyboard_and_leads_back_to_its_runs(page: Page, site: str) -> None:
    page.goto(f"{site}/traces?trace=1&step=5")
    row = page.locator("article[aria-current]")
    expect(row).to_contain_text("1 lesson given", timeout=60_000)
    row.focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.locator(".recall a:focus").count():
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/lessons\?lesson="))
    expect(page.get_by_text("name the day on which the parcel comes")).to_be_visible(timeout=60_000)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="its runs").click()
    expect(opened.value.get_by_text("1 to 1 of 1 runs")).to_be_visible(timeout=60_000)
