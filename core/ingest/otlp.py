"""OTLP as it comes over the wire: requests of spans and of log records, in protobuf or JSON, and the spans in them.

Pure. A request that is no OTLP raises InvalidInput. What is wrong with one span or one log record is said of that one,
and the rest of the request stands: `Sound.message` holds only what can be taken.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from core.errors import InvalidInput
from core.ingest import otlp_json, otlp_wire
from core.ingest.spans import Span, SpanEvent
from core.records import Json, Rejected

TRACES, LOGS = "traces", "logs"

REQUESTS: dict[str, type[Message]] = {TRACES: ExportTraceServiceRequest, LOGS: ExportLogsServiceRequest}

ERROR = (
    WireSpan.DESCRIPTOR.file.message_types_by_name["Status"]
    .enum_types_by_name["StatusCode"]
    .values_by_name["STATUS_CODE_ERROR"]
    .number
)


@dataclass(slots=True)
class Sound:
    """A request's message without what could not be taken, the number of spans or log records in it, and the rest."""

    message: Any
    n: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def decode(kind: str, body: bytes, is_json: bool) -> Sound:
    """The request in a body (`kind` is TRACES or LOGS); raises InvalidInput for a body that is no such request."""
    return _checked(kind, _from_json(kind, body) if is_json else _from_wire(kind, body))


def spans_from_json(kind: str, value: Json) -> tuple[list[Span], list[Rejected]]:
    """The spans of a request that stands in a file as JSON, and what could not be taken; raises InvalidInput."""
    sound = _checked(kind, _from_value(kind, value))
    return list(spans_of(kind, sound.message)), sound.rejected


def _checked(kind: str, sound: Sound) -> Sound:
    for group in groups(kind, sound.message):
        wrong = [(index, reason) for index, one in enumerate(group.ones) if (reason := _wrong(kind, one))]
        for index, reason in reversed(wrong):
            sound.rejected.append(rejected(kind, group, group.ones[index], reason))
            del group.ones[index]
        sound.n += len(group.ones)
    return sound


def _from_wire(kind: str, body: bytes) -> Sound:
    message = REQUESTS[kind]()
    try:
        message.ParseFromString(body)
    except DecodeError:
        # one text that is no UTF-8 spoils the whole for the parser: take it apart, and leave out what is broken
        message, broken = otlp_wire.salvage(REQUESTS[kind], body)
        return Sound(message, 0, [Rejected(f"{_WORD[kind]} {n + 1}", reason) for n, reason in broken])
    return Sound(message)


def _from_json(kind: str, body: bytes) -> Sound:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    return _from_value(kind, value)


def _from_value(kind: str, value: Json) -> Sound:
    message, wrong = otlp_json.read(REQUESTS[kind], value)
    kept = [replace(one, body=_alone(kind, one.body, {}, {})) if one.body is not None else one for one in wrong]
    return Sound(message, 0, kept)


_WORD = {TRACES: "span", LOGS: "log record"}


class Group(NamedTuple):
    """The spans or log records of one scope of one resource, as the request lists them."""

    resource: Any
    scope: Any
    ones: Any


def groups(kind: str, message: Any) -> Iterator[Group]:
    """The groups of a request."""
    for outer in message.resource_spans if kind == TRACES else message.resource_logs:
        for inner in outer.scope_spans if kind == TRACES else outer.scope_logs:
            yield Group(outer.resource, inner.scope, inner.spans if kind == TRACES else inner.log_records)


def _wrong(kind: str, one: Any) -> str:
    """Why a span or log record cannot be taken; "" when it can."""
    for name, length in (("trace_id", 16), ("span_id", 8)):
        given = getattr(one, name)
        if len(given) != length:
            missing = "has no" if not given else f"has {len(given)} bytes, not {length}, in its"
            return f"it {missing} {name.replace('_', ' ')}"
        if not any(given):
            return f"its {name.replace('_', ' ')} is all zeros"
    if kind == TRACES and len(one.parent_span_id) not in (0, 8):
        return f"it has {len(one.parent_span_id)} bytes, not 8, in its parent span id"
    if kind == LOGS and not event_name(one):
        return "it is no GenAI event record: it has no event name"
    return ""


def rejected(kind: str, group: Group, one: Any, reason: str) -> Rejected:
    """A span or log record that is not taken; its body is the request that it would be alone."""
    name = one.name if kind == TRACES else event_name(one)
    body = _alone(kind, otlp_json.write(one), otlp_json.write(group.resource), otlp_json.write(group.scope))
    return Rejected(f"{_WORD[kind]} {one.span_id.hex()} {name}"[:200].strip(), reason, body)


def _alone(kind: str, one: Json, resource: Json, scope: Json) -> Json:
    if kind == TRACES:
        return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [one]}]}]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": [one]}]}]}


def event_name(record: LogRecord) -> str:
    """The event's name: the field for it, or the attribute that was used before; only GenAI events have a meaning."""
    name = record.event_name or next((a.value.string_value for a in record.attributes if a.key == "event.name"), "")
    return name if name.startswith("gen_ai.") else ""


