"""Langfuse's exports: 11 real traces with their 76 observations, its API's shapes, and the rows of its tables."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import open_document
from core.ingest.formats import langfuse
from core.records import Message, Rejected, Signal, SignalKind, StepKind, ToolCall, Trace
from core.store.engine import Store
from core.store.tables import SignalRow, StepRow, TraceRow
from tests.core.ingest.formats.mutation import ANYTHING, mutated

ABOUT: dict[str, Any] = {
    "id": "t1",
    "name": "support",
    "timestamp": "2026-01-02T03:04:05.000Z",
    "sessionId": "chat-9",
    "userId": "user-7",
    "release": "r12",
    "version": None,
    "tags": ["beta"],
    "environment": "default",
    "public": False,
    "input": '"Where is order 7?"',
    "output": "It was sent.",
    "metadata": '{"plan": "free"}',
}
ROOT: dict[str, Any] = {
    "id": "o1",
    "traceId": "t1",
    "parentObservationId": None,
    "type": "AGENT",
    "name": "answer",
    "startTime": "2026-01-02T03:04:05.000Z",
    "endTime": "2026-01-02T03:04:09.000Z",
    "level": "DEFAULT",
    "usageDetails": {},
    "costDetails": {},
}
CALL: dict[str, Any] = {
    "id": "o2",
    "traceId": "t1",
    "parentObservationId": "o1",
    "type": "GENERATION",
    "name": "llm",
    "startTime": "2026-01-02T03:04:06.000Z",
    "endTime": "2026-01-02T03:04:07.500Z",
    "level": "ERROR",
    "statusMessage": "overloaded",
    "model": "some-model",
    "input": [
        {"role": "user", "content": "Where is order 7?"},
        {
            "role": "tool",
            "content": {"type": "function", "function": {"name": "get_order", "parameters": {"type": "object"}}},
        },
    ],
    "output": '{"role": "assistant", "content": "It was sent."}',
    "usageDetails": {"input": 100, "input_cached_tokens": 40, "output": 20, "output_reasoning_tokens": 5, "total": 165},
    "costDetails": {"input": 0.001, "output": 0.002, "total": 0.003},
}


def score(**fields: Any) -> dict[str, Any]:
    base = {"id": "s1", "traceId": "t1", "name": "quality", "source": "API", "dataType": "NUMERIC", "value": 0.5}
    return base | {"timestamp": "2026-01-02T03:05:00.000Z", "observationId": None, "comment": None} | fields


def read(value: Any, name: str = "export.json") -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(langfuse.read(open_document(name, data)) or ())


def test_a_trace_with_its_observations() -> None:
    (trace,) = read({"trace": ABOUT, "observations": [CALL, ROOT]})
    assert (trace.trace_id, trace.source, trace.agent, trace.version) == ("t1", "langfuse", "support", "r12")
    assert (trace.session_id, trace.user, trace.tags) == ("chat-9", "user-7", ("beta",))
    assert [tool["function"]["name"] for tool in trace.tools] == ["get_order"]
    root, call = trace.steps
    assert (root.step_id, root.kind, root.seconds, root.error) == ("o1", StepKind.AGENT, 4.0, "")
    assert (root.arguments, root.result) == ("Where is order 7?", "It was sent.")
    assert root.attributes == {"langfuse.trace.name": "support", "langfuse.trace.metadata.plan": "free"}
    assert (call.step_id, call.parent_id, call.kind, call.error) == ("o2", "o1", StepKind.LLM, "overloaded")
    assert (call.input, call.output) == (
        (Message("user", "Where is order 7?"),),
        (Message("assistant", "It was sent."),),
    )
    # Langfuse counts what was cached and what was thought beside the rest; here they are parts of the whole
    assert (call.tokens_in, call.tokens_cached, call.tokens_out, call.tokens_reasoning) == (140, 40, 25, 5)
    assert (call.model, call.cost, call.cost_from) == ("some-model", 0.003, "reported")


def test_every_shape_says_the_same() -> None:
    expected = read({"trace": ABOUT, "observations": [ROOT, CALL]})
    nested = ABOUT | {"observations": [ROOT, CALL], "scores": [], "htmlPath": "/x", "totalCost": 0.003}
    texts = {
        key: json.dumps(value) if isinstance(value, (dict, list)) else value
        for key, value in (ROOT | CALL | {"metadata": {}}).items()
    }
    for shape in (
        [{"trace": ABOUT, "observations": [ROOT, CALL]}],
        nested,
        {"data": [nested], "meta": {"page": 1}},
        {"id": "chat-9", "createdAt": "2026-01-02T00:00:00Z", "traces": [nested]},
        [ABOUT, ROOT, CALL],
        [CALL, ROOT, ABOUT],
        {"trace": ABOUT, "observations": [ROOT, texts]},
    ):
        assert read(shape) == expected


def test_the_observations_table_as_csv() -> None:
    rows = [
        one | {"metadata": {"customer": 5}, "traceName": "support", "traceTags": ["beta"], "userId": "user-7"}
        for one in (ROOT, CALL)
    ]
    rows = [one | {"traceTimestamp": ABOUT["timestamp"], "quality": [], "tone": []} for one in rows]
    rows[1] |= {"quality": [0.5], "tone": ["warm", "brief"]}
    header = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        cells = [row.get(key) for key in header]
        writer.writerow("" if c is None else json.dumps(c) if isinstance(c, (dict, list)) else c for c in cells)
    trace, *signals = read(text.getvalue().encode(), "observations.csv")
    (plain,) = read({"trace": ABOUT, "observations": [ROOT, CALL]})
    for step, expected in zip(trace.steps, plain.steps, strict=True):
        assert (step.step_id, step.kind, step.input, step.output) == (
            expected.step_id,
            expected.kind,
            expected.input,
            expected.output,
        )
        assert (step.tokens_in, step.cost, step.error, step.seconds) == (
            expected.tokens_in,
            expected.cost,
            expected.error,
            expected.seconds,
        )
    assert (trace.user, trace.tags) == ("user-7", ("beta",))
    assert trace.steps[0].attributes["langfuse.observation.metadata.customer"] == 5
    assert [(one.name, one.value, one.step_id, one.kind) for one in signals] == [
        ("quality", 0.5, "o2", SignalKind.AUTOMATED),
        ("tone", "warm", "o2", SignalKind.AUTOMATED),
        ("tone", "brief", "o2", SignalKind.AUTOMATED),
    ]


def test_a_trace_without_its_observations_is_one_step() -> None:
    row = ABOUT | {"bookmarked": False, "quality": [0.5], "observations": None}
    del row["observations"]
    trace, signal = read([row])
    (step,) = trace.steps
    assert (step.step_id, step.kind, step.name) == ("t1", StepKind.CHAIN, "support")
    assert (step.arguments, step.result) == ("Where is order 7?", "It was sent.")
    assert step.started_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (trace.agent, trace.session_id) == ("support", "chat-9")
    assert (signal.name, signal.value, signal.step_id, signal.trace_id) == ("quality", 0.5, None, "t1")


def test_calls_and_answers_of_tools_in_the_shapes_of_their_frameworks() -> None:
    calls = [{"toolCallId": "c1", "toolName": "get_order", "input": '{"order": 7}'}]
    answer = {"type": "tool", "tool_call_id": "c1", "content": "sent", "name": "get_order"}
    tool = ROOT | {"id": "o3", "parentObservationId": "o1", "type": "SPAN", "name": "get_order", "output": answer}
    (trace,) = read({"trace": ABOUT, "observations": [ROOT, CALL | {"output": calls}, tool]})
    by_id = {step.step_id: step for step in trace.steps}
    (alone,) = read(
        {"trace": ABOUT | {"output": calls}, "observations": [CALL | {"parentObservationId": None, "output": calls}]}
    )
    assert alone.steps[0].output == by_id["o2"].output
    assert by_id["o2"].output == (Message("assistant", tool_calls=(ToolCall("c1", "get_order", {"order": 7}),)),)
    assert (by_id["o3"].kind, by_id["o3"].call_id, by_id["o3"].result) == (StepKind.TOOL, "c1", answer)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("quality", SignalKind.AUTOMATED, 0.5, "langfuse api")),
        ({"source": "EVAL", "value": 1}, ("quality", SignalKind.AUTOMATED, 1.0, "langfuse judge")),
        ({"source": "ANNOTATION"}, ("quality", SignalKind.EXPLICIT, 0.5, "langfuse annotation")),
        ({"name": "user-feedback", "value": 0}, ("user-feedback", SignalKind.EXPLICIT, 0.0, "langfuse api")),
        (
            {"dataType": "BOOLEAN", "value": 1, "stringValue": "True"},
            ("quality", SignalKind.AUTOMATED, True, "langfuse api"),
        ),
        (
            {"dataType": "CATEGORICAL", "value": 0, "stringValue": "poor"},
            ("quality", SignalKind.AUTOMATED, "poor", "langfuse api"),
        ),
        (
            {"dataType": "CATEGORICAL", "value": "poor", "stringValue": None},
            ("quality", SignalKind.AUTOMATED, "poor", "langfuse api"),
        ),
        (
            {
                "dataType": "CORRECTION",
                "name": "output",
                "source": "ANNOTATION",
                "value": 0,
                "longStringValue": "Sent.",
            },
            ("correction", SignalKind.EXPLICIT, "Sent.", "langfuse annotation"),
        ),
    ],
)
def test_scores_are_signals(fields: dict[str, Any], expected: tuple[Any, ...]) -> None:
    held = score(**fields, observationId="o2", comment="because")
    _, signal = read({"trace": ABOUT | {"scores": [held]}, "observations": [ROOT, CALL]})
    assert (signal.name, signal.kind, signal.value, signal.source) == expected
    assert type(signal.value) is type(expected[2])
    assert (signal.trace_id, signal.step_id, signal.comment, signal.key) == ("t1", "o2", "because", "langfuse/score/s1")
    assert signal.at == datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
    assert read([held]) == [signal]  # the table of scores by itself


@pytest.mark.parametrize(
    ("value", "place", "says"),
    [
        ({"trace": ABOUT, "observations": [ROOT, 7]}, "record 1, observation 2", "it is a whole number, not an object"),
        (
            {"trace": ABOUT, "observations": [ROOT, {"id": "o3", "startTime": "x"}]},
            "record 1, observation 2 o3",
            "no time",
        ),
        (
            {"trace": ABOUT, "observations": [ROOT, CALL | {"parentObservationId": 4}]},
            "record 1, observation 2 o2 llm",
            "parentObservationId is not a text",
        ),
        (
            {"trace": ABOUT | {"scores": [score(value=None)]}, "observations": [ROOT]},
            "record 1, scores 1 s1 quality",
            "value is neither a number nor a text",
        ),
        ([ROOT, {"id": 5}], "record 2", "it is neither a trace, an observation nor a score of Langfuse"),
    ],
)
def test_a_bad_record_is_rejected_alone(value: Any, place: str, says: str) -> None:
    rejected, trace = read(value)
    assert (rejected.record, says in rejected.reason, rejected.body is not None) == (place, True, True)
    assert [step.step_id for step in trace.steps] == ["o1"]


def test_real_exports(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "langfuse-traces"], ImportOptions())
    assert (report.counts["traces"], report.counts["steps"], report.rejected) == (11, 76, [])
    files = [json.loads(path.read_text()) for path in (real_data / "langfuse-traces").glob("*.json")]
    told = [one for file in files for key in ("scores", "corrections") for one in file["trace"][key]]
    assert report.counts["signals"] == len(told) == 18
    with store.reading() as session:
        assert set(session.scalars(select(StepRow.uid))) == {
            one["id"] for file in files for one in file["observations"]
        }
        assert {(one.uid, one.parent_uid) for one in session.execute(select(StepRow.uid, StepRow.parent_uid))} == {
            (one["id"], one["parentObservationId"]) for file in files for one in file["observations"]
        }
        spent = session.scalar(select(func.sum(StepRow.cost)).where(StepRow.cost_from == "reported")) or 0
        assert spent == pytest.approx(sum(float(one["totalCost"]) for file in files for one in file["observations"]))
        kinds = Counter(session.scalars(select(SignalRow.source)))
        assert kinds == {"langfuse judge": 17, "langfuse annotation": 1}
        # a model's opinion of toxicity says nothing of whether the task was done
        assert Counter(session.scalars(select(TraceRow.outcome))) == {"unknown": 11}
    again = import_paths(store, [real_data / "langfuse-traces"], ImportOptions())
    assert (again.arrived, again.counts["duplicates"]) == (0, 11 + 18)


def test_a_trace_in_two_files_grows_into_one(store: Store, real_data: Path, tmp_path: Path) -> None:
    whole = json.loads((real_data / "langfuse-traces" / "beeai-2025-08-01.trace.json").read_text())
    halves = whole["observations"][:15], whole["observations"][15:]
    for n, half in enumerate(halves):
        (tmp_path / f"{n}.json").write_text(json.dumps({"trace": whole["trace"], "observations": half}))
    first = import_paths(store, [tmp_path / "0.json"], ImportOptions())
    assert (first.counts["traces"], first.counts["steps"]) == (1, 15)
    second = import_paths(store, [tmp_path / "1.json"], ImportOptions())
    assert (second.counts["traces"], second.counts["steps"], second.counts["duplicates"]) == (0, 14, 2)
    with store.reading() as session:
        (run,) = session.scalars(select(TraceRow))
        grown = (run.n_steps, run.tokens_in, run.cost, run.seconds)
        order = session.scalars(select(StepRow.uid).order_by(StepRow.position)).all()
    expected = read(whole)[0]
    assert list(order) == [step.step_id for step in expected.steps]
    assert grown == (29, 5542, pytest.approx(0.00083130), pytest.approx(17.17, abs=0.01))


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(["google-adk-2025-08-28", "langgraph-python-2025-08-22", "vercel-aisdk-2025-11-17"]),
    seed=st.integers(0, 2**32),
    wrong=ANYTHING,
)
def test_a_real_export_with_anything_anywhere_never_fails(real_data: Path, name: str, seed: int, wrong: Any) -> None:
    value = mutated(json.loads((real_data / "langfuse-traces" / f"{name}.trace.json").read_text()), seed, wrong)
    assert all(isinstance(one, (Trace, Signal, Rejected)) for one in read(value))
