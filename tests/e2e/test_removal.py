"""A lead takes back all of a user from a run's page: listed first, told after. An annotator has no such button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from core.records import Role
from core.store.engine import open_store
from core.store.people import person_id
from core.store.removal import list_removals
from core.store.trace_writing import insert_traces
from tests.e2e.server import Server
from tests.worlds import run


def test_a_lead_takes_a_user_back(tmp_path: Path, server: Callable[..., Server], page: Page) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        lead = person_id(session, "lead", Role.LEAD, active=True)
        annotator = person_id(session, "annotator", Role.ANNOTATOR, active=True)
        talk = [run("a", "Of the first.", user="ann", session_id="t"), run("b", "Of the second.", user="ann")]
        insert_traces(session, [*talk, run("c", "Of another.", task=None)])
    url = server(data_dir=folder).url
    page.goto(f"{url}/who/{annotator}")
    page.goto(f"{url}/traces?trace=1")
    expect(page.get_by_role("button", name="All runs")).to_be_visible()
    expect(page.get_by_role("button", name="Remove …")).to_have_count(0)
    page.goto(f"{url}/who/{lead}")
    page.goto(f"{url}/traces?trace=1")
    page.get_by_role("button", name="Remove …").click()
    expect(page.get_by_role("button", name="Remove 1 run for good")).to_be_visible()
    page.get_by_text("Everything of its user", exact=True).click()
    expect(page.get_by_text("This would go: 2 runs · 8 steps")).to_be_visible()
    page.get_by_role("textbox", name="Why").fill("asked to")
    page.get_by_role("button", name="Remove 2 runs for good").click()
    expect(page.get_by_text("Removed: 2 runs, 8 steps")).to_be_visible()
    expect(page.get_by_text("1 to 1 of 1 runs")).to_be_visible()
    with store.reading() as session:
        (logged,) = list_removals(session)
    assert (logged.by, logged.what, logged.reason) == ("lead", "one user", "asked to")
    page.goto(f"{url}/traces?trace=1")
    expect(page.get_by_text("There is no run “1”")).to_be_visible()
    store.close()
