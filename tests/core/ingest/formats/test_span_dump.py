"""Spans as SDKs write them: every shape is the same span, and the same span in several files is one step."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import open_document
from core.ingest.formats import span_dump
from core.records import Message, Rejected, StepKind, Trace
from core.store.engine import Store
from core.store.tables import StepRow, TraceRow
from tests.core.ingest.formats.mutation import ANYTHING, mutated

TRACE, ROOT, CALL = "5fa94677a92f4bc7b2a3f0d29a4b1c01", "051581bf3cb55c13", "62d1c1b7a9f0e4d2"

PYTHON: list[dict[str, Any]] = [
    {
        "name": "answer",
        "context": {"trace_id": f"0x{TRACE}", "span_id": f"0x{ROOT}", "trace_state": "[]"},
        "kind": "SpanKind.INTERNAL",
        "parent_id": None,
        "start_time": "2026-02-03T15:19:52.242000Z",
        "end_time": "2026-02-03T15:19:54.242000Z",
        "status": {"status_code": "UNSET"},
        "attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "shop"},
        "events": [],
        "links": [],
        "resource": {"attributes": {"service.name": "shop-service"}, "schema_url": ""},
    },
    {
        "name": "chat some-model",
        "context": {"trace_id": f"0x{TRACE}", "span_id": f"0x{CALL}", "trace_state": "[]"},
        "kind": "SpanKind.CLIENT",
        "parent_id": f"0x{ROOT}",
        "start_time": "2026-02-03T15:19:53.242000Z",
        "end_time": "2026-02-03T15:19:54.000000Z",
        "status": {"status_code": "ERROR", "description": "it took too long"},
        "attributes": {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "some-model",
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]}]',
        },
        "events": [{"name": "slow", "timestamp": "2026-02-03T15:19:53.500000Z", "attributes": {"waited": 3}}],
        "links": [],
        "resource": {"attributes": {"service.name": "shop-service"}, "schema_url": ""},
    },
]


def javascript(span: dict[str, Any]) -> dict[str, Any]:
    """The same span as JavaScript's SDK has it."""

    def pair(text: str) -> list[int]:
        at = datetime.fromisoformat(text)
        return [int(at.timestamp()), at.microsecond * 1000]

    return {
        "name": span["name"],
        "spanContext": {key: span["context"][old][2:] for key, old in (("traceId", "trace_id"), ("spanId", "span_id"))},
        **({"parentSpanContext": {"spanId": span["parent_id"][2:]}} if span["parent_id"] else {}),
        "startTime": pair(span["start_time"]),
        "endTime": pair(span["end_time"]),
        "status": {"code": 2, "message": span["status"].get("description")}
        if "description" in span["status"]
        else {"code": 0},
        "attributes": span["attributes"],
        "events": [{**event, "time": pair(event["timestamp"])} for event in span["events"]],
        "links": [],
        "resource": span["resource"],
    }


def read(value: Any, name: str = "spans.json") -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(span_dump.read(open_document(name, data)) or ())


def test_the_console_exporter_of_python() -> None:
    printed = "\n".join(json.dumps(span, indent=4) for span in PYTHON).encode()
    (trace,) = read(printed)
    assert (trace.trace_id, trace.source, trace.agent) == (TRACE, "span-dump", "shop")
    root, call = trace.steps
    assert (root.step_id, root.parent_id, root.kind, root.seconds) == (ROOT, None, StepKind.AGENT, 2.0)
    assert (call.step_id, call.parent_id, call.kind, call.error) == (CALL, ROOT, StepKind.LLM, "it took too long")
    assert (call.model, call.tokens_in, call.input) == ("some-model", 12, (Message("user", "Where is it?"),))
    assert call.started_at == datetime(2026, 2, 3, 15, 19, 53, 242000, tzinfo=UTC)
    assert call.attributes["otel.events"] == [
        {"name": "slow", "at": "2026-02-03T15:19:53.500000+00:00", "attributes": {"waited": 3}}
    ]


def test_every_shape_says_the_same() -> None:
    spans = [javascript(span) for span in PYTHON]
    expected = read(PYTHON)
    for shape in (spans, {"spans": spans}, {"answer": spans[:1], "chat": spans[1:]}, spans[::-1], spans + spans):
        assert read(shape) == expected
    assert read("\n".join(map(json.dumps, spans)).encode()) == expected
    assert read(PYTHON[0]) == read([PYTHON[0]])


def test_the_console_exporter_of_javascript_gives_a_duration() -> None:
    span = {
        "resource": {"attributes": {"service.name": "shop-service"}},
        "traceId": TRACE,
        "parentId": None,
        "name": "answer",
        "id": ROOT,
        "kind": 0,
        "timestamp": 1770131992242000,
        "duration": 2000000,
        "attributes": PYTHON[0]["attributes"],
        "status": {"code": 0},
        "events": [],
        "links": [],
    }
    assert read(span) == read(PYTHON[0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"context": {"trace_id": 5, "span_id": "0x1"}}, "its trace id is not a text"),
        ({"context": {"trace_id": "0x1"}}, "its span id is missing"),
        ({"start_time": "noon"}, "its start is no time"),
        ({"status": []}, "status is a list, not an object"),
        ({"attributes": [1]}, "attributes is not an object"),
        ({"events": ["x"]}, "events holds something that is not an object"),
        ({"resource": {"attributes": 3}}, "attributes is not an object"),
        ({"parent_id": 4}, "its parent's id is not a text"),
    ],
)
def test_a_bad_span_is_rejected_alone(change: dict[str, Any], says: str) -> None:
    bad = PYTHON[1] | change
    rejected, trace = read([PYTHON[0], bad])
    assert rejected.record.startswith("record 2")
    assert (rejected.reason, rejected.body) == (says, bad)
    assert [step.step_id for step in trace.steps] == [ROOT]


def test_what_is_no_span_is_not_taken() -> None:
    for value in ({"captureDate": "x", "results": [{"name": "a", "success": True}]}, [], {}, 7, [{"name": "a"}]):
        assert span_dump.read(open_document("x.json", json.dumps(value).encode())) is None


def test_spans_in_several_files_are_the_same_spans(store: Store, real_data: Path) -> None:
    folder = real_data / "openinference-spans"
    report = import_paths(store, [folder / "openinference-vercel" / "all-spans.json"], ImportOptions())
    assert (report.counts["traces"], report.counts["steps"], report.rejected) == (10, 10, [])
    report = import_paths(store, [folder], ImportOptions())
    assert (report.counts["traces"], report.counts["steps"]) == (5, 5)
    assert [Path(one.path).name for one in report.rejected] == ["capture-results.json"]
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(StepRow)) == 15
        # six models' calls of the capture and four client spans of the fixtures; outer spans repeat the tokens
        assert session.scalar(select(func.sum(TraceRow.tokens_in))) == 304 + 4 * 97


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=ANYTHING)
def test_real_spans_with_anything_anywhere_never_fail(real_data: Path, seed: int, wrong: Any) -> None:
    path = real_data / "openinference-spans" / "openinference-vercel" / "all-spans.json"
    value = mutated(json.loads(path.read_text()), seed, wrong)
    arrivals = read(value)
    assert all(isinstance(one, (Trace, Rejected)) for one in arrivals)
    assert sum(len(one.steps) for one in arrivals if isinstance(one, Trace)) + sum(
        isinstance(one, Rejected) for one in arrivals
    ) in range(len(value) - 2, len(value) + 1)
