"""A run as the trace reader reads it: outline, steps in blocks with previews, and slices of long texts.

Pure. Block parts: `output.N.reasoning|content|call.M`, `arguments`, `result`, `error`, `input`, `attributes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import NotFound
from core.records import Message, Step, StepKind
from core.review.answers import written
from core.store.content import text_of
from core.store.traces import StepLine

PREVIEW = 4_000
WRITTEN = 20_000
LONGEST_JSON = 200_000
"""Longer text is not tried as JSON: it is shown as text anyway."""

# Colours and cursor movements (CSI), titles and links that end (OSC), two-character sequences, then any lone escape.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[()*+][0-9A-Za-z]|\x1b[@-Z\\^_]|\x1b[\[\]]?"
)


@dataclass(frozen=True, slots=True)
class _Block:
    part: str
    type: str
    text: str
    role: str = ""
    label: str = ""
    folded: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "type": self.type,
            "role": self.role,
            "label": self.label,
            "text": self.text[:PREVIEW],
            "total": len(self.text),
            "folded": self.folded,
        }


def outline_json(trace: int, lines: Sequence[StepLine]) -> dict[str, Any]:
    """All steps in reading order as [position, depth, kind, name, seconds, 1 with an error, step id]."""
    depths = _depths(lines)
    steps = [
        [
            line.position,
            depths[line.step_id],
            line.kind,
            plain(line.name),
            line.seconds,
            int(bool(line.error)),
            line.step_id,
        ]
        for line in lines
    ]
    return {"trace": trace, "steps": steps}


def steps_json(trace: int, n_steps: int, start: int, steps: Sequence[Step]) -> dict[str, Any]:
    """One page of steps from position `start`; how deep each stands is in the outline."""
    shown = [_step(position, step) for position, step in enumerate(steps, start)]
    return {"trace": trace, "n_steps": n_steps, "start": start, "steps": shown}


def text_slice(step: Step, part: str, start: int, count: int) -> dict[str, Any]:
    """`count` characters of one block's whole text; raises NotFound for a part that the step does not have."""
    for block in _blocks(step):
        if block.part == part:
            text = block.text
            return {"part": part, "text": text[start : start + count], "start": start, "total": len(text)}
    raise NotFound(f"This step has no part “{part[:60]}”. Reload the page.", field="part")


def _depths(lines: Sequence[StepLine]) -> dict[str, int]:
    """Step id → how many of its ancestors are in the trace; a circle of parents counts from where it closes."""
    parents = {line.step_id: line.parent_id for line in lines}
    depths: dict[str, int] = {}
    for line in lines:
        chain: dict[str, None] = {}
        at: str | None = line.step_id
        while at is not None and at in parents and at not in depths and at not in chain:
            chain[at] = None
            at = parents[at]
        depth = depths.get(at or "", -1)
        for step_id in reversed(chain):
            depth += 1
            depths[step_id] = depth
    return depths


def _step(position: int, step: Step) -> dict[str, Any]:
    return {
        "position": position,
        "step_id": step.step_id,
        "parent_id": step.parent_id,
        "kind": step.kind.value,
        "name": plain(step.name),
        "at": step.started_at.isoformat() if step.started_at else None,
        "seconds": step.seconds,
        "error": plain(step.error)[:PREVIEW],
        "model": step.model,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "tokens_cached": step.tokens_cached,
        "tokens_cache_written": step.tokens_cache_written,
        "tokens_reasoning": step.tokens_reasoning,
        "cost": step.cost,
        "cost_from": "" if step.cost is None else step.cost_from or "reported",
        "unpriced": step.cost is None and bool(step.model) and not step.tokens_in is step.tokens_out is None,
        "written": plain(written(step))[:WRITTEN],
        "blocks": [block.as_json() for block in _blocks(step)],
    }


def _blocks(step: Step) -> list[_Block]:
    """What there is to read of a step, what was said first; what repeats or explains comes last and folded."""
    blocks = [block for number, message in enumerate(step.output) for block in _said(f"output.{number}", message)]
    blocks += _payload("arguments", step.arguments) + _payload("result", step.result)
    if step.error:
        blocks.append(_Block("error", "error", plain(step.error), label="error"))
    if step.input:
        label = f"model input, {len(step.input)} message{'s' if len(step.input) > 1 else ''}"
        if step.kind is not StepKind.LLM:
            label = label.removeprefix("model ")
        blocks.append(_Block("input", "text", plain("\n\n".join(map(_as_read, step.input))), label=label, folded=True))
    if step.attributes:
        blocks.append(
            _Block("attributes", "json", plain(text_of(dict(step.attributes))), label="attributes", folded=True)
        )
    return blocks


def _said(part: str, message: Message) -> list[_Block]:
    blocks = []
    if message.reasoning:
        blocks.append(_Block(f"{part}.reasoning", "reasoning", plain(message.reasoning), message.role, "reasoning"))
    if message.content:
        folded = message.role == "system"
        label = "system prompt" if folded else ""
        blocks.append(_Block(f"{part}.content", "text", plain(message.content), message.role, label, folded))
    for number, call in enumerate(message.tool_calls):
        text = plain(text_of(call.arguments))
        blocks.append(_Block(f"{part}.call.{number}", "call", text, message.role, plain(call.name)))
    return blocks


def _payload(part: str, value: Any) -> list[_Block]:
    text = plain(text_of(value))
    if value is None:
        return []
    return [_Block(part, "json" if not isinstance(value, str) or _is_json(text) else "text", text, label=part)]


def _is_json(text: str) -> bool:
    """Whether the text is a JSON object or list, as many tools answer."""
    if len(text) > LONGEST_JSON or not text.lstrip().startswith(("{", "[")):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _as_read(message: Message) -> str:
    """A message of a model's input as text under its role."""
    calls = [f"→ {call.name}({text_of(call.arguments)})" for call in message.tool_calls]
    said = [text for text in (message.reasoning, message.content, *calls) if text]
    name = f" {message.name}" if message.name else ""
    return "\n".join([f"── {message.role}{name} ──", *said])


def plain(text: str) -> str:
    """The text without terminal escape codes."""
    return _ANSI.sub("", text) if "\x1b" in text or "\x9b" in text else text
