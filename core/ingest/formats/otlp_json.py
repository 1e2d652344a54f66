"""OTLP's own JSON in files, as a collector's file exporter writes it: one request, a list of them, or a line each.

A span that cannot be taken is rejected alone; GenAI log records become events of their spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.errors import InvalidInput
from core.ingest.assemble import assemble
from core.ingest.document import Document
from core.ingest.otlp import LOGS, TRACES, spans_from_json
from core.ingest.spans import Span
from core.records import Arrival, Rejected

NAME = "otlp-json"

_KINDS = {"resourceSpans": TRACES, "resource_spans": TRACES, "resourceLogs": LOGS, "resource_logs": LOGS}


def read(document: Document) -> Iterator[Arrival] | None:
    """The runs of a document's requests."""
    return _read(document) if any(map(_parts_of, document.records[:20])) else None


def _parts_of(record: Any) -> list[tuple[str, str]]:
    """The fields of a request that hold spans or log records, with what they hold."""
    if not isinstance(record, dict):
        return []
    return [(key, kind) for key, kind in _KINDS.items() if isinstance(record.get(key), list)]


def _read(document: Document) -> Iterator[Arrival]:
    spans: list[Span] = []
    for index, record in enumerate(document.records):
        parts = _parts_of(record)
        if not parts:
            yield Rejected(document.where(index), "it is not an object with resourceSpans or resourceLogs", record)
        for key, kind in parts:
            for n, one in enumerate(record[key], 1):  # each alone, so that a broken one spoils no other
                where = f"{document.where(index)}, {key} {n}"
                try:
                    found, refused = spans_from_json(kind, {key: [one]})
                except InvalidInput as error:
                    yield Rejected(where, error.message, {key: [one]})
                    continue
                spans += found
                yield from (Rejected(f"{where}, {each.record}", each.reason, each.body) for each in refused)
    yield from assemble(spans, NAME)
