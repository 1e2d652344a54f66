"""Evaluations that were recorded on a span as signals: OpenTelemetry events, OpenInference annotations, evaluators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import content_hash
from core.ingest.infrastructure import ATTRIBUTE, broke
from core.ingest.reading import number
from core.ingest.semantics.events import EVALUATION
from core.ingest.semantics.gathering import gather
from core.ingest.semantics.values import opened, something, text_of, whether, word
from core.ingest.spans import Span
from core.records import Json, Signal, SignalKind

_OF_THE_TRACE = ("trace.annotations", "trace.evaluations", "session.annotations", "session.evaluations")
_HEADS = ("annotations.", "evaluations.", "gen_ai.evaluation.", *(f"{name}." for name in _OF_THE_TRACE))
_VERDICT = ("name", "score", "label", "explanation", "reason")


def signals_of(span: Span) -> tuple[Signal, ...]:
    """The signals that a span carries, each with a key that is the same however often the span comes. Never raises."""
    found: list[Signal] = []
    for event in span.events:
        if event.name == EVALUATION:
            found += _one(span, _otel(event.attributes), span.span_id, "opentelemetry", event.at)
    for key in span.attributes:
        if key.startswith(_HEADS):
            found += _judged(span)
            break
    if _evaluates(span):
        found += _evaluator(span)
    if reason := text_of(span.attributes.get(ATTRIBUTE)):
        found.append(broke(span.trace_id, reason, "opentelemetry"))
    return tuple(found)


def _otel(attributes: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "name": attributes.get("gen_ai.evaluation.name"),
        "score": attributes.get("gen_ai.evaluation.score.value"),
        "label": attributes.get("gen_ai.evaluation.score.label"),
        "explanation": attributes.get("gen_ai.evaluation.explanation"),
        "identifier": attributes.get("gen_ai.response.id"),
        "annotator_kind": attributes.get("gen_ai.evaluation.evaluator.type"),
    }


def _judged(span: Span) -> list[Signal]:
    """Annotations in numbered keys, and an evaluation in a span's own attributes."""
    found: list[Signal] = []
    claims = gather(span.attributes).claims.get("judged", ())
    for _, source, judged in claims:
        if source == "gen_ai.evaluation":
            found += _one(span, _otel(span.attributes), span.span_id, "opentelemetry", span.ended_at)
            continue
        step_id = None if source in _OF_THE_TRACE else span.span_id
        for numbered in judged.values():
            fields = next(iter(numbered.values()), None) if type(numbered) is dict and len(numbered) == 1 else numbered
            if type(fields) is dict:
                found += _one(span, fields, step_id, "openinference", span.ended_at)
    return found


def without_verdict(span: Span, result: Json) -> Json:
    """What an evaluator's step gave besides the verdict that became a signal; any other step's result as it is."""
    if not _evaluates(span) or not _evaluator(span):
        return result
    inner = result[0] if type(result) is list and len(result) == 1 else result
    return {key: inner[key] for key in inner if key not in _VERDICT} or None if type(inner) is dict else None


def _evaluates(span: Span) -> bool:
    return span.attributes.get("openinference.span.kind") == "EVALUATOR"


def _evaluator(span: Span) -> list[Signal]:
    """The verdict of an evaluator's span, on what it is linked to, else on the run that it stands in."""
    verdict: Any = opened(span.attributes.get("output.value"))
    if type(verdict) is list and len(verdict) == 1:
        verdict = verdict[0]
    if type(verdict) is not dict:
        verdict = {"label" if type(verdict) is str else "score": verdict}
    trace_id, step_id = span.links[0] if span.links else (span.trace_id, None)
    fields = {"name": verdict.get("name") or span.name} | {
        "score": verdict.get("score"),
        "label": verdict.get("label"),
        "explanation": verdict.get("explanation") or verdict.get("reason"),
        "identifier": span.span_id,
    }
    return _one(span, fields, step_id, "openinference", span.ended_at, trace_id)


def _one(
    span: Span, fields: Mapping[str, Any], step_id: str | None, source: str, at: datetime | None, trace_id: str = ""
) -> list[Signal]:
    """One verdict as a signal; none without a name or without a value.

    The value is the score, the label where there is no score; a label beside a score stands before the explanation.
    """
    name = word(fields.get("name"))
    score, label = _score(fields.get("score")), word(fields.get("label"))
    value = score if score is not None else label
    if name is None or value is None:
        return []
    comment = text_of(fields.get("explanation"))
    if score is not None and label:
        comment = f"{label}: {comment}" if comment else label
    by_person = text_of(fields.get("annotator_kind")).lower() == "human"
    target = trace_id or span.trace_id
    identifier = text_of(something(fields.get("identifier")))
    told = [target, step_id, name, identifier] if identifier else [target, step_id, name, value, comment]
    return [
        Signal(
            trace_id=target,
            name=name,
            kind=SignalKind.EXPLICIT if by_person else SignalKind.AUTOMATED,
            value=value,
            step_id=step_id,
            comment=comment,
            source=source,
            key=f"{source}/{content_hash(told, 32)}",
            at=at,
        )
    ]


def _score(value: Any) -> bool | float | None:
    """A number or a bool, also one written as text."""
    read = whether(value)
    return read if read is not None else number(value) if type(value) in (int, float, str) else None
