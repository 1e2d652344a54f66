"""OpenInference attributes of a span: its kind and its chat messages, which are flattened into numbered keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.ingest.reading import from_json_text, plain_text
from core.records import Message, StepKind, ToolCall

KINDS = {
    "LLM": StepKind.LLM,
    "TOOL": StepKind.TOOL,
    "AGENT": StepKind.AGENT,
    "RETRIEVER": StepKind.RETRIEVER,
    "CHAIN": StepKind.CHAIN,
}

_NUMBERED = re.compile(r"^llm\.(input|output)_messages\.(\d{1,6})\.message\.(.+)$")
_CALL = re.compile(r"^tool_calls\.(\d{1,6})\.tool_call\.(id|function\.name|function\.arguments)$")
_CONTENT = re.compile(r"^contents\.(\d{1,6})\.message_content\.text$")
_UNDERSTOOD = re.compile(
    r"^(llm\.(input|output)_messages\..*|(input|output)\.(value|mime_type)|openinference\.span\.kind|llm\.model_name"
    r"|llm\.token_count\.(prompt|completion|total)|tool\.name)$"
)


def input_messages(attributes: Mapping[str, Any]) -> tuple[Message, ...]:
    """What a model was sent: the numbered messages, else the messages of `input.value`, else its text."""
    return _messages(attributes, "input") or _from_value(attributes.get("input.value"), "user")


def output_messages(attributes: Mapping[str, Any]) -> tuple[Message, ...]:
    """What a model answered: the numbered messages, else the text of `output.value`."""
    return _messages(attributes, "output") or _from_value(attributes.get("output.value"), "assistant")


def _messages(attributes: Mapping[str, Any], side: str) -> tuple[Message, ...]:
    found: dict[int, dict[str, Any]] = {}
    for key, value in attributes.items():
        numbered = _NUMBERED.match(key)
        if numbered and numbered[1] == side:
            found.setdefault(int(numbered[2]), {})[numbered[3]] = value
    return tuple(_message(found[index]) for index in sorted(found))


def _message(fields: Mapping[str, Any]) -> Message:
    calls: dict[int, dict[str, Any]] = {}
    contents: dict[int, str] = {}
    for key, value in fields.items():
        if call := _CALL.match(key):
            calls.setdefault(int(call[1]), {})[call[2]] = value
        elif part := _CONTENT.match(key):
            contents[int(part[1])] = str(value)
    text = plain_text(fields.get("content")) or "\n".join(contents[index] for index in sorted(contents))
    return Message(
        role=str(fields.get("role") or "assistant"),
        content=text,
        tool_calls=tuple(
            ToolCall(
                str(calls[index].get("id") or ""),
                str(calls[index].get("function.name") or ""),
                from_json_text(calls[index].get("function.arguments")),
            )
            for index in sorted(calls)
        ),
        tool_call_id=str(fields.get("tool_call_id") or ""),
        name=str(fields.get("name") or ""),
    )


def _from_value(value: Any, role: str) -> tuple[Message, ...]:
    read = from_json_text(value)
    if isinstance(read, dict) and isinstance(read.get("messages"), list):
        return tuple(
            Message(str(message.get("role") or role), plain_text(message.get("content")))
            for message in read["messages"]
            if isinstance(message, dict)
        )
    if isinstance(read, dict) and "content" in read:
        return (Message(str(read.get("role") or role), plain_text(read["content"])),)
    return (Message(role, plain_text(read)),) if read not in (None, "", [], {}) else ()


def kept_attributes(attributes: Mapping[str, Any], understood: bool) -> dict[str, Any]:
    """What was not understood, as it came; `understood` says whether messages and values went into the step's own."""
    always = (
        "openinference.span.kind",
        "tool.name",
        "input.value",
        "output.value",
        "input.mime_type",
        "output.mime_type",
    )
    return {
        key: value for key, value in attributes.items() if not (_UNDERSTOOD.match(key) if understood else key in always)
    }
