"""Spans over HTTP: answered after the commit, in the sender's own form, and put into runs that can be read."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from sqlalchemy import func, select, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.clock import now
from core.ingest import delivery, otlp_json
from core.ingest.closing import close_due
from core.ingest.delivery import assemble_due
from core.store.engine import Store
from core.store.intake import Came
from core.store.steps import outline, read_steps
from core.store.tables import DeliveryRow, IntakeRow, ItemRow, RefusalRow, SignalRow, StepRow, TraceRow
from core.store.traces import trace_line
from dashboard import otlp_api
from dashboard.gate import Gate
from dashboard.process import close_all, store
from tests.otlp_world import request_of, trace_of

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    gate = Middleware(Gate, host="127.0.0.1", token="")
    yield TestClient(Starlette(routes=otlp_api.ROUTES, middleware=[gate]), base_url="http://127.0.0.1")
    close_all()


def send(api: TestClient, request: Any, headers: dict[str, str] | None = None) -> Any:
    return api.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF | (headers or {}))


def count(table: Any, *where: Any) -> int:
    with store().reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def assemble() -> None:
    while assemble_due(store()):
        pass


def test_spans_become_a_run_that_can_be_read(api: TestClient) -> None:
    answer = send(api, request_of(trace_of(1)))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", PROTOBUF["Content-Type"])
    assert (count(DeliveryRow), count(TraceRow)) == (1, 0)
    assemble()
    assert count(DeliveryRow) == 0
    with store().reading() as session:
        line = trace_line(session, 1)
        kinds = [(step.kind, step.name) for step in outline(session, 1)]
        chat = read_steps(session, 1, 1, 1)[0]
        row = session.get_one(TraceRow, 1)
    assert (line.agent, line.version, line.session, line.n_steps) == ("shop-support", "v1", "chat-1", 12)
    assert kinds[:3] == [("agent", "invoke_agent shop-support"), ("llm", "chat gpt-4.1"), ("tool", "get_order")]
    assert [message.role for message in (*chat.input, *chat.output)] == ["system", "user", "assistant"]
    assert (chat.tokens_in, chat.tokens_cached, chat.tokens_out) == (1200, 1000, 80)
    assert (line.tokens_in, line.tokens_out) == (6 * 1200, 6 * 80)
    assert (row.root_ended, row.closed_at, line.task.startswith("derived/")) == (True, None, True)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("zstd", lambda body: zstandard.ZstdCompressor().compress(body)),
        ("zstd", lambda body: b"".join(map(zstandard.ZstdCompressor().compress, (body[:999], body[999:])))),
        ("gzip", lambda body: gzip.compress(body[:999]) + gzip.compress(body[999:])),
        ("identity", lambda body: body),
    ],
)
@pytest.mark.parametrize("is_json", [False, True])
def test_every_packing_and_form(api: TestClient, encoding: str, pack: Any, is_json: bool) -> None:
    request = request_of(trace_of(3))
    body = json.dumps(otlp_json.write(request)).encode() if is_json else request.SerializeToString()
    headers = (JSON if is_json else PROTOBUF) | {"Content-Encoding": encoding}
    answer = api.post("/v1/traces", content=pack(body), headers=headers)
    assert (answer.status_code, answer.content) == (200, b"{}" if is_json else b"")
    assemble()
    assert count(StepRow) == 12


def test_a_bad_span_is_named_and_the_rest_stored(api: TestClient) -> None:
    bad = trace_of(1)[0] | {"trace_id": b"short"}
    answer = send(api, request_of([bad, *trace_of(2)]))
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 1)
    assert partial.error_message == "it has 5 bytes, not 16, in its trace id"
    assemble()
    with store().reading() as session:
        refusal = session.scalars(select(RefusalRow)).one()
        came = {row.agent: Came(row.accepted, row.repeated, row.rejected) for row in session.scalars(select(IntakeRow))}
    assert (refusal.door, refusal.reason) == ("traces", partial.error_message)
    assert refusal.body is not None
    assert came == {"": Came(rejected=1), "shop-support": Came(accepted=12)}

    body = json.dumps(otlp_json.write(request_of([bad]))).encode()
    said = api.post("/v1/traces", content=body, headers=JSON).json()
    assert said == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": partial.error_message}}


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({"Content-Type": "text/plain"}, b"", 415, "Content-Type is text/plain"),
        ({}, b"x", 415, "Content-Type is missing"),
        (JSON | {"Content-Encoding": "br"}, b"x", 415, "Content-Encoding is br"),
        (JSON, b"no json", 400, "not JSON"),
        (JSON, b'{"spans": []}', 400, "not an OTLP request"),
        (PROTOBUF, b"\xff\xff", 400, "not an OTLP protobuf request"),
        (PROTOBUF | {"Content-Encoding": "gzip"}, b"no gzip", 400, "not whole gzip"),
        (PROTOBUF | {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 99, mtime=0)[:-9], 400, "cut off"),
        (PROTOBUF | {"Content-Encoding": "zstd"}, b"no zstd", 400, "not whole zstd"),
        (PROTOBUF | {"Content-Encoding": "zstd"}, zstandard.compress(bytes(99_999))[:-5], 400, "cut off"),
        (PROTOBUF | {"Content-Encoding": "zstd"}, zstandard.compress(bytes(9_000_000)), 413, "send fewer spans"),
        (JSON, b'{"resourceSpans": [' + b"{}," * 20_000 + b"{}]}", 400, "20,001 groups"),
        (PROTOBUF | {"Content-Encoding": "gzip"}, gzip.compress(bytes(2_000_000), mtime=0), 413, "_MAX_REQUEST_MB"),
        (PROTOBUF | {"Content-Encoding": "deflate"}, zlib.compress(bytes(2_000_000)), 413, "send fewer spans"),
        (PROTOBUF, bytes(2_000_000), 413, "send fewer spans"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: bytes, status: int, words: str
) -> None:
    monkeypatch.setenv("LOOPWRIGHT_MAX_REQUEST_MB", "1")
    answer = api.post("/v1/traces", content=body, headers=headers)
    assert answer.status_code == status
    if headers.get("Content-Type") == PROTOBUF["Content-Type"]:
        said = Status.FromString(answer.content).message
    else:
        said = answer.json()["error"]["message"]
        assert answer.json()["message"] == said
    assert words in said
    assert count(DeliveryRow) == 0


def test_too_many_that_wait_are_sent_away_for_a_moment(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPWRIGHT_MAX_WAITING_SPANS", "20")
    assert send(api, request_of(trace_of(1))).status_code == 200
    refused = send(api, request_of(trace_of(2)))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assemble()
    assert send(api, request_of(trace_of(2))).status_code == 200
    assemble()
    assert count(TraceRow) == 2


def test_children_first_repeats_and_orphans(api: TestClient) -> None:
    spans = trace_of(5)
    for part in (spans[3:6], spans[:3], spans[6:-1]):
        send(api, request_of(part))
        assemble()
    with store().reading() as session:
        orphans = [step.parent_id for step in outline(session, 1)]
    assert len(orphans) == 11
    assert count(TraceRow, TraceRow.root_ended) == 1 - 1
    send(api, request_of(spans))
    send(api, request_of(spans))
    assemble()
    with store().reading() as session:
        lines = outline(session, 1)
    assert lines[0].parent_id is None
    assert {line.parent_id for line in lines[1:]} == {lines[0].step_id}
    assert (count(StepRow), count(TraceRow, TraceRow.root_ended)) == (12, 1)


def test_a_start_and_later_its_end(api: TestClient) -> None:
    (root,) = trace_of(6)[-1:]
    send(api, request_of([root | {"end": 0}]))
    assemble()
    assert count(TraceRow, TraceRow.root_ended) == 0
    send(api, request_of([root]))
    assemble()
    assert count(TraceRow, TraceRow.root_ended, TraceRow.seconds == 13.0) == 1


def silence(seconds: float) -> None:
    with store().session() as session:
        session.execute(update(TraceRow).values(last_arrival_at=now() - timedelta(seconds=seconds)))


def test_a_trace_is_queued_when_it_is_whole_and_marked_when_it_is_not(api: TestClient) -> None:
    spans = trace_of(7)
    send(api, request_of(spans[:-1]))
    assemble()
    silence(61)
    assert close_due(store(), 60, 3600) == 0  # the root has not ended
    send(api, request_of(spans[-1:]))
    assemble()
    assert close_due(store(), 60, 3600) == 0  # something came just now
    silence(61)
    assert (close_due(store(), 60, 3600), count(ItemRow), close_due(store(), 60, 3600)) == (1, 1, 0)
    late = spans[0] | {"span_id": b"lateone!"}
    send(api, request_of([late]))
    assemble()
    assert count(TraceRow, TraceRow.changed_at.is_not(None), TraceRow.closed_at.is_not(None)) == 1
    assert count(StepRow) == 13


def test_a_run_whose_root_never_ends_is_given_up(api: TestClient) -> None:
    send(api, request_of(trace_of(8)[:-1]))
    assemble()
    silence(3601)
    assert (close_due(store(), 60, 3600), count(ItemRow)) == (1, 1)


@pytest.mark.parametrize("name", [" ", "\x00", "\t\n"])
def test_a_blank_name_of_a_suite_keeps_no_run_from_being_closed(api: TestClient, name: str) -> None:
    for number, suite in ((8, name), (9, "nightly")):
        spans = trace_of(number)
        for span in spans:
            span["attributes"] |= {"loopwright.suite": suite, "loopwright.task.key": f"task {number}"}
        send(api, request_of(spans))
    assemble()
    silence(61)
    assert (close_due(store(), 60, 3600), count(ItemRow)) == (2, 2)


def test_secrets_are_replaced_before_anything_is_kept(api: TestClient) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    span = trace_of(9)[0]
    span["attributes"] |= {"note": f"use {token}"}
    send(api, request_of([span]))
    with store().reading() as session:
        kept = session.scalars(select(DeliveryRow)).one()
        assert token.encode() not in delivery.read_deliveries(session, 1)[0].body
        assert list(kept.redactions.values()) == [{"key": 1}]
    assemble()
    with store().reading() as session:
        (step,) = read_steps(session, 1)
        assert session.get_one(TraceRow, 1).redactions == {"key": 1}
    assert token not in repr(step)
    assert "[redacted: key]" in repr(step)


def test_log_records_join_their_span_in_either_order(api: TestClient) -> None:
    (span,) = trace_of(10)[:1]
    for key in ("gen_ai.input.messages", "gen_ai.output.messages"):
        del span["attributes"][key]
    where = {"traceId": span["trace_id"].hex(), "spanId": span["span_id"].hex()}

    def record(name: str, content: str, n: int) -> dict[str, Any]:
        values = [{"key": "content", "value": {"stringValue": content}}]
        if name == "gen_ai.choice":
            values = [{"key": "message", "value": {"kvlistValue": {"values": values}}}]
        return where | {
            "eventName": name,
            "timeUnixNano": str(span["start"] + n),
            "body": {"kvlistValue": {"values": values}},
        }

    first = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record("gen_ai.user.message", "Where is it?", 1)]}]}]}
    second = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record("gen_ai.choice", "On its way.", 2)]}]}]}
    for kind, body in (("logs", first), ("traces", None), ("logs", second), ("logs", second)):
        content = orjson.dumps(body) if body else request_of([span]).SerializeToString()
        assert api.post(f"/v1/{kind}", content=content, headers=JSON if body else PROTOBUF).status_code == 200
        assemble()
    with store().reading() as session:
        (step,) = read_steps(session, 1)
    assert (step.kind, step.name, step.tokens_out) == ("llm", "chat gpt-4.1", 80)
    assert [(message.role, message.content) for message in (*step.input, *step.output)] == [
        ("user", "Where is it?"),
        ("assistant", "On its way."),
    ]


def test_an_evaluation_event_becomes_a_signal(api: TestClient) -> None:
    (span,) = trace_of(11)[-1:]
    values = {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.label": "pass"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    attributes.append({"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.9}})
    record = {"traceId": span["trace_id"].hex(), "spanId": span["span_id"].hex(), "attributes": attributes}
    record["eventName"] = "gen_ai.evaluation.result"
    body = orjson.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    for _ in range(2):
        assert api.post("/v1/logs", content=body, headers=JSON).json() == {}
    send(api, request_of([span]))
    assemble()
    with store().reading() as session:
        signal = session.scalars(select(SignalRow)).one()
    assert (signal.name, signal.kind, signal.trace_id) == ("helpful", "automated", 1)
    assert count(StepRow) == 1


def test_one_span_that_cannot_be_put_in_does_not_hold_up_the_others(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = delivery.assemble

    def stumble(spans: list[Any], *rest: Any, **more: Any) -> Any:
        if any(span.name == "stumble" for span in spans):
            raise RuntimeError("a fault of ours")
        return whole(spans, *rest, **more)

    monkeypatch.setattr(delivery, "assemble", stumble)
    bad = trace_of(12)[0] | {"name": "stumble"}
    send(api, request_of([bad], trace_of(13)))
    send(api, request_of(trace_of(14)))
    assemble()
    assert (count(TraceRow), count(StepRow), count(DeliveryRow)) == (2, 24, 0)
    with store().reading() as session:
        refusal = session.scalars(select(RefusalRow)).one()
    assert "RuntimeError" in refusal.reason
    assert refusal.body is not None


def test_metrics_are_told_where_to_go(api: TestClient) -> None:
    answer = api.post("/v1/metrics", content=b"", headers=PROTOBUF)
    assert (answer.status_code, "OTEL_METRICS_EXPORTER" in answer.json()["message"]) == (400, True)


def test_both_databases(store: Store) -> None:
    for number in range(5):
        sound = delivery.Sound(request_of(trace_of(number + 20)[::-1]), 12)
        assert delivery.accept(store, "traces", sound, 1000).n == 12
    while assemble_due(store, 30):
        pass
    with store.reading() as session:
        assert [trace_line(session, n + 1).n_steps for n in range(5)] == [12] * 5
