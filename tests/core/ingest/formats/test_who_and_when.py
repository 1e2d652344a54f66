"""Who&When arrives as runs of several agents, each with the decisive mistake on its step."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document
from core.ingest.formats.who_and_when import read
from core.records import Annotation, Mark, Person, Rejected, StepKind, Trace
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.steps import read_steps
from core.store.tables import AgentRow, TaskRow, TraceRow

RUN: dict[str, Any] = {
    "question": "How many keys?",
    "question_ID": "q-1",
    "ground_truth": "3",
    "is_correct": False,
    "history": [
        {"role": "human", "content": "How many keys?"},
        {"role": "Orchestrator (-> Counter)", "content": "Count them."},
        {"role": "Counter", "content": "Two."},
        {"role": "ComputerTerminal", "content": "exitcode: 0"},
    ],
    "mistake_agent": "Orchestrator",
    "mistake_step": "1",
    "mistake_reason": "It did not say which keys.",
}


def arrivals(*records: Any) -> list[Any]:
    return [one for one in read(Document("run.json", list(records))) or () if not isinstance(one, Person)]


def test_a_run_with_its_label() -> None:
    trace, annotation = arrivals(RUN)
    assert isinstance(trace, Trace)
    assert [(step.step_id, step.kind, step.name, step.agent) for step in trace.steps] == [
        ("0", StepKind.USER, "user", ""),
        ("1", StepKind.LLM, "Orchestrator (-> Counter)", "Orchestrator"),
        ("2", StepKind.LLM, "Counter", "Counter"),
        ("3", StepKind.TOOL, "ComputerTerminal", "ComputerTerminal"),
    ]
    assert trace.task is not None
    assert trace.task.title == "How many keys?\n\nThe right answer: 3"
    assert [(signal.name, signal.success) for signal in trace.signals] == [("is_correct", False)]
    assert isinstance(annotation, Annotation)
    assert annotation.answers == {"agent": "Orchestrator", "reason": "It did not say which keys."}
    assert annotation.marks == (Mark("step", "1", "decisive mistake", comment="It did not say which keys."),)


def test_an_agent_that_did_not_take_the_marked_step_is_said() -> None:
    _, annotation = arrivals(RUN | {"mistake_step": 2})
    assert annotation.answers["note"] == "The label names Orchestrator, but step 2 (from 0) is by Counter."


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mistake_step": "4"}, "mistake_step is 4, counted from 0, and history has 4 entries"),
        ({"mistake_step": "-1"}, "mistake_step is -1, counted from 0, and history has 4 entries"),
        ({"mistake_step": "two"}, "mistake_step is 'two', not a whole number"),
        ({"mistake_step": None}, "mistake_step is missing"),
        ({"mistake_agent": 7}, "mistake_agent is a whole number, not a text"),
    ],
)
def test_a_broken_label_leaves_its_run(change: dict[str, Any], says: str) -> None:
    record = RUN | change
    trace, rejected = arrivals(record)
    assert isinstance(trace, Trace)
    assert rejected == Rejected("annotation of record 1 (question_ID q-1)", says, record)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"history": []}, "history is empty"),
        ({"history": "long"}, "history is a text, not a list"),
        ({"history": ["hello"]}, "entry is a text, not an object"),
        ({"history": [{"content": "no role"}]}, "role is missing"),
        ({"question": None}, "question is missing"),
    ],
)
def test_a_broken_run_is_rejected_and_the_next_arrives(change: dict[str, Any], says: str) -> None:
    record = RUN | change
    rejected, *rest = arrivals(record, RUN)
    assert rejected == Rejected("record 1 (question_ID q-1)", says, record)
    assert [type(one) for one in rest] == [Trace, Annotation]


def test_the_whole_benchmark(store: Store, real_data: Path) -> None:
    folder = real_data / "who-and-when"
    report = import_paths(store, [folder], ImportOptions())
    assert {name: n for name, n in report.counts.items() if n} == {
        "traces": 109,
        "steps": 804 + 792,
        "signals": 109,
        "annotations": 109,
        "marks": 109,
    }
    assert report.rejected == []
    dirty = {json.loads((folder / f"Algorithm-Generated/{n}.json").read_text())["question_ID"] for n in (14, 15, 59)}
    with store.reading() as session:
        agents = session.execute(
            select(AgentRow.name, TraceRow.n_steps).join(TraceRow, TraceRow.agent_id == AgentRow.id)
        ).all()
        assert Counter(agent for agent, _ in agents) == {"captain-agent": 95, "magentic-one": 14}
        assert {n for agent, n in agents if agent == "captain-agent"} <= set(range(5, 11))
        assert set(session.scalars(select(TraceRow.outcome))) == {"failed"}
        tasks = dict(session.execute(select(TraceRow.id, TaskRow.key).join(TaskRow)).all())
        noted = [given for given in annotations_of(session) if "note" in given.answers]
        assert {tasks[given.trace_id] for given in noted} == {f"who-and-when/{name}" for name in dirty}
        for given in annotations_of(session):
            marked = next(one for one in read_steps(session, given.trace_id) if one.step_id == given.marks[0].step_id)
            assert (marked.agent == given.answers["agent"]) is ("note" not in given.answers)
    again = import_paths(store, [folder], ImportOptions())
    assert (again.arrived, again.rejected) == (0, [])
