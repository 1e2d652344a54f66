"""What the reader is told of the memory: which lessons at which step, and nothing of it to who judges blind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.clock import now
from core.memory.lessons import approve, propose
from core.memory.prompt import RecalledLesson, prompt_block, without_notes
from core.records import Lesson, LoggedRecall, Message, Role, Step, StepKind, ToolCall
from core.review.queues import enqueue
from core.store.engine import Store
from core.store.items import get_item
from core.store.people import get_person, person_id
from core.store.recalls import log_recall
from core.store.trace_writing import insert_traces
from core.store.traces import trace_line
from dashboard.parts.blind_reading import blind_steps
from dashboard.parts.item_view import item_view
from dashboard.parts.trace_recalls import recalled_json
from dashboard.parts.trace_view import view_trace
from tests.worlds import run

LESSON = RecalledLesson("l1", 1, "a card is\n\nclosed", "ask for another\n> End of the notes.", "", 0.5)
NOTES = prompt_block([LESSON, LESSON])
RESULT = {"recall_id": "0" * 32, "prompt": NOTES}


def test_lessons_stand_at_the_step_that_asked_or_at_the_beginning(store: Store) -> None:
    asked = Step("m", StepKind.MEMORY, "search_memory", attributes={"loopwright.recall.id": "r2"})
    with store.session() as session:
        lead = person_id(session, "Lea", Role.LEAD)
        uid = propose(session, Lesson("", "a card is closed", "ask for another"), lead)
        approve(session, uid, 1, lead, Role.LEAD)
        first, second = run("a", session_id="talk"), run("b", session_id="talk")
        ids = insert_traces(session, [first, replace(second, steps=(*second.steps, asked))]).traces
        given = {"id": uid, "revision": 1, "score": 0.456, "fate": "given"}
        for recall, arm, fields in (
            ("r1", "control", {"trace_id": "a", "lessons": ({**given, "fate": "control"},)}),
            ("r2", "memory", {"trace_id": "b", "tool": "refund", "lessons": (given, {"id": "x", "fate": "no room"})}),
            ("r3", "memory", {"session_id": "talk", "lessons": ({**given, "id": "gone"},)}),
        ):
            log_recall(session, LoggedRecall(recall, "task", arm, now(), **fields))
    with store.reading() as session:
        found = recalled_json(session, [trace_line(session, ids["a"]), trace_line(session, ids["b"])])
    shown: dict[str, Any] = {
        "when": "a card is closed",
        "guidance": "ask for another",
        "score": 0.46,
        "more": "revision 1, now 2",
        "href": f"lessons?lesson={uid}",
    }
    gone = {"when": "gone", "guidance": "This lesson is not here.", "score": 0.46, "more": "", "href": ""}
    assert found == {
        f"{ids['a']}/0": [
            {
                "title": "Memory asked: control arm, nothing given",
                "lessons": [],
                "others": "1 would have been given",
            },
            {"title": "Memory asked: 1 lesson given", "lessons": [gone], "others": ""},
        ],
        f"{ids['b']}/m": [
            {
                "title": "Memory asked before refund: 1 lesson given",
                "lessons": [shown],
                "others": "also fitted: 1 no room",
            }
        ],
    }


@pytest.mark.parametrize("rest", ["", "Be brief.\n\n"])
def test_notes_are_found_in_what_an_agent_read_and_nothing_else_is(rest: str) -> None:
    assert without_notes(f"{rest}{NOTES}{rest}") == f"{rest}{rest}"
    for text in (NOTES.replace("\n> ", "\n"), NOTES[:-1], "Notes from earlier reviews"):
        assert without_notes(text) == text


def test_who_judges_blind_reads_nothing_of_what_a_recall_gave() -> None:
    said = Message("user", "Where is it?")
    told = Message("tool", json.dumps(RESULT), tool_call_id="c")
    steps = [
        Step("m", StepKind.MEMORY, "search_memory", result=["x"], attributes={"loopwright.recall.id": "r"}),
        Step("own", StepKind.MEMORY, "search_memory", result=["wears M"]),
        Step("t", StepKind.TOOL, "mcp__loopwright__recall_lessons", result=RESULT),
        Step("l", StepKind.LLM, "chat", input=(Message("system", f"Be brief.\n\n{NOTES}"), said, told)),
    ]
    steps += [
        Step("http", StepKind.TOOL, "ask_memory", result=RESULT),
        Step("text", StepKind.TOOL, "ask_memory", result=f"Found:\n{NOTES}"),
    ]
    memory, own, tool, model, http, text = blind_steps(steps)
    assert (memory.result, own.result, tool.result) == (None, ["wears M"], None)
    assert (http.result, text.result) == (None, "Found:\n")
    assert [one.content for one in model.input] == ["Be brief.\n\n", "Where is it?", ""]


def test_a_blind_reviewer_is_told_of_no_recall_at_the_desk_or_on_the_runs_page(store: Store) -> None:
    with store.session() as session:
        ann, lea = person_id(session, "Ann"), person_id(session, "Lea", Role.LEAD)
        number = insert_traces(session, [run("a")]).traces["a"]
        enqueue(session, [number])
        lesson = {"id": "l1", "revision": 1, "score": 0.5, "fate": "given"}
        log_recall(session, LoggedRecall("r1", "task", "memory", now(), trace_id="a", lessons=(lesson,)))
    with store.session() as session:
        item = get_item(session, 1)
        seen = {
            person: (item_view(session, item, get_person(session, person)), view_trace(session, number, None, person))
            for person in (ann, lea)
        }
    for person, keys in ((ann, []), (lea, [f"{number}/0"])):
        desk, page = seen[person]
        assert list(desk["recalls"]) == list(page.reader["recalls"]) == keys


@pytest.mark.parametrize(
    "written",
    [
        lambda block: block,
        lambda block: block.replace("\n", "\r\n"),
        lambda block: block.replace("\n", "\n    "),
        lambda block: json.dumps({"system": block})[1:-1],
    ],
    ids=["as given", "other line ends", "indented", "inside JSON"],
)
def test_a_blind_reviewer_reads_the_notes_nowhere(written: Callable[[str], str]) -> None:
    lessons = [
        RecalledLesson("l1", 1, "a refund is asked for", "Ask.\nEnd of the notes.", "Pay at once", 0.9),
        RecalledLesson("l2", 1, "a parcel is late", "Look at the carrier.", "", 0.8),
    ]
    text = f"Before. {written(prompt_block(lessons))} After."
    said = Message("assistant", text, reasoning=text, tool_calls=(ToolCall("c", "ask", {"context": [text]}),))
    step = Step(
        "1", StepKind.LLM, input=(Message("system", text),), output=(said,), arguments={"a": text}, result=[text]
    )
    (blind,) = blind_steps([step])
    seen = repr(blind)
    assert "Before. " in seen
    assert " After." in seen
    assert not [word for word in ("Note", "refund", "Ask", "Pay", "carrier", "reviews") if word in seen]
