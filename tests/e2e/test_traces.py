"""The Traces page, as people use it: filters, links, pages, sessions, what a blind reviewer sees, import."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.records import Role
from core.review.queues import enqueue
from core.store.engine import open_store
from core.store.people import person_id
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.e2e.long_runs import opener, serving
from tests.e2e.server import Server
from tests.worlds import run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    yield from serving(tmp_path_factory.mktemp("traces"))


@pytest.fixture
def go(page: Page, site: tuple[str, dict[str, int]]) -> Callable[..., Page]:
    return opener(page, *site)


def test_filters_stand_in_the_address_and_come_back_from_it(go: Callable[..., Page]) -> None:
    page = go()
    expect(page.get_by_text("1 to 50 of 67 runs, newest first")).to_be_visible()
    page.get_by_label("Text", exact=True).fill("r7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 to 1 of 1 runs that fit, of 67 in all")).to_be_visible()
    assert "traces_text=r7" in page.url
    page.reload()
    expect(page.get_by_text("1 to 1 of 1 runs that fit")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Order 7?")


def test_a_link_with_filters_opens_filtered(go: Callable[..., Page]) -> None:
    page = go(traces_agent="shop", traces_version="v2", traces_outcome="solved")
    expect(page.get_by_text(re.compile("of 10 runs that fit"))).to_be_visible()
    assert set(page.locator("tbody td:nth-child(5)").all_inner_texts()) == {"solved"}


def test_what_no_run_fits_says_so_and_offers_the_way_back(page: Page, site: tuple[str, dict[str, int]]) -> None:
    page.goto(f"{site[0]}/traces?traces_text=unheardof")
    expect(page.get_by_text("None of the 67 runs fits these filters.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_text("1 to 50 of 67 runs")).to_be_visible()


def test_the_list_is_turned_page_by_page(go: Callable[..., Page]) -> None:
    page = go()
    first = page.locator("tbody tr").first.inner_text()
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text("51 to 67 of 67 runs")).to_be_visible()
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    expect(page.locator("tbody tr")).to_have_count(17)
    page.get_by_role("button", name="Newer").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    assert page.locator("tbody tr").first.inner_text() == first


def test_a_row_opens_its_run_and_the_way_back_keeps_the_filters(
    go: Callable[..., Page], console_errors: list[str]
) -> None:
    page = go(traces_text="r7")
    page.locator("tbody tr").first.click()
    expect(page.locator("article.step").first).to_be_visible()
    assert "trace=" in page.url
    page.get_by_role("button", name="All runs").click()
    expect(page.get_by_text("1 to 1 of 1 runs that fit")).to_be_visible()
    assert [error for error in console_errors if "404" not in error] == []


def test_an_empty_folder_says_what_to_do(server: Callable[..., Server], page: Page) -> None:
    page.goto(server().url + "/traces")
    expect(page.get_by_text("No run is here yet. Import files")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("wrong", ["999999", "x", "-1", "9" * 40, "1.5", "<b>"])
def test_a_wrong_run_shows_the_list_with_a_message(page: Page, site: tuple[str, dict[str, int]], wrong: str) -> None:
    page.goto(f"{site[0]}/traces?trace={wrong}")
    expect(page.get_by_text("There is no run")).to_be_visible(timeout=30_000)
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_conversation_is_read_as_one(go: Callable[..., Page]) -> None:
    page = go("talk1", step=2)
    expect(page.locator(".summary")).to_contain_text("12 steps")
    expect(page.locator("article[aria-current] .number")).to_have_text("6")
    expect(page.get_by_role("heading", name=re.compile("^2 · Turn 1 of it"))).to_be_visible()
    expect(page.get_by_role("button", name="Conversation (3 runs)")).to_be_visible()


def test_other_runs_of_a_task_are_one_click_away(go: Callable[..., Page]) -> None:
    page = go("r3")
    page.get_by_role("button", name="Runs of this task (60)").click()
    page.locator("table.runs tr", has_text="r58").click()
    expect(page.locator("article").first).to_contain_text("Order 58?")


def test_a_blind_reviewer_learns_nothing_here(tmp_path: Path, server: Callable[..., Server], page: Page) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        trace = run("secret", "Is it blind?", reward=0, version="very-telling", attributes={"reward": 0})
        made = insert_traces(session, [trace]).traces
        add_signals(session, trace.signals)
        refresh_outcomes(session, list(made.values()))
        enqueue(session, list(made.values()))
        person_id(session, "Ann", Role.ANNOTATOR, active=True)
    store.close()
    url = server("serve", folder).url
    page.goto(f"{url}/traces")
    expect(page.locator("tbody tr")).to_have_count(1, timeout=30_000)
    page.locator("tbody tr").click()
    expect(page.get_by_text("outcome, version, cost and labels hidden").first).to_be_visible()
    told = page.locator("body").inner_text()
    assert not [word for word in ("very-telling", "failed", "reward", "Signals", "Attributes") if word in told]
    page.goto(f"{url}/traces?traces_outcome=failed")
    expect(page.get_by_text("None of the 1 runs fits")).to_be_visible(timeout=30_000)


def test_files_are_imported_and_what_was_refused_is_named(
    server: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    good = tmp_path / "good.jsonl.gz"
    record = {
        "type": "trace",
        "trace_id": "t1",
        "source": "mine",
        "agent": "shop",
        "version": "v1",
        "steps": [{"step_id": "a", "kind": "user", "output": [{"role": "user", "content": "Hello there"}]}],
    }
    good.write_bytes(gzip.compress(json.dumps(record).encode()))
    bad = tmp_path / "notes.txt"
    bad.write_text("nothing of the kind")
    page.goto(server().url + "/traces")
    page.get_by_role("button", name="Import").click(timeout=30_000)
    page.locator("input[type=file]").set_input_files([good, bad])
    expect(page.get_by_text("notes.txt")).to_be_visible()
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text("Arrived: 1 traces, 1 steps.")).to_be_visible()
    expect(page.get_by_text("1 could not be taken; the rest is in.")).to_be_visible()
    expect(page.locator("table.runs tbody tr")).to_contain_text("Hello there")
