"""Steps as the reader gets them: blocks, previews, depths, slices; terminal codes gone, nothing else lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import NotFound
from core.records import Message, Step, StepKind, ToolCall
from core.store.steps import StepLine
from dashboard.parts.reading import outline_json, plain, steps_json, text_slice

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def line(position: int, step_id: str, parent: str | None = None, error: str = "") -> StepLine:
    return StepLine(position, step_id, parent, "chain", step_id, 0.5, error)


def blocks(step: Step) -> list[tuple[str, str, str, str, bool]]:
    page = steps_json(1, 1, 0, [step])
    return [tuple(b[key] for key in ("part", "type", "label", "text", "folded")) for b in page["steps"][0]["blocks"]]


def test_outline_has_depths_in_reading_order_whatever_the_order_of_parents() -> None:
    lines = [line(0, "root"), line(1, "leaf", "branch", "no"), line(2, "branch", "root"), line(3, "orphan", "gone")]
    assert outline_json(7, lines) == {
        "trace": 7,
        "steps": [
            [0, 0, "chain", "root", 0.5, 0, "root"],
            [1, 2, "chain", "leaf", 0.5, 1, "leaf"],
            [2, 1, "chain", "branch", 0.5, 0, "branch"],
            [3, 0, "chain", "orphan", 0.5, 0, "orphan"],
        ],
    }


def test_a_circle_of_parents_ends() -> None:
    depths = [step[1] for step in outline_json(1, [line(0, "a", "b"), line(1, "b", "a"), line(2, "c", "c")])["steps"]]
    assert sorted(depths) == [0, 0, 1]


@pytest.mark.parametrize(
    ("facts", "cost_from", "unpriced"),
    [
        ({"model": "m", "tokens_in": 0}, "", True),
        ({"model": "m", "tokens_out": 5}, "", True),
        ({"model": "m"}, "", False),
        ({"tokens_in": 5}, "", False),
        ({"model": "m", "tokens_in": 5, "cost": 0.0}, "reported", False),
        ({"model": "m", "cost": 0.1, "cost_from": "prices of 2025-04-14"}, "prices of 2025-04-14", False),
    ],
)
def test_a_step_says_where_its_cost_comes_from(facts: dict[str, Any], cost_from: str, unpriced: bool) -> None:
    (shown,) = steps_json(1, 1, 0, [Step("s", StepKind.LLM, **facts)])["steps"]
    assert (shown["cost_from"], shown["unpriced"]) == (cost_from, unpriced)


def test_a_chain_of_twenty_thousand_parents_is_read() -> None:
    lines = [line(n, str(n), str(n - 1) if n else None) for n in range(20_000)]
    assert outline_json(1, lines)["steps"][-1][1] == 19_999


def test_a_model_step_says_what_was_said_first_and_folds_what_repeats() -> None:
    step = Step(
        "s1",
        StepKind.LLM,
        name="chat",
        started_at=AT,
        ended_at=AT + timedelta(seconds=1.5),
        input=(Message("system", "Be kind."), Message("user", "Hello")),
        output=(Message("assistant", "Hi.", reasoning="Greet.", tool_calls=(ToolCall("c", "look", {"id": 1}),)),),
        model="m",
        tokens_in=10,
        tokens_out=2,
        cost=0.01,
        attributes={"run": 3},
    )
    page = steps_json(4, 9, 2, [step])
    shown = page["steps"][0]
    assert {key: page[key] for key in ("trace", "n_steps", "start")} == {"trace": 4, "n_steps": 9, "start": 2}
    assert {key: value for key, value in shown.items() if key != "blocks"} == {
        "position": 2,
        "step_id": "s1",
        "parent_id": None,
        "kind": "llm",
        "name": "chat",
        "at": "2026-03-01T12:00:00+00:00",
        "seconds": 1.5,
        "error": "",
        "model": "m",
        "tokens_in": 10,
        "tokens_out": 2,
        "tokens_cached": None,
        "tokens_cache_written": None,
        "tokens_reasoning": None,
        "cost": 0.01,
        "cost_from": "reported",
        "unpriced": False,
        "written": "Hi.",
    }
    assert blocks(step) == [
        ("output.0.reasoning", "reasoning", "reasoning", "Greet.", False),
        ("output.0.content", "text", "", "Hi.", False),
        ("output.0.call.0", "call", "look", '{\n  "id": 1\n}', False),
        ("told.0", "text", "system prompt", "Be kind.", True),
        ("input.1", "text", "model input, 1 message", "── user ──\nHello", True),
        ("attributes", "json", "attributes", '{\n  "run": 3\n}', True),
    ]


def test_a_tool_step_has_arguments_result_and_error() -> None:
    step = Step("t", StepKind.TOOL, "look", arguments={"id": 1}, result='[{"a": 1}]', error="late")
    assert blocks(step) == [
        ("arguments", "json", "arguments", '{\n  "id": 1\n}', False),
        ("result", "json", "result", '[{"a": 1}]', False),
        ("error", "error", "error", "late", False),
    ]


@pytest.mark.parametrize(
    ("result", "kind"),
    [("{broken", "text"), ("plain", "text"), ({}, "json"), (0, "json"), ("[1]", "json"), ("", "text")],
)
def test_a_result_is_json_only_when_it_is(result: object, kind: str) -> None:
    assert blocks(Step("t", StepKind.TOOL, result=result))[0][1] == kind


def test_a_system_prompt_is_folded() -> None:
    step = Step("p", StepKind.OTHER, "system", output=(Message("system", "Rules."),))
    assert blocks(step) == [("output.0.content", "text", "system prompt", "Rules.", True)]


def test_a_long_text_is_previewed_and_read_in_slices() -> None:
    text = "".join(f"{n:09d}\n" for n in range(50_000))
    step = Step("t", StepKind.TOOL, "log", result=text)
    block = steps_json(1, 1, 0, [step])["steps"][0]["blocks"][0]
    assert (block["text"], block["total"]) == (text[:4000], 500_000)
    pieces = [text_slice(step, "result", start, 200_000) for start in range(0, 500_000, 200_000)]
    assert "".join(piece["text"] for piece in pieces) == text
    assert {(piece["part"], piece["total"]) for piece in pieces} == {("result", 500_000)}
    assert text_slice(step, "result", 10**9, 10)["text"] == ""


def test_a_part_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match=r"no part “output\.7”"):
        text_slice(Step("t", StepKind.TOOL), "output.7", 0, 10)


def test_a_correction_starts_from_at_most_twenty_thousand_characters() -> None:
    step = Step("s", StepKind.LLM, output=(Message("assistant", "x" * 30_000),))
    assert len(steps_json(1, 1, 0, [step])["steps"][0]["written"]) == 20_000


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hhome", "home"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]nothing ends this", "nothing ends this"),
        ("\x9b1mbold", "bold"),
        ("a\x1b", "a"),
        ("array[31m]", "array[31m]"),
    ],
)
def test_terminal_codes_go_and_text_stays(text: str, read: str) -> None:
    assert plain(text) == read


def spoken(*said: str) -> tuple[Message, ...]:
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return tuple(Message(roles[one[0]], one[2:]) for one in said)


def folded(page: dict[str, object]) -> list[list[tuple[str, str, str]]]:
    steps: list[dict[str, list[dict[str, str]]]] = page["steps"]  # type: ignore[assignment]
    return [[(one["part"], one["label"], one["text"]) for one in step["blocks"] if one["folded"]] for step in steps]


def conversation() -> list[Step]:
    """A model that is sent the whole conversation again each time, as instrumented clients record it."""
    first = spoken("s:Rules.", "u:Hi")
    second = (*first, *spoken("a:Hello.", "u:More"))
    return [
        Step("1", StepKind.LLM, input=first, output=spoken("a:Hello.")),
        Step("2", StepKind.LLM, input=second, output=spoken("a:No.")),
        Step("3", StepKind.LLM, input=second, output=spoken("a:Really no.")),
    ]


def test_of_an_input_that_repeats_the_conversation_what_is_new_is_offered_first() -> None:
    one, two, three = folded(steps_json(1, 3, 0, conversation()))
    assert one == [("told.0", "system prompt", "Rules."), ("input.1", "model input, 1 message", "── user ──\nHi")]
    assert two == [
        ("told.0", "system prompt", ""),
        ("input.3", "model input: 1 new of 4 messages", "── user ──\nMore"),
        ("input", "whole model input, 4 messages", ""),
    ]
    assert three == [("told.0", "system prompt", ""), ("input", "model input, 4 messages, none new", "")]
    keys = {
        block["key"]
        for step in steps_json(1, 3, 0, conversation())["steps"]
        for block in step["blocks"]
        if "key" in block
    }
    assert len(keys) == 1


def test_a_page_in_the_middle_knows_what_stood_before_it_and_every_text_can_be_read() -> None:
    steps = conversation()
    page = steps_json(1, 3, 2, steps[1:], before=1)
    assert [step["position"] for step in page["steps"]] == [2]
    assert folded(page) == folded(steps_json(1, 3, 0, steps))[2:]
    assert text_slice(steps[2], "told.0", 0, 99)["text"] == "Rules."
    assert text_slice(steps[1], "input.3", 0, 99)["text"] == "── user ──\nMore"
    assert text_slice(steps[1], "input", 0, 999)["total"] == len("── system ──\nRules.\n\n── user ──\nHi") + len(
        "\n\n── assistant ──\nHello.\n\n── user ──\nMore"
    )
    for part in ("input.4", "input.x", "input.", "told.9", "input.0-9", "input." + "0," * 2000):
        with pytest.raises(NotFound):
            text_slice(steps[1], part, 0, 9)


def test_a_system_prompt_is_the_same_in_a_log_and_in_an_input() -> None:
    log = Step("p", StepKind.OTHER, "system", output=spoken("s:Rules."))
    blocks_of = [step["blocks"] for step in steps_json(1, 2, 0, [log, conversation()[0]])["steps"]]
    assert blocks_of[0][0]["key"] == blocks_of[1][1]["key"]


def asking(step_id: str, *ids: str, **fields: Any) -> Step:
    calls = tuple(ToolCall(one, "look", {"of": one}) for one in ids)
    return Step(step_id, StepKind.LLM, output=(Message("assistant", tool_calls=calls),), **fields)


def answering(step_id: str, call_id: str) -> Step:
    return Step(step_id, StepKind.TOOL, "look", call_id=call_id, arguments={"of": call_id}, result=f"result {call_id}")


def test_parallel_calls_stand_with_their_results_and_a_late_one_says_where() -> None:
    steps = [
        asking("0", "a", "b", "c"),
        answering("1", "b"),
        answering("2", "a"),
        asking("3", "d"),
        answering("4", "c"),
    ]
    shown = steps_json(1, 5, 0, [*steps, answering("5", "d")])["steps"]
    assert [block.get("late") for block in shown[0]["blocks"]] == [None, None, 4]
    assert [step.get("asked_at") for step in shown] == [None, None, None, None, 0, None]


def test_a_result_that_only_a_later_input_tells_stands_under_its_call() -> None:
    """So it is where a client traces the calls of its model only."""
    told = Message("tool", '{"state": "sent"}', tool_call_id="a")
    steps = [asking("0", "a"), Step("1", StepKind.LLM, input=(told,), output=spoken("a:Sent."))]
    call, result = steps_json(1, 2, 0, steps)["steps"][0]["blocks"]
    assert (call["part"], result["part"], result["label"], result["type"], result["text"], result["at"]) == (
        *("output.0.call.0", "told.0", "result", "json"),
        '{"state": "sent"}',
        1,
    )
    assert text_slice(steps[1], "told.0", 0, 99)["text"] == '{"state": "sent"}'


def test_a_result_without_a_call_and_a_call_without_a_result_stand_alone() -> None:
    shown = steps_json(1, 2, 0, [answering("0", "x"), asking("1", "y")])["steps"]
    assert [[block["label"] for block in step["blocks"]] for step in shown] == [["arguments", "result"], ["look"]]
    assert "asked_at" not in shown[0]
    assert "late" not in shown[1]["blocks"][0]
