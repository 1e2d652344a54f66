"""The examples as a developer starts them, against a Loopwright that is served: what they send is what is stored."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from core.memory.arms import MEMORY, Shares, arm_of, held_back
from core.memory.lessons import approve, propose
from core.records import Lesson, LoggedRecall, Message, Outcome, Role, Signal, SignalKind, Step, StepKind, ToolCall
from core.store.deliveries import deliveries_waiting
from core.store.engine import Store, open_store
from core.store.lessons import list_lessons
from core.store.people import person_id
from core.store.recalls import list_recalls
from core.store.signals import signals_of
from core.store.steps import read_steps
from core.store.traces import TraceLine, find_trace, trace_line, trace_row
from examples.support_agent.agent import AGENT, PROMPT, VERSION, Conversation
from examples.support_agent.loopwright import Loopwright
from examples.support_agent.shop import ORDERS
from tests.e2e.server import ROOT, Server, start
from tests.standins import Claude, calls, fails, says, serving

TOKEN = "open sesame"
LESSON = Lesson("", "a customer asks where an order is", "Name the day on which the parcel comes.", agent=AGENT)
LOOKED_UP = ORDERS["1001"] | {"returns": {}, "refunded": 0}


@dataclass(frozen=True)
class Stored:
    """A run as Loopwright has it."""

    line: TraceLine
    steps: list[Step]
    signals: list[Signal]
    recalls: list[LoggedRecall]
    attributes: dict[str, Any]

    def of_kind(self, kind: StepKind) -> list[Step]:
        return [step for step in self.steps if step.kind is kind]


@contextmanager
def serve(folder: Path, lesson: Lesson | None = None, **settings: str) -> Iterator[tuple[Server, Store]]:
    """A server on a fresh folder, and its database to look into."""
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    if lesson is not None:
        with store.session() as session:
            lead = person_id(session, "a lead", Role.LEAD)
            approve(session, propose(session, lesson, lead), 1, lead, Role.LEAD)
    server = start("serve", folder, folder.with_suffix(".log"), **settings)
    try:
        yield server, store
    finally:
        server.stop()
        store.close()


@pytest.fixture(scope="module")
def loopwright(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Store]]:
    with serve(tmp_path_factory.mktemp("loopwright") / "data", LESSON) as served:
        yield served


def wait_until_read(store: Store) -> None:
    """Spans are answered once they are kept; a moment later they stand in their traces."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with store.reading() as session:
            if deliveries_waiting(session).n == 0:
                return
        time.sleep(0.05)
    pytest.fail("spans that were kept are not read after 30 s")


def stored(store: Store, trace_id: str) -> Stored:
    wait_until_read(store)
    with store.reading() as session:
        number = find_trace(session, trace_id)
        assert number is not None, f"no trace {trace_id}"
        return Stored(
            trace_line(session, number),
            read_steps(session, number),
            signals_of(session, [number])[number],
            list_recalls(session, 10, trace_ids=[trace_id]),
            dict(trace_row(session, number).attributes),
        )


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=kept | variables, capture_output=True, text=True, timeout=120
    )


