"""How a format reads a value that a stranger wrote: each look says what it expected, so that a bad record is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from core.records import Json, Message, Step, StepKind, ToolCall


class BadRecord(ValueError):
    """A record that cannot be taken; the message is the reason, in a sentence without its place."""


DEEPEST = 200
"""Levels of lists and objects in a record: what is nested deeper cannot be written as JSON again."""

LARGEST_NUMBER = 1e15
"""Of a cost or a time: past it, a page that adds runs up or squares them could not be drawn any more."""


def check_json(value: Any) -> None:
    """Raise BadRecord for JSON that cannot be kept: nested too deeply, or with a number past the largest."""
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if isinstance(inner, (dict, list)):
            if depth > DEEPEST:
                raise BadRecord(f"it is nested too deeply: more than {DEEPEST} levels")
            held = inner.values() if isinstance(inner, dict) else inner
            waiting += [(one, depth + 1) for one in held if isinstance(one, (dict, list, float))]
        elif isinstance(inner, float) and not isfinite(inner):
            raise BadRecord("it holds a number that is too large")


def is_record(value: Any, *keys: str) -> bool:
    """Whether a value is an object that has these keys."""
    return isinstance(value, dict) and all(key in value for key in keys)


def need(record: Any, key: str, *kinds: type) -> Any:
    """A field that has to be there, of one of the kinds; raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord(f"it is {_kind(record)}, not an object")
    if key not in record or record[key] is None:
        raise BadRecord(f"{key} is missing")
    return _checked(record[key], key, kinds)


def maybe(record: Mapping[str, Any], key: str, *kinds: type) -> Any:
    """A field of one of the kinds, or None where it is absent or null; raises BadRecord for another kind."""
    value = record.get(key)
    return None if value is None else _checked(value, key, kinds)


def _checked(value: Any, key: str, kinds: tuple[type, ...]) -> Any:
    wrong_bool = isinstance(value, bool) and bool not in kinds
    if not isinstance(value, kinds) or wrong_bool:
        raise BadRecord(
            f"{key} is {_kind(value)}, not {' or '.join(KIND_NAMES.get(kind, kind.__name__) for kind in kinds)}"
        )
    return value


KIND_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def _kind(value: Any) -> str:
    return "null" if value is None else KIND_NAMES.get(type(value), type(value).__name__)


def number(value: Any) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if isfinite(read) else None


def count(value: Any) -> int | None:
    """A number of things, never negative; None for anything else."""
    read = number(value)
    return int(read) if read is not None and 0 <= read < 2**31 else None


def from_json_text(text: Any) -> Json:
    """What a JSON object or list written as text holds; any other text as it is."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value = json.loads(text, parse_constant=lambda name: None)
        check_json(value)
    except (ValueError, RecursionError):
        return text
    return value


def plain_text(content: Any) -> str:
    """The text of a chat message's content: a text, a list of parts with texts, or null; other parts as JSON."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_part(part) for part in content)
    return json.dumps(content, ensure_ascii=False)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    return json.dumps(part, ensure_ascii=False)


def tool_calls(value: Any) -> tuple[ToolCall, ...]:
    """Tool calls of an assistant message, in OpenAI's shape or flat; raises BadRecord."""
    calls = []
    for call in value or ():
        if not isinstance(call, dict):
            raise BadRecord("a tool call is not an object")
        inner = call["function"] if isinstance(call.get("function"), dict) else call
        arguments = inner.get("arguments", inner.get("kwargs"))
        calls.append(ToolCall(str(call.get("id") or ""), str(inner.get("name") or ""), from_json_text(arguments)))
    return tuple(calls)


def chat_message(message: Mapping[str, Any]) -> Message:
    """A chat message in OpenAI's shape; an unknown role is kept as it came. Raises BadRecord."""
    return Message(
        role=str(need(message, "role", str)),
        content=plain_text(message.get("content")),
        reasoning=plain_text(message.get("reasoning") or message.get("reasoning_content")),
        tool_calls=tool_calls(maybe(message, "tool_calls", list)),
        tool_call_id=str(message.get("tool_call_id") or ""),
        name=str(message.get("name") or ""),
    )


def chat_step(step_id: str, message: Message, asked: Mapping[str, ToolCall], **facts: Any) -> Step:
    """One chat message as a step; a tool's answer carries the call that it answers (`asked`, by call id)."""
    if message.role == "assistant":
        return Step(step_id, StepKind.LLM, "agent", output=(message,), **facts)
    if message.role == "user":
        return Step(step_id, StepKind.USER, "user", output=(message,), **facts)
    if message.role == "tool":
        call = asked.get(message.tool_call_id)
        failed = message.content if message.content.lstrip().lower().startswith("error") else ""
        return Step(
            step_id,
            StepKind.TOOL,
            message.name or (call.name if call else ""),
            call_id=message.tool_call_id,
            arguments=call.arguments if call else None,
            result=from_json_text(message.content),
            **({"error": failed} | facts),
        )
    return Step(step_id, StepKind.OTHER, message.role, output=(message,), **facts)
