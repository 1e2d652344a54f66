"""What the OpenTelemetry GenAI conventions ask for: a span for each step, messages as JSON. Copy it as it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import Span, SpanKind, Tracer


@contextmanager
def step(tracer: Tracer, operation: str, name: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
    """A span; an exception that leaves it makes it an error, with status, event and `error.type`."""
    kind = SpanKind.CLIENT if operation in ("chat", "search_memory") else SpanKind.INTERNAL
    known = {"gen_ai.operation.name": operation, **attributes}
    with tracer.start_as_current_span(f"{operation} {name}".strip(), kind=kind, attributes=known) as span:
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", type(error).__qualname__)
            raise


def as_messages(*messages: Mapping[str, Any], **more: Any) -> str:
    """Messages of the Anthropic API in the shape of `gen_ai.input.messages`; `more` is said of each."""
    said = []
    for message in messages:
        parts = [_part(block) for block in message["content"]]
        answers = any(part["type"] == "tool_call_response" for part in parts)
        said.append({"role": "tool" if answers else message["role"], "parts": parts, **more})
    return json.dumps(said)


def as_records(lessons: Sequence[Mapping[str, Any]]) -> str:
    """Lessons in the shape of `gen_ai.memory.records`."""
    said = [{key: lesson[key] for key in ("when", "guidance", "avoid", "revision")} for lesson in lessons]
    return json.dumps(
        [{"id": one["id"], "content": text, "score": one["score"]} for one, text in zip(lessons, said, strict=True)]
    )


def _part(block: dict[str, Any]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            return {"type": "text", "content": block["text"]}
        case "thinking":
            return {"type": "reasoning", "content": block["thinking"]}
        case "tool_use":
            return {"type": "tool_call", "id": block["id"], "name": block["name"], "arguments": block["input"]}
        case "tool_result":
            return {"type": "tool_call_response", "id": block["tool_use_id"], "response": block["content"]}
    return block
