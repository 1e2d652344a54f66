"""Which recall was made by which step of which run, as the runs say themselves."""

from __future__ import annotations

import json

import pytest

from core.clock import now
from core.records import LoggedRecall, Step, StepKind
from core.store.engine import Store
from core.store.recalls import (
    list_recalls,
    log_recall,
    name_by_key,
    name_runs,
    recalls_named,
    recalls_of_runs,
    recalls_of_step,
    run_of_recall,
    shown_to,
    steps_of_recalls,
)
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.store.traces import list_traces
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


def test_the_recalls_of_runs_and_of_their_conversation(store: Store) -> None:
    with store.session() as session:
        insert_traces(session, [run("a", session_id="talk"), run("b", session_id="talk"), run("c")])
        given = ({"id": "l1", "revision": 1, "score": 0.5, "fate": "given"},)
        withheld = ({"id": "l1", "revision": 1, "score": 0.5, "fate": "held back"},)
        for recall, fields in (
            ("of a", {"trace_id": "a", "lessons": given}),
            ("of the talk", {"session_id": "talk", "lessons": withheld}),
            ("of nobody", {"lessons": given}),
            ("of c", {"trace_id": "c", "lessons": withheld}),
        ):
            log_recall(session, LoggedRecall(recall, "task", "memory", now(), **fields))

    def given_to(lesson: str) -> list[str]:
        with store.reading() as session:
            return sorted(line.uid for line in list_traces(session, TraceFilter(lesson=lesson), 10))

    with store.session() as session:
        found = recalls_of_runs(session, ["a", "b"], "talk", 10)
        assert [one.recall_id for one in found] == ["of the talk", "of a"]
        assert [one.recall_id for one in recalls_of_runs(session, ["a", "b"], "", 10)] == ["of a"]
    assert (given_to("l1"), given_to("l2")) == (["a"], [])
    with store.session() as session:
        log_recall(session, LoggedRecall("again", "task", "memory", now(), session_id="talk", lessons=given))
    assert given_to("l1") == ["a", "b"]
    assert TraceFilter(lesson="l1").tells


@pytest.mark.parametrize("first", ["run", "recall"])
@pytest.mark.parametrize("key", ["a", "talk"])
def test_a_key_finds_its_run_whichever_comes_first(store: Store, first: str, key: str) -> None:
    given = ({"id": "l1", "revision": 1, "score": 0.5, "fate": "given"},)
    with store.session() as session:
        for turn in (first, "recall" if first == "run" else "run"):
            if turn == "run":
                name_by_key(session, list(insert_traces(session, [run("a", session_id="talk"), run("b")]).traces))
            else:
                log_recall(session, LoggedRecall("r1", "task", "memory", now(), run_key=key, lessons=given))
    with store.reading() as session:
        assert [one.recall_id for one in recalls_of_runs(session, ["a"], "talk", 5)] == ["r1"]
        assert recalls_of_runs(session, ["b"], "", 5) == []
        assert run_of_recall(session, "r1") == run_of_recall(session, "", key) == "a"
        assert shown_to(session, "l1", ["a", "b"]) == {"a"}
        assert [line.uid for line in list_traces(session, TraceFilter(lesson="l1"), 10)] == ["a"]


def test_a_key_that_is_the_session_of_two_runs_finds_neither(store: Store) -> None:
    given = ({"id": "l1", "revision": 1, "score": 0.5, "fate": "given"},)
    with store.session() as session:
        insert_traces(session, [run("a", session_id="talk")])
        log_recall(session, LoggedRecall("r1", "task", "memory", now(), run_key="talk", lessons=given))
        assert run_of_recall(session, "r1") == "a"
        insert_traces(session, [run("b", session_id="talk")])
    with store.reading() as session:
        assert run_of_recall(session, "r1") == ""
        assert shown_to(session, "l1", ["a", "b"]) == set()
        assert list_traces(session, TraceFilter(lesson="l1"), 10) == []
        assert recalls_of_runs(session, ["a", "b"], "talk", 5) == []
