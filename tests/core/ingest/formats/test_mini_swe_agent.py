"""mini-swe-agent's runs meet SWE-bench's reports, and a report without runs is compared all the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document, open_document
from core.ingest.formats.mini_swe_agent import read, run_name
from core.records import Outcome, Rejected, Result, StepKind, Task, Trace
from core.store.engine import Store
from core.store.tables import ResultRow, SignalRow, TraceRow

RUN: dict[str, Any] = {
    "instance_id": "some__repo-12",
    "trajectory_format": "mini-swe-agent-1.1",
    "info": {
        "exit_status": "Submitted",
        "model_stats": {"instance_cost": 0.5},
        "config": {"model": {"model_name": "m"}},
    },
    "messages": [
        {"role": "system", "content": "Help."},
        {"role": "user", "content": "<pr_description>\nIt crashes.\n</pr_description>"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"id": "c1", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}],
            "extra": {
                "timestamp": 100.0,
                "cost": 0.5,
                "response": {
                    "model": "m-1",
                    "usage": {
                        "prompt_tokens": 9,
                        "completion_tokens": 2,
                        "prompt_tokens_details": {"cached_tokens": 4},
                    },
                },
            },
        },
        {"role": "tool", "content": "a.py", "tool_call_id": "c1", "extra": {"timestamp": 104.0, "returncode": 0}},
        {"role": "exit", "content": "the patch"},
    ],
}
REPORT: dict[str, Any] = {
    "resolved_instances": 1,
    "unresolved_instances": 2,
    "resolved_ids": ["r__r-1"],
    "unresolved_ids": ["r__r-2", "r__r-3"],
    "error_ids": ["r__r-4"],
    "incomplete_ids": ["r__r-5"],
}


def all_of(value: Any, name: str) -> list[Any]:
    return list(read(Document(name, value)) or ())


def test_a_trajectory() -> None:
    (trace,) = all_of(RUN, "output/first_run/some__repo-12.traj.json")
    assert isinstance(trace, Trace)
    assert (trace.agent, trace.version, trace.cost) == ("mini-swe-agent", "first_run", 0.5)
    assert trace.task == Task("swe-bench/some__repo-12", "It crashes.")
    assert [step.kind for step in trace.steps] == [
        StepKind.OTHER,
        StepKind.USER,
        StepKind.LLM,
        StepKind.TOOL,
        StepKind.OTHER,
    ]
    model, tool = trace.steps[2:4]
    assert (model.model, model.tokens_in, model.tokens_out, model.tokens_cached, model.cost) == ("m-1", 9, 2, 4, 0.5)
    assert (tool.arguments, tool.result, tool.attributes) == ({"command": "ls"}, "a.py", {"returncode": 0})
    assert trace.ended_at is not None
    assert trace.started_at is not None
    assert (trace.ended_at - trace.started_at).total_seconds() == 4
    (uploaded,) = all_of(RUN, "some__repo-12.traj.json")
    assert uploaded.version == "m"
    (nested,) = all_of(RUN, "output/first_run/some__repo-12/some__repo-12.traj.json")
    assert nested == trace


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"messages": []}, "messages is empty"),
        ({"messages": [{"content": "x"}]}, "role is missing"),
        ({"messages": "x"}, "messages is a text, not a list"),
        ({"messages": [{"role": "tool", "content": "x", "extra": []}]}, "extra is a list, not an object"),
        ({"info": []}, "info is a list, not an object"),
        ({"instance_id": None}, "instance_id is missing"),
    ],
)
def test_a_broken_trajectory(change: dict[str, Any], says: str) -> None:
    value = RUN | change
    assert all_of(value, "x.json") == [Rejected(f"trajectory of {value['instance_id']}", says, value)]


def test_a_report() -> None:
    made = all_of(REPORT, "swe-bench_lite__dev__mine.json")
    outcomes = (Outcome.SOLVED, Outcome.FAILED, Outcome.FAILED, Outcome.UNKNOWN)
    assert made == [
        Result(
            f"mine/r__r-{n}",
            "mini-swe-agent",
            "mine",
            Task(f"swe-bench/r__r-{n}"),
            outcome,
            "swe-bench",
            infrastructure=n == 4,
        )
        for n, outcome in enumerate(outcomes, 1)
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"resolved_instances": 2}, "resolved_instances is 2, and resolved_ids names 1: they contradict each other"),
        ({"error_ids": ["r__r-1"]}, "r__r-1 stands in two lists: the report contradicts itself"),
        ({"error_ids": [7]}, "error_ids is a whole number, not a text"),
        ({"resolved_ids": {}}, "resolved_ids is an object, not a list"),
    ],
)
def test_a_broken_report(change: dict[str, Any], says: str) -> None:
    value = REPORT | change
    assert all_of(value, "mine.json") == [Rejected("report of mine", says, value)]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("reports/deepseek__deepseek-chat.deepseek_chat_dev.json", "deepseek_chat_dev"),
        ("swe-bench_lite__dev__opus-46-baseline.json", "opus-46-baseline"),
        ("openai__gpt-4.1.first.json.gz", "first"),
        ("mine.json", "mine"),
    ],
)
def test_the_run_of_a_report(name: str, run: str) -> None:
    assert run_name(name) == run


FIRST, RERUN = "deepseek_chat_dev", "deepseek_chat_dev_rerun"
OTHERS = {
    "partial-kimi-multiagent-reviewer": (3, 5),
    "partial-kimi-multiagent-reviewer-1": (4, 6),
    "partial-kimi-multiagent-reviewer-2": (5, 7),
    "partial-kimi-multiagent-reviewer-3": (6, 8),
    "partial-kimi-multiagent-reviewer-4": (6, 9),
    "partial-kimi-multiagent-reviewer-5": (6, 10),
    "opus-46-baseline": (8, 10),
    "kimi-k25-baseline": (4, 9),
}


def check(store: Store) -> None:
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(ResultRow)) == 64
        said = session.execute(select(SignalRow.name, SignalRow.kind, SignalRow.source, SignalRow.success)).all()
        assert Counter(map(tuple, said)) == {
            ("result", "automated", "swe-bench", True): 16,
            ("result", "automated", "swe-bench", False): 30,
        }
        assert Counter(session.scalars(select(TraceRow.outcome))) == {"solved": 16, "failed": 30}
        found = {point.version: point for point in version_history(session, "mini-swe-agent").points}
        rates = {name: (point.success.successes, point.success.n) for name, point in found.items() if point.success}
        assert rates == {FIRST: (8, 23), RERUN: (8, 23)} | OTHERS
        compared = compare_versions(session, FIRST, RERUN)
        assert compared.paired.regressed == ("swe-bench/sqlfluff__sqlfluff-1733",)
        assert compared.paired.fixed == ("swe-bench/pylint-dev__astroid-1333",)
        # on the tasks that both were tried on, and it says what was left out
        opus = compare_versions(session, FIRST, "opus-46-baseline")
        assert (opus.paired.n_tasks, len(opus.base.only), opus.candidate.only) == (10, 13, ())
        stages = compare_versions(session, "kimi-k25-baseline", "partial-kimi-multiagent-reviewer-5")
        assert stages.paired.n_tasks == 9


def test_runs_and_reports_in_one_call(store: Store, real_data: Path) -> None:
    folder = real_data / "mini-swe-agent"
    report = import_paths(store, [folder], ImportOptions(suite="lite-dev"))
    counted = {name: n for name, n in report.counts.items() if n and name != "steps"}
    assert counted == {"traces": 46, "signals": 46, "results": 64}
    assert [Path(one.path).name for one in report.rejected] == ["preds.json", "preds.json"]
    check(store)
    with store.session() as session:
        assert compare_versions(session, FIRST, RERUN, suite="lite-dev").paired.n_tasks == 23
    assert import_paths(store, [folder], ImportOptions()).arrived == 0


def test_reports_before_their_runs(store: Store, real_data: Path) -> None:
    folder = real_data / "mini-swe-agent"
    assert import_paths(store, [folder / "reports"], ImportOptions()).counts["results"] == 46 + 64
    assert import_paths(store, [folder / "output"], ImportOptions()).counts["signals"] == 46
    check(store)
    assert import_paths(store, [folder / "reports"], ImportOptions()).arrived == 0


def test_patches_say_nothing_that_the_trajectories_do_not(real_data: Path) -> None:
    for run in (FIRST, RERUN):
        folder = real_data / "mini-swe-agent" / "output" / run
        patches = {name: one["model_patch"] for name, one in json.loads((folder / "preds.json").read_text()).items()}
        runs = [open_document(file.name, file.read_bytes()).value for file in folder.glob("*.gz")]
        assert {one["instance_id"]: one["info"]["submission"] for one in runs} == patches
