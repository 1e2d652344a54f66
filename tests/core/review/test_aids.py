"""Each rule of the reading aids on runs of a few steps: what it tells of, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.records import Message, Step, StepKind, ToolCall
from core.review.aids import Suggestion, suggest


def asks(step_id: str, name: str = "get_order", call_id: str = "", **arguments: Any) -> Step:
    call = ToolCall(call_id or f"c{step_id}", name, arguments)
    return Step(step_id, StepKind.LLM, "agent", output=(Message("assistant", tool_calls=(call,)),))


def answers(step_id: str, result: Any, name: str = "get_order", call_id: str = "", **fields: Any) -> Step:
    return Step(step_id, StepKind.TOOL, name, result=result, call_id=call_id, **fields)


def person(step_id: str, text: str) -> Step:
    return Step(step_id, StepKind.USER, "user", output=(Message("user", text),))


def agent(step_id: str, text: str) -> Step:
    return Step(step_id, StepKind.LLM, "agent", output=(Message("assistant", text),))


def told(*steps: Step) -> list[tuple[str, str, str]]:
    return [(one.rule, one.step_id, one.text) for one in suggest(steps)]


def test_a_run_in_which_all_went_well_has_no_suggestion() -> None:
    steps = (person("0", "Where is order 7?"), asks("1", order=7), answers("2", {"state": "sent"}), agent("3", "Sent."))
    assert suggest(steps) == []
    assert suggest(()) == []


def test_a_failure_is_told_at_the_call_with_the_step_that_asked_for_it() -> None:
    steps = (asks("1", call_id="a"), asks("2", call_id="b"), answers("3", None, call_id="a", error="boom\nat line 3"))
    assert suggest(steps) == [Suggestion("first_error", "3", "get_order: boom", "1")]


def test_the_same_failure_is_told_once_and_another_one_by_itself() -> None:
    steps = [answers(str(i), "Error: no such user") for i in range(3)] + [answers("9", "Error: closed", "close")]
    assert told(*steps) == [
        ("first_error", "0", "get_order: Error: no such user (3 times)"),
        ("tool_failure", "9", "close: Error: closed"),
    ]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("Error: flight not available", "Error: flight not available"),
        ("openai.BadRequestError: no such model", "openai.BadRequestError: no such model"),
        ({"error": "not found"}, "not found"),
        ('{"error": {"code": 5}}', "{'code': 5}"),
        ({"success": False, "message": "card declined"}, "card declined"),
        ({"isError": True, "content": []}, "marked as an error"),
        ({"status": "failed"}, "status failed"),
        ({"status_code": 503, "body": ""}, "status 503"),
        ({"exit_code": 2, "stdout": ""}, "exit code 2"),
        ("exitcode: 1 (execution failed)\nCode output: \nTimeout", "Timeout"),
        ("<returncode>1</returncode>\n<output>\nE   assert 1 == 2\n</output>", "E   assert 1 == 2"),
        ("Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'", "KeyError: 'x'"),
        ("404 Client Error: Not Found for url: /x", "404 Client Error: Not Found for url: /x"),
    ],
)
def test_what_a_failed_call_looks_like(result: Any, text: str) -> None:
    assert told(answers("1", result)) == [("first_error", "1", f"get_order: {text}")]


@pytest.mark.parametrize(
    "result",
    [
        None,
        {"error": None, "state": "sent"},
        {"error": "None"},
        {"status": "ok"},
        {"status": 200},
        {"status_code": 404_000},
        "The error rate fell to 404 in 2019, and the status of HTTP was discussed.",
        "exitcode: 0 (execution succeeded)\nCode output: Traceback (most recent call last):\nKeyError: caught",
        "<returncode>1</returncode>\n<output>\n</output>",  # grep found nothing
        "def errors():\n    raise ValueError",
        {"is_error": False, "exit_code": 0, "success": True},
    ],
)
def test_what_is_no_failure(result: Any) -> None:
    assert told(answers("1", result)) == []


def test_of_steps_inside_each_other_the_innermost_is_told() -> None:
    outer = Step("1", StepKind.CHAIN, "Step 1", error="AgentError: the tool failed")
    inner = answers("3", None, error="TypeError: bad", parent_id="1")
    assert suggest((outer, asks("2"), inner)) == [Suggestion("first_error", "3", "get_order: TypeError: bad", "2")]
    alone = Step("1", StepKind.CHAIN, "Step 1", error="ParseError: line 3")
    thought = Step("2", StepKind.LLM, "model", parent_id="1", output=(Message("assistant", "x = ("),))
    assert suggest((alone, thought)) == [Suggestion("first_error", "1", "Step 1: ParseError: line 3", "2")]


def test_a_circle_of_parents_ends() -> None:
    one = Step("1", StepKind.CHAIN, "a", parent_id="2", error="x")
    two = Step("2", StepKind.CHAIN, "b", parent_id="1")
    assert told(one, two) == [("first_error", "1", "a: x")]


def call(step_id: str, result: Any, name: str = "search", **arguments: Any) -> Step:
    return Step(step_id, StepKind.TOOL, name, arguments=arguments, result=result)


def test_a_call_that_is_made_again_without_another_answer() -> None:
    steps = (
        call("0", [1], q="x", page=1),
        call("1", [2], q="y"),
        call("2", [1], page=1, q="x"),
        call("3", [1], q="x", page=1),
    )
    assert told(*steps) == [("repeated_call", "2", "search as at step 1, with the same answer, 3 times in all")]


def test_a_loop_of_calls_is_one_suggestion() -> None:
    a, b = {"q": "a"}, {"q": "b"}
    steps = [call(str(i), ["hit"], **(b if i % 2 else a)) for i in range(6)]
    text = "4 calls that were made before, with the same answers, from step 1 on"
    assert told(*steps) == [("repeated_call", "2", text)]


def test_a_call_that_is_answered_otherwise_or_with_nothing_is_no_repeat() -> None:
    polling = (call("0", "pending", job=1), call("1", "pending…", job=1), call("2", "done", job=1))
    silent = [
        call(str(i), "<returncode>0</returncode>\n<output>\n</output>", "bash", command="git add .") for i in "345"
    ]
    bare = [Step(str(i), StepKind.TOOL, "next_page", result="page") for i in "67"]
    assert told(*polling, *silent, *bare) == []


@pytest.mark.parametrize("result", [[], {}, "", "null", "No results found.", {"results": []}, {"total": 0, "hits": []}])
def test_an_empty_answer_of_what_reads(result: Any) -> None:
    steps = (call("1", result, "search_flights", q="x"), call("2", result, "search_flights", q="y"))
    assert told(*steps) == [("empty_result", "1", "search_flights found nothing (2 times)")]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("send_mail", ""),
        ("think", None),
        ("search", None),
        ("search", [0]),
        ("search", "No results found " + "x" * 300),
    ],
)
def test_what_is_no_empty_answer(name: str, result: Any) -> None:
    assert told(call("1", result, name, q="x")) == []


def test_success_that_is_told_after_a_failure_is_a_contradiction() -> None:
    failed = answers("1", "Error: too late", "cancel")
    claim = agent("2", "I have cancelled your reservation.")
    assert told(failed, claim)[1:] == [
        ("contradiction", "2", "says that it was done, but step 1 failed: Error: too late")
    ]
    for honest in (
        agent("2", "I could not do it: it has been cancelled by the airline."),
        agent("2", "Shall I go on?"),
    ):
        assert [one[0] for one in told(failed, honest)] == ["first_error"]
    mended = (failed, answers("3", {"state": "cancelled"}, "cancel"), claim)
    assert [one[0] for one in told(*mended)] == ["first_error"]
    assert [one[0] for one in told(failed, person("4", "I have booked it myself."), claim)] == ["first_error"]


def test_an_id_that_nobody_gave_is_told_and_one_that_somebody_gave_is_not() -> None:
    asked = person("0", "I am Ada Ro, order W-12 34 567, the card that ends in 7334.")
    invented = call("1", {"ok": True}, "get_user", user="ada_ro_4821")
    heard = call("2", {"next": "K99812"}, "get_order", order="#W1234567", card="card_7334")
    led_on = call("3", {"ok": True}, "get_order", order="K99812", on="2026-05-01", amount=1234567, size="12")
    assert told(asked, invented, heard, led_on) == [
        ("unheard_value", "1", "ada_ro_4821 was given by nobody and by no result before")
    ]
    assert told(invented) == []  # of a run without a word nothing is known


def test_values_from_nowhere_are_told_once_for_each_tool() -> None:
    tries = [call(str(i), {"ok": True}, "get_line", id=f"P100{i}") for i in range(1, 4)]
    assert told(person("0", "Help me."), *tries) == [
        ("unheard_value", "1", "P1001 was given by nobody and by no result before (and 2 more for get_line)")
    ]


def test_what_a_model_was_sent_was_heard_and_what_it_said_itself_was_not() -> None:
    model = Step("0", StepKind.LLM, "m", input=(Message("system", "Your key is ABC12345."), Message("user", "Hi")))
    again = Step("1", StepKind.LLM, "m", input=(*model.input, Message("assistant", "I use XYZ98765.")))
    steps = (model, again, call("2", {"ok": 1}, "use", key="ABC12345"), call("3", {"ok": 2}, "use", key="XYZ98765"))
    assert told(*steps) == [("unheard_value", "3", "XYZ98765 was given by nobody and by no result before")]