def spans_of(kind: str, message: Any) -> Iterator[Span]:
    """The spans of a request; a log record becomes a bare span that holds it as its only event."""
    if kind == TRACES:
        for resource_spans in message.resource_spans:
            resource = attributes_of(resource_spans.resource.attributes)
            for scope_spans in resource_spans.scope_spans:
                scope = scope_spans.scope.name
                for span in scope_spans.spans:
                    yield _span(span, resource, scope)
        return
    for resource_logs in message.resource_logs:
        resource = attributes_of(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                event = _event_of(record)
                yield Span(record.trace_id.hex(), record.span_id.hex(), resource=resource, events=(event,), bare=True)


def _span(span: Any, resource: Mapping[str, Json], scope: str) -> Span:
    started, ended = time_of(span.start_time_unix_nano), time_of(span.end_time_unix_nano)
    if started is not None and ended is not None and ended < started:
        ended = started  # the clocks of two machines: it ended, and how long it took is not known
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        # one that calls itself its parent is a root: nothing could ever come that it waits for
        parent_id=None if span.parent_span_id == span.span_id else span.parent_span_id.hex() or None,
        name=span.name,
        started_at=started,
        ended_at=ended,
        attributes=attributes_of(span.attributes),
        resource=resource,
        scope=scope,
        error=(span.status.message or "the span ended in an error") if span.status.code == ERROR else "",
        events=tuple(
            SpanEvent(event.name, time_of(event.time_unix_nano), attributes_of(event.attributes))
            for event in span.events
        ),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
    )


def _event_of(record: LogRecord) -> SpanEvent:
    """The event of a log record; the fields of a structured body stand beside its attributes."""
    attributes = attributes_of(record.attributes)
    attributes.pop("event.name", None)
    body = value_of(record.body)
    attributes |= body if isinstance(body, dict) else {} if body is None else {"body": body}
    return SpanEvent(event_name(record), time_of(record.time_unix_nano or record.observed_time_unix_nano), attributes)


def time_of(nanoseconds: int) -> datetime | None:
    """A time in nanoseconds since 1970, to the microsecond; None for 0, which says nothing."""
    if not nanoseconds:
        return None
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def attributes_of(pairs: Any) -> dict[str, Json]:
    """Key-value pairs as a dict; of a key that comes twice the last value stays."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def value_of(value: AnyValue) -> Json:
    """A value as JSON can hold it; bytes as base64 text."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    return None if kind is None else _READ[kind](getattr(value, kind))


_READ: dict[str, Callable[[Any], Json]] = {
    "bool_value": lambda one: one,
    "int_value": lambda one: one,
    "double_value": lambda one: one,
    "array_value": lambda one: [value_of(inner) for inner in one.values],
    "kvlist_value": lambda one: attributes_of(one.values),
    "bytes_value": lambda one: base64.b64encode(one).decode(),
    "string_value_strindex": lambda one: None,
}


def split(kind: str, message: Any) -> dict[str, Any]:
    """The request as one request for each trace in it, by trace id."""
    parts: dict[str, Any] = {}
    for outer in message.resource_spans if kind == TRACES else message.resource_logs:
        for scope in outer.scope_spans if kind == TRACES else outer.scope_logs:
            for one in scope.spans if kind == TRACES else scope.log_records:
                part = parts.setdefault(one.trace_id.hex(), REQUESTS[kind]())
                home = (part.resource_spans if kind == TRACES else part.resource_logs).add(resource=outer.resource)
                inner = (home.scope_spans if kind == TRACES else home.scope_logs).add(scope=scope.scope)
                (inner.spans if kind == TRACES else inner.log_records).append(one)
    return parts


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a request: the message and field that hold it, the attribute it stands under, the trace it is part of.

    `trace` is "" for texts of resources and scopes, which belong to several.
    """

    trace: str
    holder: Any
    field: str
    key: str = ""


def texts_of(kind: str, message: Any) -> Iterator[Place]:
    """Every text of a request, to be read or replaced."""
    for outer in message.resource_spans if kind == TRACES else message.resource_logs:
        yield from _texts("", outer.resource.attributes)
        for scope in outer.scope_spans if kind == TRACES else outer.scope_logs:
            yield from _texts("", scope.scope.attributes)
            for one in scope.spans if kind == TRACES else scope.log_records:
                trace = one.trace_id.hex()
                yield from _texts(trace, one.attributes)
                if kind == LOGS:
                    yield from _value_texts(trace, one.body, "")
                    continue
                yield Place(trace, one, "name")
                yield Place(trace, one.status, "message")
                for event in (*one.events, *one.links):
                    yield from _texts(trace, event.attributes)


def _texts(trace: str, pairs: Any) -> Iterator[Place]:
    for pair in pairs:
        yield Place(trace, pair, "key")
        yield from _value_texts(trace, pair.value, pair.key)


def _value_texts(trace: str, value: AnyValue, key: str) -> Iterator[Place]:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        yield Place(trace, value, kind, key)
    elif kind == "array_value":
        for inner in value.array_value.values:
            yield from _value_texts(trace, inner, key)
    elif kind == "kvlist_value":
        yield from _texts(trace, value.kvlist_value.values)
