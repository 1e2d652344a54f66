"""The rank desk: answers as cards without names, places by key, ties, and what is shared with the other desks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.records import Choice
from core.store.items import NewItem, add_items
from core.store.pairs import preferences_of
from core.store.queues import get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, candidates, insert_rankings
from core.store.tables import RankingGivenRow
from core.store.trace_writing import insert_traces
from tests.e2e.desks import HOSTILE, Work, expect_saved, item_on, open_desk, queue_pairs, session, talk, title
from tests.e2e.server import Server, start
from tests.worlds import texts


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("rank")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


def queue_rankings(site: Server, name: str, rankings: list[NewRanking]) -> Work:
    with session(site.data_dir) as opened:
        ids = insert_rankings(opened, rankings)
        queue = make_queue(opened, name, "ranking", None)
        add_items(opened, get_queue(opened, queue), [NewItem(one) for one in ids])
    return Work(site.data_dir, name, "ranking", tuple(ids))


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    name = request.node.name
    said = ("Hello.", "Good day.", "Go away.", "Hi!")
    return queue_rankings(
        site,
        name,
        [
            NewRanking(
                f"{name}-{i}", "test", f"Say hello {i}.", tuple(Candidate(f"{one} {i}", name=one) for one in said)
            )
            for i in range(3)
        ],
    )


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    open_desk(page, work.address(site.url))
    return page


def cards(desk: Page) -> list[str]:
    return [one.inner_text() for one in desk.locator(".card .side-text").all()]


def test_an_order_is_given_with_the_keyboard_only(desk: Page, work: Work) -> None:
    first, shown, keys = title(desk), cards(desk), desk.keyboard
    for text in shown:
        keys.press("4" if text.startswith("Hi") else "3" if text.startswith("Go away") else "1")
    expect(desk.locator(".order")).not_to_contain_text("without a place")
    keys.press("w")
    keys.type("it greets 2")
    keys.press("Escape")
    expect_saved(desk)
    keys.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 3")
    assert title(desk) != first
    with session(work.folder) as opened:
        given = opened.query(RankingGivenRow).filter(RankingGivenRow.ranking_id.in_(work.ids)).one()
        by_letter = {letter: one.text for letter, one in candidates(opened, given.ranking_id).items()}
        assert [by_letter[letter] for letter in given.shown] == shown
        tiers = [sorted(by_letter[letter].rpartition(" ")[0] for letter in tier) for tier in given.order]
        assert tiers == [["Good day.", "Hello."], ["Go away."], ["Hi!"]]
        assert given.reason == "it greets 2"
        said = [one.choice for one in preferences_of(opened)]
        assert said.count(Choice.EQUAL) >= 1


def test_arrows_choose_a_card_and_the_same_place_again_is_taken_back(desk: Page) -> None:
    frame = desk.locator(".card.current h3")
    expect(frame).to_have_text("A")
    desk.keyboard.press("ArrowLeft")
    expect(frame).to_have_text("D")
    desk.keyboard.press("2")
    expect(frame).to_have_text("A")
    expect(desk.locator(".order")).to_contain_text("1. D")
    desk.keyboard.press("ArrowLeft")
    desk.keyboard.press("2")
    expect(desk.locator(".order")).to_contain_text("Press 1 to 4")
    desk.get_by_role("radio", name="Place 3 for B").check(force=True)
    expect(desk.locator(".order")).to_contain_text("1. B")
    desk.keyboard.press("6")
    expect(desk.locator(".order")).to_contain_text("1. B")


def test_a_missing_place_is_said_and_its_card_chosen(desk: Page) -> None:
    desk.keyboard.press("1")
    last = desk.locator(".card").last
    stood = last.bounding_box()
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("3 have none")
    assert last.bounding_box() == stood
    expect(desk.locator(".card.current h3")).to_have_text("B")


def test_a_draft_comes_back_and_undo_gives_the_order_back(desk: Page, work: Work) -> None:
    first = title(desk)
    for key in "2143":
        desk.keyboard.press(key)
    expect_saved(desk)
    desk.reload()
    expect(desk.locator(".order")).to_contain_text("1. B 2. A 3. D 4. C", timeout=30_000)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".progress")).to_contain_text("1 of 3")
    desk.keyboard.press("u")
    expect(desk.locator(".task-title")).to_have_text(first)
    expect(desk.locator(".order")).to_contain_text("1. B 2. A 3. D 4. C")


def test_names_are_nowhere_in_what_the_browser_gets(site: Server, page: Page) -> None:
    ranking = NewRanking("blind", "test", "Say hello.", tuple(Candidate(text, name=f"model-{text}") for text in "xyz"))
    with page.expect_response(lambda response: response.url.endswith("/next")) as answer:
        open_desk(page, queue_rankings(site, "blind", [ranking]).address(site.url))
    assert "model-" not in answer.value.text()


def test_runs_are_read_in_their_cards_and_one_of_them_large(site: Server, page: Page) -> None:
    runs = [talk(f"r{n}", "Cancel it.", f"It is cancelled, {n}.") for n in range(3)]
    with session(site.data_dir) as opened:
        insert_traces(opened, runs)
    ranking = NewRanking("runs", "runs", "Cancel it.", tuple(Candidate(trace=f"r{n}") for n in range(3)))
    open_desk(page, queue_rankings(site, "runs", [ranking]).address(site.url))
    expect(page.get_by_text("It is cancelled,")).to_have_count(3)
    expect(page.locator(".meta-seconds").first).to_be_hidden()  # how long a step took would tell the version
    page.keyboard.press("ArrowRight")
    page.keyboard.press("j")
    expect(page.locator(".card.current article[aria-current]")).to_contain_text("It is cancelled")
    page.keyboard.press("v")
    expect(page.locator(".card.large h3")).to_have_text("B")
    page.keyboard.press("Escape")
    expect(page.locator(".card.large")).to_have_count(0)


def test_markup_in_a_candidate_is_text(site: Server, page: Page) -> None:
    ranking = NewRanking("hostile", "test", HOSTILE, (Candidate(HOSTILE), Candidate(f"{HOSTILE}!"), Candidate("")))
    open_desk(page, queue_rankings(site, "hostile", [ranking]).address(site.url))
    expect(page.get_by_text("(an empty answer)")).to_be_visible()
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0


def test_an_item_of_another_desk_is_opened_there(desk: Page, site: Server) -> None:
    ranking = item_on(desk)
    pairs = queue_pairs(site.data_dir, "a pair", [texts("only")])
    open_desk(desk, pairs.address(site.url))
    open_desk(desk, f"{site.url}/compare?item={ranking}")
    expect(desk.locator(".card")).to_have_count(4)
    assert item_on(desk) == ranking


def test_a_ranking_chosen_on_the_page_takes_the_next_key(desk: Page, work: Work, site: Server) -> None:
    pairs = queue_pairs(site.data_dir, "pairs first", [texts("before")])
    open_desk(desk, pairs.address(site.url))
    choice = desk.get_by_role("combobox", name="Queue")
    choice.click()
    choice.fill(work.queue)
    choice.press("Enter")
    expect(desk.locator(".card")).to_have_count(4)
    expect(choice).not_to_be_focused()
