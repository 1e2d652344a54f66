"""A run as the chat that its agent saw and wrote: the whole of it, or what stood before one step.

Two kinds of runs arrive. A chat log has one message a step and no inputs: the context of a step is what was said before
it. A traced run says at each call what the model was sent: the last such input is the conversation so far. Spans that
wrap others repeat what these said, and sub-agents hold conversations of their own; both are left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.records import Json, Message, Step, StepKind


def conversation(steps: Sequence[Step]) -> tuple[Message, ...]:
    """The messages of the main agent's conversation, in order, up to the end of the run."""
    return _heard(steps)


def context(steps: Sequence[Step], step_id: str) -> tuple[Message, ...]:
    """What the agent saw before it took this step; everything when there is no such step."""
    for place, step in enumerate(steps):
        if step.step_id == step_id:
            return step.input or _heard(steps, place)
    return _heard(steps)


def turn(step: Step) -> tuple[Message, ...]:
    """What the agent wrote at this step; nothing when the step is not one of its turns."""
    return tuple(message for message in step.output if message.role == "assistant")


def _heard(steps: Sequence[Step], end: int | None = None) -> tuple[Message, ...]:
    """The last input of the conversation and what was said since; the run's first input where its calls have none.

    Of the steps before `end` only; which spans wrap others, and repeat what these say, is told by all.
    """
    before = steps[:end]
    known = {step.step_id for step in before}
    thread = [step for step in _thread(steps) if step.step_id in known]
    start = max((index for index, step in enumerate(thread) if step.input), default=0)
    opening = thread[start].input if thread else ()
    heard = list(opening or next((step.input for step in before if step.input), ()))
    for step in thread[start:]:
        heard += told(step)
    return tuple(heard)


def told(step: Step) -> tuple[Message, ...]:
    """What a step adds to its conversation: what was written at it, or a tool's result."""
    return step.output or ((_result(step),) if step.kind is StepKind.TOOL else ())


def _result(step: Step) -> Message:
    """The result of a tool as the model was told it."""
    content = step.error if step.result is None else _text(step.result)
    return Message("tool", content, tool_call_id=step.call_id, name=step.name)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _thread(steps: Sequence[Step]) -> list[Step]:
    """The steps that carry the main conversation: the shallowest ones that write, the tools they call, and users."""
    parents = {step.step_id: step.parent_id for step in steps}
    above = {step.step_id: _ancestors(step.step_id, parents) for step in steps}
    wraps = {ancestor for step in steps if turn(step) for ancestor in above[step.step_id]}
    speakers = [step.step_id for step in steps if turn(step) and step.step_id not in wraps]
    depth = min((len(above[step_id]) for step_id in speakers), default=0)
    carried = []
    for step in steps:
        deep = len(above[step.step_id]) - depth
        if step.kind is StepKind.TOOL:
            belongs = deep <= 1
        elif turn(step):
            belongs = deep == 0 and step.step_id not in wraps
        else:
            belongs = step.kind is StepKind.USER or (deep <= 0 and step.step_id not in wraps)
        if belongs:
            carried.append(step)
    return carried


def _ancestors(step_id: str, parents: dict[str, str | None]) -> list[str]:
    found: list[str] = []
    above = parents[step_id]
    while above is not None and above in parents and above not in found:
        found.append(above)
        above = parents[above]
    return found
