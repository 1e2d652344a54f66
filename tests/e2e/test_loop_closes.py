"""The loop, closed end to end: an agent fails, a reviewer corrects, a lead approves, the agent runs again, and the lift
says how much better it does and how sure that is.

The model is a stand-in that follows its instructions and only those (tests.examples.follower). The tasks that are
reviewed are train tasks; all their kin is kept for validation, so that what is shown is no task learnt by heart.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from anthropic import Anthropic
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from core.memory.arms import CONTROL, Shares, arm_of
from core.records import LessonState
from core.review.ready_made import RUN_REVIEW
from core.store.items import NewItem, add_items
from core.store.lessons import list_lessons
from core.store.people import person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import TraceRow
from core.store.traces import find_trace
from examples.support_agent.agent import AGENT
from examples.support_agent.loopwright import Loopwright
from tests.e2e.desks import Work, open_desk, session, title
from tests.e2e.server import ROOT, Server
from tests.examples.follower import Follower
from tests.examples.lamp_shop import LATE, NO_REASON, ONE_LINE, TASKS, Ran, run_suite
from tests.standins import serving

SHARE = 0.3
"""Of the runs that go without lessons: more than usual, so that few runs tell."""

TAUGHT = {
    LATE: (
        "I am sorry: it came more than 30 days ago, so nothing can be paid back.",
        "a customer asks for a refund of an order that was delivered long ago",
        "Read the delivery date first, and pay nothing back for what was delivered more than 30 days ago.",
    ),
    ONE_LINE: (
        "I have paid back the price of that line, and no more.",
        "a customer wants the money back for one thing of an order and keeps the rest",
        "When the customer names one line of an order, pay back the price of that line only.",
    ),
}
"""Kind of task → what the agent should have said, and the lesson: when, do."""

REVIEWED = {kind: next(task for task in TASKS if task.kind == kind) for kind in TAUGHT}


@contextmanager
def agent(server: Server) -> Iterator[Callable[[str, int], list[Ran]]]:
    """Runs the suite so many times under a name, and waits until all its runs are whole."""
    with serving(Follower()) as claude:
        client = Anthropic(api_key="no key", base_url=claude.url, open_telemetry=False)
        tracing = TracerProvider()
        tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{server.url}/v1/traces")))

        def run(name: str, trials: int) -> list[Ran]:
            done = list(run_suite(client, tracing.get_tracer(AGENT), Loopwright(server.url, {}), name, trials))
            tracing.force_flush()
            wait_until_whole(server, [one.trace_id for one in done])
            return done

        yield run
        tracing.shutdown()


def wait_until_whole(server: Server, trace_ids: Sequence[str]) -> None:
    whole = select(func.count()).where(TraceRow.uid.in_(trace_ids), TraceRow.closed_at.is_not(None))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with session(server.data_dir) as opened:
            if opened.scalar(whole) == len(trace_ids):
                return
        time.sleep(0.2)
    raise AssertionError("the runs are not whole after a minute")


def kinds(runs: Sequence[Ran], solved: bool) -> set[str]:
    return {one.task.kind for one in runs if one.solved is solved}


def queue_failures(server: Server, runs: Sequence[Ran]) -> tuple[Work, int]:
    """A queue of the first failed run of each reviewed task, and a reviewer; their kin is kept for validation."""
    failed = {one.task.key: one.trace_id for one in reversed(runs) if one.task in REVIEWED.values()}
    kept = [task.key for task in TASKS if task.kind in TAUGHT and task not in REVIEWED.values()]
    assert loopwright(server, "split", *kept, "--as", "validation", "--yes")["done"]
    with session(server.data_dir) as opened:
        reviewer = person_id(opened, "reviewer-1", active=True)
        ids = [find_trace(opened, failed[task.key]) for task in REVIEWED.values()]
        queue = make_queue(opened, "failures", "trace", save_schema(opened, RUN_REVIEW))
        add_items(opened, get_queue(opened, queue), [NewItem(one) for one in ids if one is not None])
    return Work(server.data_dir, "failures", "trace", tuple(one for one in ids if one is not None)), reviewer


def review(page: Page, kind: str) -> None:
    """Label the run on the desk as failed, correct its last turn and write the lesson, by keyboard."""
    should, when, do = TAUGHT[kind]
    keys = page.keyboard
    page.get_by_text(re.compile(r"I have paid [\d.]+ back to you\.")).last.click()
    keys.press("3")
    expect(page.get_by_role("radio", name=re.compile(r"\bNo$"))).to_be_checked()
    keys.press("c")
    expect(page.get_by_role("textbox", name=re.compile("What step .* should have said"))).to_be_focused()
    keys.press("Control+a")
    keys.type(should)
    keys.press("Escape")
    keys.press("l")
    keys.type(when)
    keys.press("Tab")
    keys.type(do)
    keys.press("Control+Enter")


def loopwright(server: Server, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "dashboard.cli", *words, "--json"]
    settings = {"LOOPWRIGHT_DATA_DIR": str(server.data_dir), "LOOPWRIGHT_CONTROL_SHARE": str(SHARE)}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_loop_closes(server: Callable[..., Server], page: Page) -> None:
    running = server(
        LOOPWRIGHT_TRACE_SILENCE="0.2", LOOPWRIGHT_CONTROL_SHARE=str(SHARE), LOOPWRIGHT_HOLD_BACK_SHARE="0"
    )
    with agent(running) as run:
        first = run("first", 1)
        assert kinds(first, solved=False) == {LATE, ONE_LINE, NO_REASON}
        work, reviewer = queue_failures(running, first)

        open_desk(page, f"{running.url}/who/{reviewer}?next={work.address('')}")
        for n in (1, 2):
            asked = title(page)
            review(page, next(task.kind for task in REVIEWED.values() if task.says in asked))
            expect(page.locator(".progress")).to_contain_text(f"{n} of 2")
        assert [one.answers["outcome"] for one in work.said()] == ["failed", "failed"]

        page.goto(f"{running.url}/who/1?next=/lessons")
        approve = page.get_by_role("button", name="Approve")
        expect(approve).to_have_count(2, timeout=30_000)
        for n in (0, 1):
            approve.nth(n).click()
            expect(approve.nth(n)).to_be_disabled()
            expect(page.get_by_text(f"Active {n + 1}")).to_be_visible()
        with session(running.data_dir) as opened:
            assert len(list_lessons(opened, [LessonState.ACTIVE])) == 2
        time.sleep(1)  # the time within which an approved lesson is recalled

        second = run("second", 4)
    taught = [one for one in second if arm_of(one.name, Shares(control=SHARE)) != CONTROL]
    untaught = [one for one in second if one not in taught]
    assert kinds(taught, solved=False) == {NO_REASON}, (
        "what was taught is solved, and what no lesson concerns is as before"
    )
    assert kinds(untaught, solved=False) == {LATE, ONE_LINE, NO_REASON}, "the control arm stays"
    assert kinds(untaught, solved=True).isdisjoint(TAUGHT)

    found = loopwright(running, "lift", "--agent", AGENT)
    memory = found["memory"]
    assert memory["verdict"] == "helps"
    assert [round(100 * end) for end in memory["interval"]] == [15, 68]
    counted = {
        group: (memory[group]["n"], round(memory[group]["n"] * memory[group]["success"]))
        for group in ("with", "without")
    }
    assert counted == {"with": (57, 49), "without": (23, 9)}
    page.goto(f"{running.url}/lessons?view=lift")
    expect(page.get_by_text(found["sentence"]).first).to_be_visible(timeout=30_000)
    mended = next(one for one in taught if one.task == REVIEWED[LATE])
    with session(running.data_dir) as opened:
        row = find_trace(opened, mended.trace_id)
    page.goto(f"{running.url}/traces?trace={row}")
    expect(page.get_by_text(re.compile("lessons? given")).first).to_be_visible(timeout=30_000)
