"""The Traces page and the trace reader, as people use them: links, filters, keys, long runs, hostile content."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from core.records import Annotation, Mark, Message, Role, Step, StepKind, Task, ToolCall, Trace
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.engine import open_store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.e2e.server import Server, start
from tests.worlds import START, run

LONG = 1500
MEGABYTES = "".join(f"line {n:06d} of a log that goes on and on for a while\n" for n in range(94_340))
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'> \x1b[31mred\x1b[0m ![i](http://x.example/i)"
)


def turns(count: int) -> Iterator[Step]:
    """Question, call, result, answer, over and over; every hundredth result is an error."""
    for n in range(count):
        at = START + timedelta(seconds=n)
        times = {"started_at": at, "ended_at": at + timedelta(seconds=0.5)}
        if n % 4 == 0:
            yield Step(
                f"s{n}",
                StepKind.USER,
                output=(Message("user", f"Question {n}. " + "Please look. " * (n % 9)),),
                **times,
            )
        elif n % 4 == 1:
            call = ToolCall("c", "look", {"id": n})
            yield Step(f"s{n}", StepKind.LLM, output=(Message("assistant", tool_calls=(call,)),), **times)
        elif n % 4 == 2:
            rows = [{"row": row, "text": "x" * 20} for row in range(n % 10)]
            error = "no answer within 30 s" if n % 100 == 50 else ""
            yield Step(f"s{n}", StepKind.TOOL, "look", arguments={"id": n}, result={"rows": rows}, error=error, **times)
        else:
            said = Message("assistant", f"Answer {n}. " + "It says so here. " * (n % 23), reasoning="Hm. " * (n % 7))
            yield Step(f"s{n}", StepKind.LLM, output=(said,), input=(Message("system", "Be kind."),), **times)


def nested() -> tuple[Step, ...]:
    """An agent with two turns, each a chain around a model call."""
    steps = [Step("root", StepKind.AGENT, "CodeAgent.run")]
    for turn in range(2):
        steps.append(Step(f"turn{turn}", StepKind.CHAIN, f"Turn {turn}", parent_id="root"))
        said = (Message("assistant", f"Thought {turn}"),)
        steps.append(Step(f"model{turn}", StepKind.LLM, "model", parent_id=f"turn{turn}", output=said))
    return tuple(steps)


def world() -> list[Trace]:
    """Runs of every shape, the newest last."""
    heavy = (
        Step("h0", StepKind.USER, output=(Message("user", HOSTILE),)),
        Step("h1", StepKind.TOOL, "<b>tool</b>", arguments={HOSTILE: HOSTILE}, result={"html": HOSTILE}),
        Step("h2", StepKind.TOOL, "read_log", arguments={"path": "app.log"}, result=MEGABYTES),
        Step("h3", StepKind.LLM, output=(Message("assistant", "That is a long log."),)),
        Step("h4", StepKind.TOOL, "search", arguments={}, result=[{"flight": n, "to": HOSTILE} for n in range(200)]),
    )
    plain = [run(f"r{n}", f"Order {n}?", reward=n % 2, version="v2" if n > 40 else "v1") for n in range(60)]
    conversation = [
        run(f"talk{n}", f"Turn {n} of it", session_id="conv", task=None, started_at=START + timedelta(hours=n))
        for n in range(3)
    ]
    late = START + timedelta(days=30)
    shapes = {"long": tuple(turns(LONG)), "heavy": heavy, "nested": nested(), "empty": ()}
    shaped = [
        Trace(name, "test", steps, "shapes", "v1", Task(f"shapes/{name}", f"The {name} one"), started_at=late)
        for name, steps in shapes.items()
    ]
    return [*plain, *conversation, *shaped]


def fill(folder: Path) -> dict[str, int]:
    """Store the world with the outcomes and one person's labels; row ids by trace id."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        traces = world()
        made = insert_traces(session, traces).traces
        add_signals(session, [signal for trace in traces for signal in trace.signals])
        refresh_outcomes(session, list(made.values()))
        schema = (save_schema(session, RUN_REVIEW), RUN_REVIEW.key)
        marks = (Mark("first_mistake", "s700", "", comment="It looked in the wrong place."),)
        said = Annotation("long", "Ada", RUN_REVIEW.key, {"outcome": "failed"}, marks)
        add_annotation(
            session, made["long"], person_id(session, "Ada"), schema, said, datetime(2026, 10, 2, tzinfo=UTC)
        )
    store.close()
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    """A server with the world, and the row ids of its runs; nothing in this file changes it."""
    folder = tmp_path_factory.mktemp("traces")
    made = fill(folder / "data")
    running = start("serve", folder / "data", folder / "server.log")
    yield running.url, made
    running.stop()


