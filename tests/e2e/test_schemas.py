"""The form of every kind of question, and the page on which it is made, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select as select_from

from core.records import LabelSchema, Message, Option, Question, ShownIf, Step, StepKind
from core.review.ready_made import PROCESS_REWARD, TRAIL
from core.review.schema_checks import DESK_KEYS
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_edit, schema_versions
from core.store.tables import ItemRow, QueueRow
from core.store.trace_writing import insert_traces
from tests.e2e.desks import Work, open_desk, session
from tests.e2e.server import Server, start
from tests.worlds import run

SAID = (
    "Where is my order?",
    "👋 It was sent. It was sent.",
    "And the refund?",
    "It was sent, too.",
    "Bye.",
    "Goodbye.",
)

MANY = LabelSchema(
    "many",
    1,
    "Many",
    (
        Question(
            "fine", "choice", "Fine?", (Option("yes", "Yes", key="y"), Option("no", "No", key="o")), required=True
        ),
        Question("why", "text", "Why not?", shown_if=ShownIf("fine", ("no",))),
        Question("words", "span", "Telling words", (Option("claim", "A claim"), Option("proof", "A proof"))),
        Question("count", "number", "How often?", minimum=1.0, maximum=5.0),
        Question("needless", "step", "Needless", belongs="step"),
        Question("comment", "text", "Comment"),
    ),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("schemas")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


def asking(folder: Path, name: str, schema: LabelSchema, step: str = "") -> Work:
    """A queue of one conversation, or of a step of it, that asks the schema."""
    kinds = (StepKind.USER, StepKind.LLM)
    said = [
        Step(str(at), kinds[at % 2], kinds[at % 2].value, output=(Message("x", text),)) for at, text in enumerate(SAID)
    ]
    with session(folder) as opened:
        (trace,) = insert_traces(opened, [run(name, SAID[0], steps=tuple(said))]).traces.values()
        stored = next((one.id for one in schema_versions(opened, schema.key)), None)
        row = stored if stored is not None else save_edit(opened, schema, None)
        subject = "step" if step else "trace"
        queue = get_queue(opened, make_queue(opened, name, subject, row))
        add_items(opened, queue, [NewItem(trace, step)])
    return Work(folder, name, "trace", (trace,))


def address(site: Server, work: Work) -> str:
    """Where the one item of the queue is shown."""
    with session(work.folder) as opened:
        (item,) = opened.scalars(select_from(ItemRow.id).join(QueueRow).where(QueueRow.name == work.queue))
    return f"{site.url}/review?item={item}"


def submitted(page: Page, work: Work) -> Any:
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".progress")).to_contain_text("1 of 1")
    (given,) = work.said()
    return given


def select(page: Page, text: str, start: int, end: int) -> None:
    """Select characters (UTF-16) of a step's text as a mouse would leave them selected."""
    line = page.locator("article .said", has_text=text).first
    line.click()
    line.evaluate(
        "(node, [start, end]) => getSelection().setBaseAndExtent(node.firstChild, start, node.firstChild, end)",
        [start, end],
    )


