"""Which recall was made by which step of which run, as the runs say themselves."""

from __future__ import annotations

import json

import pytest

from core.clock import now
from core.records import LoggedRecall, Step, StepKind
from core.store.engine import Store
from core.store.recalls import list_recalls, log_recall, name_runs, recalls_named, recalls_of_step, steps_of_recalls
from core.store.trace_writing import insert_traces
from tests.worlds import run

ID = "0123456789abcdef" * 2
GIVEN = {"recall_id": ID, "arm": "memory"}
SAID = {"loopwright.recall.id": "r1"}


@pytest.mark.parametrize(
    ("step", "made"),
    [
        (Step("s", StepKind.MEMORY, "search_memory", attributes=SAID), ["r1"]),
        (Step("s", StepKind.AGENT, "run", attributes={"loopwright.recall.id": ["r1", "r2"]}), ["r1", "r2"]),
        (Step("s", StepKind.TOOL, "recall_lessons", result=GIVEN), [ID]),
        (Step("s", StepKind.TOOL, "mcp__loopwright__recall_lessons", result=json.dumps(GIVEN)), [ID]),
        (Step("s", StepKind.TOOL, "recall_lessons", result=[{"type": "text", "text": json.dumps(GIVEN)}]), [ID]),
        (Step("s", StepKind.TOOL, "read_order", result=GIVEN), []),
        (Step("s", StepKind.TOOL, "recall_lessons", result="no lesson"), []),
    ],
)
def test_a_step_says_which_recall_it_made(step: Step, made: list[str]) -> None:
    assert recalls_of_step(step) == made


def test_a_run_with_two_recalls_is_known_by_both_and_each_stands_at_its_step(store: Store) -> None:
    steps = (
        Step("root", StepKind.AGENT, "run", attributes=SAID),
        Step("first", StepKind.MEMORY, "search_memory", attributes=SAID),
        Step("tool", StepKind.TOOL, "mcp__x__recall_lessons", result=GIVEN),
    )
    trace = run("a", steps=steps)
    with store.session() as session:
        for one in ("r1", ID, "r3"):
            log_recall(session, LoggedRecall(one, "task", "memory", now(), trace_id="b" if one == "r3" else ""))
        number = insert_traces(session, [trace]).traces["a"]
        name_runs(session, recalls_named([trace]))
    with store.reading() as session:
        assert {one.recall_id: one.trace_id for one in list_recalls(session, 5)} == {"r1": "a", ID: "a", "r3": "b"}
        assert steps_of_recalls(session, [number]) == {"r1": (number, "first"), ID: (number, "tool")}
