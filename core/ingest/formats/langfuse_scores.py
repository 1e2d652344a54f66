"""Langfuse's scores and corrections as signals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.ingest.reading import BadRecord, from_json_text, maybe, need, number
from core.ingest.span_fields import time_of
from core.records import Signal, SignalKind

JUDGE_SOURCE = "langfuse judge"
"""A managed evaluation: a model's opinion. Its numbers grade whatever its name says, not whether the task was done."""

_FEEDBACK = re.compile(r"feedback|thumb", re.IGNORECASE)
_SOURCES = {
    "ANNOTATION": (SignalKind.EXPLICIT, "langfuse annotation"),
    "EVAL": (SignalKind.AUTOMATED, JUDGE_SOURCE),
    "API": (SignalKind.AUTOMATED, "langfuse api"),
}
_LISTS = {
    "input",
    "output",
    "metadata",
    "tags",
    "traceTags",
    "comments",
    "toolCalls",
    "toolCallNames",
    "toolDefinitions",
}
"""Columns of a table that hold lists and are no scores."""


def score_signal(score: Any, trace_id: str) -> Signal:
    """A score as a signal about its trace or observation; raises BadRecord."""
    name, kind_of_value = need(score, "name", str), score.get("dataType")
    said_by = str(score.get("source") or "API")
    kind, source = _SOURCES.get(said_by, (SignalKind.AUTOMATED, f"langfuse {said_by.lower()}"))
    if said_by == "API" and _FEEDBACK.search(name):
        kind = SignalKind.EXPLICIT
    if kind_of_value == "CORRECTION":
        kind, name = SignalKind.EXPLICIT, "correction"
    uid = score.get("id")
    return Signal(
        trace_id=str(maybe(score, "traceId", str) or trace_id),
        name=name,
        kind=kind,
        value=_value(score),
        step_id=maybe(score, "observationId", str) or None,
        comment=str(score.get("comment") or ""),
        source=source,
        key=f"langfuse/score/{uid}" if isinstance(uid, str) and uid else "",
        at=time_of(score.get("timestamp"), "timestamp"),
    )


def _value(score: Mapping[str, Any]) -> bool | float | str:
    """The value in its own type: a number, true or false, or words."""
    kind, read = score.get("dataType"), number(score.get("value"))
    if kind == "BOOLEAN" and read in (0, 1):
        return bool(read)
    words = (score.get("longStringValue"), score.get("stringValue"), score.get("value"))
    if kind in ("CATEGORICAL", "CORRECTION", "TEXT") or read is None:
        text = next((one for one in words if isinstance(one, str) and one), None)
        if text is not None:
            return text
    if read is None:
        raise BadRecord("value is neither a number nor a text")
    return read


def row_scores(row: Mapping[str, Any], trace_id: str, step_id: str | None) -> list[Signal]:
    """The scores of a row of an exported table: a column each, without saying who gave them."""
    found = []
    for name, value in row.items():
        listed = from_json_text(value) if name not in _LISTS else None
        for n, one in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(one, (int, float, str)):
                key = f"langfuse/row/{trace_id}/{step_id or ''}/{name}/{n}"
                found.append(
                    Signal(trace_id, name, SignalKind.AUTOMATED, one, None, step_id, source="langfuse export", key=key)
                )
    return found