def test_letters_conditions_words_bounds_and_marks_of_steps(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "many", MANY)
    open_desk(page, address(site, work))
    form, keys = page.get_by_label("Your answers"), page.keyboard
    expect(form.get_by_text("Why not?")).to_be_hidden()
    comment = form.get_by_role("textbox", name="Comment")
    comment.fill("half a sent")
    before = comment.bounding_box()
    form.get_by_role("radio", name="No").check(force=True)
    why = form.get_by_role("textbox", name="Why not?")
    expect(why).to_be_visible()
    why.fill("it was not sent")
    keys.press("Escape")
    keys.press("y")  # its letter, from anywhere
    expect(why).to_be_hidden()
    assert comment.bounding_box() == before
    select(page, SAID[1], 16, 28)
    keys.press("Shift+W")
    keys.type("proof")
    keys.press("Enter")
    expect(form.get_by_text("It was sent.", exact=True)).to_be_visible()
    number = form.get_by_role("spinbutton", name="How often?")
    number.fill("9")
    expect(form.locator(".bounds.wrong")).to_have_text("1 to 5")
    keys.press("Escape")
    keys.press("Control+Enter")
    expect(form.get_by_role("alert").filter(visible=True)).to_have_text("“How often?” takes 1 to 5.")
    number.fill("3")
    keys.press("Escape")
    for _ in range(2):
        keys.press("m")
        keys.press("j")
        keys.press("j")
    given = submitted(page, work)
    assert given.answers == {"fine": "yes", "count": 3, "comment": "half a sent"}
    assert [(mark.question, mark.step_id, mark.value, mark.start, mark.end, mark.quote) for mark in given.marks] == [
        ("words", "1", "proof", 15, 27, "It was sent."),
        ("needless", "1", "", None, None, ""),
        ("needless", "3", "", None, None, ""),
    ]


def test_what_was_typed_in_a_question_that_vanished_comes_back_with_it(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "vanished", MANY)
    open_desk(page, address(site, work))
    form = page.get_by_label("Your answers")
    form.get_by_role("radio", name="No").check(force=True)
    form.get_by_role("textbox", name="Why not?").fill("because it hangs")
    form.get_by_role("radio", name="Yes").check(force=True)
    expect(page.locator(".state")).to_contain_text(re.compile("saved \\d"))
    page.reload()
    form.get_by_role("radio", name="No").check(force=True, timeout=30_000)
    expect(form.get_by_role("textbox", name="Why not?")).to_have_value("because it hangs")
    form.get_by_role("radio", name="Yes").check(force=True)
    assert submitted(page, work).answers == {"fine": "yes"}


def test_verdicts_by_key_with_a_cascade_that_can_be_taken_back(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "verdicts", PROCESS_REWARD)
    open_desk(page, address(site, work))
    form, keys, spoken = page.get_by_label("Your answers"), page.keyboard, page.locator(".spoken")
    expect(form.get_by_text("0 of 3 steps judged")).to_be_visible()
    keys.press("+")
    expect(spoken).to_contain_text("Only what the agent did is judged.")
    keys.press("Shift+J")
    keys.press("+")
    expect(form.get_by_text("1 of 3 steps judged")).to_be_visible()
    keys.press("Shift+J")
    keys.press("-")
    expect(form.get_by_text("3 of 3 steps judged")).to_be_visible()
    expect(form.get_by_role("button", name="step 4 · agent")).to_be_visible()
    expect(page.get_by_text("after the first −1")).to_have_count(1)
    keys.press("End")
    keys.press("0")
    expect(spoken).to_contain_text("Everything after the first −1 is −1, too.")
    form.get_by_role("button", name="step 4 · agent").click()
    expect(page.locator("article[aria-current]")).to_have_attribute("aria-posinset", "4")
    keys.press("-")
    expect(form.get_by_text("1 of 3 steps judged")).to_be_visible()
    keys.press("=")
    keys.press("Shift+J")
    keys.press("-")
    given = submitted(page, work)
    assert sorted((mark.step_id, mark.value, mark.suggested) for mark in given.marks) == [
        *(("1", "1", ""), ("3", "0", ""), ("5", "-1", "")),
    ]


def test_a_step_to_judge_is_where_the_run_opens_and_alone_is_judged(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "one step", PROCESS_REWARD, step="3")
    open_desk(page, address(site, work))
    expect(page.locator("article[aria-current]")).to_have_attribute("aria-posinset", "4", timeout=10_000)
    expect(page.locator("article[aria-current]")).to_contain_text("The step to judge")
    page.keyboard.press("k")
    page.keyboard.press("+")
    expect(page.locator(".spoken")).to_contain_text("Only the step to judge is marked: here it is.")
    expect(page.locator("article[aria-current]")).to_have_attribute("aria-posinset", "4")
    page.keyboard.press("+")
    given = submitted(page, work)
    assert (given.step_id, [(mark.step_id, mark.value) for mark in given.marks]) == ("3", [("3", "1")])


