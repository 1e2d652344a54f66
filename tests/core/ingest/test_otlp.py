"""Requests over the wire: each bad span is named alone, JSON and protobuf say the same, no body is a surprise."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from core.errors import InvalidInput
from core.ingest import otlp_json
from core.ingest.otlp import LOGS, TRACES, decode, spans_of, split, value_of
from tests.otlp_world import BEGIN, SECOND, add_span, request_of, trace_of

TRACE, SPAN = bytes(range(1, 17)), bytes(range(1, 9))


def one(**changes: Any) -> dict[str, Any]:
    return {"trace_id": TRACE, "span_id": SPAN, "name": "chat"} | changes


def reasons(kind: str, body: bytes, is_json: bool = False) -> tuple[int, list[str]]:
    sound = decode(kind, body, is_json)
    return sound.n, [rejected.reason for rejected in sound.rejected]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trace_id": b""}, "it has no trace id"),
        ({"trace_id": TRACE[:8]}, "it has 8 bytes, not 16, in its trace id"),
        ({"trace_id": bytes(16)}, "its trace id is all zeros"),
        ({"span_id": b""}, "it has no span id"),
        ({"span_id": TRACE}, "it has 16 bytes, not 8, in its span id"),
        ({"span_id": bytes(8)}, "its span id is all zeros"),
        ({"parent": b"\x01"}, "it has 1 bytes, not 8, in its parent span id"),
    ],
)
@pytest.mark.parametrize("is_json", [False, True])
def test_a_bad_span_is_rejected_alone(changes: dict[str, Any], reason: str, is_json: bool) -> None:
    request = request_of([one(), one(**changes), one(span_id=TRACE[:8])])
    body = json.dumps(otlp_json.write(request)).encode() if is_json else request.SerializeToString()
    assert reasons(TRACES, body, is_json) == (2, [reason])


def test_a_text_that_is_no_utf8_costs_its_own_span_only() -> None:
    request = request_of([one(name="chat one"), one(span_id=TRACE[:8], name="chat two")])
    body = request.SerializeToString().replace(b"chat two", b"chat \xff\xfe\xfd")
    sound = decode(TRACES, body, False)
    assert [span.name for span in spans_of(TRACES, sound.message)] == ["chat one"]
    assert [(no.record, "UTF-8" in no.reason) for no in sound.rejected] == [("span 2", True)]


def test_json_says_what_protobuf_says() -> None:
    request = request_of(trace_of(7), trace_of(8))
    body = json.dumps(otlp_json.write(request)).encode()
    assert decode(TRACES, body, True).message == request


def test_json_as_other_writers_spell_it() -> None:
    span = {
        "trace_id": TRACE.hex().upper(),
        "spanId": SPAN.hex(),
        "name": "chat",
        "kind": "SPAN_KIND_CLIENT",
        "startTimeUnixNano": str(BEGIN),
        "end_time_unix_nano": BEGIN + SECOND,
        "status": {"code": "STATUS_CODE_ERROR", "message": "too busy"},
        "attributes": [
            {"key": "n", "value": {"intValue": "7"}},
            {"key": "x", "value": {"doubleValue": 1}},
            {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": True}, {}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"bytesValue": "AAE="}}]}}},
            {"key": "empty"},
        ],
        "aFieldOfTomorrow": {"deep": [1]},
    }
    body = json.dumps({"resource_spans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    (found,) = spans_of(TRACES, decode(TRACES, body, True).message)
    assert (found.trace_id, found.error) == (TRACE.hex(), "too busy")
    assert (found.ended_at - found.started_at).total_seconds() == 1.0  # type: ignore[operator]
    assert found.attributes == {"n": 7, "x": 1.0, "list": ["a", True, None], "map": {"k": "AAE="}, "empty": None}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"traceId": "zz"}, "traceId is not written in hex digits"),
        ({"traceId": 7}, "traceId is not a text"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano is not a whole number"),
        ({"startTimeUnixNano": -1}, "startTimeUnixNano is too large a number"),
        ({"kind": "SPAN_KIND_ODD"}, "kind is 'SPAN_KIND_ODD', which is none of its values"),
        ({"attributes": {"a": 1}}, "attributes is not a list"),
        ({"attributes": [{"key": "a", "value": {"intValue": 2**63}}]}, "attributes[0].value.intValue is too large"),
        ({"name": ["x"]}, "name is not a text"),
    ],
)
def test_a_bad_span_in_json_is_rejected_alone(changes: dict[str, Any], reason: str) -> None:
    sound_span = {"traceId": TRACE.hex(), "spanId": SPAN.hex(), "name": "chat"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [sound_span | changes, sound_span, "no span"]}]}]}
    n, said = reasons(TRACES, json.dumps(body).encode(), True)
    assert n == 1
    assert said[0].startswith(reason)
    assert said[1] == "it is not an object"


@pytest.mark.parametrize(
    ("body", "is_json"),
    [
        (b"\xff\xff\xff", False),
        (b'{"resourceSpans": []}', False),
        (b"not json", True),
        (b"[]", True),
        (b"{}", True),
        (b'{"resourceSpans": 7}', True),
        (b'{"resourceSpans": [7]}', True),
        (b'{"resourceLogs": []}', True),
    ],
)
def test_a_body_that_is_no_request_is_refused_in_words(body: bytes, is_json: bool) -> None:
    with pytest.raises(InvalidInput, match=r"^The body is not (an OTLP|JSON)"):
        decode(TRACES, body, is_json)


def test_an_empty_request_is_one() -> None:
    assert reasons(TRACES, b"") == (0, [])
    assert reasons(TRACES, b'{"resourceSpans": []}', True) == (0, [])


def test_log_records_of_genai_become_events_and_others_are_rejected() -> None:
    def record(name: str, **more: Any) -> dict[str, Any]:
        return {"traceId": TRACE.hex(), "spanId": SPAN.hex(), "eventName": name, **more}

    body = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "hello"}}]}}
    old = {"attributes": [{"key": "event.name", "value": {"stringValue": "gen_ai.choice"}}]}
    records = [
        record("gen_ai.user.message", body=body, timeUnixNano=BEGIN),
        record("", **old),
        record("http.request"),
        {"eventName": "gen_ai.choice"},
    ]
    sent = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    sound = decode(LOGS, json.dumps(sent).encode(), True)
    said, choice = spans_of(LOGS, sound.message)
    assert (said.bare, said.span_id, said.events[0].name) == (True, SPAN.hex(), "gen_ai.user.message")
    assert said.events[0].attributes == {"content": "hello"}
    assert choice.events[0].name == "gen_ai.choice"
    assert sorted(no.reason for no in sound.rejected) == [
        "it has no trace id",
        "it is no GenAI event record: it has no event name",
    ]


def test_a_request_is_split_by_trace() -> None:
    first, second = trace_of(1), trace_of(2)
    parts = split(TRACES, request_of([*first[:3], *second[:2], *first[3:]]))
    assert {uid: decode(TRACES, part.SerializeToString(), False).n for uid, part in parts.items()} == {
        first[0]["trace_id"].hex(): 12,
        second[0]["trace_id"].hex(): 2,
    }


def test_an_end_before_its_start_has_no_length() -> None:
    (span,) = spans_of(TRACES, request_of([one(start=BEGIN + SECOND, end=BEGIN)]))
    assert span.started_at == span.ended_at


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=400), st.sampled_from([TRACES, LOGS]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_request_or_refused_in_words(body: bytes, kind: str) -> None:
    with contextlib.suppress(InvalidInput):
        list(spans_of(kind, decode(kind, body, False).message))


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_request_or_refused_in_words(value: Any) -> None:
    wrapped = {"resourceSpans": [{"scopeSpans": [{"spans": [value, {"attributes": value}]}]}]}
    for body in (value, wrapped):
        with contextlib.suppress(InvalidInput):
            decode(TRACES, json.dumps(body).encode("utf-8", "surrogatepass"), True)


def test_every_kind_of_value_reads_back() -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans
    add_span(span, TRACE, SPAN, "x", attributes={"b": True, "i": -5, "f": 0.5, "s": "ü"})
    assert [value_of(pair.value) for pair in span[0].attributes] == [True, -5, 0.5, "ü"]
