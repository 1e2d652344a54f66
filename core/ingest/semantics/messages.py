"""Chat messages out of whatever holds them: OTel parts, OpenAI, Anthropic, Gemini, Vercel and LangChain shapes.

What a payload holds beside its messages comes back as `rest`, so that nothing is lost by reading it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from core.ingest.semantics.parts import DEEPEST, Parts, call_all, is_part, say
from core.ingest.semantics.values import listed, opened, text_of
from core.records import Json, Message, ToolCall


class Read(NamedTuple):
    """Messages, and what else their payload held (empty when it was all said)."""

    messages: tuple[Message, ...]
    rest: dict[str, Json]


def read_messages(value: Any, role: str) -> Read:
    """The messages of a payload; a text without a role of its own is said by `role`."""
    found: list[Message] = []
    rest: dict[str, Json] = {}
    _read(opened(value), role, found, rest, 0)
    return Read(tuple(found), rest)


ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}
_TYPED_ROLES = frozenset(("human", "ai", "system", "tool", "function", "user", "assistant"))
_ORDINARY_ENDS = frozenset(("stop", "STOP", "tool_call", "tool_calls", "tool-calls", "end_turn", "tool_use", "", None))

_HOLDERS = ("messages", "contents", "candidates", "choices", "generations", "output", "input", "prompt", "prompts")
_SAYINGS = ("message", "content", "text", "completion", "response", "output_text")
_ANSWERS = frozenset(("candidates", "choices", "generations", "output"))
_INSTRUCTIONS = ("system", "system_instruction", "systemInstruction", "instructions")


def _read(value: Any, role: str, found: list[Message], rest: dict[str, Json], depth: int) -> None:
    if type(value) is str:
        if value.strip():
            found.append(Message(role, value))
    elif type(value) is list:
        if len(value) == 1 and type(text := _only_text(value[0])) is str:
            found.append(Message(role, text))
        elif value and type(value[0]) is dict and is_part(value[0]):
            _message({"role": role, "content": value}, role, found, rest)
        elif depth < DEEPEST:
            for one in value:
                _read(one, role, found, rest, depth + 1)
        else:
            found.append(Message(role, text_of(value)))
    elif type(value) is dict:
        kind = value.get("type")
        if "role" in value or "parts" in value or "lc" in value or (type(kind) is str and kind in _TYPED_ROLES):
            _message(value, role, found, rest)
        elif not _read_holder(value, role, found, rest, depth):
            found.append(Message(role, text_of(value)))
    elif value is not None:
        found.append(Message(role, text_of(value)))


def _read_holder(value: dict[str, Any], role: str, found: list[Message], rest: dict[str, Json], depth: int) -> bool:
    """Messages inside a request, a response or a wrapper; whether there were any."""
    if depth >= DEEPEST:
        return False
    numbered = listed(value)
    if type(numbered) is list:
        _read(numbered, role, found, rest, depth + 1)
        return True
    holder = next((key for key in _HOLDERS if type(value.get(key)) in (list, str) and value[key]), None)
    if holder is None and ("tool_calls" in value or "finish_reason" in value):
        _message(value, role, found, rest)
        return True
    if holder is None:
        holder = next((key for key in _SAYINGS if type(value.get(key)) in (list, str, dict) and value[key]), None)
    if holder is None:
        return False
    used = {holder}
    for key in _INSTRUCTIONS:
        if holder in ("messages", "contents", "input", "prompt") and type(value.get(key)) in (str, list, dict):
            _read(value[key], "system", found, rest, depth + 1)
            used.add(key)
    config = value.get("config")
    if holder == "contents" and type(config) is dict and type(config.get("system_instruction")) in (str, dict):
        _read(config["system_instruction"], "system", found, rest, depth + 1)
    _read(opened(value[holder]), "assistant" if holder in _ANSWERS else role, found, rest, depth + 1)
    for key, other in value.items():
        plain = key == "index" or (key == "finish_reason" and _plainly(other))
        if key not in used and not plain and other not in (None, "", [], {}):
            rest.setdefault(key, other)
    return True


def _plainly(reason: Any) -> bool:
    return (type(reason) is str or reason is None) and reason in _ORDINARY_ENDS


_KNOWN = frozenset(("role", "type", "name", "content", "parts", "contents", "text", "tool_calls", "function_call"))
_KNOWN |= frozenset(("reasoning", "reasoning_content", "thinking", "tool_call_id", "call_id", "toolCallId"))
_KNOWN |= frozenset(("index", "event.name", "gen_ai.message.index", "gen_ai.system"))
"""Fields of a message that are read, or that only say where it stands."""


def _simple(value: dict[str, Any]) -> Message | None:
    """A message of one text, call or result in OpenTelemetry's shape, quickly: most are such; None for any other."""
    role, parts = value.get("role"), value.get("parts")
    if type(role) is not str or type(parts) is not list or len(parts) != 1 or role in ROLES:
        return None
    if len(value) != 2 and (len(value) != 3 or "finish_reason" not in value or not _plainly(value["finish_reason"])):
        return None
    part = parts[0]
    kind = part.get("type") if type(part) is dict else None
    if kind == "text":
        text = _only_text(part)
        return None if text is None else Message(role, text)
    call_id = part.get("id") if type(part) is dict else None
    if type(call_id) is not str or not call_id:
        return None
    if kind == "tool_call" and len(part) == 4 and type(part.get("name")) is str and part.get("arguments") is not None:
        return Message(role, "", "", (ToolCall(call_id, part["name"], opened(part["arguments"])),))
    if kind == "tool_call_response" and len(part) == 3:
        text = part.get("response")
        return Message("tool", text, "", (), call_id) if type(text) is str else None
    return None


