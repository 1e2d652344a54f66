"""Messages, tools and usage in the shapes of OpenAI's and Anthropic's APIs, as our messages.

OpenAI's chat messages, the items of its Responses API, and Anthropic's content blocks are told apart by what they hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.ingest.reading import BadRecord, chat_message, count, from_json_text, need, number, plain_text
from core.records import Json, Message, ToolCall

_RESULTS = ("tool_result", "mcp_tool_result", "web_search_tool_result", "code_execution_tool_result")
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


def conversation(value: Any) -> list[Message]:
    """A list of messages or items, or a text alone, which a person said. Raises BadRecord."""
    if isinstance(value, str):
        return [Message("user", value)]
    if not isinstance(value, list):
        raise BadRecord("its messages are not a list")
    messages = [message for one in value for message in _messages(one)]
    return _merged(messages) if any(isinstance(one, dict) and one.get("type") for one in value) else messages


def _messages(raw: Any) -> Iterator[Message]:
    """The messages of one message or item; Anthropic's user turns hold the results of tools as well. May raise."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    if kind == "function_call":
        call = ToolCall(str(raw.get("call_id") or raw.get("id") or ""), str(raw.get("name") or ""), _arguments(raw))
        yield Message("assistant", tool_calls=(call,))
    elif kind == "function_call_output" or (isinstance(kind, str) and kind.endswith("_call_output")):
        yield Message("tool", plain_text(raw.get("output")), tool_call_id=str(raw.get("call_id") or ""))
    elif kind == "reasoning":
        yield Message("assistant", reasoning=plain_text(raw.get("summary") or raw.get("content") or []))
    elif isinstance(kind, str) and kind.endswith("_call"):
        yield Message("assistant", tool_calls=(ToolCall(str(raw.get("id") or ""), kind.removesuffix("_call"), raw),))
    else:
        yield from _message(raw)


def _arguments(raw: Mapping[str, Any]) -> Json:
    return from_json_text(raw.get("arguments"))


def _message(raw: Any) -> Iterator[Message]:
    role = str(need(raw, "role", str))
    content = raw.get("content")
    if isinstance(content, list) and any(isinstance(part, dict) for part in content):
        yield from _from_blocks(raw, role, content)
        return
    message = chat_message(raw)
    if role == "function":  # the older name of a tool's answer
        message = replace(message, role="tool")
    if isinstance(raw.get("refusal"), str) and not message.content:
        message = replace(message, content=raw["refusal"])
    if isinstance(called := raw.get("function_call"), dict):
        call = ToolCall("", str(called.get("name") or ""), _arguments(called))
        message = replace(message, tool_calls=(*message.tool_calls, call))
    yield message


def _from_blocks(raw: Mapping[str, Any], role: str, blocks: Sequence[Any]) -> Iterator[Message]:
    """A message whose content is a list of blocks; results of tools come first, for they answer the turn before."""
    rest: list[Any] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind in _RESULTS:
            failed = "Error: " if block.get("is_error") is True else ""
            yield Message("tool", failed + plain_text(block.get("content")), tool_call_id=str(block.get("tool_use_id")))
        elif kind in _CALLS:
            calls.append(ToolCall(str(block.get("id") or ""), str(block.get("name") or ""), block.get("input")))
        elif kind in ("thinking", "reasoning"):
            thoughts.append(plain_text(block.get("thinking") or block.get("reasoning") or block.get("summary")))
        elif kind == "refusal":
            rest.append(block.get("refusal"))
        elif kind != "redacted_thinking":  # nothing in it can be read
            rest.append(block)
    plain = chat_message({**raw, "content": rest})
    reasoning = "\n".join(filter(None, [plain.reasoning, *thoughts]))
    if rest or calls or reasoning or plain.tool_calls or role not in ("user", "tool"):
        yield replace(plain, reasoning=reasoning, tool_calls=(*plain.tool_calls, *calls))


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Items of the Responses API as messages: a thought, a text and calls that follow each other are one turn."""
    done: list[Message] = []
    for message in messages:
        last = done[-1] if done else None
        goes_on = last is not None and last.role == message.role == "assistant"
        if last is not None and goes_on and not (last.content and message.content):
            done[-1] = replace(
                last,
                content=last.content or message.content,
                reasoning="\n".join(filter(None, (last.reasoning, message.reasoning))),
                tool_calls=(*last.tool_calls, *message.tool_calls),
            )
        else:
            done.append(message)
    return done


def tool_schemas(value: Any) -> tuple[Json, ...]:
    """Tool schemas in OpenAI's chat shape; Anthropic's, Responses' and bare ones are brought into it, others kept."""
    return tuple(_tool(one) for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _tool(tool: Mapping[str, Any]) -> Json:
    parameters = tool.get("input_schema", tool.get("parameters"))
    if isinstance(tool.get("function"), dict) or not isinstance(tool.get("name"), str) or parameters is None:
        return tool
    described = {"description": tool["description"]} if tool.get("description") else {}
    return {"type": "function", "function": {"name": tool["name"], **described, "parameters": parameters}}


def usage_facts(usage: Any) -> dict[str, Any]:
    """The tokens and the cost of one answer, as the fields of a step.

    OpenAI counts cached tokens among those read, Anthropic beside them: both come out as *all* that was read.
    """
    if not isinstance(usage, dict):
        return {}
    read, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    details_in = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    details_out = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    cached = count(details_in.get("cached_tokens")) if isinstance(details_in, dict) else count(read)
    thought = count(details_out.get("reasoning_tokens")) if isinstance(details_out, dict) else None
    tokens_in = count(usage.get("prompt_tokens", usage.get("input_tokens")))
    if tokens_in is not None and "prompt_tokens" not in usage:
        tokens_in += (count(read) or 0) + (count(written) or 0)
    cost = number(usage.get("cost"))
    return {
        "tokens_in": tokens_in,
        "tokens_out": count(usage.get("completion_tokens", usage.get("output_tokens"))),
        "tokens_cached": cached,
        "tokens_cache_written": count(written),
        "tokens_reasoning": thought,
        "cost": cost,
        "cost_from": "reported" if cost is not None else "",
    }


def error_text(error: Any) -> str:
    """What an API's error says, in one line: its kind and its message."""
    inner = error.get("error") if isinstance(error, dict) and isinstance(error.get("error"), dict) else error
    if not isinstance(inner, dict):
        return str(inner) if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
    said = [str(inner[key]) for key in ("type", "code", "message") if inner.get(key)]
    return ": ".join(dict.fromkeys(said)) or json.dumps(inner, ensure_ascii=False)
