"""The formats: which candidates each takes, and how a candidate's text becomes its columns.

A format that comes later (kto, reward, steps) is one more entry here, with its sources and its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Problem, Texts, Verdict
from core.dataset.messages import message_column, read_calls, tool_column, unknown_role
from core.dataset.sources import corrections, preferences, runs
from core.records import Correction, Json, Message, Step
from core.store.datasets import RunText
from core.tasks.conversation import context, conversation, turn

Columns = Mapping[str, Any]

Messages = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One export format: what a row of it is for, its candidates, and their columns."""

    name: str
    says: str
    sources: tuple[Callable[[Session], list[Candidate]], ...]
    columns: Callable[[Candidate, Texts], Columns | Problem]


def sft_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`messages`: the run up to the agent's last turn, or the context of a step and the corrected turn."""
    text = texts.runs[candidate.runs[0].id]
    if candidate.correction is None:
        messages = _to_last_turn(conversation(text.steps))
        if not messages:
            return Problem("no_turn", "The agent wrote nothing in this run.")
    else:
        parted = _at_correction(text.steps, candidate.correction)
        if isinstance(parted, Problem):
            return parted
        messages = (*parted.prompt, *parted.a)
    return _columns({"messages": messages}, text.tools)


def dpo_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`prompt`, `chosen` and `rejected`, each a list of messages."""
    pair, correction = candidate.pair, candidate.correction
    tools = texts.runs[candidate.runs[0].id].tools if candidate.runs else ()
    parted: Parted | Problem
    if correction is not None:
        parted = _at_correction(texts.runs[candidate.runs[0].id].steps, correction)
    elif len(candidate.runs) == 2:
        parted = _where_runs_part(*(texts.runs[run.id] for run in candidate.runs))
    else:
        assert pair is not None  # every candidate of dpo is a correction or a pair
        said = texts.pairs[pair.id]
        answers = [(Message("assistant", text),) for text in (said.a, said.b)]
        parted = Parted((Message("user", said.prompt),), *answers)
    if isinstance(parted, Problem):
        return parted
    chosen, rejected = (parted.b, parted.a) if candidate.verdict is Verdict.B else (parted.a, parted.b)
    return _columns({"prompt": parted.prompt, "chosen": chosen, "rejected": rejected}, tools)


@dataclass(frozen=True, slots=True)
class Parted:
    """A conversation that goes on in two ways; of a correction `a` is the corrected turn."""

    prompt: Messages
    a: Messages
    b: Messages


def _at_correction(steps: Sequence[Step], correction: Correction) -> Parted | Problem:
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


def _to_last_turn(messages: Messages) -> Messages:
    last = max((index for index, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[: last + 1]


def _where_runs_part(a: RunText, b: RunText) -> Parted | Problem:
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
    return Parted(one[:shared], one[shared:], other[shared:])


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
