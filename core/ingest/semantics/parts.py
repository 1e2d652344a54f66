"""The parts of one message: its words, its thoughts, the calls it makes, the results it brings, its images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.ingest.semantics.media import as_words
from core.ingest.semantics.values import listed, opened, text_of
from core.records import Json, Message, ToolCall

DEEPEST = 6
"""Levels of wrappers, and of results inside of results, that are looked into; what lies deeper is shown as JSON."""

_OWN = frozenset(("role", "parts", "event.name", "lc", "contents"))
"""Fields that only a message has."""


class Parts:
    """What the parts of one message say, sorted by kind as they are read."""

    __slots__ = ("calls", "depth", "kept", "reasoning", "results", "texts")

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.texts: list[str] = []
        self.reasoning: list[str] = []
        self.calls: list[ToolCall] = []
        self.results: list[Message] = []
        self.kept: list[Json] = []


def say(content: Any, parts: Parts) -> None:
    if type(content) is str:
        if content[:2] in ("[{", "[ ", "[\n") and type(read := opened(content)) is list and _all_parts(read):
            content = read
        else:
            parts.texts.append(content) if content else None
            return
    content = listed(content)
    if type(content) is list:
        for part in content:
            if type(part) is dict:
                _part(part, parts)
            elif part is not None:
                parts.texts.append(text_of(part))
    elif type(content) is dict:
        _part(content, parts)
    elif content is not None:
        parts.texts.append(text_of(content))


def _all_parts(value: list[Any]) -> bool:
    return bool(value) and all(type(one) is dict and type(one.get("type")) is str and is_part(one) for one in value)


def is_part(value: dict[str, Any]) -> bool:
    """Whether an object is a piece of a message, not a message."""
    if not value.keys().isdisjoint(_OWN) or value.get("type") == "message":
        return False
    kind = value.get("type")
    return kind in _BY_TYPE if type(kind) is str else any(key in value for key in _BY_KEY)


def _part(part: dict[str, Any], parts: Parts) -> None:
    if type(inner := part.get("message_content")) is dict:
        part = inner
    kind = part.get("type")
    read = _BY_TYPE.get(kind) if type(kind) is str else None
    if read is None:
        read = next((_BY_KEY[key] for key in _BY_KEY if part.get(key) is not None), None)
    if read is None:
        parts.texts.append(text_of(part))
    else:
        read(part, parts)
        if read is not _media and not part.keys() <= _PART_KEYS:
            parts.kept.append({key: one for key, one in part.items() if key == "type" or key not in _PART_KEYS})


_WORDS = frozenset(
    ("type", "text", "content", "thinking", "reasoning", "summary", "refusal", "thought", "status", "role")
)
_CALLS = frozenset(("id", "name", "arguments", "args", "input", "toolName", "call_id", "function", "function_call"))
_CALLS |= frozenset(("functionCall", "toolUse", "index"))
_RESULTS = frozenset(
    ("response", "result", "output", "tool_use_id", "tool_call_id", "toolCallId", "is_error", "isError")
)
_RESULTS |= frozenset(("function_response", "functionResponse", "toolResult", "reasoningContent"))
_PART_KEYS = _WORDS | _CALLS | _RESULTS | frozenset(("annotations", "logprobs"))
"""Fields of a part that are read; its other fields stay attributes, and so does the whole of a part that is no text."""


def _text(part: dict[str, Any], parts: Parts) -> None:
    said = part.get("text")
    if said is None:
        said = part.get("content", part.get("refusal"))
    if said is not None and said != "":
        (parts.reasoning if part.get("thought") is True else parts.texts).append(text_of(said))


def _thought(part: dict[str, Any], parts: Parts) -> None:
    for key in ("content", "thinking", "text", "reasoning", "summary", "reasoningContent"):
        said = part.get(key)
        if type(said) is list:
            said = "\n".join(text_of(one.get("text") if type(one) is dict else one) for one in said)
        if type(said) is dict:
            said = said.get("reasoningText", said)
            said = said.get("text", said) if type(said) is dict else said
        if said:
            parts.reasoning.append(text_of(said))
            return


def _call(part: dict[str, Any], parts: Parts) -> None:
    call = part
    for key in ("tool_call", "function", "function_call", "functionCall", "toolUse"):
        if type(inner := call.get(key)) is dict:
            call = {"id": call.get("id")} | inner
    if part.get("type") == "function" and "arguments" not in call:  # a tool's schema among the messages
        parts.texts.append(text_of(part))
        return
    name = call.get("name") or call.get("toolName") or call.get("tool_name") or call.get("function.name")
    call_id = call.get("call_id") or call.get("id") or call.get("toolCallId") or call.get("toolUseId")
    given = next((call[key] for key in ("arguments", "args", "input") if call.get(key) is not None), None)
    parts.calls.append(ToolCall(text_of(call_id), text_of(name), opened(given)))


def call_all(calls: Any, parts: Parts) -> None:
    calls = listed(calls)
    for call in calls if type(calls) is list else [calls]:
        if type(call) is dict:
            _call(call, parts)
        elif call:
            parts.texts.append(text_of(call))


def _result(part: dict[str, Any], parts: Parts) -> None:
    answer = part
    for key in ("function_response", "functionResponse", "toolResult"):
        if type(inner := part.get(key)) is dict:
            answer = inner
    ids = ("tool_use_id", "tool_call_id", "toolCallId", "toolUseId", "call_id", "id")
    call_id = next((answer[key] for key in ids if answer.get(key)), "")
    said = next(
        (answer[key] for key in ("content", "response", "result", "output") if answer.get(key) is not None), None
    )
    inside = Parts(parts.depth + 1)
    if type(said) is dict and said.get("type") in ("text", "json", "error-text", "error-json") and "value" in said:
        said = said["value"]
    if type(said) is list and inside.depth < DEEPEST and all(type(one) is dict and is_part(one) for one in said):
        say(said, inside)
        parts.kept.extend(inside.kept)
        text = "\n".join(inside.texts)
    else:
        text = text_of(said)
    parts.results.append(Message("tool", text, "", (), text_of(call_id), text_of(answer.get("name"))))


def _media(part: dict[str, Any], parts: Parts) -> None:
    parts.texts.append(as_words(part))
    parts.kept.append(part)


_Reader = Callable[[dict[str, Any], Parts], None]

_BY_TYPE: dict[str, _Reader] = (
    dict.fromkeys(("text", "input_text", "output_text", "refusal"), _text)
    | dict.fromkeys(("reasoning", "thinking", "redacted_thinking"), _thought)
    | dict.fromkeys(("tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "function"), _call)
    | dict.fromkeys(("tool_call_response", "tool_result", "tool-result", "function_call_output"), _result)
    | dict.fromkeys(("image", "image_url", "input_image", "blob", "uri", "file", "input_file", "document"), _media)
    | dict.fromkeys(("audio", "input_audio", "video"), _media)
)
_BY_KEY: dict[str, _Reader] = {
    "text": _text,
    "function_call": _call,
    "functionCall": _call,
    "toolUse": _call,
    "tool_call": _call,
    "function_response": _result,
    "functionResponse": _result,
    "toolResult": _result,
    "inline_data": _media,
    "inlineData": _media,
    "file_data": _media,
    "fileData": _media,
    "reasoningContent": _thought,
    "message_content": _text,
}
