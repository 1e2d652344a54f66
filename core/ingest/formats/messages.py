"""Message logs of OpenAI's and Anthropic's APIs: chat records, requests with their responses, and batch results.

One record is one run, unless a session or conversation id joins records; of a later record of a conversation only what
is new is read, for each request repeats what was said before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.clock import content_hash, parse_time
from core.ingest.document import Document
from core.ingest.reading import BadRecord, chat_step, check_json, from_json_text, is_record, number
from core.ingest.vendor_messages import conversation, error_text, tool_schemas, usage_facts
from core.records import Arrival, Json, Message, Rejected, Step, StepKind, Task, ToolCall, Trace

NAME = "messages"

_CONVERSATION = ("session_id", "conversation_id", "thread_id", "session", "conversation")
_AGENT = ("agent", "agent_name", "app")
_STARTED = ("started_at", "start_time", "startTime", "timestamp", "created_at", "time")
_ENDED = ("ended_at", "end_time", "endTime")
_SECONDS = ("seconds", "duration", "latency")
_READ = {"messages", "request", "response", "result", "tools", "functions", "input", "metadata", "usage", "error"}
_FIRST_MILLISECONDS = 1e11
"""An epoch from here on is in milliseconds: as seconds it would be the year 5138."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One record as it is read: what was said before, what a model answered, and the facts about both."""

    asked: list[Message]
    answer: list[Message] | None
    facts: Mapping[str, Any]
    about: Mapping[str, Any]
    tools: tuple[Json, ...] = ()
    response_id: str = ""
    goes_on: str = ""
    left: Mapping[str, Json] = field(default_factory=dict)


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a record or conversation; a batch's request that never ran is named and left out."""
    if document.kind not in ("JSON", "JSON lines") or not any(_is_log(one) for one in document.records[:20]):
        return None
    return _read(document)


def _is_log(record: Any) -> bool:
    if not isinstance(record, dict) or "trajectory_format" in record:
        return False
    if "custom_id" in record:
        return any(isinstance(record.get(key), dict) for key in ("result", "response", "body", "error"))
    if "response" in record and ("request" in record or _says(record)):
        return _answers(_body(record["response"])) or is_record(_body(record["response"]), "error")
    return _says({"messages": record.get("messages")})


def _says(request: Mapping[str, Any]) -> bool:
    messages = request.get("messages") or request.get("input")
    return isinstance(messages, list) and any(is_record(one, "role") for one in messages[:5])


def _answers(body: Any) -> bool:
    return is_record(body, "choices") or is_record(body, "output") or is_record(body, "content", "role")


def _body(value: Any) -> Any:
    """A request or response itself, where a log wraps it or writes it as text."""
    value = from_json_text(value)
    if isinstance(value, dict) and not _answers(value) and not _says(value) and value.get("body"):
        return from_json_text(value["body"])
    return value


def _read(document: Document) -> Iterator[Arrival]:
    conversations: dict[str, list[Exchange]] = {}
    ids: dict[str, str] = {}
    for index, record in enumerate(document.records):
        try:
            check_json(record)
            exchange = _exchange(record)
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{_named(record)}", str(error), record)
            continue
        own = f"record {content_hash(record, 32)}"
        if session := _first(exchange.about, _CONVERSATION):
            own = f"session {session}"
        key = ids.get(exchange.goes_on, own)
        if exchange.response_id:
            ids[exchange.response_id] = key
        conversations.setdefault(key, []).append(exchange)
    for key, exchanges in conversations.items():
        yield _trace(key, exchanges)


def _named(record: Any) -> str:
    name = record.get("custom_id") or record.get("id") if isinstance(record, dict) else None
    return f" ({name})" if isinstance(name, str) else ""


def _exchange(record: Any) -> Exchange:
    if not isinstance(record, dict):
        raise BadRecord("it is not an object with messages")
    if "custom_id" in record:
        return _from_batch(record)
    request, response = _body(record.get("request")), _body(record.get("response"))
    if not isinstance(request, dict):
        request = record
    if response is None and "request" in record:
        raise BadRecord("it is a request without its response")
    return _pair(record, request, response)


def _from_batch(record: Mapping[str, Any]) -> Exchange:
    """A line of OpenAI's batch output, or of Anthropic's batch results; the requests stand in another file."""
    result = record.get("result")
    if isinstance(result, dict):
        if result.get("type") in ("canceled", "expired"):
            raise BadRecord(f"the batch's request {result['type']} before it ran")
        return _pair(record, {}, result.get("message") or {"error": result.get("error")})
    response = _body(record.get("response"))
    if response is None and not record.get("error"):
        raise BadRecord("it is a batch's request: what ran stands in the batch's output")
    return _pair(record, {}, response if isinstance(response, dict) and response else {"error": record.get("error")})


