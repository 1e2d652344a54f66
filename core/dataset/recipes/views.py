"""What the views of several trainers share: whether a row has what they cannot read, and calls as texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Messages = Sequence[Mapping[str, Any]]
View = Callable[[Row], Mapping[str, Any] | str]
"""A row as a trainer reads it, or in a sentence why it cannot."""

CALLS = "a side calls a tool, and only texts are read there"
SEVERAL = "a side has several messages, and only one is read there"


def one_text(side: Messages) -> str:
    """Why a side is not a single text of the agent; "" where it is."""
    if len(side) != 1:
        return SEVERAL
    return CALLS if side[0].get("tool_calls") else ""


def text_of(value: Any) -> str:
    """A JSON value as text: the arguments of calls have another shape in each row, and tables want one."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_text_arguments(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message whose calls have their arguments as JSON texts."""
    if "tool_calls" not in message:
        return dict(message)
    calls = [
        {**call, "function": {**call["function"], "arguments": text_of(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def without(message: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A message without what a trainer does not know."""
    return {name: value for name, value in message.items() if name not in names}
