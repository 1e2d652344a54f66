"""A conversation that goes on in two ways: where the two part, and how each goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.dataset.candidates import Candidate, Problem, Texts
from core.dataset.messages import read_calls
from core.records import Correction, Json, Message, Step
from core.store.datasets import RunText
from core.tasks.conversation import context, conversation, turn

Messages = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Parted:
    """A conversation that goes on in two ways; of a correction `a` is the corrected turn."""

    prompt: Messages
    a: Messages
    b: Messages


def parted(candidate: Candidate, texts: Texts) -> Parted | Problem:
    """The two ways of a correction, of a pair or of two runs, with what stood before them."""
    pair = candidate.pair
    if candidate.correction is not None:
        return at_correction(texts.runs[candidate.runs[0].id].steps, candidate.correction)
    if pair is not None and pair.step_a and len(candidate.runs) == 2:
        a, b = (texts.runs[run.id] for run in candidate.runs)
        return _at_steps(a, pair.step_a, b, pair.step_b)
    if len(candidate.runs) == 2:
        return _where_runs_part(*(texts.runs[run.id] for run in candidate.runs))
    assert pair is not None  # whatever has two sides is a correction, a pair or two runs
    said = texts.pairs[pair.id]
    answers = [(Message("assistant", text),) for text in (said.a, said.b)]
    return Parted((Message("user", said.prompt),), *answers)


def to_last_turn(messages: Messages) -> Messages:
    """A conversation up to the agent's last turn: nothing is learned from what came after it."""
    last = max((index for index, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[: last + 1]


def _at_steps(a: RunText, step_a: str, b: RunText, step_b: str) -> Parted | Problem:
    """Two single turns after one context."""
    before, other = context(a.steps, step_a), context(b.steps, step_b)
    turns = [
        next((turn(step) for step in run.steps if step.step_id == name), ()) for run, name in ((a, step_a), (b, step_b))
    ]
    if not all(turns):
        return Problem("no_turn", "One of the two steps is not a turn of the agent.")
    if a.tools != b.tools:
        return Problem("no_turn", "The two runs were given different tools.")
    if [_sense(one) for one in before] != [_sense(one) for one in other]:
        return Problem("no_turn", "What stood before the two steps is not the same.")
    return Parted(before, *turns)


def at_correction(steps: Sequence[Step], correction: Correction) -> Parted | Problem:
    """The corrected turn and the original, after what the agent saw before it."""
    step = next((step for step in steps if step.step_id == correction.step_id), None)
    if step is None:
        return Problem("no_turn", f"The run has no step {correction.step_id}.")
    written = turn(step)
    if not written:
        return Problem("no_turn", f"Step {correction.step_id} is not a turn of the agent.")
    before = tuple(call for message in written for call in message.tool_calls)
    if before and any(message.content.strip() for message in written):
        which = f"Step {correction.step_id} spoke and called a tool"
        return Problem("no_turn", f"{which}; the correction does not say which of the two it replaces.")
    calls = read_calls(correction.corrected, before) if before else ()
    said = "" if calls else correction.corrected
    corrected = replace(written[-1], content=said, reasoning="", tool_calls=calls)
    return Parted(context(steps, step.step_id), (corrected,), written)


def _where_runs_part(a: RunText, b: RunText) -> Parted | Problem:
    """What two runs share from the start, and how each goes on from the first turn of the agent that differs."""
    one, other = to_last_turn(conversation(a.steps)), to_last_turn(conversation(b.steps))
    shared = 0
    while shared < min(len(one), len(other)) and _sense(one[shared]) == _sense(other[shared]):
        shared += 1
    if a.tools != b.tools:
        return Problem("no_turn", "The two runs were given different tools.")
    if shared == len(one) and shared == len(other):
        return Problem("no_turn", "The two runs are the same from end to end.")
    ends = [run[shared].role if shared < len(run) else "end" for run in (one, other)]
    if ends != ["assistant", "assistant"]:
        detail = f"The two runs part at message {shared + 1} ({' and '.join(ends)}), not at a turn of the agent."
        return Problem("no_turn", detail)
    return Parted(one[:shared], one[shared:], other[shared:])


def _sense(message: Message) -> tuple[Json, ...]:
    """What of a message two runs can share: everything but the ids of calls."""
    calls = [(call.name, call.arguments) for call in message.tool_calls]
    return message.role, message.content, message.reasoning, message.name, calls
