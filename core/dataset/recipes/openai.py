"""OpenAI's fine-tuning API: supervised and preference (https://developers.openai.com/api/docs/guides/fine-tuning)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.dataset.recipes.views import Messages, Row, one_text, with_text_arguments, without

_README = """# Fine-tuning with OpenAI

Upload `train.jsonl` (`purpose="fine-tune"`) and start a job of the method `{method}`:

```python
from openai import OpenAI

client = OpenAI()
file = client.files.create(file=open("train.jsonl", "rb"), purpose="fine-tune")
job = client.fine_tuning.jobs.create(model="MODEL", training_file=file.id, method={{"type": "{method}"}})
```

The platform asks for 10 rows at least, and takes new users no more. What a model thought (`reasoning_content`) is no
part of its format and is left away.
"""


def supervised(row: Row) -> Mapping[str, Any] | str:
    """`messages` and `tools`; the arguments of calls are texts, and every call has an id that its result names."""
    if reason := _unreadable(row["messages"]):
        return reason
    return {"messages": _messages(row["messages"])} | _tools(row)


def preference(row: Row) -> Mapping[str, Any] | str:
    """`input`, `preferred_output` and `non_preferred_output`, each output one text."""
    reason = one_text(row["chosen"]) or one_text(row["rejected"]) or _unreadable(row["prompt"])
    if reason:
        return reason
    return {
        "input": {"messages": _messages(row["prompt"])} | _tools(row),
        "preferred_output": _messages(row["chosen"]),
        "non_preferred_output": _messages(row["rejected"]),
    }


def _messages(messages: Messages) -> list[dict[str, Any]]:
    said = (without(with_text_arguments(message), "reasoning_content") for message in messages)
    return [without(message, "name") if message["role"] == "tool" else message for message in said]


def _tools(row: Row) -> dict[str, Any]:
    return {"tools": row["tools"], "parallel_tool_calls": _in_parallel(row)} if row.get("tools") else {}


def _in_parallel(row: Row) -> bool:
    """Whether a turn of the row makes several calls at once: a row that has none teaches to make one at a time."""
    said = row.get("messages") or [*row["prompt"], *row["chosen"], *row["rejected"]]
    return any(len(message.get("tool_calls", ())) > 1 for message in said)


def _unreadable(messages: Messages) -> str:
    called: set[str] = set()
    for message in messages:
        ids = [call.get("id", "") for call in message.get("tool_calls", ())]
        if not all(ids):
            return "a call has no id"
        called.update(ids)
        if message["role"] == "tool" and message.get("tool_call_id") not in called:
            return "a tool's result names no call before it"
    return ""


FORMATS = {
    "sft": (supervised, lambda: {"README.md": _README.format(method="supervised")}),
    "dpo": (preference, lambda: {"README.md": _README.format(method="dpo")}),
}
