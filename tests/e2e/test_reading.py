"""What helps with reading, at the desk and on Traces: suggestions, folds, another run of the task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from core.records import Message, Outcome, Step, StepKind, Task, ToolCall, Trace
from core.store.outcomes import set_outcomes
from core.store.tables import ItemRow
from tests.e2e.desks import HOSTILE, Work, expect_saved, item_on, open_desk, queue_runs, session
from tests.e2e.server import Server, start
from tests.worlds import run

TRIES = 50


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reading")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


def message(step_id: str, role: str, text: str) -> Step:
    kind = StepKind.USER if role == "user" else StepKind.LLM
    return Step(step_id, kind, role, output=(Message(role, text),))


def asking(step_id: str, **arguments: object) -> Step:
    call = ToolCall(f"c{step_id}", "get_order", arguments)
    return Step(step_id, StepKind.LLM, "agent", output=(Message("assistant", tool_calls=(call,)),))


def answering(step_id: str, asked: str, result: object, error: str = "", **arguments: object) -> Step:
    return Step(
        step_id, StepKind.TOOL, "get_order", call_id=f"c{asked}", arguments=arguments, result=result, error=error
    )


def troubled(uid: str, task: str) -> Trace:
    """A failure at step 3 that step 2 led to, a repeated call at step 7, and a claim at step 8."""
    steps = (
        message("u0", "user", f"Where is my order? {HOSTILE}"),
        asking("a1", order=7),
        answering("t2", "a1", None, f"no such order {HOSTILE}", order=7),
        asking("a3", order=8),
        answering("t4", "a3", {"state": "sent"}, order=8),
        asking("a5", order=8),
        answering("t6", "a5", {"state": "sent"}, order=8),
        message("a7", "assistant", "It was sent."),
    )
    return run(uid, f"task {task}", steps=steps, task=Task(f"reading/{task}", f"Where is my order, {task}?"))


def address(site: Server, work: Work) -> str:
    """Where the desk shows the first run of a queue."""
    with session(work.folder) as opened:
        item = opened.scalars(select(ItemRow.id).where(ItemRow.trace_id == work.ids[0])).one()
    return f"{site.url}/review?item={item}"


@pytest.fixture
def work(site: Server, request: pytest.FixtureRequest) -> Work:
    name = request.node.name
    same = run(
        f"{name}-other", "Where is my order?", task=Task(f"reading/{name}"), version="secret-version", reward=1.0
    )
    made = queue_runs(site.data_dir, name, [troubled(f"{name}-run", name)])
    others = queue_runs(site.data_dir, f"{name} others", [same])
    with session(site.data_dir) as opened:
        set_outcomes(opened, dict.fromkeys(others.ids, (Outcome.SOLVED, "a test")))
    return made


@pytest.fixture
def desk(work: Work, site: Server, page: Page) -> Page:
    open_desk(page, address(site, work))
    return page


def at(page: Page) -> str:
    """The number of the step under the cursor."""
    return page.locator("article[aria-current] .number").inner_text()


def test_suggestions_are_jumps_that_are_gone_through_with_one_key(desk: Page) -> None:
    line = desk.get_by_role("group", name="Suggestions")
    expect(line).to_contain_text("2 suggestions")
    expect(line).to_contain_text("first error at 3")
    for number in ("3", "7", "3"):
        desk.keyboard.press("n")
        assert at(desk) == number
    expect(desk.get_by_text("Round again: the first step with a suggestion.")).to_be_visible()
    desk.keyboard.press("Shift+N")
    assert at(desk) == "7"
    note = desk.locator("article[aria-current] .suggestion")
    expect(note).to_contain_text("suggestion")
    expect(note).to_contain_text("get_order as at step 5, with the same answer")
    desk.get_by_role("button", name="first error at 3").click()
    assert at(desk) == "3"
    expect(desk.locator(".minimap .is-suggested")).to_have_count(1)
    assert desk.evaluate("window.pwned") is None


def test_a_suggestion_that_is_taken_over_is_a_mark_and_says_what_proposed_it(desk: Page, work: Work) -> None:
    desk.keyboard.press("n")
    desk.keyboard.press("Shift+A")
    expect(desk.get_by_label("Your answers").get_by_role("button", name="step 2 · agent")).to_be_visible()
    expect_saved(desk)
    assert [one["suggested"] for one in work.draft(item_on(desk))["marks"]] == ["first_error"]
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    (given,) = work.said()
    assert [(mark.step_id, mark.suggested) for mark in given.marks] == [("a1", "first_error")]


def test_nothing_is_a_label_until_somebody_takes_it_over(desk: Page, work: Work) -> None:
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    assert work.said()[0].marks == ()


def test_what_is_dismissed_stays_away_after_a_reload(desk: Page) -> None:
    desk.keyboard.press("n")
    desk.keyboard.press("Shift+X")
    line = desk.get_by_role("group", name="Suggestions")
    expect(line).to_contain_text("1 suggestion")
    desk.reload()
    expect(line).to_contain_text("repeated call at 7")
    expect(line).not_to_contain_text("first error")
    desk.keyboard.press("n")
    desk.keyboard.press("Shift+X")
    expect(line).to_be_hidden()
    desk.keyboard.press("n")
    expect(desk.get_by_text("No step has a suggestion.")).to_be_visible()


def test_another_run_stands_beside_this_one_and_tells_nothing(desk: Page) -> None:
    desk.keyboard.press("Shift+O")
    dialog = desk.get_by_role("dialog", name="Other runs of this task")
    expect(dialog.get_by_role("radio", name="Run A")).to_be_checked()
    other = dialog.get_by_role("region", name="Another run")
    expect(other.get_by_text("It was sent,")).to_be_visible()
    expect(dialog).not_to_contain_text("secret-version")
    expect(dialog).not_to_contain_text("Solved")
    expect(dialog).to_contain_text("shown once you have submitted")
    before = other.locator("article[aria-current]").get_attribute("aria-posinset")
    desk.keyboard.press("j")
    assert other.locator("article[aria-current]").get_attribute("aria-posinset") != before
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    desk.keyboard.press("j")
    assert at(desk) == "2"


def test_other_runs_are_found_with_the_mouse_and_in_the_help(desk: Page) -> None:
    desk.get_by_role("button", name="Other runs").click()
    expect(desk.get_by_role("radio", name="Run A")).to_be_checked()
    desk.keyboard.press("Escape")
    desk.keyboard.press("h")
    expect(desk.get_by_role("dialog", name="Keys and words")).to_contain_text("Other runs of this task, side by side")
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    expect(desk.get_by_role("button", name="Other runs")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 1024])
def test_what_is_done_with_a_step_covers_no_row(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 768})
    tools = desk.get_by_role("group", name="Step 3")
    for _ in range(2):
        desk.keyboard.press("j")
    rows, dock = desk.locator(".reader-scroll").bounding_box(), tools.bounding_box()
    assert rows is not None
    assert dock is not None
    assert dock["y"] >= rows["y"] + rows["height"]
    tools.get_by_role("button", name="First mistake").click()
    expect(desk.get_by_label("Your answers").get_by_role("button", name="step 3 · get_order")).to_be_visible()
    assert at(desk) == "3"
    desk.keyboard.press("k")
    assert at(desk) == "2"


def test_the_run_that_passed_is_named_after_submitting(desk: Page, work: Work, site: Server) -> None:
    item = item_on(desk)
    desk.keyboard.press("3")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".blank")).to_be_visible()
    desk.goto(f"{site.url}/review?item={item}")
    expect(desk.get_by_role("button", name="Submit the change")).to_be_visible(timeout=30_000)
    desk.keyboard.press("Shift+O")
    dialog = desk.get_by_role("dialog", name="Other runs of this task")
    expect(dialog.get_by_role("radio", name="Solved · secret-version")).to_be_checked()


def test_the_only_run_of_its_task_says_so_and_a_lost_connection_too(site: Server, page: Page) -> None:
    work = queue_runs(site.data_dir, "alone", [troubled("alone-run", "alone")])
    open_desk(page, address(site, work))
    page.keyboard.press("Shift+O")
    expect(page.get_by_text("This is the only run of its task so far.")).to_be_visible()
    page.keyboard.press("Escape")
    page.route("**/others", lambda route: route.abort())
    page.keyboard.press("Shift+O")
    expect(page.get_by_text("The other runs could not be loaded: The server cannot be reached.")).to_be_visible()


def long(uid: str, count: int) -> Trace:
    """Many calls; the last but one fails."""
    steps = [answering(str(i), "", {"state": "sent", "row": i}, order=i) for i in range(count)]
    steps[-2] = answering(str(count - 2), "", None, "gone", order=1)
    return run(uid, "Look at all of them.", steps=tuple(steps), task=None)


def test_a_run_of_20_000_steps_is_readable_before_its_suggestions_come(site: Server, page: Page) -> None:
    work = queue_runs(site.data_dir, "long", [long("long-run", 20_000)])
    held: list[Route] = []
    page.route("**/suggestions", lambda route: held.append(route))
    open_desk(page, address(site, work))
    page.keyboard.press("j")
    assert at(page) == "2"
    page.wait_for_timeout(300)
    (asked,) = held
    asked.continue_()
    expect(page.get_by_role("button", name="first error at 19999")).to_be_visible(timeout=20_000)
    page.keyboard.press("n")
    expect(page.locator("article[aria-current] .number")).to_have_text("19999")


def test_suggestions_that_do_not_come_are_said_and_asked_for_again(site: Server, page: Page) -> None:
    work = queue_runs(site.data_dir, "lost", [long("lost-run", TRIES)])
    page.route("**/suggestions", lambda route: route.abort(), times=1)
    open_desk(page, address(site, work))
    expect(page.get_by_text("Suggestions could not be loaded")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("button", name=f"first error at {TRIES - 1}")).to_be_visible()


def test_what_was_read_before_is_folded_and_named_after_where_it_stood(
    site: Server, page: Page, tmp_path: Path
) -> None:
    first = (Message("system", "Be kind to everybody."), Message("user", "Hi"))
    second = (*first, Message("assistant", "Hello."), Message("user", "And now?"))
    steps = (
        Step("1", StepKind.LLM, "m", input=first, output=(Message("assistant", "Hello."),)),
        Step("2", StepKind.LLM, "m", input=second, output=(Message("assistant", "Now this."),)),
    )
    work = queue_runs(site.data_dir, "folded", [run("folded-run", steps=steps, task=None)])
    open_desk(page, address(site, work))
    page.get_by_role("button", name="same system prompt as step 1").click()
    expect(page.get_by_text("Be kind to everybody.")).to_be_visible()
    page.get_by_role("button", name="model input: 1 new of 4 messages").click()
    expect(page.get_by_text("And now?").first).to_be_visible()
    page.get_by_role("button", name="whole model input, 4 messages").click()
    expect(page.get_by_text("── assistant ──")).to_be_visible()
