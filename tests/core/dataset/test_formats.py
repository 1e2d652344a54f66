from __future__ import annotations

from typing import Any

import pytest

from core.dataset.definition import define
from core.dataset.messages import read_calls, tool_column
from core.dataset.selection import Selection, select
from core.records import Message, Step, StepKind, Task, ToolCall, Trace
from core.store.engine import Store
from tests.core.dataset.world import choose, keep, label, said, texts
from tests.worlds import run

ASKED = {"role": "user", "content": "Where is my order?"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": {"order": 7}}}],
}
RESULT = {"role": "tool", "content": '{"state": "sent"}', "tool_call_id": "c1", "name": "get_order"}


def answer(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def selected(store: Store, format: str) -> Selection:
    with store.reading() as session:
        return select(session, define(format, ["duplicates=off"]))


def columns(store: Store, format: str) -> list[Any]:
    return [row.columns for row in selected(store, format).rows]


def details(store: Store, format: str) -> list[tuple[str, str]]:
    return [(each.gate, each.detail) for each in selected(store, format).excluded]


def test_a_solved_run_is_its_conversation_up_to_the_agents_last_turn(store: Store):
    after = Step("4", StepKind.USER, output=(Message("user", "Thanks!"),))
    with store.session() as session:
        keep(session, run("one", reward=1, steps=(*run("one").steps, after)))
    assert columns(store, "sft") == [{"messages": [ASKED, CALL, RESULT, answer("It was sent, one.")]}]


def test_recorded_tool_schemas_travel_in_the_shape_that_templates_know(store: Store):
    schema = {"name": "get_order", "description": "Look it up.", "input_schema": {"type": "object"}}
    with store.session() as session:
        keep(session, run("one", reward=1, tools=(schema,)))
    function = {"name": "get_order", "description": "Look it up.", "parameters": {"type": "object"}}
    assert columns(store, "sft")[0]["tools"] == [{"type": "function", "function": function}]


def test_what_a_model_thought_travels_beside_what_it_said(store: Store):
    steps = (
        Step("0", StepKind.USER, output=(Message("user", "Well?"),)),
        Step("1", StepKind.LLM, output=(Message("assistant", "Yes.", reasoning="It is so."),)),
    )
    with store.session() as session:
        keep(session, run("one", reward=1, steps=steps))
    assert columns(store, "sft")[0]["messages"][1] == answer("Yes.") | {"reasoning_content": "It is so."}


def test_a_correction_is_imitated_in_its_context_and_preferred_to_the_original(store: Store):
    with store.session() as session:
        keep(session, run("one", reward=0))
        label(session, "one", "ann", "", {"3": "It left on Monday."})
        label(session, "one", "bob", "", {"3": "It left on Monday. "})
    context = [ASKED, CALL, RESULT]
    assert columns(store, "sft") == [{"messages": [*context, answer("It left on Monday.")]}]
    chosen, rejected = [answer("It left on Monday.")], [answer("It was sent, one.")]
    assert columns(store, "dpo") == [{"prompt": context, "chosen": chosen, "rejected": rejected}]
    (row,) = selected(store, "dpo").rows
    assert (row.candidate.reviewers, row.candidate.source) == (2, "correction")


@pytest.mark.parametrize(
    ("corrected", "turn"),
    [
        ("Which order is it?", answer("Which order is it?")),
        (
            'find_order({\n  "email": "a@example.org"\n})',
            CALL
            | {
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "find_order", "arguments": {"email": "a@example.org"}},
                    }
                ]
            },
        ),
    ],
)
def test_a_call_is_corrected_to_words_or_to_another_call(store: Store, corrected: str, turn: dict[str, Any]):
    with store.session() as session:
        keep(session, run("one", reward=0))
        label(session, "one", "ann", "", {"1": corrected})
    assert columns(store, "dpo") == [{"prompt": [ASKED], "chosen": [turn], "rejected": [CALL]}]


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        ("0", "Step 0 is not a turn of the agent."),
        ("2", "Step 2 is not a turn of the agent."),
        ("9", "The run has no step 9."),
        ("4", "Step 4 spoke and called a tool; the correction does not say which of the two it replaces."),
    ],
)
def test_a_correction_of_what_is_no_turn_is_left_out(store: Store, step: str, detail: str):
    both = Message("assistant", "I will look.", tool_calls=(ToolCall("c2", "get_order", {"order": 8}),))
    with store.session() as session:
        keep(session, run("one", reward=0, steps=(*run("one").steps, Step("4", StepKind.LLM, output=(both,)))))
        label(session, "one", "ann", "", {step: "Better."})
    assert details(store, "dpo") == [("no_turn", detail)]
    assert ("no_turn", detail) in details(store, "sft")


