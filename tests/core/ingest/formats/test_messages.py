"""Message logs of both vendors' APIs become runs: who said what, which tool was called, how many tokens were read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.ingest.accept import ImportOptions, import_document
from core.ingest.document import open_document
from core.ingest.formats import messages
from core.records import Message, Rejected, Step, StepKind, ToolCall, Trace
from core.store.engine import Store

SYSTEM = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "Where is order 7?"}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"order": 7}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": '{"state": "sent"}'}
TOLD = {"role": "assistant", "content": "It was sent."}
SCHEMA = {"name": "get", "description": "An order.", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": SCHEMA}

STEPS = (
    Step("0", StepKind.OTHER, "system", output=(Message("system", "Be brief."),)),
    Step("1", StepKind.USER, "user", output=(Message("user", "Where is order 7?"),)),
    Step("2", StepKind.LLM, "agent", output=(Message("assistant", tool_calls=(ToolCall("c1", "get", {"order": 7}),)),)),
    Step("3", StepKind.TOOL, "get", call_id="c1", arguments={"order": 7}, result={"state": "sent"}),
    Step("4", StepKind.LLM, "agent", output=(Message("assistant", "It was sent."),)),
)


def records_of(*records: Any) -> list[Any]:
    text = "\n".join(json.dumps(one) for one in records)
    return list(messages.read(open_document("log.jsonl", text.encode())) or ())


def trace_of(*records: Any) -> Trace:
    (trace,) = records_of(*records)
    assert isinstance(trace, Trace)
    return trace


def completion(message: dict[str, Any], **usage: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1788166800,
        "model": "gpt-x",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 8},
        }
        | usage,
    }


ANSWERED = replace(
    STEPS[4],
    model="gpt-x",
    tokens_in=100,
    tokens_out=20,
    tokens_cached=60,
    tokens_reasoning=8,
    started_at=datetime(2026, 8, 31, 9, tzinfo=UTC),
)


def test_a_chat_record() -> None:
    record = {"messages": [SYSTEM, ASKED, CALLED, RESULT, TOLD], "tools": [TOOL], "label": "good"}
    trace = trace_of(record)
    assert trace.steps == STEPS
    assert (trace.agent, trace.tools, trace.attributes) == ("messages", (TOOL,), {"label": "good"})
    assert trace.task is not None
    assert (trace.task.title, trace.task.derived) == ("Where is order 7?", True)
    assert trace_of({"messages": [ASKED | {"content": "where IS  order 7?"}]}).task.key == trace.task.key


def test_a_chat_completions_request_with_its_response() -> None:
    request = {"model": "gpt", "messages": [SYSTEM, ASKED, CALLED, RESULT], "tools": [TOOL], "user": "u7"}
    trace = trace_of({"request": request, "response": completion(TOLD)})
    assert trace.steps == (*STEPS[:4], ANSWERED)
    assert (trace.version, trace.user, trace.tools) == ("gpt-x", "u7", (TOOL,))


@pytest.mark.parametrize("wrap", [lambda body: {"body": body}, json.dumps, lambda body: {"body": json.dumps(body)}])
def test_bodies_that_a_gateway_wrapped(wrap: Any) -> None:
    request = {"messages": [SYSTEM, ASKED, CALLED, RESULT]}
    trace = trace_of({"request": wrap(request), "response": wrap(completion(TOLD)), "latency": 1.5})
    assert trace.steps == (*STEPS[:4], replace(ANSWERED, ended_at=datetime(2026, 8, 31, 9, 0, 1, 500_000, UTC)))


def test_a_responses_request_with_its_response() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "get", "arguments": '{"order": 7}'}
    request = {
        "instructions": "Be brief.",
        "input": [ASKED, call, {"type": "function_call_output", "call_id": "c1", "output": '{"state": "sent"}'}],
        "tools": [{"type": "function"} | SCHEMA, {"type": "web_search"}],
    }
    response = {
        "object": "response",
        "model": "gpt-x",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "It is sent."}]},
            {"type": "web_search_call", "id": "w", "status": "completed"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It was sent."}]},
        ],
        "usage": {
            "input_tokens": 50,
            "output_tokens": 9,
            "input_tokens_details": {"cached_tokens": 30},
            "output_tokens_details": {"reasoning_tokens": 4},
        },
        "error": None,
    }
    trace = trace_of({"request": request, "response": response})
    searched = ToolCall("w", "web_search", response["output"][1])
    said = Message("assistant", "It was sent.", "It is sent.", tool_calls=(searched,))
    assert trace.steps[:4] == STEPS[:4]
    assert trace.steps[4] == Step(
        *("4", StepKind.LLM, "agent"),
        output=(said,),
        model="gpt-x",
        tokens_in=50,
        tokens_out=9,
        tokens_cached=30,
        tokens_reasoning=4,
    )
    assert trace.tools == (TOOL, {"type": "web_search"})


CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [
        {"type": "thinking", "thinking": "It is sent.", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "It was sent."},
        {"type": "tool_use", "id": "c2", "name": "close", "input": {"order": 7}},
    ],
    "usage": {
        "input_tokens": 10,
        "cache_read_input_tokens": 80,
        "cache_creation_input_tokens": 5,
        "output_tokens": 30,
    },
}


def test_an_anthropic_request_with_its_response() -> None:
    request = {
        "model": "claude",
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "get", "description": "An order.", "input_schema": {"type": "object"}}],
        "metadata": {"user_id": "u7"},
        "messages": [
            ASKED,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "get", "input": {"order": 7}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "no"}]}
                    | {"is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
    }
    trace = trace_of({"request": request, "response": CLAUDE})
    failed = replace(STEPS[3], result="Error: no", error="Error: no")
    said = Message("assistant", "It was sent.", "It is sent.", (ToolCall("c2", "close", {"order": 7}),))
    assert trace.steps == (
        *(*STEPS[:3], failed, Step("4", StepKind.USER, "user", output=(Message("user", "And now?"),))),
        Step(
            *("5", StepKind.LLM, "agent"),
            output=(said,),
            model="claude-x",
            tokens_in=95,
            tokens_out=30,
            tokens_cached=80,
            tokens_cache_written=5,
        ),
    )
    assert (trace.tools, trace.user, trace.version) == ((TOOL,), "u7", "claude-x")


def test_records_of_a_conversation_are_one_run_in_which_nothing_is_told_twice() -> None:
    first = {"session_id": "s", "request": {"messages": [SYSTEM, ASKED]}, "response": completion(CALLED)}
    second = {"session_id": "s", "request": {"messages": [SYSTEM, ASKED, CALLED, RESULT]}, "response": completion(TOLD)}
    other = {"session_id": "t", "request": {"messages": [ASKED]}, "response": completion(TOLD)}
    joined, alone = records_of(first, other, second)
    assert [replace(step, **NO_FACTS) for step in joined.steps] == list(STEPS)
    assert (joined.session_id, alone.session_id, len(alone.steps)) == ("s", "t", 2)
    (grown,) = records_of(first, second, {**second, "request": {"messages": [*STORY, {**ASKED, "content": "When?"}]}})
    assert (grown.trace_id, len(grown.steps)) == (joined.trace_id, 7)


STORY = [SYSTEM, ASKED, CALLED, RESULT, TOLD]
NO_FACTS: dict[str, Any] = {
    **dict.fromkeys(("tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning", "started_at")),
    "model": "",
}


def test_responses_that_follow_one_another_by_id_are_one_run() -> None:
    def answered(uid: str, text: str) -> dict[str, Any]:
        return {"id": uid, "output": [{"type": "message", "role": "assistant", "content": text}]}

    first = {"request": {"input": "One?", "instructions": "Be brief."}, "response": answered("r1", "1")}
    second = {
        "request": {"input": "Two?", "instructions": "Be brief.", "previous_response_id": "r1"},
        "response": answered("r2", "2"),
    }
    trace = trace_of(first, second)
    said = [step.output[0].content for step in trace.steps]
    assert said == ["Be brief.", "One?", "1", "Two?", "2"]


def test_batch_results_of_both() -> None:
    expired = {"custom_id": "f", "result": {"type": "expired"}}
    rejected, *traces = records_of(
        {"id": "b1", "custom_id": "a", "response": {"status_code": 200, "body": completion(TOLD)}, "error": None},
        {"id": "b2", "custom_id": "b", "response": None, "error": {"code": "expired", "message": "too late"}},
        {"custom_id": "c", "response": {"status_code": 400, "body": {"error": {"message": "bad", "type": "invalid"}}}},
        {"custom_id": "d", "result": {"type": "succeeded", "message": CLAUDE}},
        {
            "custom_id": "e",
            "result": {"type": "errored", "error": {"type": "error", "error": {"type": "busy", "message": "later"}}},
        },
        expired,
    )
    assert rejected == Rejected("line 6 (f)", "the batch's request expired before it ran", expired)
    assert [trace.attributes["custom_id"] for trace in traces] == ["a", "b", "c", "d", "e"]
    assert [[step.error for step in trace.steps] for trace in traces] == [
        [""],
        ["expired: too late"],
        ["invalid: bad"],
        [""],
        ["busy: later"],
    ]
    assert traces[3].steps[0].tokens_in == 95


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"request": {"messages": [ASKED]}, "response": None}, "it is a request without its response"),
        ({"custom_id": "a", "url": "/v1/x", "body": {"messages": [ASKED]}}, "it is a batch's request: what ran"),
        ({"messages": []}, "it has no message"),
        ({"messages": [{"content": "x"}]}, "role is missing"),
        ({"messages": 3}, "its messages are not a list"),
        ({"messages": [ASKED | {"tool_calls": [3]}]}, "a tool call is not an object"),
        ({"request": {"messages": [ASKED]}, "response": {"text": "x"}}, "its response is in no shape that is read"),
        (7, "it is not an object with messages"),
    ],
)
def test_a_bad_record_is_rejected_with_its_body(record: Any, reason: str) -> None:
    rejected, trace = records_of({"messages": [ASKED, TOLD]}, record)
    assert isinstance(trace, Trace)
    assert rejected.record.startswith("line 2")
    assert rejected.reason.startswith(reason)
    assert rejected.body == record


@pytest.mark.parametrize(
    "value",
    [
        [{"messages": [ASKED], "trajectory_format": "mini-swe-agent-1"}],
        [{"traj": [ASKED], "reward": 1, "info": {}}],
        [{"question": "x", "response": "y"}],
        [{"request": "x", "response": "y"}],
        [{"messages": "[]"}],
        {"simulations": [], "tasks": []},
    ],
)
def test_what_is_another_formats_is_left_alone(value: Any) -> None:
    assert messages.read(open_document("a.json", json.dumps(value).encode())) is None


def test_older_shapes_are_read_too() -> None:
    called = {"role": "assistant", "content": None, "function_call": {"name": "get", "arguments": "{}"}}
    trace = trace_of({"messages": [ASKED, called, {"role": "function", "name": "get", "content": "sent"}, TOLD]})
    assert [(step.kind, step.name) for step in trace.steps][1:3] == [(StepKind.LLM, "agent"), (StepKind.TOOL, "get")]
    refused = trace_of({"messages": [ASKED, {"role": "assistant", "content": None, "refusal": "No."}]})
    assert refused.steps[1].output[0].content == "No."


def test_the_same_log_twice_adds_nothing(store: Store) -> None:
    lines = [{"messages": [ASKED, TOLD], "n": n} for n in range(3)] + [
        {"session_id": "s", "request": {"messages": [ASKED]}, "response": completion(TOLD)}
    ]
    data = "\n".join(json.dumps(one) for one in lines).encode()
    first = import_document(store, "log.jsonl", data, ImportOptions())
    assert (first.counts["traces"], first.rejected, first.formats) == (4, [], {"log.jsonl": "messages"})
    again = import_document(store, "log.jsonl", data, ImportOptions())
    assert (again.arrived, again.counts["duplicates"]) == (0, 4)
