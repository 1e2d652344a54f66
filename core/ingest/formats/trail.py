"""TRAIL: nested OpenInference spans of agent runs, and the expert annotations of each run in files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from pathlib import PurePath
from typing import Any

from core.clock import content_hash, parse_time
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, maybe, need, number
from core.ingest.semantics import Facts, facts_of, step_of
from core.ingest.spans import Span, SpanEvent
from core.records import Annotation, Arrival, Mark, Person, Rejected, Role, Step, StepKind, Task, Trace
from core.review.ready_made import TRAIL_CATEGORIES

NAME = "trail"
PERSON = "trail-expert"


def read(document: Document) -> Iterator[Arrival] | None:
    """A file of spans gives one trace, a file of errors and scores one annotation."""
    value = document.value
    if (
        is_record(value, "spans")
        and isinstance(value["spans"], list)
        and _is_span(value["spans"][0] if value["spans"] else None)
    ):
        return _read_spans(value)
    if is_record(value, "errors", "scores"):
        return _read_annotation(document)
    return None


def _is_span(value: Any) -> bool:
    return is_record(value, "span_id", "span_attributes") or is_record(value, "span_id", "child_spans")


def _read_spans(value: Mapping[str, Any]) -> Iterator[Arrival]:
    try:
        check_json(value)
        uid = str(need(value, "trace_id", str))
        spans = [span for record in _in_time(value["spans"]) for span in _spans(uid, record, None)]
        steps = [step_of(span) for span in spans]
        facts = reduce(Facts.over, map(facts_of, spans))
        yield replace(_trace(uid, value["spans"][0], tuple(steps)), tools=facts.tools)
    except BadRecord as error:
        yield Rejected(f"trace {value.get('trace_id')}", str(error))


def _in_time(spans: list[Any]) -> list[Any]:
    return sorted(spans, key=lambda span: str(span.get("timestamp") or "") if isinstance(span, dict) else "")


def _spans(uid: str, record: Any, parent: str | None) -> Iterator[Span]:
    span_id = str(need(record, "span_id", str))
    yield _span(uid, record, span_id, maybe(record, "parent_span_id", str) or parent)
    for child in _in_time(maybe(record, "child_spans", list) or []):
        yield from _spans(uid, child, span_id)


def _span(uid: str, record: Mapping[str, Any], span_id: str, parent: str | None) -> Span:
    started = parse_time(record.get("timestamp"))
    failed = str(record.get("status_code")).lower() == "error"
    return Span(
        trace_id=uid,
        span_id=span_id,
        parent_id=parent,
        name=str(record.get("span_name") or ""),
        started_at=started,
        ended_at=_end(started, record.get("duration")),
        attributes={
            **(maybe(record, "span_attributes", dict) or {}),
            **{key: record[key] for key in ("logs", "links") if record.get(key)},
        },
        scope=str(record.get("scope_name") or ""),
        error=str(record.get("status_message") or "the span ended in an error") if failed else "",
        events=tuple(_events(record)),
    )


def _events(record: Mapping[str, Any]) -> Iterator[SpanEvent]:
    for event in maybe(record, "events", list) or []:
        attributes = next((event[key] for key in ("Attributes", "attributes") if is_record(event, key)), None)
        if isinstance(attributes, dict):
            at = parse_time(event.get("Timestamp") or event.get("timestamp"))
            yield SpanEvent(str(event.get("Name") or event.get("name") or ""), at, attributes)


_ISO_DURATION = re.compile(r"P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?")


def _end(started: datetime | None, duration: Any) -> datetime | None:
    """The start plus an ISO 8601 duration; None without either, or past the last year."""
    found = _ISO_DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if found is None or started is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    try:
        return started + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None


def _trace(uid: str, root: Mapping[str, Any], steps: tuple[Step, ...]) -> Trace:
    question = next((q for q in (_question(step) for step in steps) if q), "")
    starts = [step.started_at for step in steps if step.started_at]
    ends = [step.ended_at for step in steps if step.ended_at]
    started: datetime | None = min(starts, default=None)
    resource = maybe(root, "resource_attributes", dict) or {}
    task = Task(f"trail/{content_hash(question, 12)}", _asked(question), question) if question else None
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=steps,
        agent=str(root.get("service_name") or resource.get("service.name") or NAME),
        task=task,
        started_at=started,
        ended_at=max(ends, default=None),
        attributes={"resource": resource} if resource else {},
    )


def _question(step: Step) -> str:
    """What an agent span was asked: the `task` of its arguments."""
    if step.kind is StepKind.AGENT and isinstance(step.arguments, dict) and isinstance(step.arguments.get("task"), str):
        return str(step.arguments["task"])
    return ""


def _asked(question: str) -> str:
    """The question without the benchmark's preamble, which is the same for all: a list shows its first words."""
    return _PREAMBLE.split(question)[-1].strip() or question


_PREAMBLE = re.compile(r"^Here is the task:|<issue>", re.MULTILINE)

_PLAIN = {re.sub(r"[^a-z]", "", name.lower()).rstrip("s"): name for name, _ in TRAIL_CATEGORIES} | {
    "toolselection": "Tool Selection Errors",
    "taskorchestrationerror": "Task Orchestration",
}


def category(written: str) -> str:
    """The category that a hand-typed name means (case, spaces and plural aside); an unknown one as it was typed."""
    return _PLAIN.get(re.sub(r"[^a-z]", "", written.lower()).rstrip("s"), written.strip())


def _read_annotation(document: Document) -> Iterator[Arrival]:
    value = document.value
    uid = str(value.get("trace_id") or "")
    stem = PurePath(document.name).name.split(".")[0]
    if re.fullmatch(r"[0-9a-f]{32}", stem):
        uid = stem  # some files carry no trace id, and the file's name is what the benchmark goes by
    try:
        check_json(value)
        marks = tuple(_mark(error) for error in need(value, "errors", list))
        answers = _answers(need(value, "scores", list))
        if not uid:
            raise BadRecord("trace_id is missing, and the file is not named by one")
    except BadRecord as error:
        yield Rejected(f"annotation of {uid or stem}", str(error))
        return
    yield Person(PERSON, Role.ANNOTATOR)
    yield Annotation(uid, PERSON, "trail", answers, marks, key=f"trail/{uid}")


def _mark(error: Any) -> Mark:
    impact = str(error.get("impact") or "").upper() if isinstance(error, dict) else ""
    return Mark(
        question="errors",
        step_id=str(need(error, "location", str)),
        value=category(str(need(error, "category", str))),
        quote=str(error.get("evidence") or ""),
        comment=str(error.get("description") or ""),
        impact=impact if impact in ("LOW", "MEDIUM", "HIGH") else "",
    )


def _answers(scores: list[Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for score in scores[:1]:
        if not isinstance(score, dict):
            raise BadRecord("scores holds something that is not an object")
        for key in ("reliability", "security", "instruction_adherence", "plan_opt"):
            given = number(score.get(f"{key}_score"))
            if given is not None:
                answers["plan_optimality" if key == "plan_opt" else key] = f"{given:g}"
        overall = number(score.get("overall"))
        if overall is not None:
            answers["overall"] = overall
        answers["reasoning"] = {
            key: score[f"{key}_reasoning"]
            for key in ("reliability", "security", "instruction_adherence", "plan_opt")
            if score.get(f"{key}_reasoning")
        }
    return answers
