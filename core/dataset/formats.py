"""The formats: which candidates each takes, and how a candidate's text becomes its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.dataset.answer_sides import sides
from core.dataset.candidates import Candidate, Problem, Texts, Verdict
from core.dataset.messages import message_column, tool_column, unknown_role
from core.dataset.outcome_pairs import trials
from core.dataset.parted import Messages, at_correction, parted, to_last_turn
from core.dataset.sources import corrections, preferences, runs
from core.dataset.step_rows import steps_columns
from core.dataset.step_sources import judged_steps
from core.records import Json, Message
from core.tasks.conversation import conversation

Columns = Mapping[str, Any]
Source = Callable[[Session, Sequence[int] | None], list[Candidate]]
"""Finds candidates; of these runs (row ids) alone, where they are named."""


@dataclass(frozen=True, slots=True)
class Format:
    """One export format: what a row of it is for, its candidates, and their columns.

    `columns` makes them; `names` are all that a row may have, in their order.
    """

    name: str
    says: str
    sources: tuple[Source, ...]
    columns: Callable[[Candidate, Texts], Columns | Problem]
    names: tuple[str, ...]


def sft_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`messages`: the run up to the agent's last turn, or the context of a step and the corrected turn."""
    text = texts.runs[candidate.runs[0].id]
    if candidate.correction is None:
        messages = to_last_turn(conversation(text.steps))
        if not messages:
            return Problem("no_turn", "The agent wrote nothing in this run.")
    else:
        found = at_correction(text.steps, candidate.correction)
        if isinstance(found, Problem):
            return found
        messages = (*found.prompt, *found.a)
    return _columns({"messages": messages}, text.tools)


def dpo_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`prompt`, `chosen` and `rejected`, each a list of messages."""
    found = parted(candidate, texts)
    if isinstance(found, Problem):
        return found
    chosen, rejected = (found.b, found.a) if candidate.verdict is Verdict.B else (found.a, found.b)
    return _columns({"prompt": found.prompt, "chosen": chosen, "rejected": rejected}, _tools(candidate, texts))


def kto_columns(candidate: Candidate, texts: Texts) -> Columns | Problem:
    """`prompt`, `completion`, both lists of messages, and `label`: whether the completion is good.

    Of a whole run the completion begins with the agent's first turn.
    """
    if candidate.side:
        found = parted(candidate, texts)
        if isinstance(found, Problem):
            return found
        prompt, completion = found.prompt, found.a if candidate.side == "a" else found.b
    else:
        prompt, completion = _at_first_turn(to_last_turn(conversation(texts.runs[candidate.runs[0].id].steps)))
        if not completion:
            return Problem("no_turn", "The agent wrote nothing in this run.")
    made = _columns({"prompt": prompt, "completion": completion}, _tools(candidate, texts))
    return made if isinstance(made, Problem) else {**made, "label": candidate.verdict is Verdict.GOOD}


def _at_first_turn(messages: Messages) -> tuple[Messages, Messages]:
    first = next((at for at, message in enumerate(messages) if message.role == "assistant"), len(messages))
    return messages[:first], messages[first:]


def _tools(candidate: Candidate, texts: Texts) -> Sequence[Json]:
    return texts.runs[candidate.runs[0].id].tools if candidate.runs else ()


def _columns(messages: Mapping[str, Sequence[Message]], tools: Sequence[Json]) -> Columns | Problem:
    role = next(filter(None, map(unknown_role, messages.values())), "")
    if role:
        return Problem("unknown_role", f"A message has the role {role}.")
    schemas = {"tools": tool_column(tools)} if tools else {}
    return {name: message_column(column) for name, column in messages.items()} | schemas


_PAIRED = (preferences, corrections, trials)

FORMATS = {
    each.name: each
    for each in (
        Format(
            "sft",
            "What the agent should do: runs that succeeded, corrected turns.",
            (runs, corrections),
            sft_columns,
            ("messages", "tools"),
        ),
        Format(
            "dpo",
            "Two answers to one prompt: the better, the worse.",
            _PAIRED,
            dpo_columns,
            ("prompt", "chosen", "rejected", "tools"),
        ),
        Format(
            "kto",
            "One answer to one prompt, and whether it is good.",
            (runs, sides),
            kto_columns,
            ("prompt", "completion", "tools", "label"),
        ),
        Format(
            "reward",
            "Two answers to one prompt, for a model that scores answers.",
            _PAIRED,
            dpo_columns,
            ("prompt", "chosen", "rejected", "tools"),
        ),
        Format(
            "steps",
            "Runs step by step, with what people said of each step.",
            (judged_steps,),
            steps_columns,
            ("prompt", "steps", "tools"),
        ),
    )
}
