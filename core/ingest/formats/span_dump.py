"""Spans as the OpenTelemetry SDKs write them: JavaScript's ReadableSpan, Python's `to_json`, and plain attributes.

One span, a list, one after another, `{"spans": […]}`, or lists by operation. Of attributes alone, without any id, each
object is a run of one step, known by its content. The same span in several files is the same span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from core.clock import content_hash
from core.ingest.assemble import assemble
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, maybe
from core.ingest.span_fields import attributes_of, error_of, events_of, first, not_before, span_id_of, time_of
from core.ingest.spans import Span
from core.records import Arrival, Rejected

NAME = "span-dump"

_TRACE = ("spanContext/traceId", "context/trace_id", "context/traceId", "traceId", "trace_id")
_SPAN = ("spanContext/spanId", "context/span_id", "context/spanId", "spanId", "span_id", "id")
_PARENT = ("parentSpanContext/spanId", "parentSpanId", "parent_id", "parent_span_id", "parentId")
_STARTED = ("startTime", "start_time", "startTimeUnixNano", "start_time_unix_nano", "timestamp")
_ENDED = ("endTime", "end_time", "endTimeUnixNano", "end_time_unix_nano")
_SCOPE = ("instrumentationScope/name", "instrumentationLibrary/name", "scope/name", "instrumentation_scope/name")
_TELLING = ("gen_ai.operation.name", "openinference.span.kind")


def read(document: Document) -> Iterator[Arrival] | None:
    """The runs of a document's spans."""
    records = _records(document)
    return None if records is None else _read(records)


def _records(document: Document) -> list[tuple[str, Any]] | None:
    """The spans, each with its place; None where there are none."""
    value = document.value
    if is_record(value, "spans") and isinstance(value["spans"], list):
        value = value["spans"]
    elif isinstance(value, dict) and value and all(isinstance(one, list) for one in value.values()):
        listed = [(f"{key}, span {n}", one) for key, group in value.items() for n, one in enumerate(group, 1)]
        return listed if any(is_span(one) for _, one in listed[:20]) else None
    listed = value if isinstance(value, list) else [value]
    if not any(is_span(one) or _is_attributes(one) for one in listed[:20]):
        return None
    return [(document.where(index) if len(listed) > 1 else "span 1", one) for index, one in enumerate(listed)]


def is_span(value: Any) -> bool:
    """Whether a value looks like an SDK's span; Phoenix's have their kind and status beside their name."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("attributes"), dict)
        and first(value, *_TRACE) is not None
        and first(value, *_SPAN) is not None
        and "name" in value
        and "span_kind" not in value
        and "spanKind" not in value
    )


def _is_attributes(value: Any) -> bool:
    """Whether a value is the attributes of a span of which nothing else was kept."""
    return isinstance(value, dict) and "attributes" not in value and any(key in value for key in _TELLING)


def _read(records: list[tuple[str, Any]]) -> Iterator[Arrival]:
    spans: list[Span] = []
    for where, record in records:
        try:
            check_json(record)
            spans.append(_from_attributes(record) if _is_attributes(record) else _span(record))
        except BadRecord as error:
            yield Rejected(_named(where, record), str(error), record)
    yield from assemble(spans, NAME)


def _named(where: str, record: Any) -> str:
    said = [first(record, *_SPAN), record.get("name")] if isinstance(record, dict) else []
    return " ".join([where, *(one[:80] for one in said if isinstance(one, str))])


def _from_attributes(record: Mapping[str, Any]) -> Span:
    uid = content_hash(record, 32)
    name = first(record, "gen_ai.tool.name", "tool.name", *_TELLING)
    return Span(uid, uid[:16], name=str(name), attributes=record)


def _span(record: Any) -> Span:
    if not isinstance(record, dict):
        raise BadRecord("it is not a span: it is not an object")
    trace_id = span_id_of(first(record, *_TRACE), "its trace id")
    parent = first(record, *_PARENT)
    status = maybe(record, "status", dict) or {}
    started = time_of(first(record, *_STARTED), "its start")
    ended = time_of(first(record, *_ENDED), "its end")
    if ended is None and started is not None and type(record.get("duration")) is int and "timestamp" in record:
        ended = started + timedelta(microseconds=min(record["duration"], 10**15))  # JavaScript's console exporter
    return Span(
        trace_id=trace_id,
        span_id=span_id_of(first(record, *_SPAN), "its span id"),
        parent_id=span_id_of(parent, "its parent's id") if parent is not None else None,
        name=str(record.get("name") or ""),
        started_at=started,
        ended_at=not_before(started, ended),
        attributes=attributes_of(record, "attributes"),
        resource=attributes_of(maybe(record, "resource", dict) or {}, "attributes"),
        scope=str(first(record, *_SCOPE) or ""),
        error=error_of(first(status, "code", "status_code"), first(status, "message", "description")),
        events=events_of(record),
        links=tuple(_links(record)),
    )


def _links(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for link in maybe(record, "links", list) or ():
        if isinstance(link, dict):
            trace, span = first(link, *_TRACE), first(link, *_SPAN)
            if isinstance(trace, str) and isinstance(span, str):
                yield trace.removeprefix("0x"), span.removeprefix("0x")
