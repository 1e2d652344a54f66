"""Phoenix's exports: one run in each shape in which its spans and annotations leave it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import open_document
from core.ingest.formats import phoenix
from core.records import Message, Rejected, Signal, SignalKind, StepKind, ToolCall, Trace
from core.store.engine import Store
from tests.core.ingest.formats.mutation import ANYTHING, mutated

TRACE, ROOT, CALL = "5fa94677a92f4bc7b2a3f0d29a4b1c01", "051581bf3cb55c13", "62d1c1b7a9f0e4d2"

SPANS: list[dict[str, Any]] = [
    {
        "id": "U3Bhbjox",
        "name": "answer",
        "context": {"trace_id": TRACE, "span_id": ROOT},
        "span_kind": "AGENT",
        "parent_id": None,
        "start_time": "2026-02-03T15:19:52.242000+00:00",
        "end_time": "2026-02-03T15:19:54.242000+00:00",
        "status_code": "OK",
        "status_message": "",
        "attributes": {
            "openinference.span.kind": "AGENT",
            "input.value": "Where is order 7?",
            "metadata": {"thread_id": "chat-9"},
        },
        "events": [],
    },
    {
        "id": "U3Bhbjoy",
        "name": "ChatCompletion",
        "context": {"trace_id": TRACE, "span_id": CALL},
        "span_kind": "LLM",
        "parent_id": ROOT,
        "start_time": "2026-02-03T15:19:53.242000+00:00",
        "end_time": "2026-02-03T15:19:54.000000+00:00",
        "status_code": "ERROR",
        "status_message": "it took too long",
        "attributes": {
            "openinference.span.kind": "LLM",
            "llm.model_name": "some-model",
            "llm.token_count.prompt": 12,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Where is order 7?",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get_order",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"order": 7}',
        },
        "events": [{"name": "slow", "timestamp": "2026-02-03T15:19:53.500000+00:00", "attributes": {"waited": 3}}],
    },
]

ANNOTATIONS: list[dict[str, Any]] = [
    {
        "id": "A1",
        "span_id": CALL,
        "name": "correctness",
        "annotator_kind": "LLM",
        "result": {"label": "incorrect", "score": 0.0, "explanation": "it never looked"},
        "metadata": {},
        "identifier": "",
        "created_at": "2026-02-04T00:00:00+00:00",
        "source": "API",
    },
    {"id": "A2", "span_id": ROOT, "name": "thumb", "annotator_kind": "HUMAN", "result": {"label": "down"}},
    {"id": "A3", "span_id": ROOT, "name": "format", "annotator_kind": "CODE", "result": {"score": 1}},
    {"id": "A4", "trace_id": TRACE, "name": "tone", "annotator_kind": "LLM", "result": {"explanation": "curt"}},
]

SAID = [
    ("correctness", SignalKind.AUTOMATED, 0.0, "incorrect: it never looked", "phoenix judge", CALL),
    ("thumb", SignalKind.EXPLICIT, "down", "", "phoenix annotation", ROOT),
    ("format", SignalKind.AUTOMATED, 1.0, "", "phoenix code", ROOT),
    ("tone", SignalKind.AUTOMATED, "curt", "", "phoenix judge", None),
]


def dataframe() -> pd.DataFrame:
    """The spans as `get_spans_dataframe` gives them: a column an attribute, messages as lists of objects."""
    rows = []
    for span in SPANS:
        row = {key: span[key] for key in ("name", "span_kind", "parent_id", "status_code", "status_message", "events")}
        row |= {key: pd.Timestamp(span[key]) for key in ("start_time", "end_time")}
        row |= {f"context.{key}": value for key, value in span["context"].items()}
        is_call = span["span_kind"] == "LLM"
        row |= {
            "attributes.openinference.span.kind": span["span_kind"],
            "attributes.input.value": None if is_call else "Where is order 7?",
            "attributes.metadata": None if is_call else {"thread_id": "chat-9"},
            "attributes.llm.model_name": "some-model" if is_call else None,
            "attributes.llm.token_count.prompt": 12.0 if is_call else None,
            "attributes.llm.input_messages": [{"message.role": "user", "message.content": "Where is order 7?"}]
            if is_call
            else None,
            "attributes.llm.output_messages": [
                {
                    "message.role": "assistant",
                    "message.tool_calls": [
                        {
                            "tool_call.id": "c1",
                            "tool_call.function.name": "get_order",
                            "tool_call.function.arguments": '{"order": 7}',
                        }
                    ],
                }
            ]
            if is_call
            else None,
        }
        rows.append(row)
    return pd.DataFrame(rows).set_index("context.span_id", drop=False)


def as_parquet(frame: pd.DataFrame) -> bytes:
    data = io.BytesIO()
    parquet.write_table(pa.Table.from_pandas(frame), data)
    return data.getvalue()


def read(value: Any, name: str = "spans.json") -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(phoenix.read(open_document(name, data)) or ())


def said(signals: list[Signal]) -> list[tuple[Any, ...]]:
    return [(one.name, one.kind, one.value, one.comment, one.source, one.step_id) for one in signals]


def test_spans_of_the_rest_api() -> None:
    (trace,) = read({"data": SPANS, "next_cursor": None})
    assert (trace.trace_id, trace.source, trace.session_id) == (TRACE, "phoenix", "chat-9")
    root, call = trace.steps
    assert (root.step_id, root.kind, root.name, root.error, root.seconds) == (ROOT, StepKind.AGENT, "answer", "", 2.0)
    assert root.arguments == "Where is order 7?"
    assert (call.parent_id, call.kind, call.error, call.model) == (ROOT, StepKind.LLM, "it took too long", "some-model")
    assert call.tokens_in == 12
    assert call.input == (Message("user", "Where is order 7?"),)
    assert call.output == (Message("assistant", tool_calls=(ToolCall("c1", "get_order", {"order": 7}),)),)
    assert [event["name"] for event in call.attributes["otel.events"]] == ["slow"]


def test_every_shape_says_the_same() -> None:
    (expected,) = read(SPANS)
    graphql = [
        {
            "context": {"traceId": TRACE, "spanId": span["context"]["span_id"]},
            "name": span["name"],
            "spanKind": span["span_kind"].lower(),
            "parentId": span["parent_id"],
            "startTime": span["start_time"],
            "endTime": span["end_time"],
            "statusCode": span["status_code"],
            "statusMessage": span["status_message"],
            "attributes": json.dumps(nested(span["attributes"])),
            "events": span["events"],
        }
        for span in SPANS
    ]
    answer = {"data": {"node": {"__typename": "Project", "spans": {"edges": [{"node": one} for one in graphql]}}}}
    frame = dataframe()
    records = frame.to_json(orient="records", date_format="iso")
    assert records is not None
    columns = frame.to_json(date_format="iso")
    assert columns is not None
    for name, shape in {
        "lines.jsonl": "\n".join(map(json.dumps, SPANS)).encode(),
        "graphql.json": answer,
        "records.json": records.encode(),
        "columns.json": columns.encode(),
        "spans.parquet": as_parquet(frame),
        "spans.csv": frame.to_csv().encode(),
    }.items():
        (trace,) = read(shape, name)
        assert (name, trace) == (name, expected)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Attributes as Phoenix keeps them: an object in an object for every dot, a list for numbers."""
    top: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        inside = top
        for part in path:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return listed(top)


def listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return [listed(one) for one in value.values()] if "0" in value else {key: listed(one) for key, one in value.items()}


def test_annotations_are_signals() -> None:
    trace, *signals = read({"spans": SPANS, "annotations": ANNOTATIONS})
    assert (said(signals), len(trace.steps)) == (SAID, 2)
    assert [one.key for one in signals] == ["phoenix/A1", "phoenix/A2", "phoenix/A3", "phoenix/A4"]
    assert signals[0].at == datetime(2026, 2, 4, tzinfo=UTC)
    on_spans = [
        span | {"annotations": [one for one in ANNOTATIONS if one.get("span_id") == span["context"]["span_id"]]}
        for span in SPANS
    ]
    _, *signals = read(on_spans)
    assert sorted(said(signals)) == sorted(SAID[:3])


def test_the_dataframe_of_annotations_finds_its_spans_in_the_same_zip() -> None:
    frame = pd.json_normalize(ANNOTATIONS[:3]).rename(columns={"name": "annotation_name"}).set_index("span_id")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("annotations.parquet", as_parquet(frame))
        archive.writestr("spans.parquet", as_parquet(dataframe()))
    trace, *signals = read(packed.getvalue(), "export.zip")
    assert (said(signals), len(trace.steps)) == (SAID[:3], 2)


