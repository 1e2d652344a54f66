"""What the steps of one run say of each other: which call a tool answers, and whose totals repeat others'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.ingest.semantics.values import opened
from core.records import Json, Step, StepKind, ToolCall


def link_tools(steps: Sequence[Step]) -> list[Step]:
    """The steps of one run in their order, with each tool step tied to the call that a model asked for.

    A tool step takes the call of its call id; without one the first call of its name that no step answers yet, one
    with the same arguments before others. Arguments and a result that only the models' messages hold are filled in;
    nothing else changes, no step is made up, and linking twice changes nothing.
    """
    asked, answered = _calls(steps), _results(steps)
    taken = {step.call_id for step in steps if step.kind is StepKind.TOOL and step.call_id}
    free = [call for call in asked.values() if call.call_id not in taken]
    linked: list[Step] = []
    for step in steps:
        if step.kind is StepKind.TOOL:
            call = asked.get(step.call_id) if step.call_id else _free_call(step, free)
            if call is not None and not step.call_id:
                free.remove(call)
            step = _filled(step, call, answered)
        linked.append(step)
    return linked


def _calls(steps: Sequence[Step]) -> dict[str, ToolCall]:
    """Every call that a model of the run made, by its id, in order; those without an id by a number of their own."""
    calls: dict[str, ToolCall] = {}
    for number, step in enumerate(steps):
        if step.kind is not StepKind.LLM:
            continue
        for message in step.output:
            for place, call in enumerate(message.tool_calls):
                calls.setdefault(call.call_id or f"\0{number}/{place}", call)
        for message in step.input:
            for call in message.tool_calls:
                if call.call_id:
                    calls.setdefault(call.call_id, call)
    return calls


def _results(steps: Sequence[Step]) -> Mapping[str, str]:
    """What a later model was told of a call's result."""
    return {
        message.tool_call_id: message.content
        for step in steps
        if step.kind is StepKind.LLM
        for message in step.input
        if message.role == "tool" and message.tool_call_id
    }


def _free_call(step: Step, free: Sequence[ToolCall]) -> ToolCall | None:
    named = [call for call in free if call.name == step.name]
    if step.arguments is not None:
        named = [call for call in named if call.arguments == step.arguments] or named
    return named[0] if named else None


def _filled(step: Step, call: ToolCall | None, answered: Mapping[str, str]) -> Step:
    changes: dict[str, Any] = {}
    if call is not None and not step.call_id and call.call_id:
        changes["call_id"] = call.call_id
    if call is not None and step.arguments is None and call.arguments is not None:
        changes["arguments"] = call.arguments
    if call is not None and not step.name and call.name:
        changes["name"] = call.name
    told = answered.get(changes.get("call_id", step.call_id))
    if step.result is None and told:
        changes["result"] = opened(told)
    return replace(step, **changes) if changes else step


TOTALS = "totals of what it called"
"""The attribute under which a step keeps tokens and cost that the steps below it state themselves."""

_COUNTED = ("tokens_in", "tokens_out", "tokens_cached", "tokens_cache_written", "tokens_reasoning", "cost", "cost_from")


def without_totals_of_parents(steps: Sequence[Step]) -> list[Step]:
    """The steps of one run, each token and dollar stated once: by the innermost model call that states it.

    Where any model call (an embedding is one too) states tokens, steps of other kinds lose theirs; so does a model call
    that wraps another one. The same for cost, apart, so compute prices first. What is taken off stays an attribute;
    a run without any such model call keeps its totals. Doing it twice changes nothing.
    """
    wraps_tokens, wraps_cost = _above(steps, _has_tokens), _above(steps, _has_cost)
    any_tokens = any(_is_model_call(step) and _has_tokens(step) for step in steps)
    any_cost = any(_is_model_call(step) and _has_cost(step) for step in steps)
    kept = []
    for step in steps:
        tokens_off = _has_tokens(step) and (step.step_id in wraps_tokens or (any_tokens and not _is_model_call(step)))
        cost_off = _has_cost(step) and (step.step_id in wraps_cost or (any_cost and not _is_model_call(step)))
        kept.append(_taken_off(step, tokens_off, cost_off) if tokens_off or cost_off else step)
    return kept


def _is_model_call(step: Step) -> bool:
    """A call of a model: a chat, or an embedding or reranking, which is a step of another kind that names its model."""
    return step.kind is StepKind.LLM or (step.kind in (StepKind.OTHER, StepKind.RETRIEVER) and bool(step.model))


def _has_tokens(step: Step) -> bool:
    return bool(step.tokens_in or step.tokens_out)


def _has_cost(step: Step) -> bool:
    return bool(step.cost)


def _above(steps: Sequence[Step], states: Any) -> set[str]:
    """The ids of all steps above a model call that states something."""
    parents = {step.step_id: step.parent_id for step in steps}
    above: set[str] = set()
    for step in steps:
        parent = step.parent_id if _is_model_call(step) and states(step) else None
        while parent is not None and parent not in above and parent != step.step_id:
            above.add(parent)
            parent = parents.get(parent)
    return above


def _taken_off(step: Step, tokens_off: bool, cost_off: bool) -> Step:
    off = (_COUNTED[:5] if tokens_off else ()) + (_COUNTED[5:] if cost_off else ())
    taken: dict[str, Json] = {name: value for name in off if (value := getattr(step, name)) not in (None, "")}
    held = step.attributes.get(TOTALS)
    totals = {**held, **taken} if isinstance(held, Mapping) else taken
    cleared: dict[str, Any] = {name: "" if name == "cost_from" else None for name in off}
    return replace(step, attributes={**step.attributes, TOTALS: totals}, **cleared)
