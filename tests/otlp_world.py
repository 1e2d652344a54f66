"""Requests of spans as an instrumented agent sends them: a support agent that chats, calls tools and answers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.benchmarks._stored import sentences

BEGIN = 1_760_000_000_000_000_000
SECOND = 1_000_000_000


def request_of(*traces: list[dict[str, Any]], service: str = "shop-agent") -> Any:
    """One request with these traces' spans, each a dict as `trace_of` makes them."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    put(resource.resource.attributes, {"service.name": service, "service.version": "v1"})
    spans = resource.scope_spans.add().spans
    for span in (span for trace in traces for span in trace):
        add_span(spans, **span)
    return request


def add_span(
    spans: Any,
    trace_id: bytes,
    span_id: bytes,
    name: str,
    parent: bytes = b"",
    start: int = BEGIN,
    end: int = BEGIN + SECOND,
    attributes: dict[str, Any] | None = None,
    error: str = "",
) -> None:
    """One span into a list of spans."""
    span = spans.add(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent,
        name=name,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
    )
    put(span.attributes, attributes or {})
    if error:
        span.status.code, span.status.message = 2, error


def put(pairs: Any, attributes: dict[str, Any]) -> None:
    """Attributes into a list of key-value pairs."""
    for key, value in attributes.items():
        pair = pairs.add(key=key)
        if isinstance(value, bool):
            pair.value.bool_value = value
        elif isinstance(value, int):
            pair.value.int_value = value
        elif isinstance(value, float):
            pair.value.double_value = value
        else:
            pair.value.string_value = value


def trace_of(number: int, n_spans: int = 12, conversation: str = "") -> list[dict[str, Any]]:
    """The spans of run `number`, children before their parent: 12 of them are about 20 KB of protobuf."""
    chance = random.Random(number)
    trace_id = number.to_bytes(16, "big")
    ids = [number.to_bytes(6, "big") + n.to_bytes(2, "big") for n in range(n_spans)]
    root, begin = ids[0], BEGIN + number * SECOND
    asked = _words(chance, 3)
    said: list[dict[str, Any]] = [_message("system", _words(chance, 12)), _message("user", asked)]
    spans: list[dict[str, Any]] = []
    for n in range(1, n_spans):
        place = {"trace_id": trace_id, "span_id": ids[n], "parent": root, "start": begin + n * SECOND}
        if n % 2:
            answer = _message("assistant", _words(chance, 3))
            spans.append(
                place | {"name": "chat gpt-4.1", "end": begin + (n + 1) * SECOND, "attributes": _chat(said, answer)}
            )
            said = [*said[:2], answer]
        else:
            result = json.dumps({"order": chance.randrange(10**6), "note": _words(chance, 6)})
            spans.append(place | {"name": "execute_tool get_order", "attributes": _tool(f"call_{number}_{n}", result)})
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "shop-support",
        "gen_ai.conversation.id": conversation or f"chat-{number}",
        "loopwright.version": "v1",
    }
    spans.append(
        {"trace_id": trace_id, "span_id": root, "name": "invoke_agent shop-support", "start": begin}
        | {"end": begin + (n_spans + 1) * SECOND, "attributes": attributes}
    )
    return spans


def requests(first: int, count: int, n_spans: int = 250, of_trace: int = 12) -> Iterator[bytes]:
    """`count` requests of `n_spans` spans each; a trace may end in the next request."""
    waiting: list[dict[str, Any]] = []
    number = first
    for _ in range(count):
        while len(waiting) < n_spans:
            waiting += trace_of(number, of_trace)
            number += 1
        yield request_of(waiting[:n_spans]).SerializeToString()
        waiting = waiting[n_spans:]


def _words(chance: random.Random, sentences_: int) -> str:
    return " ".join(chance.choices(sentences(), k=sentences_))


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _chat(said: list[dict[str, Any]], answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.response.model": "gpt-4.1-2025-04-14",
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.output_tokens": 80,
        "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.input.messages": json.dumps(said),
        "gen_ai.output.messages": json.dumps([answer | {"finish_reason": "stop"}]),
    }


def _tool(call: str, result: str) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_order",
        "gen_ai.tool.call.id": call,
        "gen_ai.tool.call.arguments": json.dumps({"order": call}),
        "gen_ai.tool.call.result": result,
    }