def test_a_run_arrives_as_one_trace_with_its_steps(loopwright: tuple[Server, Store]) -> None:
    server, store = loopwright
    first = says(calls("c1", "read_order", order_id="1001"), cache_creation_input_tokens=700, input_tokens=40)
    with serving(Claude(first, says("Due on 22 March.", cache_read_input_tokens=700, output_tokens=9))) as claude:
        ended = run(
            *("-m", "examples.support_agent", "Where is my order 1001?"),
            *("--task-key", "lamps/where-is-1001", "--model", "claude-m"),
            ANTHROPIC_API_KEY="no key",
            ANTHROPIC_BASE_URL=claude.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=server.url,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    answer, _, trace_id = ended.stdout.strip().partition("\n[trace ")
    assert answer == "Due on 22 March."
    found = stored(store, trace_id.rstrip("]"))
    line = found.line
    assert (line.agent, line.version, line.task, line.n_errors) == (AGENT, VERSION, "lamps/where-is-1001", 0)
    assert (line.tokens_in, line.tokens_out) == (740 + 710, 5 + 9)
    assert line.session != ""
    asked, told = found.of_kind(StepKind.LLM)
    call = ToolCall("c1", "read_order", {"order_id": "1001"})
    assert asked.output == (Message("assistant", tool_calls=(call,)),)
    assert told.output == (Message("assistant", "Due on 22 March."),)
    assert [(step.tokens_in, step.tokens_cached, step.tokens_cache_written) for step in (asked, told)] == [
        (740, 0, 700),
        (710, 700, 0),
    ]
    assert {step.model for step in (asked, told)} == {"claude-standin-20260301"}
    assert [message.role for message in told.input if message.role != "system"] == ["user", "assistant", "tool"]
    (tool,) = found.of_kind(StepKind.TOOL)
    assert (tool.name, tool.call_id, tool.arguments) == ("read_order", "c1", {"order_id": "1001"})
    assert (tool.result, tool.error) == (LOOKED_UP, "")
    (root,) = found.of_kind(StepKind.AGENT)
    assert {step.parent_id for step in (asked, told, tool)} == {root.step_id}


def test_a_thumb_arrives_with_its_run(loopwright: tuple[Server, Store]) -> None:
    server, store = loopwright
    with serving(Claude(says("Good day."), says("Bye."))) as claude:
        ended = run(
            *("-m", "examples.support_agent", "Hello", "Bye", "--rate", "down"),
            ANTHROPIC_API_KEY="no key",
            ANTHROPIC_BASE_URL=claude.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=server.url,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    first, last = (stored(store, trace_id) for trace_id in re.findall(r"\[trace (\w+)\]", ended.stdout))
    assert (first.signals, first.line.outcome) == ([], Outcome.UNKNOWN)
    (thumb,) = last.signals
    assert (thumb.name, thumb.kind, thumb.value, thumb.source) == ("thumb", SignalKind.EXPLICIT, False, "chat window")
    assert (last.line.outcome, last.line.outcome_from) == (Outcome.FAILED, "user's judgement: thumb")


def test_a_lesson_reaches_the_model_and_the_run_knows_which(loopwright: tuple[Server, Store]) -> None:
    server, store = loopwright
    with store.reading() as session:
        lesson = list_lessons(session)[0].uid
    taught = next(
        name
        for n in range(100)
        if arm_of(name := f"talk-{n}", Shares()) == MEMORY and not held_back(name, lesson, Shares())
    )
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{server.url}/v1/traces")))
    with serving(Claude(says("Which one?"), says("Due on 22 March."))) as claude:
        client = Anthropic(api_key="no key", base_url=claude.url, open_telemetry=False)
        talk = Conversation(client, "claude-m", tracing.get_tracer(AGENT), Loopwright(server.url, {}), id=taught)
        talk.run("Where is my order?")
        first = stored(store, talk.trace_id)
        talk.run("Number 1001: where is my order?")
        second = stored(store, talk.trace_id)
    for body in claude.asked:
        own, notes = (block["text"] for block in body["system"])
        assert own == PROMPT
        assert f"> Do: {LESSON.guidance}" in notes
    assert first.line.id != second.line.id
    assert {first.line.session, second.line.session} == {taught}
    for found in (first, second):
        (recall,) = found.recalls
        assert (recall.arm, recall.run_key, [each["given"] for each in recall.lessons]) == (MEMORY, taught, [True])
        assert found.attributes["loopwright.recall.id"] == recall.recall_id
        (asked,) = found.of_kind(StepKind.MEMORY)
        assert (asked.attributes["loopwright.recall.id"], asked.arguments) == (recall.recall_id, recall.task)
        assert [one["content"]["guidance"] for one in asked.result] == [LESSON.guidance]


def test_errors_of_a_tool_and_of_the_model_arrive(loopwright: tuple[Server, Store]) -> None:
    server, store = loopwright
    refund = calls("c1", "issue_refund", order_id="1003", amount_cents=99_900)
    with serving(Claude(says(refund), fails(400, "invalid_request_error", "too long"))) as claude:
        tracing = TracerProvider()
        tracing.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{server.url}/v1/traces")))
        client = Anthropic(api_key="no key", base_url=claude.url, open_telemetry=False)
        talk = Conversation(client, "claude-m", tracing.get_tracer(AGENT), Loopwright(server.url, {}))
        with pytest.raises(Exception, match="too long"):
            talk.run("Give me my money back.")
    found = stored(store, talk.trace_id)
    (tool,) = found.of_kind(StepKind.TOOL)
    assert "Between 1 and 3100 cents of order 1003 can be paid back, not 99900." in tool.error
    assert ["too long" in step.error for step in found.of_kind(StepKind.LLM)] == [False, True]
    assert found.line.n_errors == 3  # the tool, the model, and the run that failed of it


def test_ten_lines_reach_a_server_with_an_access_token(tmp_path: Path) -> None:
    script = str(ROOT / "examples" / "otel_in_ten_lines.py")
    with serve(tmp_path / "data", LOOPWRIGHT_ACCESS_TOKEN=TOKEN) as (server, store):
        refused = run(script, OTEL_EXPORTER_OTLP_ENDPOINT=server.url)
        assert "401" in refused.stderr
        header = f"Authorization=Bearer%20{TOKEN.replace(' ', '%20')}"
        ended = run(script, OTEL_EXPORTER_OTLP_ENDPOINT=server.url, OTEL_EXPORTER_OTLP_HEADERS=header)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        wait_until_read(store)
        with store.reading() as session:
            line = trace_line(session, 1)
            (root,) = [step for step in read_steps(session, line.id) if step.kind is StepKind.AGENT]
    assert (line.agent, root.name, root.error) == ("greeter", "invoke_agent greeter", "")
    assert root.output == (Message("assistant", "Hi"),)
