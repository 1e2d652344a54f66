"""What spans say of their run, of its quality, and of each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from typing import Any

import pytest

from core.ingest.semantics import (
    Facts,
    facts_of,
    link_tools,
    merge_steps,
    signals_of,
    step_of,
)
from core.ingest.spans import Span, SpanEvent
from core.records import INFRASTRUCTURE, Message, Signal, SignalKind, Step, StepKind, ToolCall

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def span(attributes: dict[str, Any], resource: dict[str, Any] | None = None, **more: Any) -> Span:
    return Span("t", "s", attributes=attributes, resource=resource or {}, **more)


def test_facts() -> None:
    told = {
        "loopwright.task.key": "shop/1",
        "loopwright.suite": "nightly",
        "loopwright.trial": "3",
        "loopwright.recall.id": "r1",
        "gen_ai.agent.name": "support",
        "gen_ai.agent.version": "9",
        "gen_ai.conversation.id": "conversation",
        "session.id": "session",
        "user.id": 17,
        "tag.tags": ["a", "b"],
        "gen_ai.tool.definitions": '[{"name": "get_order"}]',
    }
    service = {"service.name": "shop-api", "service.version": "1.4"}
    assert facts_of(span(told, service)) == Facts(
        agent="support",
        version="9",
        session_id="conversation",
        user="17",
        task_key="shop/1",
        suite="nightly",
        trial=3,
        recall_id="r1",
        tags=("a", "b"),
        tools=({"name": "get_order"},),
    )
    from_service = facts_of(span({}, service))
    assert from_service == Facts(agent="shop-api", version="1.4", weak=frozenset({"agent", "version"}))
    assert facts_of(span({}, {"service.name": "unknown_service:/bin/python"})) == Facts()
    assert facts_of(span({"metadata": '{"thread_id": "th", "user_id": "u"}'})) == Facts(session_id="th", user="u")


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("traceloop.association.properties.thread_id", "session_id"),
        ("langfuse.session.id", "session_id"),
        ("langsmith.metadata.thread_id", "session_id"),
        ("ai.telemetry.metadata.sessionId", "session_id"),
        ("gcp.vertex.agent.session_id", "session_id"),
        ("enduser.id", "user"),
        ("ai.telemetry.metadata.userId", "user"),
        ("agent.name", "agent"),
        ("loopwright.version", "version"),
    ],
)
def test_facts_of_vendors(key: str, field: str) -> None:
    assert facts_of(span({key: "x"})) == Facts(**{field: "x"})


def test_the_root_is_believed_before_others_but_a_word_before_a_guess() -> None:
    root = Facts(agent="shop-api", session_id="root", version="1", weak=frozenset({"agent"}), tools=({"name": "a"},))
    child = Facts(agent="support", session_id="child", user="u", trial=0, tools=({"name": "a"}, {"name": "b"}))
    assert root.over(child) == Facts(
        agent="support", session_id="root", version="1", user="u", trial=0, tools=({"name": "a"}, {"name": "b"})
    )
    assert Facts().over(root) == root


def test_signals() -> None:
    told = {
        "gen_ai.evaluation.name": "relevance",
        "gen_ai.evaluation.score.value": 0.8,
        "gen_ai.evaluation.score.label": "good",
        "gen_ai.evaluation.explanation": "It answers.",
    }
    first = span({}, events=(SpanEvent("gen_ai.evaluation.result", START, told),))
    (signal,) = signals_of(first)
    assert signal == Signal(
        "t", "relevance", SignalKind.AUTOMATED, 0.8, None, "s", "good: It answers.", "opentelemetry", signal.key, START
    )
    assert signals_of(first) == (signal,)
    other = {**told, "gen_ai.evaluation.score.value": 0.7}
    (second,) = signals_of(span({}, events=(SpanEvent("gen_ai.evaluation.result", START, other),)))
    assert (len(signal.key), second.key == signal.key) == (len("opentelemetry/") + 32, False)
    annotated = span(
        {
            "annotations.0.annotation.name": "hallucination",
            "annotations.0.annotation.label": "hallucinated",
            "annotations.0.annotation.annotator_kind": "LLM",
            "trace.annotations.0.annotation.name": "solved",
            "trace.annotations.0.annotation.score": 1,
            "trace.annotations.0.annotation.annotator_kind": "HUMAN",
            "evaluations.0.evaluation.name": "without a value",
        }
    )
    assert {(one.name, one.kind, one.value, one.step_id, one.source) for one in signals_of(annotated)} == {
        ("hallucination", SignalKind.AUTOMATED, "hallucinated", "s", "openinference"),
        ("solved", SignalKind.EXPLICIT, 1.0, None, "openinference"),
    }
    assert step_of(annotated).attributes == {}  # a reviewer of a blind queue must not read them there
    judge = span(
        {"openinference.span.kind": "EVALUATOR", "output.value": '{"score": false, "reason": "wrong", "took": 3}'},
        name="judge",
        links=(("t2", "s2"),),
    )
    (verdict,) = signals_of(judge)
    assert (verdict.trace_id, verdict.step_id, verdict.value, verdict.comment) == ("t2", "s2", False, "wrong")
    assert step_of(judge).result == {"took": 3}
    assert step_of(span({"openinference.span.kind": "EVALUATOR", "output.value": "fail"}, name="judge")).result is None
    assert step_of(span({"openinference.span.kind": "CHAIN", "output.value": "fail"})).result == "fail"


def test_a_cost_that_no_sum_can_hold_is_none() -> None:
    step = step_of(span({"gen_ai.usage.cost": 1e308}))
    assert (step.cost, step.attributes) == (None, {"gen_ai.usage.cost": 1e308})


ASK, ANSWER = Message("user", "Where is it?"), Message("assistant", "On its way.")
WHOLE = Step(
    "s", StepKind.LLM, "chat", "p", START, START + timedelta(seconds=2), (ASK,), (ANSWER,), model="m", tokens_in=5
)


def test_a_step_in_pieces_is_the_same_in_any_order() -> None:
    begun = Step("s", StepKind.OTHER, "chat", "p", START, attributes={"gen_ai.request.top_p": 1, "state": "open"})
    ended = replace(WHOLE, attributes={"state": "closed"}, error="late")
    merged = replace(ended, attributes={"gen_ai.request.top_p": 1, "state": "closed"})
    assert merge_steps(begun, ended) == merge_steps(ended, begun) == merged
    assert merge_steps(merged, begun) == merge_steps(merged, ended) == merge_steps(merged, merged) == merged
    bare = Step("s", StepKind.LLM, input=(ASK,), output=(ANSWER,))
    silent = replace(WHOLE, input=(), output=())
    assert merge_steps(bare, silent) == merge_steps(silent, bare) == WHOLE
    priced = replace(WHOLE, cost=0.1, cost_from="prices of 2026-01-01")
    assert merge_steps(priced, replace(WHOLE, cost=0.2, cost_from="reported")).cost == 0.2
    assert merge_steps(replace(WHOLE, cost=0.2, cost_from="reported"), priced).cost == 0.2


def test_events_that_came_as_logs() -> None:
    silent = replace(WHOLE, input=(), output=())
    asked = SpanEvent("gen_ai.user.message", START, {"body": {"content": "Where is it?"}})
    answered = SpanEvent(
        "gen_ai.choice", START, {"index": 0, "message": {"role": "assistant", "content": "On its way."}}
    )
    details = SpanEvent(
        "gen_ai.client.inference.operation.details",
        START,
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}]',
            "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"On its way."}]}]',
        },
    )
    told = SpanEvent("gen_ai.system.message", START, {"body": {"content": "Be short."}})
    first, second, third, whole = (piece(*events) for events in ((told,), (asked,), (answered,), (details,)))
    full = replace(WHOLE, input=(Message("system", "Be short."), *WHOLE.input))
    for order in permutations((silent, first, second, third)):
        assert reduce(merge_steps, order) == full
        assert merge_steps(reduce(merge_steps, order), second) == full
    assert merge_steps(silent, whole) == merge_steps(whole, silent) == WHOLE


def piece(*events: SpanEvent) -> Step:
    """The step that stands for a span of which only log records came."""
    return step_of(Span("t", WHOLE.step_id, events=events, bare=True))


def llm(step_id: str, *calls: ToolCall, told: tuple[Message, ...] = (), **more: Any) -> Step:
    return Step(step_id, StepKind.LLM, input=told, output=(Message("assistant", "", "", calls),), **more)


def test_tools_find_their_calls() -> None:
    berlin, york = ToolCall("c1", "weather", {"city": "Berlin"}), ToolCall("c2", "weather", {"city": "New York"})
    nameless = ToolCall("", "hello", {"to": "you"})
    result = Message("tool", '{"sky": "cloudy"}', tool_call_id="c1")
    steps = [
        llm("m1", berlin, york, nameless),
        Step("t2", StepKind.TOOL, "weather", arguments={"city": "New York"}, result="sunny"),
        Step("t1", StepKind.TOOL, "weather"),
        Step("t3", StepKind.TOOL, "hello"),
        Step("t4", StepKind.TOOL, "unknown"),
        llm("m2", told=(result,)),
    ]
    linked = link_tools(steps)
    assert linked == [
        steps[0],
        replace(steps[1], call_id="c2"),
        replace(steps[2], call_id="c1", arguments={"city": "Berlin"}, result={"sky": "cloudy"}),
        replace(steps[3], arguments={"to": "you"}),
        steps[4],
        steps[5],
    ]
    assert link_tools(linked) == linked
    by_id = link_tools([steps[0], Step("t", StepKind.TOOL, "", call_id="c2")])
    assert by_id[1] == Step("t", StepKind.TOOL, "weather", call_id="c2", arguments={"city": "New York"})


def test_a_span_says_that_the_run_broke_through_infrastructure() -> None:
    (found,) = signals_of(span({"loopwright.infrastructure": "the sandbox died"}))
    told = ("t", None, INFRASTRUCTURE, "the sandbox died", "t/infrastructure")
    assert (found.trace_id, found.step_id, found.name, found.value, found.key) == told
