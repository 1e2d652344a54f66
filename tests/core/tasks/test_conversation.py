from __future__ import annotations

from core.records import Message, Step, StepKind, ToolCall
from core.tasks.conversation import context, conversation, turn
from tests.worlds import run

ASKED = Message("user", "Where is my order?")
CALL = Message("assistant", tool_calls=(ToolCall("c1", "get_order", {"order": 7}),))
RESULT = Message("tool", '{"state": "sent"}', tool_call_id="c1", name="get_order")
ANSWER = Message("assistant", "It was sent, one.")


def llm(step_id: str, output: Message, *heard: Message, parent: str | None = None) -> Step:
    return Step(step_id, StepKind.LLM, "call", parent, input=heard, output=(output,))


def test_a_chat_log_is_what_was_said_with_the_results_as_the_model_was_told_them():
    assert conversation(run("one").steps) == (ASKED, CALL, RESULT, ANSWER)


def test_the_context_of_a_step_is_what_was_said_before_it():
    steps = run("one").steps
    assert [context(steps, step.step_id) for step in steps] == [
        (),
        (ASKED,),
        (ASKED, CALL),
        (ASKED, CALL, RESULT),
    ]


def test_a_result_that_was_recorded_as_a_message_stays_that_message():
    told = Message("tool", "order 7: sent", tool_call_id="c1")
    steps = (llm("1", CALL), Step("2", StepKind.TOOL, "get_order", output=(told,), result={"state": "sent"}))
    assert conversation(steps) == (CALL, told)


def test_a_tool_that_failed_told_the_model_its_error():
    steps = (llm("1", CALL), Step("2", StepKind.TOOL, "get_order", call_id="c1", error="no such order"))
    assert conversation(steps)[1] == Message("tool", "no such order", tool_call_id="c1", name="get_order")


def test_a_traced_run_is_its_last_input_and_what_followed():
    steps = (
        Step("root", StepKind.AGENT, "agent", input=(ASKED,), output=(ANSWER,)),
        llm("1", CALL, ASKED, parent="root"),
        Step("2", StepKind.TOOL, "get_order", "root", call_id="c1", result='{"state": "sent"}'),
        llm("3", ANSWER, ASKED, CALL, RESULT, parent="root"),
    )
    assert conversation(steps) == (ASKED, CALL, RESULT, ANSWER)
    assert context(steps, "3") == (ASKED, CALL, RESULT)


def test_where_calls_have_no_input_the_run_still_says_what_was_asked():
    steps = (
        Step("root", StepKind.AGENT, "agent", input=(ASKED,), output=(ANSWER,)),
        llm("1", CALL, parent="root"),
        Step("2", StepKind.TOOL, "get_order", "root", call_id="c1", result={"state": "sent"}),
        llm("3", ANSWER, parent="root"),
    )
    assert conversation(steps) == (ASKED, CALL, RESULT, ANSWER)
    assert context(steps, "3") == (ASKED, CALL, RESULT)


def test_a_span_around_the_run_does_not_tell_its_end_before_a_step():
    steps = (
        Step("root", StepKind.AGENT, "agent", output=(ANSWER,)),
        Step("0", StepKind.USER, "user", "root", output=(ASKED,)),
        llm("1", CALL, parent="root"),
        Step("2", StepKind.TOOL, "get_order", "root", call_id="c1", result={"state": "sent"}),
        llm("3", ANSWER, parent="root"),
    )
    assert [context(steps, step) for step in ("1", "3")] == [(ASKED,), (ASKED, CALL, RESULT)]


def test_a_sub_agents_conversation_is_its_own():
    inner = Message("assistant", "I searched.")
    steps = (
        Step("root", StepKind.AGENT, "agent", input=(ASKED,)),
        llm("1", CALL, ASKED, parent="root"),
        Step("2", StepKind.TOOL, "get_order", "root", call_id="c1", result={"state": "sent"}),
        Step("3", StepKind.AGENT, "searcher", "2", output=(inner,)),
        llm("4", inner, Message("user", "Search!"), parent="3"),
        llm("5", ANSWER, parent="root"),
    )
    assert conversation(steps) == (ASKED, CALL, RESULT, ANSWER)


def test_parents_that_run_in_a_circle_or_are_missing_do_no_harm():
    steps = (llm("1", CALL, parent="2"), llm("2", ANSWER, parent="1"), llm("3", ANSWER, parent="gone"))
    assert ANSWER in conversation(steps)


def test_only_what_the_agent_wrote_is_its_turn():
    steps = run("one").steps
    assert [turn(step) for step in steps] == [(), (CALL,), (), (ANSWER,)]


def test_a_run_without_steps_says_nothing():
    assert conversation(()) == context((), "1") == ()