def _pair(record: Mapping[str, Any], request: Mapping[str, Any], response: Any) -> Exchange:
    asked: list[Message] = []
    for key in ("system", "instructions"):
        if request.get(key):
            asked += conversation([{"role": "system", "content": request[key]}])
    said = request.get("messages", request.get("input"))
    if said is not None:
        asked += conversation(said)
    answer = None if response is None else _answer(response)
    if not asked and not answer and not is_record(response, "error"):
        raise BadRecord("it has no message")
    response = response if isinstance(response, dict) else {}
    metadata = [one for one in (record.get("metadata"), request.get("metadata")) if isinstance(one, dict)]
    about = {key: value for one in (*metadata, request, record) for key, value in one.items() if key not in _READ}
    facts: dict[str, Any] = {"model": str(response.get("model") or request.get("model") or record.get("model") or "")}
    facts |= usage_facts(response.get("usage") or record.get("usage"))
    if response.get("error"):
        facts["error"] = error_text(response["error"])
    if isinstance(response.get("choices"), list) and len(response["choices"]) > 1:
        facts["attributes"] = {"choices": response["choices"][1:]}
    left = {key: value for key, value in record.items() if key not in _READ and value is not None}
    return Exchange(
        asked,
        answer if answer is None or answer or not facts.get("error") else [],
        facts | _times(about, response),
        about | ({"user_id": request["user"]} if isinstance(request.get("user"), str) else {}),
        tool_schemas(request.get("tools") or record.get("tools")),
        str(response.get("id") or ""),
        str(request.get("previous_response_id") or "-"),
        left | ({"metadata": record["metadata"]} if record.get("metadata") else {}),
    )


def _answer(response: Any) -> list[Message]:
    if isinstance(response, str):
        return [Message("assistant", response)]
    if not isinstance(response, dict):
        raise BadRecord("its response is neither a text nor an object")
    if isinstance(choices := response.get("choices"), list):
        first = choices[0] if choices and isinstance(choices[0], dict) else {}
        if isinstance(first.get("text"), str):  # of the older completions API
            return [Message("assistant", first["text"])]
        return conversation([first["message"]]) if first.get("message") else []
    if isinstance(response.get("output"), list):
        return conversation(response["output"])
    if "content" in response:
        return conversation([{"role": "assistant", "content": response["content"]}])
    if response.get("error"):
        return []
    raise BadRecord("its response is in no shape that is read: it has no choices, output or content")


def _times(about: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, datetime | None]:
    made = response.get("created") or response.get("created_at")
    started, ended = _time(_first(about, _STARTED) or made), _time(_first(about, _ENDED))
    seconds = number(_first(about, _SECONDS))
    if ended is None and started is not None and seconds is not None and 0 <= seconds < 1e6:
        ended = started + timedelta(seconds=seconds)
    return {"started_at": started, "ended_at": ended}


def _time(value: Any) -> datetime | None:
    if (read := number(value)) is not None:
        return parse_time(read / 1000 if read >= _FIRST_MILLISECONDS else read)
    return parse_time(value)


def _first(about: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = about.get(key)
        if isinstance(value, dict):
            value = value.get("id")
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            return value
    return None


def _trace(key: str, exchanges: list[Exchange]) -> Trace:
    steps: list[Step] = []
    heard: list[Message] = []
    asked: dict[str, ToolCall] = {}
    for exchange in exchanges:
        new = _new(exchange.asked, heard)
        answer = exchange.answer or []
        asked |= {call.call_id: call for message in (*new, *answer) for call in message.tool_calls if call.call_id}
        for message in new:
            steps.append(chat_step(str(len(steps)), message, asked))
        if exchange.answer is not None:
            steps.append(Step(str(len(steps)), StepKind.LLM, "agent", output=tuple(answer), **exchange.facts))
        elif steps and steps[-1].kind is StepKind.LLM:
            steps[-1] = chat_step(steps[-1].step_id, steps[-1].output[0], asked, **exchange.facts)
        heard += [*new, *answer]
    first, last = exchanges[0], exchanges[-1]
    session = _first(first.about, _CONVERSATION)
    user = first.about.get("user_id") or first.about.get("user")
    question = next((message.content for message in heard if message.role == "user" and message.content), "")
    starts = [step.started_at for step in steps if step.started_at]
    ends = [end for step in steps if (end := step.ended_at or step.started_at)]
    return Trace(
        trace_id=f"{NAME}-{content_hash([key, *(_said(one) for one in first.asked + (first.answer or []))], 32)}",
        source=NAME,
        steps=tuple(steps),
        agent=str(_first(first.about, _AGENT) or NAME),
        version=str(_first(first.about, ("version",)) or last.facts["model"]),
        task=Task(f"{NAME}/{content_hash(' '.join(question.lower().split()), 12)}", question[:2000], derived=True)
        if question
        else None,
        session_id=str(session or ""),
        user=str(user) if isinstance(user, (str, int)) else "",
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None),
        tools=next((one.tools for one in exchanges if one.tools), ()),
        attributes=dict(first.left) if len(exchanges) == 1 else {"records": [dict(one.left) for one in exchanges]},
    )


def _new(asked: list[Message], heard: list[Message]) -> list[Message]:
    """What a request adds to what was heard: all after their common beginning, without a system prompt heard before."""
    same = 0
    for one, other in zip(asked, heard, strict=False):
        if _said(one) != _said(other):
            break
        same += 1
    known = {message.content for message in heard if message.role == "system"}
    return [one for one in asked[same:] if one.role != "system" or one.content not in known]


def _said(message: Message) -> list[Any]:
    """What makes two messages the same one: thoughts are left out, because a later request may not repeat them."""
    calls = [[call.name, call.arguments] for call in message.tool_calls]
    return [message.role, message.content.strip(), message.tool_call_id, calls]