@pytest.fixture
def go(page: Page, site: tuple[str, dict[str, int]]) -> Callable[..., Page]:
    """Opens a run by its trace id, or the list."""
    url, made = site

    def begin(run_id: str = "", **query: object) -> Page:
        asked = {"trace": made[run_id], **query} if run_id else query
        page.goto(f"{url}/traces?" + "&".join(f"{key}={value}" for key, value in asked.items()))
        shown = page.locator("article.step:not(.waiting), table.runs tbody tr, .reader-message:visible").first
        expect(shown).to_be_visible(timeout=30_000)
        return page

    return begin


def current(page: Page) -> str:
    """The number of the step under the cursor."""
    return page.locator("article[aria-current] .number").inner_text()


# ---- the list


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


@pytest.mark.parametrize("wrong", ["0", "5", "x", "9" * 30])
def test_a_wrong_step_shows_the_run_with_a_message(go: Callable[..., Page], wrong: str) -> None:
    page = go("r1", step=wrong)
    expect(page.get_by_text(re.compile(r"This run has no step .*: its steps are 1 to 4"))).to_be_visible()
    assert current(page) == "1"


# ---- one run


def test_a_link_to_a_step_opens_there(go: Callable[..., Page]) -> None:
    page = go("long", step=901)
    expect(page.locator("article[aria-current] .number")).to_have_text("901")
    expect(page.locator("article[aria-current]")).to_contain_text("Question 900.")
    expect(page.locator("article[aria-current]")).to_be_in_viewport()


def test_only_what_is_near_the_window_is_drawn(go: Callable[..., Page]) -> None:
    page = go("long")
    page.locator("article").first.click()
    page.keyboard.press("End")
    expect(page.locator("article[aria-current]")).to_contain_text(f"Answer {LONG - 1}.")
    assert page.locator("article").count() < 60


def test_nothing_jumps_while_one_scrolls_up_through_what_was_never_measured(go: Callable[..., Page]) -> None:
    page = go("long", step=901)
    page.locator(".reader-scroll").hover()
    for _ in range(12):
        watched = page.evaluate(
            """() => {
              const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
              const root = roots.find((one) => one?.querySelector(".reader"))
              const box = root.querySelector(".reader-scroll").getBoundingClientRect()
              const rows = [...root.querySelectorAll("[data-row]")]
              const row = rows.find((one) => one.getBoundingClientRect().top > box.top)
              window.watched = row
              return row.getBoundingClientRect().top
            }"""
        )
        page.mouse.wheel(0, -150)
        page.wait_for_timeout(120)
        assert page.evaluate("window.watched.getBoundingClientRect().top") == pytest.approx(watched + 150, abs=3)


def test_keys_go_from_step_to_step_to_errors_labels_and_numbers(go: Callable[..., Page]) -> None:
    page = go("long")
    for key, number in [("j", "2"), ("j", "3"), ("k", "2"), ("e", "51"), ("e", "151"), ("Shift+E", "51"), ("l", "701")]:
        page.keyboard.press(key)
        expect(page.locator("article[aria-current] .number")).to_have_text(number)
    expect(page.locator("article[aria-current]")).to_contain_text("It looked in the wrong place.")
    page.keyboard.press("l")
    expect(page.get_by_text("This is the only step with a label.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.type("1234e")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no step 1234e: the run has 1500.")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.locator("article[aria-current] .number")).to_have_text("1234")
    expect(page.locator("article[aria-current]")).to_be_focused()
    for key, number in [("ArrowDown", "1235"), ("Home", "1"), ("ArrowUp", "1"), ("End", "1500"), ("Control+e", "1500")]:
        page.keyboard.press(key)
        expect(page.locator("article[aria-current] .number")).to_have_text(number)


def test_the_minimap_is_clicked_and_driven_by_keys(go: Callable[..., Page]) -> None:
    page = go("long")
    strip = page.get_by_role("slider", name="Position in the run")
    box = strip.bounding_box()
    assert box is not None
    strip.click(position={"x": box["width"] / 2, "y": 10})
    expect(page.locator("article[aria-current] .number")).to_have_text(re.compile(r"^75\d$"))
    strip.focus()
    page.keyboard.press("End")
    expect(strip).to_have_attribute("aria-valuenow", "1500")
    page.keyboard.press("ArrowLeft")
    expect(strip).to_have_attribute("aria-valuetext", re.compile("^step 1499 of 1500, tool look"))


def test_what_is_unfolded_stays_unfolded_when_one_comes_back(go: Callable[..., Page]) -> None:
    page = go("long", step=4)
    expect(page.locator("article[aria-current] .number")).to_have_text("4")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Be kind.")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_text("Be kind.")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Be kind.")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_text("Be kind.")).to_be_hidden()


