"""Where two runs of one task part: the first turns of their agents that differ after the same beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.records import Message, Step
from core.review.answers import written
from core.store.content import text_of
from core.tasks.conversation import context, turn


@dataclass(frozen=True, slots=True)
class Parting:
    """Two steps that stand at one place after the same beginning: their ids, what they said, what came before."""

    step_a: str
    step_b: str
    text_a: str
    text_b: str
    before: str


def first_difference(a: Sequence[Step], b: Sequence[Step]) -> Parting | None:
    """The first steps that differ, where both are turns of the agent; None where the runs never part so.

    Two runs that were asked different things from the start, or whose tools answered the same call differently, part
    for a reason that is not the agent's. Times, ids and costs do not tell steps apart, and neither do spans that only
    wrap turns: what they say is said inside them.
    """
    for one, other in zip(_told(a), _told(b), strict=False):
        if _content(one) == _content(other):
            continue
        if not turn(one) or not turn(other):
            return None
        before = said_before(a, one.step_id)
        texts = written(one), written(other)
        if not before or not all(texts) or texts[0] == texts[1]:
            return None
        return Parting(one.step_id, other.step_id, *texts, before)
    return None


def said_before(steps: Sequence[Step], step_id: str) -> str:
    """What the agent had heard and said before a step, as text, without the system prompt."""
    heard = context(steps, step_id)
    return "\n\n".join(_as_text(one) for one in heard if one.role != "system")


def _told(steps: Sequence[Step]) -> list[Step]:
    """The steps without those that wrap turns: a span around a run says its end, and stands before all of it."""
    parents = {step.step_id: step.parent_id for step in steps}
    wraps: set[str] = set()
    for step in steps:
        above = step.parent_id if turn(step) else None
        while above is not None and above not in wraps:
            wraps.add(above)
            above = parents.get(above)
    return [step for step in steps if step.step_id not in wraps]


def _content(step: Step) -> tuple[object, ...]:
    said = [
        (one.role, one.content, [(call.name, text_of(call.arguments)) for call in one.tool_calls])
        for one in step.output
    ]
    return step.kind, said, text_of(step.arguments), text_of(step.result), step.error


def _as_text(message: Message) -> str:
    calls = [f"→ {call.name}({text_of(call.arguments)})" for call in message.tool_calls]
    return f"{message.role}: " + "\n".join(filter(None, (message.content, *calls)))
