"""The formats: which candidates each takes, and how a candidate's text becomes its columns.

A format that comes later (kto, reward, steps) is one more entry here, with its sources and its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Problem, Verdict
from core.dataset.messages import message_column, read_calls, tool_column, unknown_role
from core.dataset.sources import corrections, preferences, runs
from core.records import Correction, Json, Message, Step
from core.store.datasets import RunText
from core.tasks.conversation import context, conversation, turn

Texts = Mapping[int, RunText]
"""Row id of a run → its text."""

Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One export format: what a row of it is for, its candidates, and their columns."""

    name: str
    says: str
    sources: tuple[Callable[[Session], list[Candidate]], ...]
    columns: Callable[[Candidate, Texts], Columns | Problem]


def sft_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`messages`: the run up to the agent's last turn, or the context of a step and the corrected turn."""
    text = texts[candidate.runs[0].id]
    if candidate.correction is None:
        messages = _to_last_turn(conversation(text.steps))
        if not messages:
            return Problem("no_turn", "The agent wrote nothing in this run.")
    else:
        step = _corrected_step(text.steps, candidate.correction)
        if isinstance(step, Problem):
            return step
        corrected = _corrected(turn(step), candidate.correction)
        if isinstance(corrected, Problem):
            return corrected
        messages = (*context(text.steps, step.step_id), corrected)
    return _columns({"messages": messages}, text.tools)


def dpo_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`prompt`, `chosen` and `rejected`, each a list of messages."""
    if candidate.correction is not None:
        return _step_pair(candidate.correction, texts[candidate.runs[0].id])
    pair = candidate.pair
    assert pair is not None  # a candidate of dpo is a correction or a pair
    if pair.trace_a is not None and pair.trace_b is not None:
        parted = _part(texts[pair.trace_a], texts[pair.trace_b])
        if isinstance(parted, Problem):
            return parted
        prompt, a, b = parted
        tools = texts[pair.trace_a].tools
    else:
        prompt, a, b = (Message("user", pair.prompt),), _said(pair.text_a), _said(pair.text_b)
        tools = ()
    chosen, rejected = (a, b) if candidate.verdict is Verdict.A else (b, a)
    return _columns({"prompt": prompt, "chosen": chosen, "rejected": rejected}, tools)


def _said(text: str) -> tuple[Message, ...]:
    return (Message("assistant", text),)


def _step_pair(correction: Correction, text: RunText) -> Columns | Problem:
    step = _corrected_step(text.steps, correction)
    if isinstance(step, Problem):
        return step
    corrected = _corrected(turn(step), correction)
    if isinstance(corrected, Problem):
        return corrected
    prompt = context(text.steps, step.step_id)
    return _columns({"prompt": prompt, "chosen": (corrected,), "rejected": turn(step)}, text.tools)


def _corrected_step(steps: Sequence[Step], correction: Correction) -> Step | Problem:
    step = next((step for step in steps if step.step_id == correction.step_id), None)
    if step is None:
        return Problem("no_turn", f"The run has no step {correction.step_id}.")
    return step if turn(step) else Problem("no_turn", f"Step {correction.step_id} is not a turn of the agent.")


def _corrected(written: Sequence[Message], correction: Correction) -> Message | Problem:
    """The turn as it should have been: calls where the correction is written as calls, else what should be said."""
    before = tuple(call for message in written for call in message.tool_calls)
    calls = read_calls(correction.corrected, before)
    said = any(message.content.strip() for message in written)
    if said and before:
        which = f"Step {correction.step_id} spoke and called a tool"
        return Problem("no_turn", f"{which}; the correction does not say which of the two it replaces.")
    last = replace(written[-1], reasoning="", tool_calls=())
    if before and calls:
        return replace(last, content="", tool_calls=calls)
    return replace(last, content=correction.corrected)


def _to_last_turn(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    last = max((index for index, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[: last + 1]


def _part(a: RunText, b: RunText) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]] | Problem:
    """What two runs share from the start, and how each goes on from the first turn of the agent that differs."""
    one, other = _to_last_turn(conversation(a.steps)), _to_last_turn(conversation(b.steps))
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
    return one[:shared], one[shared:], other[shared:]


def _sense(message: Message) -> tuple[Json, ...]:
    """What of a message two runs can share: everything but the ids of calls."""
    calls = [(call.name, call.arguments) for call in message.tool_calls]
    return message.role, message.content, message.reasoning, message.name, calls


def _columns(messages: Mapping[str, Sequence[Message]], tools: Sequence[Json]) -> Columns | Problem:
    role = next(filter(None, map(unknown_role, messages.values())), "")
    if role:
        return Problem("unknown_role", f"A message has the role {role}.")
    schemas = {"tools": tool_column(tools)} if tools else {}
    return {name: message_column(column) for name, column in messages.items()} | schemas


FORMATS = {
    each.name: each
    for each in (
        Format(
            "sft", "What the agent should do: runs that succeeded, corrected turns.", (runs, corrections), sft_columns
        ),
        Format("dpo", "Two answers to one prompt: the better, the worse.", (preferences, corrections), dpo_columns),
    )
}