def test_a_step_of_five_megabytes_is_shown_in_full_on_request(go: Callable[..., Page]) -> None:
    page = go("heavy", step=3)
    row = page.locator("article[aria-current]")
    expect(row).to_contain_text("line 000001 of a log")
    assert "line 000200" not in row.inner_text()
    page.get_by_role("button", name="Show all 5.0 MB").click()
    # By short strings only: reading five megabytes at each look is slower than showing them.
    expect(row.locator(".long-foot [role=status]")).to_have_text("all 5.0 MB", timeout=60_000)
    texts = "(box) => [...box.children].map((chunk) => chunk.textContent)"
    ends = row.locator(".long.open").evaluate(f"(box) => ({texts})(box).map((text) => [text.length, text.slice(-60)])")
    assert sum(length + 1 for length, _ in ends) == len(MEGABYTES)
    assert ends[-1][1].endswith("line 094339 of a log that goes on and on for a while")
    page.keyboard.press("j")
    expect(page.locator("article[aria-current]")).to_contain_text("That is a long log.")


def test_a_long_result_that_is_structured_opens_as_a_tree(go: Callable[..., Page]) -> None:
    page = go("heavy", step=5)
    row = page.locator("article[aria-current]")
    expect(row.locator(".tree")).to_have_count(0)
    row.get_by_role("button", name=re.compile("^Show all")).click()
    expect(row.locator(".long.open > .tree > .pair")).to_have_count(60)
    row.get_by_role("button", name="show 60 of 140 more").click()
    expect(row.locator(".long.open > .tree > .pair")).to_have_count(120)
    row.locator(".branch").nth(100).click()
    expect(row.locator(".long.open > .tree > .pair").nth(100)).to_contain_text("<script>window.pwned=1</script>")
    assert page.evaluate("window.pwned") is None


def test_content_is_text_and_nothing_else(go: Callable[..., Page]) -> None:
    page = go("heavy")
    expect(page.locator("article").first).to_contain_text("<script>window.pwned=1</script>")
    expect(page.locator("article").first).to_contain_text("> red ![i](http://x.example/i)")
    page.keyboard.press("j")
    expect(page.locator("article").nth(1)).to_contain_text("<b>tool</b>")
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("article script, article img, article b").count() == 0


def test_nested_steps_fold_under_the_one_that_holds_them(go: Callable[..., Page]) -> None:
    page = go("nested")
    expect(page.locator("article")).to_have_count(5)
    page.locator("article").nth(1).click()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("article")).to_have_count(4)
    expect(page.locator("article").nth(1)).to_contain_text("1 step inside")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("article")).to_have_count(1)
    page.keyboard.press("g")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("article[aria-current]")).to_contain_text("Thought 0")


def test_a_conversation_is_read_as_one(go: Callable[..., Page]) -> None:
    page = go("talk1", step=2)
    expect(page.locator(".summary")).to_contain_text("12 steps")
    expect(page.locator("article[aria-current] .number")).to_have_text("6")
    expect(page.get_by_role("heading", name=re.compile("^2 · Turn 1 of it"))).to_be_visible()
    expect(page.get_by_role("button", name="Conversation (3 runs)")).to_be_visible()


def test_a_run_without_steps_says_so(go: Callable[..., Page]) -> None:
    expect(go("empty").get_by_text("This run has no steps")).to_be_visible()


def test_a_page_of_steps_that_does_not_come_is_asked_for_again(go: Callable[..., Page]) -> None:
    page = go("long")
    page.route(re.compile(r"/api/traces/\d+/steps\?"), lambda route: route.abort())
    page.keyboard.press("e")
    expect(page.get_by_text("This step could not be loaded").first).to_be_visible()
    page.unroute_all()
    page.locator("article[aria-current]").get_by_role("button", name="Retry").click()
    expect(page.locator("article[aria-current]")).to_contain_text("no answer within 30 s")


def test_a_slow_answer_neither_moves_nor_empties_the_page(go: Callable[..., Page]) -> None:
    page = go("long")

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route(re.compile(r"/api/traces/\d+/steps\?"), late)
    page.keyboard.press("e")
    expect(page.locator("article[aria-current] .number")).to_have_text("51")
    expect(page.locator("article[aria-current]")).to_contain_text("no answer within 30 s")
    expect(page.locator("article[aria-current]")).to_be_focused()
    page.unroute_all(behavior="wait")  # an answer that is still held back would come to a closed page


def test_other_runs_of_a_task_are_one_click_away(go: Callable[..., Page]) -> None:
    page = go("r3")
    page.get_by_role("button", name="Runs of this task (60)").click()
    page.locator("table.runs tr", has_text="r58").click()
    expect(page.locator("article").first).to_contain_text("Order 58?")


# ---- what one person may not know yet


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


# ---- import


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
