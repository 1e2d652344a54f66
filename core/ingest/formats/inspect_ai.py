"""Inspect's evaluation logs, JSON and `.eval`: one run a sample and epoch, its scores as automated signals.

The messages of a sample are its conversation; its events say when each was made, with which model and at what cost.
What other agents did in between is kept below the step during which it happened. What a scorer asked a model is no
part of the run: its tokens stand among the attributes, its reasons with the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.clock import content_hash, parse_time
from core.ingest.document import Document
from core.ingest.formats.inspect_scores import scores_of
from core.ingest.infrastructure import broke
from core.ingest.reading import BadRecord, chat_step, check_json, count, from_json_text, is_record, need, number
from core.ingest.reading import plain_text as text_of
from core.ingest.vendor_messages import conversation, tool_schemas
from core.records import Arrival, Message, Rejected, Step, StepKind, Task, ToolCall, Trace

NAME = "inspect"

_KEPT = ("id", "target", "choices", "metadata", "files", "limit", "error_retries", "model_usage", "working_time")
_ABOUT = ("run_id", "eval_id", "task_id", "task_version", "task_args", "model_generate_config", "model_args")


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a sample; a log that holds none is named with the reason."""
    if document.kind == "zip":
        header = document.members.get("header.json", document.members.get("_journal/start.json"))
        names = sorted(name for name in document.members if name.startswith("samples/") and name.endswith(".json"))
        return _read(header, [(name, document.members[name]) for name in names]) if _is_log(header) else None
    if not any(_is_log(record) for record in document.records[:20]):
        return None
    return (arrival for index, log in enumerate(document.records) for arrival in _read_json(log, index, document))


def _is_log(value: Any) -> bool:
    return is_record(value, "eval", "version") and is_record(value["eval"], "task", "model", "dataset")


def _read_json(log: Any, index: int, document: Document) -> Iterator[Arrival]:
    if not _is_log(log):
        yield Rejected(document.where(index), "it is not a log with eval and version", log)
        return
    samples = log.get("samples")
    listed = samples if isinstance(samples, list) else []
    yield from _read(log, [(f"sample {number + 1}", one) for number, one in enumerate(listed)])


def _read(log: Mapping[str, Any], samples: list[tuple[str, Any]]) -> Iterator[Arrival]:
    if not samples:
        status = f" (its status is {log['status']})" if log.get("status") else ""
        yield Rejected("whole file", f"the log has a header and no samples{status}: no run was recorded in it")
    for where, sample in samples:
        try:
            check_json([sample, log["eval"]])
            yield _trace(sample, log["eval"])
        except BadRecord as error:
            named = f" (id {sample.get('id')}, epoch {sample.get('epoch')})" if isinstance(sample, dict) else ""
            yield Rejected(f"{where}{named}", str(error), sample)


def _trace(sample: Any, about: Mapping[str, Any]) -> Trace:
    number_of = str(need(sample, "id", int, str))
    sample = _attached(sample, _inner(sample, "attachments"))
    events = [event for event in _list(sample, "events") if isinstance(event, dict)]
    scoring = _within_scorers(events)
    steps = _steps(sample, [event for event, scorer in zip(events, scoring, strict=True) if not scorer])
    if not steps:
        raise BadRecord("it has neither messages nor events")
    uid = sample.get("uuid")
    if not isinstance(uid, str) or not uid:
        run = [about.get("run_id"), about.get("task_id"), sample["id"], sample.get("epoch")]
        uid = f"{NAME}-{content_hash(run, 32)}"
    judged = [
        {"scorer": scorer, "model": event.get("model"), "usage": _inner(event.get("output"), "usage")}
        for event, scorer in zip(events, scoring, strict=True)
        if scorer and event.get("event") == "model"
    ]
    kept = {key: sample.get(key) for key in _KEPT} | {key: about.get(key) for key in _ABOUT} | {"scoring": judged}
    times = [time for event in events for time in (parse_time(event.get("timestamp")),) if time]
    version = about.get("task_version")
    costs = [number(_inner({"": usage}, "").get("total_cost")) for usage in _inner(sample, "model_usage").values()]
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=tuple(steps),
        agent=str(about.get("solver") or NAME),
        version=str(about["model"]) + (f" (task version {version})" if version else ""),
        task=Task(f"inspect/{about['task']}/{number_of}", _asked(sample)[:2000], _definition(sample)),
        trial=count(sample.get("epoch")),
        started_at=parse_time(sample.get("started_at")) or min(times, default=None),
        ended_at=parse_time(sample.get("completed_at")) or max(times, default=None),
        cost=sum(filter(None, costs)) or None,
        seconds=number(sample.get("total_time")),
        tools=next((tool_schemas(event["tools"]) for event in events if event.get("tools")), ()),
        tags=tuple(tag for tag in _list(about, "tags") if isinstance(tag, str)),
        attributes={key: value for key, value in kept.items() if value not in (None, [], {}, "")},
        signals=(
            *scores_of(uid, sample, {str(one["scorer"]) for one in judged}),
            *((broke(uid, _error(sample["error"]), NAME),) if sample.get("error") else ()),
        ),
    )


