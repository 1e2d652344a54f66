"""A span as every source of spans is read into: OTLP, dumps of SDKs, exports of other tools.

Values only. What a span means is said by `core.ingest.semantics`, how spans make a run by `core.ingest.assemble`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.records import Json


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened during a span; GenAI event records sent as logs become events of their span too."""

    name: str
    at: datetime | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One span as it came; `attributes` and `resource` are flat (dotted keys), their values as JSON can hold them.

    `trace_id` and `span_id` are as the source writes them (OTLP: 32 and 16 hex digits). `error` is what the status says
    when it is an error ("" for none; a word where the source gives no message). `links` are (trace id, span id) pairs.
    A span of which only events arrived (as logs) has `bare` set: it stands for the span until that comes.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    name: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)
    resource: Mapping[str, Json] = field(default_factory=dict)
    scope: str = ""
    error: str = ""
    events: tuple[SpanEvent, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    bare: bool = False
