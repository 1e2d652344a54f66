"""OTLP's JSON in files: a collector's lines are the runs that the same requests make over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import open_document
from core.ingest.formats import otlp_json
from core.records import Message, Rejected, Signal, StepKind, Trace
from core.store.engine import Store
from core.store.tables import StepRow, TraceRow
from tests.core.ingest.formats.mutation import ANYTHING, mutated

TRACE, ROOT, CALL = "5fa94677a92f4bc7b2a3f0d29a4b1c01", "051581bf3cb55c13", "62d1c1b7a9f0e4d2"


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(span_id: str, parent: str, name: str, **attributes: Any) -> dict[str, Any]:
    start = 1_770_131_992_242_000_000 + (span_id != ROOT) * 10**9
    return {
        "traceId": TRACE,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 5 * 10**8),
        "attributes": [attribute(key.replace("__", "."), value) for key, value in attributes.items()],
        "status": {},
    }


AGENT = span(ROOT, "", "answer", gen_ai__operation__name="invoke_agent", gen_ai__agent__name="shop")
CHAT = span(CALL, ROOT, "chat some-model", gen_ai__operation__name="chat", gen_ai__usage__input_tokens=12)
ASKED = {
    "timeUnixNano": "1770131993242000000",
    "traceId": TRACE,
    "spanId": CALL,
    "eventName": "gen_ai.user.message",
    "attributes": [],
    "body": {"kvlistValue": {"values": [attribute("content", "Where is order 7?")]}},
}


def spans_request(*spans: Any) -> dict[str, Any]:
    resource = {"attributes": [attribute("service.name", "shop-service")]}
    return {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "by hand"}, "spans": list(spans)}]}]
    }


LOGS = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [ASKED]}]}]}


def read(value: Any) -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(otlp_json.read(open_document("traces.json", data)) or ())


def test_requests_in_every_container_are_the_same_run() -> None:
    expected = read([spans_request(AGENT, CHAT), LOGS])
    (trace,) = expected
    assert (trace.trace_id, trace.source, trace.agent) == (TRACE, "otlp-json", "shop")
    assert [(step.step_id, step.kind, step.seconds) for step in trace.steps] == [
        (ROOT, StepKind.AGENT, 0.5),
        (CALL, StepKind.LLM, 0.5),
    ]
    assert (trace.steps[1].tokens_in, trace.steps[1].input) == (12, (Message("user", "Where is order 7?"),))
    lines = "\n".join(map(json.dumps, [spans_request(AGENT), spans_request(CHAT), LOGS]))
    assert read(lines.encode()) == expected
    assert read(spans_request(AGENT, CHAT) | LOGS) == expected
    assert read([LOGS, spans_request(CHAT), spans_request(AGENT)])[0].steps == trace.steps


def test_a_bad_span_is_rejected_alone_with_its_reason() -> None:
    bad = [CHAT | {"traceId": "xyz"}, CHAT | {"spanId": ""}, CHAT | {"startTimeUnixNano": "noon"}, 7]
    *rejected, trace = read(spans_request(*bad, AGENT))
    assert {one.reason for one in rejected} == {
        "traceId is not written in hex digits",
        "it has no span id",
        "startTimeUnixNano is not a whole number",
        "it is not an object",
    }
    assert all(one.record.startswith("record 1, resourceSpans 1, ") for one in rejected)
    assert [step.step_id for step in trace.steps] == [ROOT]


def test_what_is_broken_around_spans_spoils_only_its_own_resource() -> None:
    broken = spans_request(AGENT)["resourceSpans"] + [{"scopeSpans": 5}, *spans_request(CHAT)["resourceSpans"]]
    rejected, trace = read([{"resourceSpans": broken}, {"hello": 1}])[::2]
    assert (rejected.record, rejected.body) == ("record 1, resourceSpans 2", {"resourceSpans": [{"scopeSpans": 5}]})
    assert "scopeSpans is not a list" in rejected.reason
    assert len(trace.steps) == 2


def test_what_is_no_request_is_not_taken() -> None:
    for value in ({"spans": []}, [], {"resourceSpans": 5}, [7], {"resource": {}}):
        assert otlp_json.read(open_document("x.json", json.dumps(value).encode())) is None


def test_two_files_of_one_trace_grow_into_one(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(spans_request(CHAT)))
    (tmp_path / "b.json").write_text(json.dumps(spans_request(AGENT)))
    report = import_paths(store, [tmp_path], ImportOptions())
    assert (report.counts["traces"], report.counts["steps"], report.rejected) == (1, 2, [])
    again = import_paths(store, [tmp_path], ImportOptions())
    assert (again.arrived, again.counts["duplicates"]) == (0, 2)
    with store.reading() as session:
        (run,) = session.scalars(select(TraceRow))
        assert (run.n_steps, run.tokens_in, run.seconds) == (2, 12, 1.5)
        assert list(session.scalars(select(StepRow.uid).order_by(StepRow.position))) == [ROOT, CALL]


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=ANYTHING)
def test_requests_with_anything_anywhere_never_fail(seed: int, wrong: Any) -> None:
    value = mutated([spans_request(AGENT, CHAT), LOGS], seed, wrong)
    assert all(isinstance(one, (Trace, Signal, Rejected)) for one in read(value))