def test_annotations_joined_to_their_spans() -> None:
    frame = pd.json_normalize(ANNOTATIONS[:3]).rename(columns={"name": "annotation_name"}).set_index("span_id")
    joined = dataframe().join(frame.drop(columns=["id"]), how="left")
    trace, *signals = read(as_parquet(joined), "joined.parquet")
    assert sorted(said(signals)) == sorted(SAID[:3])
    assert [step.step_id for step in trace.steps] == [ROOT, CALL]


def test_evaluations_beside_their_spans() -> None:
    frame = dataframe()
    frame["eval.Q&A.score"], frame["eval.Q&A.label"], frame["eval.Q&A.explanation"] = [None, 0.5], [None, "so-so"], None
    _, signal = read(as_parquet(frame), "evaluated.parquet")
    assert said([signal]) == [("Q&A", SignalKind.AUTOMATED, 0.5, "so-so", "phoenix judge", CALL)]


def test_an_annotation_whose_trace_nothing_names_is_rejected_with_what_to_do() -> None:
    table = f"context.span_id,score,label,explanation\n{CALL},0,incorrect,it never looked\n{ROOT},1,correct,fine\n"
    rejected = read(table.encode(), "evaluations.csv")
    assert [one.record for one in rejected] == [f"line 2 {CALL}", f"line 3 {ROOT}"]
    assert "put the spans into the same file, or pack both into one zip" in rejected[0].reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"start_time": "noon"}, "its start is no time"),
        ({"attributes": [1]}, "attributes is not an object"),
        ({"context": {"trace_id": 4, "span_id": "x"}}, "its trace id is not a text"),
        ({"events": [4]}, "events holds something that is not an object"),
        ({"annotations": [{"name": "a", "annotator_kind": "LLM"}]}, "it has no score, label or explanation"),
    ],
)
def test_a_bad_record_is_rejected_alone(change: dict[str, Any], says: str) -> None:
    rejected, trace = read([SPANS[0], SPANS[1] | change])
    assert rejected.record.startswith("record 2")
    assert (rejected.reason, rejected.body) == (says, SPANS[1] | change)
    assert ROOT in [step.step_id for step in trace.steps]


def test_an_import_twice_adds_nothing_and_a_later_half_is_added(store: Store, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text(json.dumps({"spans": SPANS[:1], "annotations": ANNOTATIONS[1:]}))
    (tmp_path / "spans.parquet").write_bytes(as_parquet(dataframe()))
    first = import_paths(store, [tmp_path / "root.json"], ImportOptions())
    assert [first.counts[name] for name in ("traces", "steps", "signals")] == [1, 1, 3]
    second = import_paths(store, [tmp_path / "spans.parquet"], ImportOptions())
    assert [second.counts[name] for name in ("traces", "steps", "duplicates")] == [0, 1, 0]
    again = import_paths(store, [tmp_path], ImportOptions())
    assert (again.arrived, again.counts["duplicates"], again.rejected) == (0, 2 + 3, [])


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=ANYTHING)
def test_spans_with_anything_anywhere_never_fail(seed: int, wrong: Any) -> None:
    value = mutated({"spans": SPANS, "annotations": ANNOTATIONS}, seed, wrong)
    assert all(isinstance(one, (Trace, Signal, Rejected)) for one in read(value))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=ANYTHING)
def test_rows_with_anything_anywhere_never_fail(seed: int, wrong: Any) -> None:
    rows = json.loads(dataframe().to_json(orient="records", date_format="iso") or "[]")
    assert all(isinstance(one, (Trace, Signal, Rejected)) for one in read(mutated(rows, seed, wrong)))
