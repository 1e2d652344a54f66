"""What the rules of the reading aids look at: who led to a step, what it holds, whether two calls are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from core.records import Step, StepKind

CALLS = (StepKind.TOOL, StepKind.RETRIEVER, StepKind.MEMORY)
"""Kinds of steps that are asked for and answer."""

DEEPEST = 50


@dataclass(frozen=True)
class Acts:
    """The steps of one run in reading order, and how they belong together."""

    steps: Sequence[Step]

    @cached_property
    def by_id(self) -> dict[str, Step]:
        return {step.step_id: step for step in self.steps}

    @cached_property
    def number(self) -> dict[str, int]:
        """Step id → its number as the reader shows it, from 1."""
        return {step.step_id: number for number, step in enumerate(self.steps, 1)}

    def above(self, step: Step) -> list[Step]:
        """The steps that hold this one, the innermost first; a circle ends where it closes."""
        found: list[Step] = []
        at = self.by_id.get(step.parent_id or "")
        while at is not None and at is not step and len(found) < DEEPEST:
            found.append(at)
            at = self.by_id.get(at.parent_id or "")
        return found

    @cached_property
    def cause(self) -> dict[str, str]:
        """Step id → the step of the agent that led to it.

        That is the one that asked for the call; of a step that holds others the last one inside it; else the one before
        it. A step of the agent is its own cause.
        """
        asked: dict[str, str] = {}
        inside: dict[str, str] = {}
        for step in self.steps:
            if step.kind is StepKind.LLM:
                asked |= {call.call_id: step.step_id for message in step.output for call in message.tool_calls}
                inside |= {one.step_id: step.step_id for one in self.above(step)}
        found: dict[str, str] = {}
        before = ""
        for step in self.steps:
            if step.kind is StepKind.LLM:
                before = step.step_id
                found[step.step_id] = before
            else:
                found[step.step_id] = asked.get(step.call_id) or inside.get(step.step_id) or before
        return found


def same(value: Any) -> str:
    """A JSON value as text that is equal for equal values, whatever the order of their keys."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return repr(value)


def said(step: Step) -> str:
    """What the step said to whoever reads along, without what it thought and called."""
    return "\n".join(message.content for message in step.output if message.content)
