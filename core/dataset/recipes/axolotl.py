"""Axolotl: its chat_template datasets (https://github.com/axolotl-ai-cloud/axolotl)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.dataset.recipes.views import CALLS, Row, one_text, text_of, with_text_arguments

_README = """# Training with Axolotl

```sh
axolotl train train.yaml
```

`train.yaml` names a model to begin with; choose your own. Only what the agent says is trained on.
"""
_TRAIN = """base_model: Qwen/Qwen3-4B-Instruct-2507
chat_template: tokenizer_default
sequence_len: 8192
adapter: lora
lora_r: 16
lora_alpha: 32
lora_target_linear: true
learning_rate: 0.0001
micro_batch_size: 1
gradient_accumulation_steps: 8
num_epochs: 1
output_dir: out
"""
_SUPERVISED = """datasets:
  - path: train.jsonl
    ds_type: json
    type: chat_template
    field_messages: messages
    roles_to_train: [assistant]
"""
_PREFERENCE = """rl: dpo
datasets:
  - path: train.jsonl
    ds_type: json
    split: train
    type: chat_template.default
    field_messages: prompt
    field_chosen: chosen
    field_rejected: rejected
"""


def supervised(row: Row) -> Mapping[str, Any] | str:
    """The same row; arguments of calls and parameters of tools are texts, which Axolotl reads back."""
    tools = {"tools": [_tool(tool) for tool in row["tools"]]} if row.get("tools") else {}
    return {"messages": [with_text_arguments(message) for message in row["messages"]], **tools}


def preference(row: Row) -> Mapping[str, Any] | str:
    """`prompt`, `chosen` and `rejected`; of messages only role and content are read, of a side only one message."""
    if reason := one_text(row["chosen"]) or one_text(row["rejected"]):
        return reason
    if row.get("tools") or any(message.get("tool_calls") for message in row["prompt"]):
        return CALLS.replace("a side calls a tool", "the prompt has tools or calls")
    sides = {name: {"role": "assistant", "content": row[name][0]["content"]} for name in ("chosen", "rejected")}
    prompt = [{"role": message["role"], "content": message["content"]} for message in row["prompt"]]
    return {"prompt": prompt, **sides}


def _tool(tool: Any) -> Any:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or "parameters" not in function:
        return tool
    return {**tool, "function": {**function, "parameters": text_of(function["parameters"])}}


FORMATS = {
    "sft": (supervised, lambda: {"train.yaml": _TRAIN + _SUPERVISED, "README.md": _README}),
    "dpo": (preference, lambda: {"train.yaml": _TRAIN + _PREFERENCE, "README.md": _README}),
}
