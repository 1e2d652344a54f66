"""GenAI events, of a span or sent as logs, as messages that went into a model or came out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from core.ingest.semantics.messages import read_messages
from core.ingest.semantics.values import opened, something
from core.ingest.spans import Span, SpanEvent
from core.records import Json, Message

DETAILS = "gen_ai.client.inference.operation.details"
EVALUATION = "gen_ai.evaluation.result"
EXCEPTION = "exception"

_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.content.prompt": "user",
    "gen_ai.choice": "assistant",
    "gen_ai.content.completion": "assistant",
}
_ANSWERS = frozenset(("gen_ai.choice", "gen_ai.content.completion"))
_BODIES = ("body", "gen_ai.event.content", "event_body", "gen_ai.prompt", "gen_ai.completion")
_ABOUT = frozenset(
    ("event.name", "gen_ai.system", "gen_ai.provider.name", "gen_ai.message.index", "gen_ai.operation.name")
)


class Said(NamedTuple):
    """What events say: messages that went in, messages that came out, and the events that say something else."""

    input: tuple[Message, ...]
    output: tuple[Message, ...]
    others: tuple[SpanEvent, ...]


def with_details(span: Span) -> Span:
    """The span with the attributes of the event that tells of its operation; its own say more and stay."""
    told = [event for event in span.events if event.name == DETAILS]
    if not told:
        return span
    attributes: dict[str, Json] = {}
    for event in told:
        attributes |= event.attributes
    others = tuple(event for event in span.events if event.name != DETAILS)
    return replace(span, attributes=attributes | dict(span.attributes), events=others)


def said_by(events: Iterable[SpanEvent]) -> Said:
    """Sort events; evaluations are left out, for they are signals."""
    went_in: list[Message] = []
    came_out: list[Message] = []
    others: list[SpanEvent] = []
    for event in events:
        role = _ROLES.get(event.name)
        if role is None:
            if event.name != EVALUATION:
                others.append(event)
            continue
        messages = _messages(event.attributes, role)
        if not messages:
            others.append(event)
        (came_out if event.name in _ANSWERS else went_in).extend(messages)
    return Said(tuple(went_in), tuple(came_out), tuple(others))


def _messages(attributes: Mapping[str, Json], role: str) -> tuple[Message, ...]:
    """The messages of one event, whose fields are attributes, or the body of the log record that it was sent as."""
    for key in _BODIES:
        if key in attributes and something(body := opened(attributes[key])) is not None:
            if type(body) is dict and "message" not in body:
                body = {"role": role} | body
            return read_messages(body, role).messages
    fields: dict[str, Any] = {key: value for key, value in attributes.items() if key not in _ABOUT}
    if "message" in fields:
        inner = opened(fields["message"])
        if type(inner) is dict and "role" not in inner:
            inner = {"role": role} | inner
        return read_messages(inner, role).messages
    fields = {key: opened(value) if key in ("content", "tool_calls") else value for key, value in fields.items()}
    known = fields.keys() & {"content", "tool_calls", "parts", "reasoning", "reasoning_content"}
    return read_messages({"role": role} | fields, role).messages if known else ()


def split_history(value: Any) -> tuple[tuple[Message, ...], tuple[Message, ...]] | None:
    """A whole conversation in one list: what went in, and the answer that ends it; None where it is no such list."""
    value = opened(value)
    if type(value) is not list or not value or not all(type(one) is dict for one in value):
        return None
    if any("event.name" in one for one in value):
        events = [SpanEvent(name, None, one) for one in value if type(name := one.get("event.name")) is str]
        said = said_by(events)
        if len(events) < len(value) or said.others:
            return None
        went_in, came_out = said.input, said.output
    elif all("role" in one for one in value):
        went_in, came_out = read_messages(value, "user").messages, ()
    else:
        return None
    if not came_out:
        end = len(went_in)
        while end and went_in[end - 1].role == "assistant":
            end -= 1
        went_in, came_out = went_in[:end], went_in[end:]
    return went_in, came_out


def joined(held: tuple[Message, ...], more: Sequence[Message]) -> tuple[Message, ...]:
    """Messages with those that came later and are not there yet; a whole that holds the part stands for both."""
    if not more or not held:
        return held or tuple(more)
    missing, extra = Counter(_said(one) for one in more), Counter(_said(one) for one in held)
    if missing <= extra:
        return held
    if extra <= missing:
        return tuple(more)
    missing -= extra
    added = []
    for message in more:
        if missing[_said(message)] > 0:
            missing[_said(message)] -= 1
            added.append(message)
    systems = tuple(one for one in added if one.role == "system")
    return systems + held + tuple(one for one in added if one.role != "system")


def _said(message: Message) -> tuple[str, ...]:
    """What makes two messages the same: their words and calls, without how a call's arguments are written."""
    calls = [f"{call.call_id} {call.name}" for call in message.tool_calls]
    return (message.role, message.content, message.reasoning, message.tool_call_id, *calls)
