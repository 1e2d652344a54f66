"""Which column of a table is what: chosen by a person, guessed from the names of the columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.ingest.reading import from_json_text


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The column that each part of a run is read from, "" for none.

    `success` are the values of the outcome's column that mean success: words, numbers, or bounds such as >=0.5. All
    others then mean failure. Without any, the common words are understood, and 1 and 0.
    """

    input: str = ""
    output: str = ""
    messages: str = ""
    role: str = ""
    expected: str = ""
    outcome: str = ""
    trace_id: str = ""
    task: str = ""
    agent: str = ""
    version: str = ""
    session: str = ""
    user: str = ""
    time: str = ""
    seconds: str = ""
    cost: str = ""
    tokens_in: str = ""
    tokens_out: str = ""
    tags: str = ""
    success: tuple[str, ...] = ()

    def chosen(self) -> dict[str, str]:
        """The parts that have a column."""
        return {part: column for part in PARTS if (column := getattr(self, part))}


PARTS: Mapping[str, str] = {
    "input": "what the agent was asked",
    "output": "what it answered",
    "messages": "the whole chat, as a JSON list of messages",
    "role": "who says the row's text: user, assistant, tool, system",
    "expected": "what it should have answered",
    "outcome": "whether it succeeded, or a score",
    "trace_id": "the run; rows with the same one are its steps, in order",
    "task": "the task, the same for each run of it",
    "agent": "the agent's name",
    "version": "the agent's version, or its model",
    "session": "the conversation that the run is part of",
    "user": "who used the agent",
    "time": "when it happened",
    "seconds": "how long it took, in seconds",
    "cost": "what it cost, in US dollars",
    "tokens_in": "tokens that the model read",
    "tokens_out": "tokens that the model wrote",
    "tags": "tags: a JSON list, or words with commas between them",
}
"""Each part of a run that a column may hold, in the words of a person who chooses."""

_NAMES = {
    "input": "input question prompt query instruction user_input user_message request",
    "output": "output answer response completion prediction reply generation model_output actual_output",
    "messages": "messages conversation chat transcript history dialogue",
    "role": "role speaker author",
    "expected": "expected expected_output expected_answer reference target ground_truth gold ideal reference_answer",
    "outcome": "outcome success solved resolved correct is_correct passed pass score reward rating grade verdict",
    "trace_id": "trace_id run_id execution_id id uuid",
    "task": "task_key task_id task case case_id example_id question_id",
    "agent": "agent agent_name app bot",
    "version": "version agent_version model_version model model_name release",
    "session": "session_id session conversation_id thread_id chat_id",
    "user": "user_id user customer_id customer",
    "time": "timestamp time started_at start_time created_at datetime date when",
    "seconds": "seconds latency latency_s duration duration_s elapsed",
    "cost": "cost cost_usd total_cost price",
    "tokens_in": "tokens_in input_tokens prompt_tokens",
    "tokens_out": "tokens_out output_tokens completion_tokens",
    "tags": "tags labels",
}
_TEXT = ("content", "text", "message", "value")
"""What the text of a row is called where another column says who said it."""


def guess_mapping(columns: Sequence[str], row: Mapping[str, Any]) -> ColumnMapping:
    """The mapping that the names of the columns suggest; `row` is the first one, which shows what chat is JSON."""
    by_name = {re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_"): column for column in columns}
    found: dict[str, Any] = {
        part: next((by_name[n] for n in names.split() if n in by_name), "") for part, names in _NAMES.items()
    }
    if not isinstance(from_json_text(row.get(found["messages"])), list):
        found["messages"] = ""
    if found["role"]:
        found["output"] = found["output"] or next((by_name[name] for name in _TEXT if name in by_name), "")
        found["trace_id"] = found["trace_id"] or found["session"]
        if by_name.get("id") == found["trace_id"] and found["session"]:
            found["trace_id"] = found["session"]  # an id is the message's where the conversation has its own
    return ColumnMapping(**found)


def parse_mapping(chosen: Sequence[str], success: Sequence[str]) -> ColumnMapping | None:
    """The mapping of a command line's PART=COLUMN texts; None when there are none. Raises InvalidInput."""
    if not chosen:
        return None
    given: dict[str, str] = {}
    for text in chosen:
        part, equals, column = text.partition("=")
        if part not in PARTS or not equals or not column:
            said = f"--column {text} is not PART=COLUMN, such as input=question. Parts are: {', '.join(PARTS)}."
            raise InvalidInput(said, field="column")
        given[part] = column
    return ColumnMapping(**given, success=tuple(success))


def problem_with(mapping: ColumnMapping, columns: Sequence[str]) -> str:
    """Why a table with these columns cannot be read by the mapping, in a sentence; "" when it can."""
    for part, column in mapping.chosen().items():
        if column not in columns:
            return f"it has no column {column} (for {part}); its columns are {', '.join(columns[:40])}"
    if not (mapping.input or mapping.output or mapping.messages):
        return "no column was chosen for the input, the output or the messages"
    if mapping.role and not (mapping.input or mapping.output):
        return "a column says who speaks, and none says what: choose the output"
    return ""