def test_categories_stand_as_a_tree_and_are_found_by_name_group_and_meaning(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "tree", TRAIL)
    open_desk(page, address(site, work))
    page.keyboard.press("j")
    page.keyboard.press("w")
    headings = page.locator(".picker-group")
    assert headings.all_inner_texts()[:3] == ["REASONING", "Hallucinations", "Information processing"]
    assert (headings.count(), page.get_by_role("option").count()) == (12, 20)
    page.keyboard.type("api issues")
    expect(page.get_by_role("option")).to_have_count(4)
    page.keyboard.press("Control+a")
    page.keyboard.type("credentials")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    given = submitted(page, work)
    assert [(mark.step_id, mark.value, mark.impact) for mark in given.marks] == [
        ("1", "Authentication Errors", "MEDIUM")
    ]


def test_every_letter_of_the_desk_is_known_where_letters_are_given_out(site: Server, page: Page) -> None:
    work = asking(site.data_dir, "letters", MANY)
    open_desk(page, address(site, work))
    page.keyboard.press("h")
    shown = page.get_by_role("dialog", name="Keys and words").locator("dt kbd").all_inner_texts()
    assert {letter.lower() for letter in shown if re.fullmatch("[A-Z]", letter)} == set(DESK_KEYS)


def test_the_question_that_is_edited_stays_chosen_and_what_adds_one_closes(site: Server, page: Page) -> None:
    with session(site.data_dir) as opened:
        save_edit(opened, LabelSchema("grown", 1, "Grown", MANY.questions), None)
    page.goto(f"{site.url}/schemas?schema=grown")
    page.get_by_role("button", name="Add", exact=True).click(timeout=30_000)
    page.get_by_role("button", name="Yes or no", exact=True).click()
    expect(page.get_by_role("button", name="Several of several", exact=True)).to_have_count(0)
    page.get_by_role("textbox", name="Question", exact=True).fill("Was it kind?")
    expect(page.get_by_role("radio", name="Was it kind?")).to_be_checked()


def test_the_preview_follows_what_is_typed_and_unsaved_changes_come_back(
    site: Server, page: Page, console_errors: list[str]
) -> None:
    with session(site.data_dir) as opened:
        save_edit(opened, LabelSchema("fresh", 1, "Fresh", MANY.questions), None)
    page.goto(f"{site.url}/schemas?schemas_slot=Fresh")
    title = page.locator(".preview h3").first
    expect(title).to_contain_text("Fine?", timeout=30_000)
    page.locator(".preview").get_by_role("radio", name="No").check(force=True)
    question = page.get_by_role("textbox", name="Question", exact=True)
    question.fill("Is it fine?")
    expect(title).to_contain_text("Is it fine?")
    expect(question).to_be_focused()
    expect(page.locator(".preview").get_by_role("radio", name="No")).to_be_checked()  # what was tried stays
    expect(page.get_by_text("Suggestions could not be loaded")).to_have_count(0)  # the run is made up: nothing is asked
    page.get_by_role("textbox", name="Stored as").fill("why")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Two questions have the key why.").first).to_be_visible()
    page.get_by_role("textbox", name="Stored as").fill("fine")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Two questions have the key why.")).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Take them up").click(timeout=30_000)
    expect(title).to_contain_text("Is it fine?")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Everything is saved.")).to_be_visible()
    with session(site.data_dir) as opened:
        (stored,) = schema_versions(opened, "fresh")
    assert stored.schema.questions[0].title == "Is it fine?"
    page.reload()
    expect(title).to_contain_text("Is it fine?", timeout=30_000)
    expect(page.get_by_role("button", name="Take them up")).to_have_count(0)
