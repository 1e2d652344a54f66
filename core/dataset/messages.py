"""Chat messages as trainers read them: role and content, tool calls in the shape that chat templates know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.records import Json, Message, ToolCall

_ROLES = {"system", "user", "assistant", "tool"}
_SAME_ROLE = {"developer": "system"}
_OPENS = re.compile(r"\s*([\w.-]+)\(\s*")
_CLOSES = re.compile(r"\s*\)")


def unknown_role(messages: Sequence[Message]) -> str:
    """The first role that a chat template would not know, or an empty text."""
    return next((m.role or "(none)" for m in messages if _SAME_ROLE.get(m.role, m.role) not in _ROLES), "")


def message_column(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The messages as a `messages`, `prompt`, `chosen` or `rejected` column.

    Arguments stay the object that was recorded: chat templates write objects out themselves, and a text would be quoted
    twice. What could not be read as JSON stays the text it was.
    """
    return [_message(message) for message in messages]


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {"role": _SAME_ROLE.get(message.role, message.role), "content": message.content}
    if message.reasoning:
        found["reasoning_content"] = message.reasoning
    if message.tool_calls:
        found["tool_calls"] = [_call(call) for call in message.tool_calls]
    for key in ("tool_call_id", "name"):
        if getattr(message, key):
            found[key] = getattr(message, key)
    return found


def _call(call: ToolCall) -> dict[str, Any]:
    named = {"id": call.call_id} if call.call_id else {}
    return named | {"type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def tool_column(schemas: Sequence[Json]) -> list[Json]:
    """Recorded tool schemas in the shape `{type: function, function: {…}}`; one of another shape stays as it came."""
    return [_schema(schema) for schema in schemas]


def _schema(schema: Json) -> Json:
    if not isinstance(schema, Mapping) or "function" in schema or "name" not in schema:
        return schema
    parameters = schema.get("parameters", schema.get("input_schema", {"type": "object", "properties": {}}))
    described = {"description": schema["description"]} if schema.get("description") else {}
    return {"type": "function", "function": {"name": schema["name"], **described, "parameters": parameters}}


def read_calls(text: str, before: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """The tool calls that a text consists of, written `name({…})` one after the other; none when it is anything else.

    A call takes the id of the one in its place among those `before`.
    """
    calls: list[ToolCall] = []
    at = 0
    while opened := _OPENS.match(text, at):
        try:
            arguments, at = json.JSONDecoder().raw_decode(text, opened.end())
        except json.JSONDecodeError:
            return ()
        closed = _CLOSES.match(text, at)
        if closed is None:
            return ()
        at = closed.end()
        call_id = before[len(calls)].call_id if len(calls) < len(before) else ""
        calls.append(ToolCall(call_id, opened[1], arguments))
    return () if text[at:].strip() else tuple(calls)


def spoken(columns: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The messages of each column of a row, of `steps` those of all steps; columns of anything else are left out."""
    found = {}
    for name, column in columns.items():
        if name == "steps":
            found[name] = [message for step in column for message in step["messages"]]
        elif name not in ("tools", "label"):
            found[name] = list(column)
    return found


def message_text(message: Mapping[str, Any]) -> str:
    """What a message of a column says, as a person reads it: its content and its calls."""
    if "tool_calls" not in message:
        said: str = message["content"]
        return said
    calls = [each["function"] for each in message["tool_calls"]]
    lines = [f"{call['name']}({json.dumps(call['arguments'], ensure_ascii=False)})" for call in calls]
    return "\n".join(part for part in (message["content"], *lines) if part)