def _inner(record: Any, key: str) -> Mapping[str, Any]:
    value = record.get(key) if isinstance(record, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(record: Any, key: str) -> list[Any]:
    value = record.get(key) if isinstance(record, Mapping) else None
    return value if isinstance(value, list) else []


def _attached(value: Any, attachments: Mapping[str, Any]) -> Any:
    """The value with each reference to an attachment replaced by it."""
    if isinstance(value, dict):
        return {key: _attached(inner, attachments) for key, inner in value.items() if key != "attachments"}
    if isinstance(value, list):
        return [_attached(inner, attachments) for inner in value]
    if isinstance(value, str) and value.startswith("attachment://"):
        return attachments.get(value.removeprefix("attachment://"), value)
    return value


def _within_scorers(events: list[dict[str, Any]]) -> list[str]:
    """For each event the scorer in which it happened, "" for none; older logs say it by steps, newer ones by spans."""
    scorers: dict[str, str] = {}
    running, found = "", []
    for event in events:
        kind, typed = event.get("event"), event.get("type")
        if kind == "span_begin":
            inside = scorers.get(str(event.get("parent_id")), "")
            scorers[str(event.get("id"))] = str(event.get("name")) if typed == "scorer" else inside
        elif kind == "step" and typed == "scorer":
            running = str(event.get("name")) if event.get("action") == "begin" else ""
        found.append(scorers.get(str(event.get("span_id")), "") or running)
    return found


def _asked(sample: Mapping[str, Any]) -> str:
    asked = sample.get("input")
    if isinstance(asked, list):
        return next((text_of(one.get("content")) for one in asked if is_record(one, "role", "content")), "")
    return asked if isinstance(asked, str) else ""


def _definition(sample: Mapping[str, Any]) -> dict[str, Any]:
    return {key: sample[key] for key in ("input", "target", "choices") if sample.get(key)}


def _steps(sample: Mapping[str, Any], events: list[dict[str, Any]]) -> list[Step]:
    """The conversation in its order, with what events know of it, and the calls that are no part of it in between."""
    told = conversation([_in_chat_shape(one) for one in _list(sample, "messages")])
    called = [event for event in events if event.get("event") in ("model", "tool") and not event.get("pending")]
    waiting = [(event, _answer(event)) for event in called]
    asked: dict[str, ToolCall] = {}
    steps: list[Step] = []
    for message in told:
        asked |= {call.call_id: call for call in message.tool_calls}
        found = next((at for at, (event, answer) in enumerate(waiting) if _made(event, answer, message)), None)
        facts: dict[str, Any] = {}
        if found is not None:
            for other, _ in waiting[:found]:
                steps.append(_aside(other, steps))
            facts = _facts(waiting[found][0])
            del waiting[: found + 1]
        steps.append(chat_step(str(len(steps)), message, asked, **facts))
    for other, _ in waiting:
        steps.append(_aside(other, steps) if told else _event_step(other, steps))
    return [*steps, *_endings(sample, len(steps))]


def _in_chat_shape(message: Any) -> Any:
    """A message whose tool calls are in OpenAI's shape: Inspect's name the function by a text."""
    calls = [
        {"id": call.get("id"), "function": {"name": call.get("function"), "arguments": call.get("arguments")}}
        for call in _list(message, "tool_calls")
        if isinstance(call, dict)
    ]
    if not isinstance(message, dict):
        raise BadRecord("a message is not an object")
    named = {"name": message["function"]} if isinstance(message.get("function"), str) else {}
    return message | named | ({"tool_calls": calls} if calls else {"tool_calls": None})


def _made(event: Mapping[str, Any], answer: tuple[Message, ...], message: Message) -> bool:
    """Whether an event is the one that made a message: a tool's by its call, a model's by what it answered."""
    if event.get("event") == "tool":
        return message.role == "tool" and event.get("id") == message.tool_call_id
    return message.role == "assistant" and answer == (message,)


def _answer(event: Mapping[str, Any]) -> tuple[Message, ...]:
    choices = _list(event.get("output"), "choices")
    said = choices[0].get("message") if choices and isinstance(choices[0], dict) else None
    return tuple(conversation([_in_chat_shape(said)])) if said else ()


def _facts(event: Mapping[str, Any]) -> dict[str, Any]:
    """When an event began and ended, its error, and a model's name and usage."""
    started, ended = parse_time(event.get("timestamp")), parse_time(event.get("completed"))
    error = event.get("error")
    facts: dict[str, Any] = {"started_at": started, "ended_at": _after(started, ended)}
    if error:
        facts["error"] = str(error.get("message") or error.get("type")) if isinstance(error, dict) else str(error)
    if event.get("event") == "model":
        facts["model"] = str(event.get("model") or "")
        facts |= _usage(_inner(event.get("output"), "usage"))
    return facts


def _after(started: datetime | None, ended: datetime | None) -> datetime | None:
    return ended if started is None or ended is None or ended >= started else started


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens of a call. Whether cached ones are among those read differs by provider; the total tells."""
    read, written = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    cached, kept = count(usage.get("input_tokens_cache_read")), count(usage.get("input_tokens_cache_write"))
    beside = (cached or 0) + (kept or 0)
    if read is not None and usage.get("total_tokens") == read + (written or 0) + beside:
        read += beside
    cost = number(usage.get("total_cost"))
    return {
        "tokens_in": read,
        "tokens_out": written,
        "tokens_cached": cached,
        "tokens_cache_written": kept,
        "tokens_reasoning": count(usage.get("reasoning_tokens")),
        "cost": cost,
        "cost_from": "reported" if cost is not None else "",
    }


def _aside(event: Mapping[str, Any], steps: list[Step]) -> Step:
    """A call beside the conversation, below the step that was there before it."""
    above = next((step.step_id for step in reversed(steps) if step.parent_id is None), None)
    return replace(_event_step(event, steps), parent_id=above)


def _event_step(event: Mapping[str, Any], steps: list[Step]) -> Step:
    uid, facts = str(len(steps)), _facts(event)
    if event["event"] == "tool":
        return Step(
            uid,
            StepKind.TOOL,
            str(event.get("function") or ""),
            call_id=str(event.get("id") or ""),
            arguments=event.get("arguments"),
            result=from_json_text(event.get("result")),
            **facts,
        )
    said = conversation([_in_chat_shape(one) for one in _list(event, "input")])
    return Step(uid, StepKind.LLM, "agent", input=tuple(said), output=_answer(event), **facts)


def _error(error: Any) -> str:
    """What ended a sample before its time; Inspect scores no such sample."""
    return str(error.get("message") or "it failed") if isinstance(error, dict) else str(error)


def _endings(sample: Mapping[str, Any], position: int) -> Iterator[Step]:
    """What cut a sample short: a limit that it ran into, or an error."""
    limit, error = sample.get("limit"), sample.get("error")
    if isinstance(limit, dict):
        said = f"stopped by its {limit.get('type')} limit of {limit.get('limit')}"
        yield Step(str(position), StepKind.OTHER, "limit", error=said)
        position += 1
    if error:
        said = _error(error)
        trace = {"traceback": error["traceback"]} if is_record(error, "traceback") else {}
        yield Step(str(position), StepKind.OTHER, "error", error=said, attributes=trace)
