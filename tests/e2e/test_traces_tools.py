"""Above the list of runs, as people use it: a filter kept and chosen, all of it labelled and undone, runs alike."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from core.records import Role
from core.review.ready_made import RUN_REVIEW
from core.store.engine import open_store
from core.store.people import person_id
from core.store.run_vectors import n_owing
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow
from core.store.trace_writing import insert_traces
from tests.e2e.server import Server, start
from tests.worlds import run

SLOW = 60_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with 130 runs, the odd ones of v1, and one person, a lead."""
    folder = tmp_path_factory.mktemp("tools")
    store = open_store(f"sqlite:///{folder / 'data' / 'loopwright.db'}")
    with store.session() as session:
        person_id(session, "me", Role.LEAD, active=True)
        insert_traces(session, [run(f"r{n}", f"Order {n}?", version=f"v{n % 2}") for n in range(130)])
        save_schema(session, RUN_REVIEW)
    store.close()
    running = start("serve", folder / "data", folder / "server.log")
    while not_read_yet(running):
        time.sleep(0.2)
    yield running
    running.stop()


def not_read_yet(site: Server) -> int:
    """How many runs wait for the index of runs."""
    store = open_store(f"sqlite:///{site.data_dir / 'loopwright.db'}")
    with store.reading() as session:
        n = n_owing(session)
    store.close()
    return n


def standing(site: Server) -> int:
    """How many labels count."""
    store = open_store(f"sqlite:///{site.data_dir / 'loopwright.db'}")
    with store.reading() as session:
        n = session.scalar(select(func.count()).select_from(AnnotationRow).where(AnnotationRow.current)) or 0
    store.close()
    return n


def opened(site: Server, page: Page, address: str = "") -> Page:
    page.goto(f"{site.url}/traces{address}")
    expect(page.get_by_role("button", name="Saved filters")).to_be_visible(timeout=SLOW)
    return page


def test_all_of_a_filter_is_labelled_and_taken_back(site: Server, page: Page) -> None:
    opened(site, page, "?traces_version=v1")
    page.get_by_role("button", name="Label all of these").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("version: v1")).to_be_visible(timeout=SLOW)
    expect(dialog.get_by_text("This labels 65 runs.")).to_be_visible(timeout=SLOW)
    dialog.get_by_role("button", name="Label 65 runs").click()
    expect(dialog.get_by_text("needs an answer")).to_be_visible(timeout=SLOW)
    dialog.get_by_role("radio", name="No").click()
    dialog.get_by_role("button", name="Label 65 runs").click()
    expect(dialog).to_be_hidden(timeout=SLOW)
    assert standing(site) == 65
    opened(site, page)
    page.get_by_role("button", name="Label all of these").click()
    told = "This labels 65 runs; 65 that you have labelled already stay as they are."
    expect(page.get_by_role("dialog").get_by_text(told)).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Bulk labels (1)").click()
    page.get_by_role("button", name="Undo 65").click()
    expect(page.get_by_text("65 runs, undone")).to_be_visible(timeout=SLOW)
    assert standing(site) == 0


def test_a_filter_is_kept_chosen_renamed_and_deleted(site: Server, page: Page) -> None:
    opened(site, page, "?traces_version=v1&traces_text=order")
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_label("Save what is chosen now as").fill("of v1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="of v1")).to_be_visible(timeout=SLOW)
    opened(site, page)
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("button", name="of v1").click()
    expect(page).to_have_url(re.compile("traces_version=v1"), timeout=SLOW)
    assert "traces_text=order" in page.url
    opened(site, page)
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("button", name="edit").click()
    page.get_by_label("New name").fill("odd ones")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("button", name="odd ones")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="delete").click()
    expect(page.get_by_text("None yet.")).to_be_visible(timeout=SLOW)


def test_a_run_finds_those_that_are_like_it(site: Server, page: Page, open_page: Callable[..., Page]) -> None:
    opened(site, page)
    page.locator("table.runs a").first.click()
    page.get_by_role("button", name="Find similar").click()
    expect(page.get_by_text("Runs like")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("The 100 most similar, best first")).to_be_visible(timeout=SLOW)
    expect(page.locator("table.runs thead")).to_contain_text("Alike", timeout=SLOW)
    shown = [float(text) for text in page.locator("table.runs tbody tr td:nth-child(2)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 100
    page.get_by_role("button", name="By time again").click()
    expect(page.get_by_text("newest first")).to_be_visible(timeout=SLOW)
    assert "like=" not in page.url
    page.get_by_role("textbox", name="Like this text").fill("where is order 12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("best first")).to_be_visible(timeout=SLOW)
