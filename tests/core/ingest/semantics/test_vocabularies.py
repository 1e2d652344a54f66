"""What no real file at hand shows: one hand-written span for each shape, and the whole of what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.ingest.semantics import step_of
from core.ingest.spans import Span, SpanEvent
from core.records import Message, Step, StepKind, ToolCall

CALL = ToolCall("c1", "get_order", {"order": 8812})


def made(
    name: str = "", events: tuple[SpanEvent, ...] = (), error: str = "", scope: str = "", **attributes: Any
) -> Step:
    plain = {key.replace("__", "."): value for key, value in attributes.items()}
    return step_of(Span("t", "s", name=name, attributes=plain, events=events, error=error, scope=scope))


def of(attributes: dict[str, Any]) -> Step:
    return step_of(Span("t", "s", attributes=attributes))


def test_parts_of_every_kind() -> None:
    image = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "A" * 163_840}
    link = {"type": "uri", "modality": "image", "mime_type": "image/jpeg", "uri": "https://example.com/cat.jpg"}
    data = {"type": "image_url", "image_url": {"url": "data:image/gif;base64," + "A" * 8}}
    step = of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be exact."}]),
            "gen_ai.input.messages": [
                {"role": "user", "parts": [{"type": "text", "content": "What?"}, image, link, data]}
            ],
            "gen_ai.output.messages": json.dumps(
                [
                    {
                        "role": "assistant",
                        "parts": [
                            {"type": "reasoning", "content": "It is a cat."},
                            {"type": "text", "content": "A cat."},
                            {"type": "tool_call", "id": "c1", "name": "get_order", "arguments": '{"order": 8812}'},
                        ],
                        "finish_reason": "length",
                    }
                ]
            ),
        }
    )
    images = "[image: image/png, 120 KB]\n[image: image/jpeg, https://example.com/cat.jpg]\n[image: image/gif, 6 bytes]"
    seen = f"What?\n{images}"
    assert step.input == (Message("system", "Be exact."), Message("user", seen))
    assert step.output == (Message("assistant", "A cat.", "It is a cat.", (CALL,)),)
    assert step.attributes == {
        "gen_ai.input.messages": {"parts": [image, link, data]},
        "gen_ai.output.messages": {"messages": [{"index": 0, "finish_reason": "length"}]},
    }


ORDER = {"order": 8812}
OPENAI = {"id": "c1", "function": {"name": "get_order", "arguments": '{"order":8812}'}}
LANGCHAIN = {"type": "ai", "content": "", "tool_calls": [{"name": "get_order", "args": ORDER, "id": "c1"}]}
GEMINI = {"id": "c1", "name": "get_order", "args": ORDER}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "tool_calls": [OPENAI]},
        {"choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [OPENAI]}}]},
        {"output": [{"type": "function_call", "call_id": "c1", "name": "get_order", "arguments": '{"order":8812}'}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "get_order", "input": ORDER}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "get_order", "input": ORDER}],
        },
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "get_order", "input": ORDER}}]},
        {"role": "model", "parts": [{"function_call": GEMINI}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": GEMINI}]}}]},
        LANGCHAIN,
        {"lc": 1, "type": "constructor", "kwargs": LANGCHAIN},
    ],
)
def test_a_call_in_the_shape_of_each_provider(message: dict[str, Any]) -> None:
    step = of({"openinference.span.kind": "LLM", "output.value": json.dumps(message)})
    assert step.output == (Message("assistant", "", "", (CALL,)),)


SHIPPED = [{"type": "text", "text": "shipped"}]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "tool_call_id": "c1", "content": "shipped"},
        {"type": "tool", "tool_call_id": "c1", "content": "shipped"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": SHIPPED}]},
        {
            "role": "tool",
            "content": [{"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "shipped"}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "shipped"}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "result": "shipped"}]},
    ],
)
def test_a_result_in_the_shape_of_each_provider(message: dict[str, Any]) -> None:
    step = of({"openinference.span.kind": "LLM", "input.value": json.dumps([message])})
    assert step.input == (Message("tool", "shipped", tool_call_id="c1"),)


def test_older_numbered_keys() -> None:
    step = of(
        {
            "gen_ai.system": "OpenAI",
            "llm.request.type": "chat",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "Where is it?"}]',
            "gen_ai.prompt.10.role": "user",
            "gen_ai.prompt.10.content": "Well?",
            "gen_ai.prompt.2.role": "assistant",
            "gen_ai.prompt.2.content": "One moment.",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.finish_reason": "tool_calls",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.name": "get_order",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"order": 8812}',
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 5,
            "llm.usage.total_tokens": 17,
        }
    )
    assert step == Step(
        "s",
        StepKind.LLM,
        input=(Message("user", "Where is it?"), Message("assistant", "One moment."), Message("user", "Well?")),
        output=(Message("assistant", "", "", (CALL,)),),
        model="gpt-4o",
        tokens_in=12,
        tokens_out=5,
        attributes={"gen_ai.system": "OpenAI"},
    )


def test_events_of_the_span() -> None:
    choice = {"role": "assistant", "content": "On its way."}
    events = (
        SpanEvent("gen_ai.system.message", None, {"gen_ai.system": "openai", "content": "Be exact."}),
        SpanEvent("gen_ai.user.message", None, {"content": "Where is it?"}),
        SpanEvent("gen_ai.assistant.message", None, {"tool_calls": json.dumps([OPENAI])}),
        SpanEvent("gen_ai.tool.message", None, {"id": "c1", "content": "shipped"}),
        SpanEvent("gen_ai.choice", None, {"index": 0, "finish_reason": "stop", "message": json.dumps(choice)}),
        SpanEvent("first.token", None, {"ms": 12}),
    )
    step = made("chat gpt-4o", events, gen_ai__operation__name="chat")
    assert step.input == (
        Message("system", "Be exact."),
        Message("user", "Where is it?"),
        Message("assistant", "", "", (CALL,)),
        Message("tool", "shipped", tool_call_id="c1"),
    )
    assert step.output == (Message("assistant", "On its way."),)
    assert step.attributes == {"otel.events": [{"name": "first.token", "attributes": {"ms": 12}}]}
    oldest = (
        SpanEvent("gen_ai.content.prompt", None, {"gen_ai.prompt": '[{"role":"user","content":"Hi"}]'}),
        SpanEvent("gen_ai.content.completion", None, {"gen_ai.completion": '[{"role":"assistant","content":"Hello"}]'}),
    )
    step = made("chat", oldest)
    assert (step.kind, step.input, step.output) == (
        StepKind.LLM,
        (Message("user", "Hi"),),
        (Message("assistant", "Hello"),),
    )


def test_tools_agents_retrievers_and_memory() -> None:
    tool = of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "get_order",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": '{"order": 8812}',
            "gen_ai.tool.call.result": '{"isError": true, "content": [{"type": "text", "text": "no such order"}]}',
        }
    )
    assert (tool.kind, tool.name, tool.call_id, tool.arguments, tool.error) == (
        StepKind.TOOL,
        "get_order",
        "c1",
        {"order": 8812},
        "no such order",
    )
    agent = made("invoke_agent shop", gen_ai__operation__name="invoke_agent", gen_ai__agent__name="shop")
    assert (agent.kind, agent.name, agent.agent) == (StepKind.AGENT, "invoke_agent shop", "shop")
    found = of(
        {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "returns",
            "retrieval.documents.0.document.content": "30 days",
            "retrieval.documents.0.document.score": 0.9,
            "retrieval.documents.1.document.content": "14 days",
        }
    )
    assert (found.kind, found.arguments, found.result, found.attributes) == (
        StepKind.RETRIEVER,
        "returns",
        [{"content": "30 days", "score": 0.9}, {"content": "14 days"}],
        {},
    )
    memory = of(
        {
            "gen_ai.operation.name": "search_memory",
            "gen_ai.memory.store.id": "m",
            "gen_ai.memory.query.text": "size",
            "gen_ai.memory.records": '[{"content": "wears M"}]',
            "loopwright.recall.id": "r1",
        }
    )
    assert (memory.kind, memory.arguments, memory.result) == (StepKind.MEMORY, "size", [{"content": "wears M"}])
    assert memory.attributes == {"gen_ai.memory.store.id": "m", "loopwright.recall.id": "r1"}
    plain = made("GET /orders", http__request__method="GET", db__system="postgresql")
    assert plain == Step(
        "s", StepKind.OTHER, "GET /orders", attributes={"http.request.method": "GET", "db.system": "postgresql"}
    )


def test_vendors() -> None:
    langfuse = of(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.input": '[{"role":"user","content":"Hi"}]',
            "langfuse.observation.output": '{"role":"assistant","content":"Hello"}',
            "langfuse.observation.usage_details": '{"input": 10, "output": 5, "input_cache_read": 90, "total": 105}',
            "langfuse.observation.cost_details": '{"input": 0.001, "output": 0.002}',
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "cut off",
        }
    )
    assert langfuse == Step(
        "s",
        StepKind.LLM,
        input=(Message("user", "Hi"),),
        output=(Message("assistant", "Hello"),),
        error="cut off",
        model="gpt-4o",
        tokens_in=100,
        tokens_out=5,
        tokens_cached=90,
        cost=0.003,
        cost_from="reported",
        attributes={"langfuse.observation.cost_details": '{"input": 0.001, "output": 0.002}'},
    )
    mlflow = of(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": '{"messages": [{"role": "user", "content": "Hi"}], "model": "gpt-4o"}',
            "mlflow.spanOutputs": '{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}}]}',
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4},
            "mlflow.llm.model": '"gpt-4o"',
        }
    )
    assert (mlflow.kind, mlflow.model, mlflow.input, mlflow.output, mlflow.tokens_in, mlflow.attributes) == (
        StepKind.LLM,
        "gpt-4o",
        (Message("user", "Hi"),),
        (Message("assistant", "Hello"),),
        3,
        {"mlflow.spanInputs": {"model": "gpt-4o"}},
    )
    traceloop = of(
        {"traceloop.span.kind": "tool", "traceloop.entity.name": "search", "traceloop.entity.input": '{"q": 1}'}
    )
    assert (traceloop.kind, traceloop.name, traceloop.arguments) == (StepKind.TOOL, "search", {"q": 1})
    adk = made("agent_run [shop]", scope="gcp.vertex.agent")
    assert (adk.kind, adk.attributes) == (StepKind.AGENT, {"otel.scope.name": "gcp.vertex.agent"})
    code = made("claude_code.tool", span__type="tool", tool_name="Bash", tool_use_id="toolu_1", success=False)
    assert (code.kind, code.name, code.call_id, code.error) == (
        StepKind.TOOL,
        "Bash",
        "toolu_1",
        "the span says that it did not succeed",
    )


def test_errors() -> None:
    raised = SpanEvent("exception", None, {"exception.type": "KeyError", "exception.message": "'order'"})
    assert made(events=(raised,), error="failed").error == "KeyError: 'order'"
    assert made(error="deadline exceeded", error__type="timeout").error == "timeout: deadline exceeded"
    assert made(error__type="500").error == "500"
    assert made(error="it broke").error == "it broke"
    assert made(langfuse__observation__level="WARNING").attributes == {"langfuse.observation.level": "WARNING"}


def test_of_two_words_for_one_thing_the_other_is_kept() -> None:
    step = of(
        {"gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06", "llm.model_name": "gpt-4o"}
    )
    assert (step.model, step.attributes) == (
        "gpt-4o-2024-08-06",
        {"gen_ai.request.model": "gpt-4o", "llm.model_name": "gpt-4o"},
    )
    step = of({"gen_ai.request.model": {"no": "name"}, "session.id": ["no", "id"], "gen_ai.usage.input_tokens": "many"})
    assert step.attributes == {
        "gen_ai.request.model": {"no": "name"},
        "session.id": ["no", "id"],
        "gen_ai.usage.input_tokens": "many",
    }


GEN_AI = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens")
GEN_AI += (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.total_tokens",
)
CLAUDE_CODE = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


@pytest.mark.parametrize(
    ("keys", "counts", "read"),
    [
        (GEN_AI, (1000, 50, 800), (1000, 50, 800, None, None)),  # the conventions, OpenAI: included
        (GEN_AI, (5, 94, 11_000, 700), (11_705, 94, 11_000, 700, None)),  # Anthropic's own counts, copied raw
        (GEN_AI, (900, 50, 800, None, None, 1750), (1700, 50, 800, None, None)),  # only apart do they give the total
        (GEN_AI, (900, 50, 800, None, None, 950), (900, 50, 800, None, None)),
        (GEN_AI, (100, 50, 0, None, 30), (100, 50, 0, None, 30)),
        (GEN_AI, (100, 20, None, None, 30), (100, 50, None, None, 30)),  # Gemini counts thoughts apart
        (GEN_AI, (100, 50, None, None, 30, 180), (100, 80, None, None, 30)),
        (CLAUDE_CODE, (2, 1200, 84_562, 7_096), (91_660, 1200, 84_562, 7_096, None)),
        (CLAUDE_CODE, (9_000, 1200, 500), (9_500, 1200, 500, None, None)),  # apart by that vocabulary's rule
    ],
)
def test_cached_tokens_are_counted_once(
    keys: tuple[str, ...], counts: tuple[int | None, ...], read: tuple[Any, ...]
) -> None:
    step = of({key: count for key, count in zip(keys, counts, strict=False) if count is not None})
    counted = (step.tokens_in, step.tokens_out, step.tokens_cached, step.tokens_cache_written, step.tokens_reasoning)
    assert counted == read
    assert step.attributes == {}