def _only_text(part: Any) -> str | None:
    """The text of a part that is nothing but one."""
    if type(part) is dict and len(part) == 2 and part.get("type") == "text":
        text = part.get("content", part.get("text"))
        return text if type(text) is str and text else None
    return None


def _message(value: dict[str, Any], role: str, found: list[Message], rest: dict[str, Json]) -> None:
    if "parts" in value and (simple := _simple(value)) is not None:
        found.append(simple)
        return
    inner = value.get("message") if "role" not in value else None
    if inner is None and type(content := value.get("content")) is dict and ("parts" in content or "role" in content):
        inner = content
    if "lc" in value and type(value.get("kwargs")) is dict:
        inner = value["kwargs"]
        value = {"message": inner} | {key: one for key, one in value.items() if key not in ("kwargs", "lc", "type")}
    if type(inner) is dict:
        _keep({key: one for key, one in value.items() if one is not inner}, role, len(found), rest)
        value = inner
    given = value.get("role") or value.get("type")
    role = ROLES.get(given, given) if type(given) is str and ("role" in value or given in _TYPED_ROLES) else role
    parts = Parts()
    for key in ("parts", "content", "contents", "text"):
        if (content := value.get(key)) is not None:
            say(content, parts)
    for key in ("tool_calls", "function_call"):
        if (calls := value.get(key)) is not None:
            call_all(opened(calls), parts)
    for key in ("reasoning", "reasoning_content", "thinking"):
        if thought := value.get(key):
            parts.reasoning.append(text_of(thought))
    if not value.keys() <= _KNOWN:
        more = value.get("additional_kwargs")
        if type(more) is dict and not parts.calls and type(more.get("tool_calls")) is list:
            call_all(more["tool_calls"], parts)
            value = value | {"additional_kwargs": {key: one for key, one in more.items() if key != "tool_calls"}}
        _keep(value, role, len(found), rest)
    if parts.kept:
        rest.setdefault("parts", []).extend(parts.kept)
    call_id = value.get("tool_call_id") or value.get("call_id") or value.get("toolCallId")
    if not call_id and role == "tool":
        call_id = value.get("id")
    _put(role, text_of(call_id), text_of(value.get("name")), parts, found)


def _put(role: str, call_id: str, name: str, parts: Parts, found: list[Message]) -> None:
    """The message itself, and one message of role tool for each tool result that stood in it."""
    text = "\n".join(parts.texts)
    if not parts.results:
        found.append(Message(role, text, "\n".join(parts.reasoning), tuple(parts.calls), call_id, name))
        return
    results = [Message("tool", one.content, "", (), one.tool_call_id or call_id, one.name) for one in parts.results]
    said = []
    if text or parts.calls or parts.reasoning:
        said = [Message(role, text, "\n".join(parts.reasoning), tuple(parts.calls), "", name)]
    found.extend(said + results if role == "assistant" else results + said)


def _keep(value: dict[str, Any], role: str, index: int, rest: dict[str, Json]) -> None:
    """What a message says beside its words: an unusual end, the provider's own fields."""
    extras = {
        key: one
        for key, one in value.items()
        if key not in _KNOWN
        and one not in (None, "", [], {})
        and not (key == "finish_reason" and _plainly(one))
        and not (key == "id" and role == "tool")
    }
    if extras:
        rest.setdefault("messages", []).append({"index": index} | extras)
