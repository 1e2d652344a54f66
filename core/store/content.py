"""A step's messages, arguments, result and attributes as one compressed JSON value, and back."""

from __future__ import annotations

from datetime import timedelta
from threading import local
from typing import Any

import orjson
import zstandard
from sqlalchemy import Row

from core.records import Message, Step, StepKind, ToolCall
from core.store.tables import StepRow

_threads = local()  # a zstandard context may not be shared between threads


def pack(value: Any) -> bytes:
    """A JSON value, compressed; what JSON cannot hold is written as text."""
    return pack_bytes(_dump(value))


def unpack(data: bytes) -> Any:
    """The JSON value that `pack` was given."""
    return orjson.loads(unpack_bytes(data))


def pack_bytes(data: bytes) -> bytes:
    """The bytes, compressed."""
    if not hasattr(_threads, "compressor"):
        _threads.compressor = zstandard.ZstdCompressor(level=3)
    packed: bytes = _threads.compressor.compress(data)
    return packed


def unpack_bytes(data: bytes) -> bytes:
    """The bytes that `pack_bytes` was given."""
    if not hasattr(_threads, "decompressor"):
        _threads.decompressor = zstandard.ZstdDecompressor()
    plain: bytes = _threads.decompressor.decompress(data)
    return plain


def _dump(value: Any, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=option | orjson.OPT_NON_STR_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # lone surrogates, integers past 64 bits
        return orjson.dumps(_plain(value), option=option)


def _plain(value: Any) -> Any:
    """The value with what JSON on the wire cannot hold written as text."""
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def clean(text: str, length: int | None = None) -> str:
    """Text that both databases can hold (no NUL, no lone surrogates), cut to `length` characters."""
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def message_json(message: Message) -> dict[str, Any]:
    """A message with only the keys that say something."""
    calls = [{"id": call.call_id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls]
    full = {
        "role": message.role,
        "content": message.content,
        "reasoning": message.reasoning,
        "tool_calls": calls,
        "tool_call_id": message.tool_call_id,
        "name": message.name,
    }
    return {key: value for key, value in full.items() if value or key in ("role", "content")}


def message_from_json(value: dict[str, Any]) -> Message:
    """The message that `message_json` described."""
    return Message(
        role=value["role"],
        content=value.get("content", ""),
        reasoning=value.get("reasoning", ""),
        tool_calls=tuple(ToolCall(c["id"], c["name"], c["arguments"]) for c in value.get("tool_calls", ())),
        tool_call_id=value.get("tool_call_id", ""),
        name=value.get("name", ""),
    )


def step_content(step: Step) -> dict[str, Any]:
    """What of a step goes into its compressed value; an empty result is one, and not the same as none."""
    full = {
        "input": [message_json(message) for message in step.input],
        "output": [message_json(message) for message in step.output],
        "call_id": step.call_id,
        "arguments": step.arguments,
        "result": step.result,
        "tokens_cache_written": step.tokens_cache_written,
        "tokens_reasoning": step.tokens_reasoning,
        "agent": step.agent,
        "attributes": dict(step.attributes),
    }
    kept = {key: value for key, value in full.items() if value not in ([], {}, "", None)}
    return kept if step.result is None else kept | {"result": step.result}


def step_from_row(row: StepRow | Row[*tuple[Any, ...]]) -> Step:
    """The step as it arrived; `ended_at` is its start plus its duration."""
    content = unpack(row.content)
    ended = row.started_at + timedelta(seconds=row.seconds) if row.started_at and row.seconds is not None else None
    return Step(
        step_id=row.uid,
        kind=StepKind(row.kind),
        name=row.name,
        parent_id=row.parent_uid,
        started_at=row.started_at,
        ended_at=ended,
        input=tuple(message_from_json(message) for message in content.get("input", ())),
        output=tuple(message_from_json(message) for message in content.get("output", ())),
        call_id=content.get("call_id", ""),
        arguments=content.get("arguments"),
        result=content.get("result"),
        error=row.error,
        model=row.model,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        tokens_cached=row.tokens_cached,
        tokens_cache_written=content.get("tokens_cache_written"),
        tokens_reasoning=content.get("tokens_reasoning"),
        cost=row.cost,
        cost_from=row.cost_from,
        agent=content.get("agent", ""),
        attributes=content.get("attributes", {}),
    )


def text_of(value: Any) -> str:
    """A JSON value as a person reads it: text as it is, anything else as indented JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _dump(value, orjson.OPT_INDENT_2).decode()


def step_text(step: Step) -> str:
    """Everything of a step that people search for: what was said, called and answered, not a model's input."""
    return searched(step.name, step.error, step_content(step))


def row_text(row: StepRow) -> str:
    """The same of a stored step, without making a step of it."""
    return searched(row.name, row.error, unpack(row.content))


def searched(name: str, error: str, content: dict[str, Any]) -> str:
    """The text of a step's name, error and content (as `step_content` has it) that is searched."""
    parts = [name, error, text_of(content.get("arguments")), text_of(content.get("result"))]
    for message in content.get("output", ()):
        parts += [message.get("reasoning", ""), message["content"]]
        parts += [f"{call['name']} {text_of(call['arguments'])}" for call in message.get("tool_calls", ())]
    return "\n".join(part for part in parts if part)
