"""SWE-agent's trajectories: thought, action and observation, with and without function calls."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document, open_document
from core.ingest.formats.swe_agent import read
from core.records import Rejected, StepKind, Trace
from core.store.engine import Store
from core.store.tables import StepRow, TaskRow, TraceRow, VersionRow

HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a programmer.", "agent": "main"},
    {"role": "user", "content": "A demonstration.", "agent": "main", "is_demo": True},
    {"role": "user", "content": "We solve this.\nISSUE:\nIt crashes.\n\nINSTRUCTIONS:\nGo.", "agent": "main"},
    {"role": "assistant", "content": "I look.\n```\nls -F\n```", "action": "ls -F\n", "agent": "main"},
    {"role": "user", "content": "setup.py", "agent": "main"},
    {"role": "assistant", "content": "I hand in.\n```\nsubmit\n```", "action": "submit\n", "agent": "main"},
]
RUN: dict[str, Any] = {
    "environment": "swe_main",
    "history": HISTORY,
    "trajectory": [
        {"action": "ls -F\n", "observation": "setup.py", "response": "I look.", "execution_time": 0.5, "state": "{}"},
        {"action": "submit\n", "observation": "the patch", "response": "I hand in.", "execution_time": 0.25},
    ],
    "info": {"exit_status": "submitted", "submission": "", "model_stats": {"instance_cost": 0.5}},
}
PATH = "runs/gpt__lite__default/some__repo-12.traj"


def only(value: Any, name: str = PATH) -> Any:
    (made,) = read(Document(name, value)) or ()
    return made


def test_a_run_that_writes_its_actions() -> None:
    trace = only(RUN)
    assert isinstance(trace, Trace)
    assert [(step.kind, step.name) for step in trace.steps] == [
        (StepKind.OTHER, "system"),
        (StepKind.OTHER, "demonstration"),
        (StepKind.USER, "user"),
        (StepKind.LLM, "agent"),
        (StepKind.TOOL, "ls"),
        (StepKind.LLM, "agent"),
        (StepKind.TOOL, "submit"),
    ]
    looked, handed = trace.steps[4], trace.steps[6]
    assert (looked.arguments, looked.result) == ({"command": "ls -F\n"}, "setup.py")
    assert looked.attributes == {"state": "{}", "execution_time": 0.5}
    assert handed.result == "the patch"  # which only the list of turns says
    assert (trace.version, trace.cost, trace.seconds) == ("gpt__lite__default", 0.5, 0.75)
    assert trace.task is not None
    assert (trace.task.key, trace.task.title) == ("swe-bench/some__repo-12", "It crashes.")
    assert trace.attributes["exit_status"] == "submitted"
    assert only(RUN, "runs/gpt__lite__default/some__repo-12/some__repo-12.traj") == trace


def test_a_run_that_calls_functions_and_has_its_history_only() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find_file", "arguments": '{"name": "a.py"}'}}
    history = [
        HISTORY[0],
        HISTORY[2],
        {"role": "assistant", "content": "I look.", "action": "find_file a.py", "agent": "main", "tool_calls": [call]},
        {"role": "tool", "content": "a.py", "agent": "main", "tool_call_ids": ["c1"]},
    ]
    trace = only({"history": history}, "simple.traj")
    found = trace.steps[-1]
    assert (found.kind, found.name, found.call_id) == (StepKind.TOOL, "find_file", "c1")
    assert (found.arguments, found.result) == ({"name": "a.py"}, "a.py")
    assert trace.version == ""
    assert trace.task.key.startswith("swe-agent/")


def test_a_turn_that_the_history_lacks() -> None:
    trace = only(RUN | {"history": HISTORY[:5]})
    assert [(step.kind, step.name) for step in trace.steps[-2:]] == [(StepKind.LLM, "agent"), (StepKind.TOOL, "submit")]
    assert trace.steps[-2].output[0].content == "I hand in."
    assert trace.steps[-2].attributes == {"action": "submit\n"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"history": []}, "history is empty"),
        ({"history": [7]}, "entry is a whole number, not an object"),
        ({"history": [{"content": "x"}]}, "role is missing"),
        ({"trajectory": ["x"]}, "turn is a text, not an object"),
        ({"trajectory": {}}, "trajectory is an object, not a list"),
        ({"info": "none"}, "info is a text, not an object"),
    ],
)
def test_a_broken_run(change: dict[str, Any], says: str) -> None:
    value = RUN | change
    assert only(value) == Rejected("trajectory", says, value)


def test_the_real_files(store: Store, real_data: Path) -> None:
    folder = real_data / "swe-agent-trajs"
    report = import_paths(store, [folder], ImportOptions())
    assert (report.counts["traces"], report.counts["duplicates"], report.rejected) == (22, 0, [])
    with store.reading() as session:
        query = select(VersionRow.name).join(TraceRow).join(TaskRow)
        configurations = list(
            session.scalars(query.where(TaskRow.key == "swe-bench/marshmallow-code__marshmallow-1867"))
        )
        kinds = Counter(session.scalars(select(StepRow.kind)))
        shortest = session.scalar(select(func.min(TraceRow.n_steps)))
        costs = [cost for cost in session.scalars(select(TraceRow.cost)) if cost is not None]
    # one task under several configurations, side by side
    assert len(configurations) == len(set(configurations)) == 8
    # every action has its observation
    assert kinds["llm"] == kinds["tool"]
    assert shortest == 10
    assert sorted(costs) == pytest.approx([0.01952, 0.53839, 1.26719])
    assert import_paths(store, [folder], ImportOptions()).arrived == 0


def test_nothing_of_a_real_file_is_lost(real_data: Path) -> None:
    for file in sorted((real_data / "swe-agent-trajs").rglob("*.gz")):
        document = open_document(str(file), file.read_bytes())
        trace = only(document.value, str(file))
        said = json.dumps([[m.content for m in step.output] + [step.result] for step in trace.steps])
        for entry in document.value["history"]:
            assert json.dumps(entry["content"])[1:-1] in said
        for turn in document.value.get("trajectory", [])[-1:]:
            assert json.dumps(turn["observation"])[1:-1] in said
