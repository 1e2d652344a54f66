"""The agent to copy: what its spans say, and that neither a broken model nor a missing Loopwright surprises it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from anthropic import Anthropic
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from examples.support_agent.__main__ import main
from examples.support_agent.agent import AGENT, MOST_CALLS, PROMPT, Conversation
from examples.support_agent.loopwright import Loopwright
from examples.support_agent.shop import ORDERS, TOOLS, Shop, ShopError
from tests.e2e.server import free_port
from tests.standins import MALFORMED, Answer, Claude, Collector, attributes_of, calls, fails, says, serving

LESSON = {"id": "l1", "revision": 2, "when": "a parcel", "guidance": "say when it comes", "avoid": "", "score": 0.5}
LESSONS = {"recall_id": "r1", "arm": "memory", "lessons": [LESSON], "prompt": "Note 1\n> Do: say when it comes."}
LOOKED_UP = ORDERS["1001"] | {"returns": {}, "refunded": 0}

Begin = Callable[..., tuple[int, Claude, Collector]]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Runs the program against a scripted Claude and a Loopwright that knows one lesson."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "no key")

    def run(script: list[Answer], *arguments: str) -> tuple[int, Claude, Collector]:
        with serving(Claude(*script)) as claude, serving(Collector(recall=LESSONS, signals={})) as loopwright:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", claude.url)
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", loopwright.url)
            return main([*arguments]), claude, loopwright

    return run


def by_start(loopwright: Collector) -> list[Span]:
    return sorted(loopwright.spans, key=lambda span: span.start_time_unix_nano)


def read(value: str) -> Any:
    return json.loads(value)


def test_a_run_is_one_trace_in_the_words_of_the_conventions(begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    question, answer = "Where is my order 1001?", "It is on its way and due on 22 March."
    script = [
        says("Let me look.", calls("c1", "read_order", order_id="1001"), cache_creation_input_tokens=700),
        says(answer, cache_read_input_tokens=700, input_tokens=60, output_tokens=12),
    ]
    code, _, loopwright = begin(script, question, "--model", "claude-m", "--task-key", "shop/where-is-1001")
    root, search, first, tool, second = by_start(loopwright)
    trace = root.trace_id.hex()
    assert (code, capsys.readouterr().out) == (0, f"{answer}\n[trace {trace}]\n")
    assert [span.name for span in (root, search, first, tool, second)] == [
        "invoke_agent lamp-support",
        "search_memory",
        "chat claude-m",
        "execute_tool read_order",
        "chat claude-m",
    ]
    assert {span.trace_id for span in loopwright.spans} == {root.trace_id}
    assert [span.parent_span_id for span in (root, search, first, tool, second)] == [b"", *[root.span_id] * 4]
    assert [span.kind for span in (root, search, first, tool)] == [
        Span.SPAN_KIND_INTERNAL,
        Span.SPAN_KIND_CLIENT,
        Span.SPAN_KIND_CLIENT,
        Span.SPAN_KIND_INTERNAL,
    ]
    assert {span.status.code for span in loopwright.spans} == {Status.STATUS_CODE_UNSET}
    said = {"role": "user", "parts": [{"type": "text", "content": question}]}
    replied = {"role": "assistant", "parts": [{"type": "text", "content": answer}]}
    about = attributes_of(root)
    conversation = about.pop("gen_ai.conversation.id")
    assert about == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.agent.name": "lamp-support",
        "gen_ai.request.model": "claude-m",
        "gen_ai.input.messages": json.dumps([said]),
        "gen_ai.output.messages": json.dumps([replied]),
        "loopwright.version": "v1",
        "loopwright.task.key": "shop/where-is-1001",
    }
    about = attributes_of(search)
    content = {key: LESSON[key] for key in ("when", "guidance", "avoid", "revision")}
    assert read(about.pop("gen_ai.memory.records")) == [{"id": "l1", "content": content, "score": 0.5}]
    assert about == {
        "gen_ai.operation.name": "search_memory",
        "gen_ai.agent.name": "lamp-support",
        "gen_ai.memory.store.id": "loopwright",
        "gen_ai.memory.query.text": question,
        "gen_ai.memory.record.count": 1,
        "loopwright.recall.id": "r1",
    }
    call = {"type": "tool_call", "id": "c1", "name": "read_order", "arguments": {"order_id": "1001"}}
    asked = [{"type": "text", "content": "Let me look."}, call]
    about = attributes_of(first)
    instructions = read(about.pop("gen_ai.system_instructions"))
    assert instructions == [{"type": "text", "content": PROMPT}, {"type": "text", "content": LESSONS["prompt"]}]
    assert read(about.pop("gen_ai.tool.definitions")) == [{"type": "function", **one} for one in TOOLS]
    assert read(about.pop("gen_ai.input.messages")) == [said]
    assert read(about.pop("gen_ai.output.messages")) == [
        {"role": "assistant", "parts": asked, "finish_reason": "tool_use"}
    ]
    assert about == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.agent.name": "lamp-support",
        "gen_ai.conversation.id": conversation,
        "gen_ai.request.model": "claude-m",
        "gen_ai.response.model": "claude-standin-20260301",
        "gen_ai.response.id": "msg_standin",
        "gen_ai.response.finish_reasons": ["tool_use"],
        "gen_ai.usage.input_tokens": 710,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 700,
        "gen_ai.usage.output_tokens": 5,
    }
    about = attributes_of(tool)
    assert read(about.pop("gen_ai.tool.call.result")) == LOOKED_UP
    assert about == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "read_order",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": '{"order_id": "1001"}',
    }
    about = attributes_of(second)
    told = {"type": "tool_call_response", "id": "c1", "response": json.dumps(LOOKED_UP)}
    assert read(about["gen_ai.input.messages"]) == [
        said,
        {"role": "assistant", "parts": asked},
        {"role": "tool", "parts": [told]},
    ]
    usage = {key: value for key, value in about.items() if key.startswith("gen_ai.usage.")}
    assert usage == {
        "gen_ai.usage.input_tokens": 760,
        "gen_ai.usage.cache_read.input_tokens": 700,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.output_tokens": 12,
    }


def test_lessons_are_asked_for_before_the_model_and_stand_behind_the_agents_own_words(begin: Begin) -> None:
    _, claude, loopwright = begin([says("Good day.")], "Hello")
    root = by_start(loopwright)[0]
    assert loopwright.sent("/api/recall") == [
        {
            "agent": "lamp-support",
            "version": "v1",
            "task": "Hello",
            "run_key": attributes_of(root)["gen_ai.conversation.id"],
            "trace_id": root.trace_id.hex(),
        }
    ]
    assert [block["text"] for block in claude.asked[0]["system"]] == [PROMPT, LESSONS["prompt"]]
    assert claude.asked[0]["system"][0]["cache_control"] == {"type": "ephemeral"}


class Recalls(Loopwright):
    """Knows no lesson for the task, and one for the tool."""

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        ASKED.append(dict(body))
        return LESSONS if "tool" in body else LESSONS | {"lessons": [], "prompt": ""}


ASKED: list[dict[str, Any]] = []


def test_before_a_tool_whose_work_cannot_be_undone_lessons_are_asked_for_again() -> None:
    refund = calls("c1", "issue_refund", order_id="1003", amount_cents=100)
    with serving(Claude(says(refund), says(refund | {"id": "c2"}), says("Done."))) as claude:
        client = Anthropic(api_key="no key", base_url=claude.url, open_telemetry=False)
        talk = Conversation(client, "claude-m", TracerProvider().get_tracer(AGENT), Recalls("", {}))
        talk.run("Give me a euro back.")
    assert [one.get("tool") for one in ASKED] == [None, "issue_refund", "issue_refund"]
    assert ASKED[1]["task"] == 'issue_refund {"order_id": "1003", "amount_cents": 100}'
    assert {one["run_key"] for one in ASKED} == {talk.id}
    told = [body["messages"][-1]["content"][0]["content"] for body in claude.asked[1:]]
    assert told[0] == f"Not done yet. Read this, then call again if it is right.\n\n{LESSONS['prompt']}"
    assert json.loads(told[1])["refunded"] == 100


def test_the_turns_of_a_conversation_are_traces_of_one_session(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Send 1002 back.\n\nYes, please.\n"))
    start = calls("c1", "start_return", order_id="1002", line="floor lamp", reason="too tall")
    script = [says("Shall I start the return?"), says(start), says("Done.")]
    code, claude, loopwright = begin(script)
    roots = [span for span in by_start(loopwright) if not span.parent_span_id]
    assert code == 0
    assert len({span.trace_id for span in roots}) == len(roots) == 2
    assert len({attributes_of(span).get("gen_ai.conversation.id") for span in roots}) == 1
    assert [message["role"] for message in claude.asked[1]["messages"]] == ["user", "assistant", "user"]
    assert read(attributes_of(roots[1])["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Yes, please."}]}
    ]
    returned = read(attributes_of(by_start(loopwright)[6])["gen_ai.tool.call.result"])["returns"]
    assert returned == {"floor lamp": "too tall"}
    assert capsys.readouterr().out.splitlines()[::2] == ["Shall I start the return?", "Done."]


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "message"),
    [
        ("read_order", {"order_id": "9"}, "ShopError", "There is no order 9."),
        ("open_ticket", {}, "ShopError", "There is no tool open_ticket."),
        ("read_order", {"number": 1}, "TypeError", "Shop.read_order() got an unexpected keyword argument 'number'"),
    ],
)
def test_a_tool_that_fails_is_an_error_of_its_span_and_is_told_to_the_model(
    begin: Begin, name: str, arguments: dict[str, Any], kind: str, message: str
) -> None:
    code, claude, loopwright = begin([says(calls("c1", name, **arguments)), says("I could not do it.")], "Do it")
    root, _, _, tool, _ = by_start(loopwright)
    assert code == 0
    assert (tool.name, tool.status.code) == (f"execute_tool {name}", Status.STATUS_CODE_ERROR)
    assert tool.status.message == f"{kind}: {message}"
    assert attributes_of(tool)["error.type"] == kind
    assert root.status.code == Status.STATUS_CODE_UNSET
    assert claude.asked[1]["messages"][-1]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": message, "is_error": True}
    ]


def test_a_model_that_is_busy_for_a_moment_is_asked_again(begin: Begin) -> None:
    busy = [fails(429, "rate_limit_error", "slow down", 0.01), fails(529, "overloaded_error", "busy", 0.01)]
    code, claude, loopwright = begin([*busy, says("Good day.")], "Hello")
    assert (code, len(claude.asked)) == (0, 3)
    assert [span.status.code for span in loopwright.spans] == [Status.STATUS_CODE_UNSET] * 3


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([fails(529, "overloaded_error", "busy", 0.01)] * 3, "OverloadedError"),
        ([fails(400, "invalid_request_error", "no such model")], "BadRequestError"),
        ([MALFORMED], "JSONDecodeError"),
    ],
)
def test_a_model_that_fails_ends_the_run_with_a_sentence_and_red_spans(
    begin: Begin, capsys: pytest.CaptureFixture[str], script: list[Answer], kind: str
) -> None:
    code, claude, loopwright = begin(script, "Hello", "And again", "--rate", "up")
    assert code == 1
    assert "The run failed: " in capsys.readouterr().err
    assert claude.script == []
    root, _, chat = by_start(loopwright)
    for span in (root, chat):
        assert (span.status.code, attributes_of(span)["error.type"]) == (Status.STATUS_CODE_ERROR, kind)
    assert loopwright.sent("/api/signals") == []


def test_a_model_that_asks_for_tools_without_end_is_stopped(begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    script = [says(calls(f"c{n}", "read_order", order_id="1001")) for n in range(MOST_CALLS + 1)]
    code, claude, loopwright = begin(script, "Hello")
    assert (code, len(claude.asked)) == (1, MOST_CALLS)
    assert capsys.readouterr().err.endswith("The run failed: no answer after 12 calls of the model\n")
    assert by_start(loopwright)[0].status.code == Status.STATUS_CODE_ERROR


def test_an_answer_that_was_cut_off_is_no_tool_call(begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    cut = says(calls("c1", "issue_refund", order_id="1001"), stop="max_tokens")
    code, _, loopwright = begin([cut], "Hello")
    assert (code, len(loopwright.spans)) == (0, 3)
    assert capsys.readouterr().out.startswith("(no answer: max_tokens)\n")


@pytest.mark.parametrize("thumb", ["up", "down"])
def test_a_thumb_is_sent_for_the_last_run(begin: Begin, thumb: str) -> None:
    code, _, loopwright = begin([says("Good day."), says("Bye.")], "Hello", "Bye", "--rate", thumb)
    last = by_start(loopwright)[-1].trace_id.hex()
    assert code == 0
    assert loopwright.sent("/api/signals") == [
        {
            "trace_id": last,
            "name": "thumb",
            "kind": "explicit",
            "value": thumb == "up",
            "source": "chat window",
            "key": f"thumb/{last}",
        }
    ]


def test_the_sdk_does_not_trace_the_same_calls_a_second_time(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = InMemorySpanExporter()
    everybodys = TracerProvider()
    everybodys.add_span_processor(SimpleSpanProcessor(seen))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", everybodys)
    code, _, loopwright = begin([says("Good day.")], "Hello")
    assert (code, len(loopwright.spans), seen.get_finished_spans()) == (0, 3, ())


def test_the_access_token_goes_along_everywhere(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPWRIGHT_ACCESS_TOKEN", "open sesame")
    _, _, loopwright = begin([says("Good day.")], "Hello", "--rate", "up")
    assert {asked.path: asked.headers.get("authorization") for asked in loopwright.asked} == dict.fromkeys(
        ("/api/recall", "/v1/traces", "/api/signals"), "Bearer open sesame"
    )


def test_without_loopwright_the_customer_is_answered(
    begin: Begin,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    away = f"http://127.0.0.1:{free_port()}"
    code, claude, _ = begin([says("Good day.")], "Hello", "--rate", "up", "--loopwright", away)
    assert code == 0
    assert capsys.readouterr().out.startswith("Good day.\n")
    assert [block["text"] for block in claude.asked[0]["system"]] == [PROMPT]
    said = [record.getMessage() for record in caplog.records if record.name == "examples.support_agent.loopwright"]
    assert [line.partition(" (")[0] for line in said] == [
        f"Loopwright did not answer at {away}/api/recall",
        f"Loopwright did not answer at {away}/api/signals",
    ]


def test_without_a_key_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["Hello"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("there is no key for the model: set ANTHROPIC_API_KEY\n")


def test_never_more_is_paid_back_than_was_paid() -> None:
    shop = Shop()
    shop.call("issue_refund", {"order_id": "1003", "amount_cents": 3000})
    for amount in (101, 0, -1, 50.0, True, "50"):
        with pytest.raises(ShopError, match=f"Between 1 and 100 cents of order 1003 can be paid back, not {amount}"):
            shop.call("issue_refund", {"order_id": "1003", "amount_cents": amount})
    assert shop.call("issue_refund", {"order_id": "1003", "amount_cents": 100})["refunded"] == 3100
    with pytest.raises(ShopError, match="Order 1003 has no desk lamp"):
        shop.call("start_return", {"order_id": "1003", "line": "desk lamp", "reason": ""})
    assert Shop().call("read_order", {"order_id": "1003"})["refunded"] == 0
