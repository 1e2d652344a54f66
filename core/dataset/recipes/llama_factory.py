"""LLaMA-Factory: its sharegpt format with a `dataset_info.json` (https://github.com/hiyouga/LLaMA-Factory)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.dataset.recipes.views import Messages, Row, one_text, text_of

_README = """# Training with LLaMA-Factory

Put this folder where `dataset_dir` points, or name it there, and train on the dataset `loopwright`:

```sh
llamafactory-cli train train.yaml
```

`train.yaml` names a model and a template to begin with; choose your own. Its users and agents have to take turns, so a
row in which one speaks twice is left out.
"""
_ROLES = {"user": "human", "tool": "observation", "assistant": "gpt"}
_FIRST, _SECOND = ("human", "observation"), ("gpt", "function_call")


def supervised(row: Row) -> Mapping[str, Any] | str:
    """`conversations`, `system` and `tools`, all of them texts."""
    return _conversation(row["messages"], row, ends=_SECOND)


def preference(row: Row) -> Mapping[str, Any] | str:
    """The same up to the answer, then `chosen` and `rejected`, each one text."""
    if reason := one_text(row["chosen"]) or one_text(row["rejected"]):
        return reason
    before = _conversation(row["prompt"], row, ends=_FIRST)
    if isinstance(before, str):
        return before
    sides = {name: {"from": "gpt", "value": row[name][0]["content"]} for name in ("chosen", "rejected")}
    return {**before, **sides}


def _conversation(messages: Messages, row: Row, ends: tuple[str, str]) -> Mapping[str, Any] | str:
    system = "\n\n".join(each["content"] for each in messages if each["role"] == "system")
    turns: list[dict[str, str]] = []
    for message in messages:
        if message["role"] == "system":
            if turns:
                return "a system message stands between others"
            continue
        if message.get("tool_calls") and message["content"].strip():
            return "a turn speaks and calls a tool, and only one of the two is read there"
        turns.append(_turn(message))
    for at, turn in enumerate(turns):
        if turn["from"] not in (_SECOND if at % 2 else _FIRST):
            return "users (or tools) and the agent do not take turns, beginning with a user"
    if not turns or turns[-1]["from"] not in ends:
        return "it does not end with the turn that it has to end with"
    tools = {"tools": text_of([tool.get("function", tool) for tool in row["tools"]])} if row.get("tools") else {}
    return {"conversations": turns, "system": system, **({"tools": ""} | tools)}


def _turn(message: Mapping[str, Any]) -> dict[str, str]:
    if message.get("tool_calls"):
        calls = [
            {"name": call["function"]["name"], "arguments": call["function"]["arguments"]}
            for call in message["tool_calls"]
        ]
        return {"from": "function_call", "value": text_of(calls[0] if len(calls) == 1 else calls)}
    return {"from": _ROLES.get(message["role"], message["role"]), "value": message["content"]}


def _files(stage: str, ranking: bool) -> Mapping[str, str]:
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    sides = {"chosen": "chosen", "rejected": "rejected"} if ranking else {}
    said: dict[str, Any] = {"file_name": "train.jsonl", "formatting": "sharegpt", "columns": columns | sides}
    if ranking:
        said["ranking"] = True
    train = f"""model_name_or_path: Qwen/Qwen3-4B-Instruct-2507
template: qwen3_nothink
stage: {stage}
do_train: true
finetuning_type: lora
dataset_dir: .
dataset: loopwright
cutoff_len: 8192
output_dir: out
"""
    return {
        "dataset_info.json": json.dumps({"loopwright": said}, indent=2) + "\n",
        "train.yaml": train,
        "README.md": _README,
    }


FORMATS = {
    "sft": (supervised, lambda: _files("sft", ranking=False)),
    "dpo": (preference, lambda: _files("dpo", ranking=True)),
    "reward": (preference, lambda: _files("rm", ranking=True)),
}
