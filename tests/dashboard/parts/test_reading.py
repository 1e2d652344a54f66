"""Steps as the reader gets them: blocks, previews, depths, slices; terminal codes gone, nothing else lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import NotFound
from core.records import Message, Step, StepKind, ToolCall
from core.store.traces import StepLine
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
        ("input", "text", "model input, 2 messages", "── system ──\nBe kind.\n\n── user ──\nHello", True),
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
