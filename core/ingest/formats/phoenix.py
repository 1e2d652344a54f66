"""Phoenix's exports: spans of its REST and GraphQL answers, and rows of its spans and annotations dataframes.

Rows come out of parquet, CSV or JSON; their columns are `context.trace_id`, `attributes.llm.…` and so on, the values
flat or nested. An annotation names its span, not its trace: its spans have to be in the same file, or in the same zip.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from core.ingest.assemble import assemble
from core.ingest.document import Document
from core.ingest.formats.phoenix_annotations import annotation_signal, annotations_on, is_annotation
from core.ingest.reading import BadRecord, check_json, from_json_text, is_record
from core.ingest.span_fields import error_of, events_of, first, flat, not_before, span_id_of, time_of
from core.ingest.spans import Span
from core.records import Arrival, Json, Rejected, Signal

NAME = "phoenix"

_TRACE = ("context.trace_id", "context/trace_id", "context/traceId", "trace/traceId", "trace_id", "traceId")
_SPAN = ("context.span_id", "context/span_id", "context/spanId", "spanId", "span_id")
_PARENT = ("parent_id", "parentId", "parentSpanId")
_KIND = ("span_kind", "spanKind")
_COLUMN = "attributes."
_COST = "llm.cost.total"


def read(document: Document) -> Iterator[Arrival] | None:
    """The runs of a document's spans, then the annotations as signals."""
    if document.kind == "zip":
        members = {name: _listed(value) for name, value in document.members.items()}
        held = any(_is_mine(one) for listed in members.values() for one in listed[:20])
        named = [(f"{name}, record {n}", one) for name, listed in members.items() for n, one in enumerate(listed, 1)]
        return _read(named) if held else None
    if header := _header(document):
        rows = [(document.where(n), one) for n, one in enumerate(document.value)][1:]
        return _read([(where, dict(zip(header, row.values(), strict=True))) for where, row in rows])
    listed = _listed(document.value)
    if not any(map(_is_mine, listed[:20])):
        return None
    own = listed is document.value
    return _read([(document.where(n) if own else f"record {n + 1}", one) for n, one in enumerate(listed)])


def _is_mine(value: Any) -> bool:
    return _is_span(value) or is_annotation(value)


def _header(document: Document) -> list[Any]:
    """The first row of a CSV that names its columns, though it was not taken for a header.

    A dataframe of spans has its ids as the index and as a column, so that one name stands twice.
    """
    first_row = document.value[0] if document.kind == "CSV" and document.value else None
    names = list(first_row.values()) if isinstance(first_row, dict) else []
    return names if "context.span_id" in names and "context.trace_id" in names else []


def _listed(value: Any) -> list[Any]:
    """The records of a list, a page of REST, an answer of GraphQL, or a dataframe written column by column."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    for key in ("data", "spans", "annotations"):
        if isinstance(value.get(key), list):
            more = value.get("annotations") if key == "spans" else None
            return [*value[key], *(more if isinstance(more, list) else ())]
    if "context.span_id" in value and all(isinstance(column, dict) for column in value.values()):
        return [{key: column.get(row) for key, column in value.items()} for row in value["context.span_id"]]
    return list(_nodes(value)) or [value]


def _nodes(value: Any) -> Iterator[Any]:
    """The nodes of the first connection of spans in an answer of GraphQL."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if is_record(inner, "edges") and isinstance(inner["edges"], list):
            yield from (edge["node"] for edge in inner["edges"] if is_record(edge, "node") and _is_span(edge["node"]))
        elif isinstance(inner, dict):
            waiting += inner.values()


def _is_span(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    named = first(value, *_TRACE) is not None and first(value, *_SPAN) is not None
    return named and ("context.trace_id" in value or "spanKind" in value or is_record(value, "span_kind", "attributes"))


def _read(records: list[tuple[str, Any]]) -> Iterator[Arrival]:
    spans: list[Span] = []
    signals: list[Signal] = []
    traces: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = []
    for where, record in records:
        if is_annotation(record):
            waiting.append((where, record))
            continue
        try:
            check_json(record)
            span = _span(record)
            spans.append(span)
            traces[span.span_id] = span.trace_id
            on_it = annotations_on(record)
            signals += [annotation_signal(one, traces, span.trace_id, span.span_id) for one in on_it]
        except BadRecord as error:
            yield Rejected(_named(where, record), str(error), record)
    for where, record in waiting:  # their spans may come after them
        try:
            check_json(record)
            signals.append(annotation_signal(record, traces))
        except BadRecord as error:
            yield Rejected(_named(where, record), str(error), record)
    yield from assemble(spans, NAME)
    yield from signals


def _named(where: str, record: Any) -> str:
    said = [first(record, *_SPAN), first(record, "annotation_name", "name")] if isinstance(record, dict) else []
    return " ".join([where, *(one[:80] for one in said if isinstance(one, str))])


def _span(record: Any) -> Span:
    if not isinstance(record, dict):
        raise BadRecord("it is not an object")
    trace_id, parent = span_id_of(first(record, *_TRACE), "its trace id"), first(record, *_PARENT)
    started = time_of(first(record, "start_time", "startTime"), "its start")
    attributes = _attributes(record)
    events = _opened(record.get("events"))
    if isinstance(events, str) and events:  # a table wrote them as text that cannot be read back
        attributes["events"], events = events, None
    return Span(
        trace_id=trace_id,
        span_id=span_id_of(first(record, *_SPAN), "its span id"),
        parent_id=span_id_of(parent, "its parent's id") if parent is not None else None,
        name=str(record.get("name") or ""),
        started_at=started,
        ended_at=not_before(started, time_of(first(record, "end_time", "endTime"), "its end")),
        attributes=attributes,
        error=error_of(first(record, "status_code", "statusCode"), first(record, "status_message", "statusMessage")),
        events=events_of({"events": events}),
    )


def _attributes(record: Mapping[str, Any]) -> dict[str, Json]:
    """The attributes, of one object or of a column each, flat."""
    nested = _opened(record.get("attributes"))
    if nested is not None and nested != "" and not isinstance(nested, dict):
        raise BadRecord("attributes is not an object")
    attributes = flat(nested or {})
    for key, value in record.items():
        if key.startswith(_COLUMN) and value is not None and value != "":
            attributes |= flat({key.removeprefix(_COLUMN): _opened(value)})
    kind = first(record, *_KIND)
    if isinstance(kind, str) and kind.upper() != "UNKNOWN":
        attributes.setdefault("openinference.span.kind", kind.upper())
    cost = first(record, "costSummary/total/cost")
    return attributes if cost is None else {_COST: cost} | attributes


def _opened(value: Any) -> Json:
    """What a text holds, as JSON or as Python writes it: a dataframe's CSV has lists and objects so."""
    read = from_json_text(value)
    if isinstance(read, str) and read.startswith(("[", "{")):
        try:
            return orjson.loads(orjson.dumps(ast.literal_eval(read)))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return value
    return read
