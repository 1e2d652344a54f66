"""Phoenix's annotations and evaluations as signals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.clock import content_hash
from core.ingest.reading import BadRecord, from_json_text, number
from core.ingest.span_fields import first, time_of
from core.records import Signal, SignalKind

JUDGE_SOURCE = "phoenix judge"
_KINDS = {"HUMAN": (SignalKind.EXPLICIT, "phoenix annotation"), "CODE": (SignalKind.AUTOMATED, "phoenix code")}
"""Who annotates; whoever else does is a model: a judge."""

_NAME = ("annotation_name", "annotationName")
_KIND = ("annotator_kind", "annotatorKind")
_SPAN = ("span_id", "context.span_id", "spanId")
_TRACE = ("trace_id", "context.trace_id", "traceId")
_SCORE, _LABEL = ("result/score", "result.score", "score"), ("result/label", "result.label", "label")
_WORDS = ("result/explanation", "result.explanation", "explanation")
_OTHERS = {"role", "messages", "steps", "type", "errors", "scores"}
"""Keys of other formats' records, which may have a trace id and a score too."""

_EVALUATED = re.compile(r"^eval\.(.+)\.(score|label|explanation)$")


def is_annotation(record: Any) -> bool:
    """Whether a record is an annotation by itself, or a row of evaluations."""
    if not isinstance(record, dict) or first(record, "start_time", "startTime", "attributes") is not None:
        return False
    if first(record, *_KIND) is not None:
        return first(record, *_SPAN, *_TRACE, "session_id") is not None and not _OTHERS & record.keys()
    judged = sum(any(key in record for key in keys) for keys in (_SCORE, _LABEL, _WORDS))
    return judged > 1 and first(record, *_SPAN, "context.trace_id") is not None and not _OTHERS & record.keys()


def annotation_signal(record: Any, traces: Mapping[str, str], trace_id: str = "", span_id: str = "") -> Signal:
    """An annotation as a signal; `traces` is span id → trace id, for one that names only its span. Raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord("it is not an object")
    span = span_id or first(record, *_SPAN)
    target = trace_id or first(record, *_TRACE) or (traces.get(span) if isinstance(span, str) else None)
    if target is None and span is None:
        raise BadRecord("it is about neither a span nor a trace")
    if target is None:
        raise BadRecord(
            f"it is about span {str(span)[:80]}, and the file does not say of which trace that is: "
            "put the spans into the same file, or pack both into one zip"
        )
    if not isinstance(target, str) or not isinstance(span, str | None):
        raise BadRecord("the id of its span or trace is not a text")
    score, label, words = number(first(record, *_SCORE)), first(record, *_LABEL), first(record, *_WORDS)
    value = score if score is not None else label if label is not None else words
    if not isinstance(value, (str, int, float)):
        raise BadRecord("it has no score, label or explanation")
    said = [str(one) for one in (label, words) if one is not None and one is not value]
    kind, source = _KINDS.get(str(first(record, *_KIND)).upper(), (SignalKind.AUTOMATED, JUDGE_SOURCE))
    name = str(first(record, *_NAME, *(() if _is_span_row(record) else ("name",))) or "evaluation")
    place = first(record, "document_position", "documentPosition")
    told = [target, span, name, place, source, first(record, "identifier") or [value, said]]
    uid = None if _is_span_row(record) else record.get("id")
    return Signal(
        trace_id=target,
        name=name if place is None else f"{name} (document {place})",
        kind=kind,
        value=value,
        step_id=span,
        comment=": ".join(said),
        source=source,
        key=f"phoenix/{uid if isinstance(uid, str) and uid else content_hash(told, 32)}",
        at=time_of(first(record, "updated_at", "created_at", "updatedAt", "createdAt"), "its time"),
    )


def _is_span_row(record: Mapping[str, Any]) -> bool:
    return "start_time" in record or "startTime" in record


def annotations_on(span: Mapping[str, Any]) -> Iterator[Any]:
    """The annotations that stand on a span: in a list, joined to its row, or as columns of evaluations."""
    for key in ("annotations", "span_annotations", "spanAnnotations", "evaluations"):
        listed = from_json_text(span.get(key))
        yield from listed if isinstance(listed, list) else ()
    if first(span, *_NAME) is not None:
        yield span
    evaluated: dict[str, dict[str, Any]] = {}
    for key, value in span.items():
        if value not in (None, "") and (found := _EVALUATED.match(key)):
            evaluated.setdefault(found[1], {"annotation_name": found[1]})[found[2]] = value
    yield from evaluated.values()
