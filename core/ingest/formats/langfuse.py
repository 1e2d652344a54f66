"""Langfuse's exports: `{trace, observations}`, its API's traces, and the rows that its tables export as JSON and CSV.

An observation is a span, and so a step. Scores are signals. What Langfuse says of a whole trace goes to its root; a
trace of which no observation is in the file is one step, with what went in and came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.ingest.assemble import assemble
from core.ingest.document import Document
from core.ingest.formats.langfuse_scores import row_scores, score_signal
from core.ingest.formats.langfuse_spans import span_alone, span_of, with_trace
from core.ingest.reading import BadRecord, check_json, from_json_text, is_record, need
from core.ingest.span_fields import time_of
from core.ingest.spans import Span
from core.records import Arrival, Rejected, Signal

NAME = "langfuse"

_TRACE_KEYS = ("id", "timestamp", "sessionId", "userId", "release")
_OBSERVATION_KEYS = ("id", "traceId", "type", "startTime")
_SCORE_KEYS = ("id", "traceId", "name", "source", "value")
_HELD = ("observations", "scores", "corrections")


@dataclass(slots=True)
class _Found:
    """What a document holds: traces' own fields by id, spans by trace id, signals, and what cannot be taken."""

    traces: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def reject(self, where: str, record: Any, error: BadRecord) -> None:
        """Note a record that cannot be taken, by its place and what it calls itself."""
        said = [record.get("id"), record.get("name")] if isinstance(record, dict) else []
        named = " ".join([where, *(one[:80] for one in said if isinstance(one, str))])
        self.rejected.append(Rejected(named, str(error), record))


def read(document: Document) -> Iterator[Arrival] | None:
    """The runs of a document, then the scores as signals."""
    listed = _listed(document.value)
    if not any(map(_kind, listed[:20])):
        return None
    own = listed is document.value
    return _read([(document.where(n) if own else f"record {n + 1}", one) for n, one in enumerate(listed)])


def _listed(value: Any) -> list[Any]:
    """The records; a page of the API and a session hold several."""
    for key in ("data", "traces"):
        if is_record(value, key) and isinstance(value[key], list) and not _kind(value):
            return list(value[key])
    return value if isinstance(value, list) else [value]


def _kind(record: Any) -> str:
    """What a record is; "" for anything that is not Langfuse's."""
    if is_record(record, "trace", "observations"):
        return "export" if is_record(record["trace"], "id") else ""
    if is_record(record, *_OBSERVATION_KEYS):
        return "observation"
    if is_record(record, *_SCORE_KEYS):
        return "score"
    return "trace" if is_record(record, *_TRACE_KEYS) else ""


def _read(records: Sequence[tuple[str, Any]]) -> Iterator[Arrival]:
    found = _Found()
    for where, record in records:
        kind = _kind(record)
        try:
            if kind == "export":
                _take_trace(where, record["trace"], record["observations"], found)
            elif kind == "trace":
                _take_trace(where, record, record.get("observations"), found)
            elif kind == "observation":
                _take_observation(record, None, found)
            elif kind == "score":
                check_json(record)
                found.signals.append(score_signal(record, need(record, "traceId", str)))
            else:
                raise BadRecord("it is neither a trace, an observation nor a score of Langfuse")
        except BadRecord as error:
            found.reject(where, record, error)
    yield from found.rejected
    for uid, about in found.traces.items():
        found.spans[uid] = with_trace(found.spans.get(uid) or [span_alone(uid, about)], about)
    for trace in assemble((span for group in found.spans.values() for span in group), NAME):
        named = found.traces.get(trace.trace_id, {}).get("name")
        yield trace if trace.agent or not isinstance(named, str) else replace(trace, agent=named)
    yield from found.signals


def _take_trace(where: str, about: Mapping[str, Any], observations: Any, found: _Found) -> None:
    uid = need(about, "id", str)
    own = {key: value for key, value in about.items() if key not in _HELD}
    check_json(own)
    time_of(about.get("timestamp"), "timestamp")
    if not isinstance(observations or [], list):
        raise BadRecord("observations is not a list")
    found.traces[uid] = own
    if observations is None:
        found.signals += row_scores(own, uid, None)
    for n, one in enumerate(observations or [], 1):
        try:
            if not isinstance(one, str):  # a list of traces names its observations and does not hold them
                _take_observation(one, uid, found)
        except BadRecord as error:
            found.reject(f"{where}, observation {n}", one, error)
    for key in ("scores", "corrections"):
        listed = from_json_text(about.get(key))
        for n, one in enumerate(listed if isinstance(listed, list) else [], 1):
            try:
                if not isinstance(one, str):
                    check_json(one)
                    found.signals.append(score_signal(one, uid))
            except BadRecord as error:
                found.reject(f"{where}, {key} {n}", one, error)


def _take_observation(record: Any, trace_id: str | None, found: _Found) -> None:
    check_json(record)
    span = span_of(record, trace_id)
    found.spans.setdefault(span.trace_id, []).append(span)
    if "traceTimestamp" in record:  # only the rows of a table have it, and only they have scores as columns
        found.signals += row_scores(record, span.trace_id, span.span_id)