def test_a_pair_of_texts_is_one_message_and_one_answer_each(store: Store):
    with store.session() as session:
        choose(session, texts("p", "Which way?", "Left.", "Right."), "b", "b", "a")
    expected = {"prompt": [{"role": "user", "content": "Which way?"}]}
    assert columns(store, "dpo") == [expected | {"chosen": [answer("Right.")], "rejected": [answer("Left.")]}]


def pair_of(session: Any, a: Trace, b: Trace) -> None:
    keep(session, a, b)
    choose(session, texts("p", "", "", "", trace_a=a.trace_id, trace_b=b.trace_id), "b")


def test_a_pair_of_runs_parts_at_the_first_turn_that_differs(store: Store):
    other = ToolCall("another-id", "get_order", {"order": 7})
    steps = list(run("two").steps)
    steps[1] = Step("1", StepKind.LLM, output=(Message("assistant", tool_calls=(other,)),))
    steps[2] = Step("2", StepKind.TOOL, "get_order", call_id="another-id", result={"state": "sent"})
    with store.session() as session:
        pair_of(session, run("one"), run("two", steps=tuple(steps)))
    expected = {"prompt": [ASKED, CALL, RESULT]}
    chosen, rejected = [answer("It was sent, two.")], [answer("It was sent, one.")]
    assert columns(store, "dpo") == [expected | {"chosen": chosen, "rejected": rejected}]


SAME = run("same").steps
CASES = [
    (said("b", "Something else."), "The two runs part at message 1 (user and user), not at a turn of the agent."),
    (run("b", steps=SAME[:2]), "The two runs part at message 3 (tool and end), not at a turn of the agent."),
    (run("b", steps=SAME), "The two runs are the same from end to end."),
    (run("b", tools=({"name": "get_order"},)), "The two runs were given different tools."),
]


@pytest.mark.parametrize(("other", "detail"), CASES)
def test_runs_that_do_not_part_at_a_turn_are_left_out(store: Store, other: Trace, detail: str):
    with store.session() as session:
        pair_of(session, run("a", steps=SAME, task=Task("t")), other)
    assert details(store, "dpo") == [("no_turn", detail)]


BEFORE = (ToolCall("c1", "f", {}), ToolCall("c2", "g", {}))


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('f({"a": 1})', (ToolCall("c1", "f", {"a": 1}),)),
        (' f({"a": "(x)"})\ng([1]) ', (ToolCall("c1", "f", {"a": "(x)"}), ToolCall("c2", "g", [1]))),
        ('f({})g({})h("x")', (ToolCall("c1", "f", {}), ToolCall("c2", "g", {}), ToolCall("", "h", "x"))),
        ("f(x)", ()),
        ('f({"a": 1}', ()),
        ('f({"a": 1}) and then', ()),
        ("Ask first (politely).", ()),
        ("", ()),
    ],
)
def test_calls_are_read_only_where_nothing_else_is_written(text: str, calls: tuple[ToolCall, ...]):
    assert read_calls(text, BEFORE) == calls


def test_a_tool_schema_of_a_shape_that_is_not_known_stays_as_it_came():
    known = {"type": "function", "function": {"name": "f", "strict": True}}
    assert tool_column([known, "f(x)", {"mcp": 1}]) == [known, "f(x)", {"mcp": 1}]
