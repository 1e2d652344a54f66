"""Whatever a stranger puts into a span, it becomes a step, facts and signals, and merging keeps its laws."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ingest.semantics import (
    facts_of,
    link_tools,
    merge_steps,
    signals_of,
    step_of,
)
from core.ingest.semantics.messages import read_messages
from core.ingest.semantics.vocabulary import VOCABULARIES
from core.ingest.spans import Span, SpanEvent

KEYS = sorted(key for table in VOCABULARIES.values() for key in table)
FAMILIES = [key for key in KEYS if key.endswith(".")]
TAILS = [
    "0",
    "0.message",
    "0.message.role",
    "1.message.content",
    "0.message.tool_calls.0.tool_call.id",
    "x",
    "99999999",
]
TAILS += ["0.document.content", "0.tool.json_schema", "0.annotation.name", "0.annotation.score", "0.content", "0.role"]
EVENTS = [
    "gen_ai.user.message",
    "gen_ai.choice",
    "gen_ai.tool.message",
    "exception",
    "gen_ai.evaluation.result",
    "other",
]
EVENTS += ["gen_ai.client.inference.operation.details", "gen_ai.content.prompt"]
WORDS = ["role", "content", "parts", "type", "text", "tool_call", "tool_result", "messages", "choices", "message", "id"]
WORDS += [
    "image",
    "image_url",
    "function",
    "arguments",
    "system",
    "input",
    "output",
    "kwargs",
    "lc",
    "contents",
    "user",
]
WORDS += [
    "candidates",
    "response",
    "name",
    "finish_reason",
    "reasoning",
    "0",
    "1",
    "event.name",
    "gen_ai.choice",
    "total",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text(st.characters(codec=None), max_size=8)
    | st.sampled_from(WORDS)
    | st.sampled_from(["[", "{", '"', "[{", '{"role":"user"}', "NaN", "1e999", "-1", "\ud800", str(10**30), "[" * 5000])
)
values: Any = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=12,
)


def as_json(value: Any) -> Any:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return value


keys = st.sampled_from(KEYS) | st.builds(str.__add__, st.sampled_from(FAMILIES), st.sampled_from(TAILS)) | st.text()
maps = st.dictionaries(keys, values | values.map(as_json), max_size=12)
events = st.lists(st.builds(SpanEvent, st.sampled_from(EVENTS), st.none(), maps), max_size=3).map(tuple)
times = st.none() | st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
spans = st.builds(
    Span,
    trace_id=st.just("t"),
    span_id=st.sampled_from(["a", "b", "c"]),
    parent_id=st.none() | st.sampled_from(["a", "b", "c"]),
    name=st.sampled_from(["", "chat x", "execute_tool y", "call_llm"]),
    started_at=times,
    ended_at=times,
    attributes=maps,
    resource=maps,
    scope=st.sampled_from(["", "pydantic-ai"]),
    error=st.sampled_from(["", "it broke"]),
    events=events,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(spans, min_size=1, max_size=3), events)
def test_any_span_is_a_step(several: list[Span], late: tuple[SpanEvent, ...]) -> None:
    steps = [step_of(span) for span in several]
    for span, step in zip(several, steps, strict=True):
        facts = facts_of(span)
        assert facts.over(facts) == facts
        assert repr(signals_of(span)) == repr(signals_of(span))
        for text in (step.name, step.error, step.model, step.agent, step.call_id, facts.agent, facts.version):
            assert type(text) is str
        assert all(type(one.content) is str and type(one.role) is str for one in step.input + step.output)
        assert (step.tokens_in or 0) >= (step.tokens_cached or 0) + (step.tokens_cache_written or 0)
        piece = step_of(Span("t", step.step_id, events=late, bare=True))
        once = merge_steps(step, piece)
        assert repr(merge_steps(once, piece)) == repr(once)
        assert repr(merge_steps(once, once)) == repr(once)
    linked = link_tools(steps)
    assert repr(link_tools(linked)) == repr(linked)


def test_deep_long_and_many() -> None:
    deep: Any = "end"
    for _ in range(5_000):
        deep = [deep]
    nested: Any = {"type": "text", "text": "end"}
    for _ in range(2_000):
        nested = {"type": "tool_result", "tool_use_id": "1", "content": [nested]}
    for key in KEYS:
        step_of(Span("t", "s", attributes={key: deep}))
        step_of(Span("t", "s", attributes={key: {"messages": deep, "content": deep, "choices": [deep]}}))
        step_of(
            Span("t", "s", attributes={"gen_ai.operation.name": "chat", key: [{"role": "user", "content": [nested]}]})
        )
        facts_of(Span("t", "s", attributes={key: "[" * 10_000}))
    many = {f"llm.input_messages.{index}.message.content": "x" for index in range(10_000)}
    step = step_of(Span("t", "s", attributes={"openinference.span.kind": "LLM", **many}))
    assert len(step.input) == 10_000
    dotted = "llm.input_messages.0" + ".message" * 20_000
    assert step_of(Span("t", "s", attributes={dotted: 1})).attributes == {dotted: 1}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["user", "assistant", "tool", "human"]),
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "content", "text", "id", "name", "arguments", "response"]),
            st.sampled_from(["text", "tool_call", "tool_call_response", "", '{"a": 1}']) | scalars,
        ),
        min_size=1,
        max_size=2,
    ),
)
def test_the_quick_way_reads_what_the_long_way_reads(role: str, parts: list[dict[str, Any]]) -> None:
    told = [{"role": role, "parts": parts, "finish_reason": "stop"}]
    slowly = [{"role": role, "parts": [*parts, None], "finish_reason": "stop"}]
    assert repr(read_messages(told, "user").messages) == repr(read_messages(slowly, "user").messages)
