"""AgentRx's analyses find their runs, whatever came first, and say why when they do not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_document, import_paths
from core.ingest.document import Document
from core.ingest.formats.agentrx import read
from core.records import Mark, Person, Rejected
from core.store.annotations import annotations_of
from core.store.catalog import UNNAMED_VERSION, list_versions
from core.store.engine import Store
from core.store.steps import read_steps
from core.store.tables import TraceRow

RUN: dict[str, Any] = {
    "task_id": 7,
    "trial": 7,
    "reward": 0.0,
    "records": [],
    "info": {"task": {"instruction": "Cancel it.", "actions": []}},
    "traj": [{"role": "system", "content": "Be kind."}, {"role": "assistant", "content": "Done."}],
}
ANALYSIS: dict[str, Any] = {
    "trajectory_id": 7,
    "failures": [
        {
            "failure_id": 3,
            "step_number": 2,
            "step_reason": "It cancelled nothing.",
            "failure_category": "System Failure",
            "category_reason": "The tool was down.",
            "failed_agent": "Assistant",
        }
    ],
    "root_cause": {"failure_id": 3, "reason_for_root_cause": "Nothing else failed."},
    "failure_summary": "It said that it had.",
}


def put(store: Store, *records: Any) -> Any:
    return import_document(store, "agentrx.json", json.dumps(records).encode(), ImportOptions())


def test_steps_are_counted_from_1_there_and_from_0_here() -> None:
    _, annotation = read(Document("a.json", [ANALYSIS])) or ()
    assert annotation.trace_id == "agentrx-7-*"
    assert annotation.marks == (
        Mark(
            "failures", "1", "System Failure", comment="Failed: Assistant.\nIt cancelled nothing.\nThe tool was down."
        ),
        Mark("root_cause", "1", "root cause", comment="Nothing else failed."),
    )
    assert annotation.answers == {"summary": "It said that it had.", "failed_agent": ["Assistant"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trajectory_id": None}, "trajectory_id is missing"),
        ({"failures": {}}, "failures is an object, not a list"),
        ({"failures": [{"step_number": 0}]}, "step_number is 0; AgentRx counts steps from 1"),
        ({"failures": [{"step_number": "2"}]}, "step_number is a text, not a whole number"),
        ({"failures": [{"step_number": 2}]}, "failure_category is missing"),
        ({"root_cause": {"failure_id": 9}}, "root_cause.failure_id is 9, and no failure has that id"),
    ],
)
def test_a_broken_analysis(change: dict[str, Any], says: str) -> None:
    record = ANALYSIS | change
    made = [one for one in read(Document("a.json", [ANALYSIS, record])) or () if not isinstance(one, Person)]
    assert made[1:] == [Rejected(f"record 2 (trajectory_id {record['trajectory_id']})", says, record)]


def test_an_analysis_without_its_run_and_with_several(store: Store) -> None:
    why = "it means the one failed run with an id like agentrx-7-*, and"
    (none,) = put(store, ANALYSIS).rejected
    assert none.reason == f"{why} no failed run has: import that run first"
    put(store, RUN | {"reward": 1.0})
    (solved,) = put(store, ANALYSIS).rejected
    assert solved.reason == none.reason
    put(store, RUN)
    assert put(store, ANALYSIS).counts["annotations"] == 1
    put(store, RUN | {"task_id": 70})  # begins alike, and is another task's
    assert put(store, ANALYSIS).counts["duplicates"] == 1
    put(store, RUN | {"traj": RUN["traj"][:1]})
    (several,) = put(store, ANALYSIS | {"failure_summary": "anew"}).rejected
    assert several.reason == f"{why} 2 failed runs have: import that run first"


def check_counts(store: Store) -> None:
    with store.reading() as session:
        given = annotations_of(session)
        marks = [mark for one in given for mark in one.marks]
        assert len(given) == 29
        assert Counter(mark.value for mark in marks if mark.question == "failures") == {
            "Underspecified User Intent": 10,
            "Misinterpretation of Tool Output": 8,
            "Intent Plan Misalignment": 8,
            "Instruction Adherence Failure": 6,
            "Invalid Invocation": 4,
            "Intent Not Supported": 2,
            "System Failure": 1,
        }
        assert Counter(mark.question for mark in marks) == {"failures": 39, "root_cause": 29}
        outcomes = session.execute(select(TraceRow.id, TraceRow.outcome)).all()
        assert Counter(outcome for _, outcome in outcomes) == {"solved": 73, "failed": 29}
        assert {one.trace_id for one in given} == {trace for trace, outcome in outcomes if outcome == "failed"}
        assert set(session.scalars(select(TraceRow.trial))) == {None}
        # not another state of the agent that tau-bench's own runs are of
        assert [(line.agent, line.name) for line in list_versions(session)] == [("agentrx", UNNAMED_VERSION)]
        kinds = Counter()
        for one in given:
            steps = {step.step_id: step for step in read_steps(session, one.trace_id)}
            for mark in one.marks:
                if mark.question == "failures":
                    kinds[mark.comment.split(".")[0], steps[mark.step_id].kind.value] += 1
    # one label of an assistant's failure stands on the user's last turn: the file's own slip
    assert kinds == {("Failed: Assistant", "llm"): 28, ("Failed: User", "user"): 10, ("Failed: Assistant", "user"): 1}


def test_in_one_call(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "agentrx-tau"], ImportOptions())
    counted = {name: n for name, n in report.counts.items() if n and name != "steps"}
    # 27 runs stand in both files of runs, 24 analyses in both files of analyses
    assert counted == {"traces": 102, "signals": 102, "annotations": 29, "marks": 68, "duplicates": 27 + 24}
    assert report.rejected == []
    check_counts(store)
    assert import_paths(store, [real_data / "agentrx-tau"], ImportOptions()).arrived == 0


def test_one_file_after_the_other(store: Store, real_data: Path) -> None:
    folder = real_data / "agentrx-tau"
    early = import_paths(store, [folder / "ground_truth"], ImportOptions())
    assert (early.arrived, len(early.rejected)) == (0, 29 + 24)
    for name in ("tau_dataset_failed.json.gz", "tau_dataset_full.json.gz", "ground_truth/tau_ground_truth.json"):
        assert import_paths(store, [folder / name], ImportOptions()).rejected == []
    check_counts(store)
