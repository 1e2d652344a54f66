"""A run as somebody reads it who must not know its version: what was said, called and answered, and nothing else. Pure.

Outcome, signals, labels and recalls are no part of what the reader is sent; times, costs, tokens, models and attributes
are, and are taken out here. So is what a recall gave, wherever the run repeats it: whether a run was given lessons
tells its arm, and which ones tells its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.memory.prompt import without_notes
from core.records import Message, Step, StepKind
from core.store.content import text_of
from core.store.recalls import holds_recall, is_recall, recalls_of_step
from core.store.steps import StepLine
from core.store.traces import TraceLine


def blind_lines(lines: Sequence[StepLine]) -> list[StepLine]:
    """The outline without times; models' spans often bear the model's name, so theirs goes, too."""
    return [replace(one, seconds=None, name="" if one.kind == StepKind.LLM else one.name) for one in lines]


def blind_steps(steps: Sequence[Step]) -> list[Step]:
    """The steps with their content only."""
    return [
        Step(
            step_id=one.step_id,
            kind=one.kind,
            name="" if one.kind is StepKind.LLM else one.name,
            parent_id=one.parent_id,
            input=tuple(_unaided(each) for each in one.input),
            output=tuple(_unaided(each) for each in one.output),
            call_id=one.call_id,
            arguments=without_notes(one.arguments),
            result=_own_result(one),
            error=one.error,
        )
        for one in steps
    ]


def _own_result(step: Step) -> Any:
    if recalls_of_step(step) or holds_recall(text_of(step.result)):
        return None
    return without_notes(step.result)


def _unaided(message: Message) -> Message:
    return replace(
        message,
        content="" if is_recall(message) else without_notes(message.content),
        reasoning=without_notes(message.reasoning),
        tool_calls=tuple(replace(call, arguments=without_notes(call.arguments)) for call in message.tool_calls),
    )


def blind_run(line: TraceLine) -> TraceLine:
    """The run without what it cost and how long it took."""
    return replace(line, seconds=None, cost=None, tokens_in=None, tokens_out=None, tokens_cached=None, n_unpriced=0)


def blind_segment(base: str, letter: str, n_steps: int) -> dict[str, Any]:
    """The run as the reader is told of it: a letter and an address that say nothing of its row or its version."""
    return {"trace": f"run-{letter}", "n_steps": n_steps, "title": f"Run {letter}", "base": base}
