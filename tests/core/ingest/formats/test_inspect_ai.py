"""Inspect's logs: every sample a run, and the figures of each header come out of what was stored."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import open_document
from core.ingest.formats import inspect_ai
from core.records import INFRASTRUCTURE, Rejected, Signal, SignalKind, Step, StepKind, Trace
from core.store.engine import Store
from core.store.tables import SignalRow, TraceRow

LOG: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {
        "run_id": "r",
        "task_id": "t",
        "task": "sums",
        "task_version": 2,
        "model": "openai/some",
        "dataset": {"samples": 1},
    },
    "plan": {},
    "samples": [
        {
            "id": "a/1",
            "epoch": 2,
            "input": "1 + 1?",
            "target": "2",
            "messages": [
                {"role": "user", "content": "attachment://x"},
                {
                    "role": "assistant",
                    "content": [{"type": "reasoning", "reasoning": "Add."}, {"type": "text", "text": "I count."}],
                    "tool_calls": [{"id": "c", "function": "add", "arguments": {"a": 1}}],
                },
                {"role": "tool", "content": "2", "tool_call_id": "c", "function": "add"},
                {"role": "assistant", "content": "2"},
            ],
            "attachments": {"x": "1 + 1?"},
            "scores": {"match": {"value": "P", "explanation": "nearly"}, "form": {"value": {"tone": 3, "length": "I"}}},
            "total_time": 4.5,
            "model_usage": {"openai/some": {"input_tokens": 10, "output_tokens": 5, "total_cost": 0.25}},
            "events": [],
        }
    ],
}


def sample(**changed: Any) -> dict[str, Any]:
    return LOG | {"samples": [LOG["samples"][0] | changed]}


def records_of(log: Any, name: str = "log.json") -> list[Any]:
    return list(inspect_ai.read(open_document(name, json.dumps(log).encode())) or ())


def test_a_sample_is_a_run() -> None:
    (trace,) = records_of(LOG)
    assert (trace.agent, trace.version, trace.trial) == ("inspect", "openai/some (task version 2)", 2)
    assert (trace.task.key, trace.task.title) == ("inspect/sums/a/1", "1 + 1?")
    assert trace.task.definition == {"input": "1 + 1?", "target": "2"}
    assert (trace.cost, trace.seconds) == (0.25, 4.5)
    assert [(step.kind, step.name) for step in trace.steps] == [
        (StepKind.USER, "user"),
        (StepKind.LLM, "agent"),
        (StepKind.TOOL, "add"),
        (StepKind.LLM, "agent"),
    ]
    asked, called, result = (trace.steps[index].output for index in (0, 1, 3))
    assert (asked[0].content, called[0].reasoning, called[0].content) == ("1 + 1?", "Add.", "I count.")
    assert (result[0].content, trace.steps[2].arguments, trace.steps[2].result) == ("2", {"a": 1}, "2")


def test_scores_are_automated_signals() -> None:
    (trace,) = records_of(LOG)
    of = {"trace_id": trace.trace_id, "kind": SignalKind.AUTOMATED, "source": "inspect"}
    assert trace.signals == (
        Signal(name="match", value=0.5, success=None, comment="nearly", key=f"{trace.trace_id}/match", **of),
        Signal(name="form/tone", value=3.0, success=None, key=f"{trace.trace_id}/form/tone", **of),
        Signal(name="form/length", value=0.0, success=False, key=f"{trace.trace_id}/form/length", **of),
    )


@pytest.mark.parametrize(
    ("written", "value", "success"),
    [
        *[("C", 1.0, True), ("I", 0.0, False), ("N", 0.0, False), (True, 1.0, True), (1, 1.0, True)],
        *[("yes", 1.0, True), (0.4, 0.4, None), ("0.4", 0.4, None), (7, 7.0, None), ("blue", "blue", None)],
    ],
)
def test_a_score_as_accuracy_reads_it(written: Any, value: Any, success: bool | None) -> None:
    (trace,) = records_of(sample(scores={"s": {"value": written}}))
    assert [(one.value, one.success) for one in trace.signals] == [(value, success)]


def test_no_score_is_no_signal() -> None:
    for scores in (None, {}, {"s": {"value": None}}, {"s": {"value": []}}):
        (trace,) = records_of(sample(scores=scores))
        assert trace.signals == ()


def test_an_error_and_a_limit_end_a_run_and_are_read() -> None:
    (trace,) = records_of(
        sample(
            error={"message": "TimeoutError()", "traceback": "Traceback …"},
            limit={"type": "token", "limit": 500.0},
        )
    )
    assert trace.steps[4:] == (
        Step("4", StepKind.OTHER, "limit", error="stopped by its token limit of 500.0"),
        Step("5", StepKind.OTHER, "error", error="TimeoutError()", attributes={"traceback": "Traceback …"}),
    )
    assert [one.value for one in trace.signals if one.name == INFRASTRUCTURE] == ["TimeoutError()"]
    (limited,) = records_of(sample(limit={"type": "token", "limit": 500.0}))
    assert not [one for one in limited.signals if one.name == INFRASTRUCTURE]


def test_a_log_without_samples_says_so_in_json_and_eval() -> None:
    reason = "the log has a header and no samples (its status is error): no run was recorded in it"
    for samples in (None, []):
        assert records_of(LOG | {"samples": samples, "status": "error"}) == [Rejected("whole file", reason)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("header.json", json.dumps(LOG | {"samples": None, "status": "error"}))
    assert list(inspect_ai.read(open_document("a.eval", packed.getvalue())) or ()) == [Rejected("whole file", reason)]


def test_a_bad_sample_is_rejected_with_its_body_beside_a_good_one() -> None:
    bad = {"id": 7, "epoch": 1, "messages": [3]}
    trace, rejected = records_of(LOG | {"samples": [LOG["samples"][0], bad]})
    assert isinstance(trace, Trace)
    assert rejected == Rejected("sample 2 (id 7, epoch 1)", "a message is not an object", bad)


def test_cached_tokens_are_counted_once() -> None:
    usage = {"input_tokens": 100, "output_tokens": 10, "input_tokens_cache_read": 60, "input_tokens_cache_write": 5}
    answer = {"choices": [{"message": LOG["samples"][0]["messages"][3]}]}
    for total, read in ((110, 100), (175, 165)):
        event = {"event": "model", "model": "m", "output": answer | {"usage": usage | {"total_tokens": total}}}
        (trace,) = records_of(sample(events=[event]))
        step = trace.steps[3]
        assert (step.tokens_in, step.tokens_cached, step.tokens_cache_written, step.tokens_out) == (read, 60, 5, 10)


def test_real_logs_bring_every_sample_and_the_accuracies_of_their_headers(store: Store, real_data: Path) -> None:
    folder = real_data / "inspect-logs"
    report = import_paths(store, [folder], ImportOptions())
    assert (report.counts["traces"], report.counts["signals"], report.rejected) == (29, 19, [])
    assert import_paths(store, [folder], ImportOptions()).arrived == 0
    figures = {}
    for file in sorted([*folder.glob("*.json"), *folder.glob("*.eval")]):
        document = open_document(file.name, file.read_bytes())
        header = document.members["header.json"] if document.kind == "zip" else document.value
        traces = [one for one in inspect_ai.read(document) or () if isinstance(one, Trace)]
        with store.reading() as session:
            wanted = [trace.trace_id for trace in traces]
            rows = session.execute(
                select(SignalRow.name, SignalRow.value).join(TraceRow).where(TraceRow.uid.in_(wanted))
            ).all()
        for score in header["results"]["scores"]:
            values = [value for name, value in rows if name == score["name"]]
            figures[file.name] = (mean(values), stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0)
            published = {name: metric["value"] for name, metric in score["metrics"].items()}
            assert figures[file.name] == pytest.approx((published["accuracy"], published["stderr"]))
        usage = [used for trace in traces for used in trace.attributes["model_usage"].values()]
        graded = [one["usage"]["input_tokens"] for t in traces for one in t.attributes.get("scoring", ())]
        told = sum(step.tokens_in or 0 for trace in traces for step in trace.steps)
        assert told + sum(graded) == sum(used["input_tokens"] for used in usage)
    assert (0.8, pytest.approx(0.1333, abs=1e-4)) in figures.values()


def test_the_real_browser_run_has_its_calls_times_and_tools(real_data: Path) -> None:
    (file,) = (real_data / "inspect-logs").glob("*browser.json")
    (trace,) = (one for one in inspect_ai.read(open_document(file.name, file.read_bytes())) or ())
    assert [step.kind.value for step in trace.steps] == ["user", *["llm", "tool"] * 4, "llm"]
    assert [step.name for step in trace.steps if step.kind is StepKind.TOOL] == [
        "web_browser_go",
        *["web_browser_click"] * 3,
    ]
    assert trace.steps[2].arguments == {"url": "https://www.aisi.gov.uk/"}
    assert all(step.started_at and step.ended_at for step in trace.steps[1:] if step.kind is StepKind.LLM)
    assert (sum(step.tokens_out or 0 for step in trace.steps), trace.seconds) == (281, 18.517)
    assert [tool["function"]["name"] for tool in trace.tools][:2] == ["web_browser_go", "web_browser_click"]
    assert trace.tools[0]["function"]["description"].startswith("Navigate the web browser")


def test_a_model_graded_score_is_a_judges(real_data: Path) -> None:
    (file,) = (real_data / "inspect-logs").glob("*security-guide.json")
    traces = list(inspect_ai.read(open_document(file.name, file.read_bytes())) or ())
    assert [one.source for trace in traces for one in trace.signals] == ["judge"] * 3
    assert all("expert" in one.comment.lower() for trace in traces for one in trace.signals)
    assert [len(trace.steps) for trace in traces] == [3, 3, 3]
    assert [one["scorer"] for one in traces[0].attributes["scoring"]] == ["model_graded_fact"]
