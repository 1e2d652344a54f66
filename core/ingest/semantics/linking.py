"""What the steps of one run say of each other: which call a tool answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.ingest.semantics.values import opened
from core.records import Step, StepKind, ToolCall


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
