"""A run as the trace reader reads it: outline, steps in blocks with previews, and slices of long texts.

Pure. Block parts: `output.N.reasoning|content|call.M`, `arguments`, `result`, `error`, `input`, `input.RANGES` (some of
its messages, see inputs), `told.N` (what one of them says), `attributes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import content_hash
from core.errors import NotFound
from core.records import Message, Step, StepKind
from core.review.answers import written
from core.store.content import text_of
from core.store.steps import StepLine
from dashboard.parts.inputs import SYSTEM, Answers, Read, indexes, ranges

LOOK_BACK = 8
"""Steps before a page that are read with it, to tell what of a model's input is new and what answers what."""

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
    """`key` is the same for the same system prompt; `at` the position of the step that the text stands in, if another.

    `late` is the position of a call's result where the agent went on before it came. Of what was read before no text is
    sent (`preview` 0): it is there on request.
    """

    part: str
    type: str
    text: str
    role: str = ""
    label: str = ""
    folded: bool = False
    preview: int = PREVIEW
    key: str = ""
    at: int | None = None
    late: int | None = None

    def as_json(self) -> dict[str, Any]:
        shown = {
            "part": self.part,
            "type": self.type,
            "role": self.role,
            "label": self.label,
            "text": self.text[: self.preview],
            "total": len(self.text),
            "folded": self.folded,
        }
        more = {"key": self.key or None, "at": self.at, "late": self.late}
        return shown | {name: value for name, value in more.items() if value is not None}


def outline_json(trace: int | str, lines: Sequence[StepLine]) -> dict[str, Any]:
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


def steps_json(trace: int | str, n_steps: int, start: int, steps: Sequence[Step], before: int = 0) -> dict[str, Any]:
    """One page of steps from position `start`; how deep each stands is in the outline.

    The first `before` of the steps stand before the page: what they said is not new in it.
    """
    read, answers = Read(), Answers.among(steps, start - before)
    shown = []
    for position, step in enumerate(steps, start - before):
        if position >= start:
            shown.append(_step(position, step, _blocks(step, read.fresh(step), answers, steps, start - before)))
        read.take(step)
    for one in shown:
        call = one.pop("call_id")
        if call in answers.late and one["position"] == answers.answered[call]:
            one["asked_at"] = answers.asked[call]
    return {"trace": trace, "n_steps": n_steps, "start": start, "steps": shown}


def text_slice(step: Step, part: str, start: int, count: int) -> dict[str, Any]:
    """`count` characters of one block's whole text; raises NotFound for a part that the step does not have."""
    if part == "input" and step.input:
        text = _input_text(step.input)
    elif part.startswith("input."):
        chosen = [step.input[index] for index in indexes(part.removeprefix("input."), len(step.input))]
        text = _input_text(chosen)
    elif part.startswith("told."):
        text = plain(step.input[indexes(part.removeprefix("told."), len(step.input))[0]].content)
    else:
        found = [block.text for block in _blocks(step) if block.part == part]
        if not found:
            raise NotFound(f"This step has no part “{part[:60]}”. Reload the page.", field="part")
        text = found[0]
    return {"part": part, "text": text[start : start + count], "start": start, "total": len(text)}


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


def _step(position: int, step: Step, blocks: Sequence[_Block]) -> dict[str, Any]:
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
        "call_id": step.call_id,
        "blocks": [block.as_json() for block in blocks],
    }


def _blocks(
    step: Step,
    fresh: Sequence[int] | None = None,
    answers: Answers | None = None,
    steps: Sequence[Step] = (),
    first: int = 0,
) -> list[_Block]:
    """What there is to read of a step, what was said first; what repeats or explains comes last and folded.

    `fresh` are the messages of its input that were not read before (None: all), `answers` where the calls of `steps`
    (the first stands at `first`) are answered.
    """
    blocks = []
    for number, message in enumerate(step.output):
        blocks += _said(f"output.{number}", message)
        blocks += _calls(f"output.{number}", message, answers, steps, first)
    blocks += _payload("arguments", step.arguments) + _payload("result", step.result)
    if step.error:
        blocks.append(_Block("error", "error", plain(step.error), label="error"))
    if step.input and step.kind is StepKind.LLM:
        blocks += _model_input(step.input, range(len(step.input)) if fresh is None else fresh)
    elif step.input:
        blocks.append(
            _Block("input", "text", _input_text(step.input), label=f"input, {_count(len(step.input))}", folded=True)
        )
    if step.attributes:
        blocks.append(
            _Block("attributes", "json", plain(text_of(dict(step.attributes))), label="attributes", folded=True)
        )
    return blocks


def _count(messages: int) -> str:
    return f"{messages} message{'s' if messages != 1 else ''}"


def _model_input(messages: Sequence[Message], fresh: Sequence[int]) -> list[_Block]:
    """The system prompts, then what is new, then all of it."""
    new, n = set(fresh), len(messages)
    blocks = []
    for index, message in enumerate(messages):
        if message.role in SYSTEM:
            blocks.append(_prompt(f"told.{index}", plain(message.content), message, index in new))
    rest = [index for index in range(n) if messages[index].role not in SYSTEM]
    told = [index for index in rest if index in new]
    all_of = _count(n)
    if told:
        text = _input_text([messages[index] for index in told])
        label = f"model input: {len(told)} new of {all_of}" if told != rest else f"model input, {_count(len(rest))}"
        blocks.append(_Block(f"input.{ranges(told)}", "text", text, label=label, folded=True))
    if told != rest:
        label = f"whole model input, {all_of}" if told else f"model input, {all_of}, none new"
        blocks.append(_Block("input", "text", _input_text(messages), label=label, folded=True, preview=0))
    return blocks


def _prompt(part: str, text: str, message: Message, new: bool = True) -> _Block:
    key = content_hash([message.content], 16)
    return _Block(part, "text", text, message.role, "system prompt", True, PREVIEW if new else 0, key)


def _input_text(messages: Sequence[Message]) -> str:
    return plain("\n\n".join(map(_as_read, messages)))


def _said(part: str, message: Message) -> list[_Block]:
    blocks = []
    if message.reasoning:
        blocks.append(_Block(f"{part}.reasoning", "reasoning", plain(message.reasoning), message.role, "reasoning"))
    if message.content and message.role in SYSTEM:
        blocks.append(_prompt(f"{part}.content", plain(message.content), message))
    elif message.content:
        blocks.append(_Block(f"{part}.content", "text", plain(message.content), message.role))
    return blocks


def _calls(part: str, message: Message, answers: Answers | None, steps: Sequence[Step], first: int) -> list[_Block]:
    """The calls that were asked for; one that has no step of its own with the result that a later input tells."""
    blocks = []
    for number, call in enumerate(message.tool_calls):
        text = plain(text_of(call.arguments))
        late = answers.answered[call.call_id] if answers is not None and call.call_id in answers.late else None
        name = f"{part}.call.{number}"
        blocks.append(_Block(name, "call", text, message.role, plain(call.name), late=late))
        if answers is not None and call.call_id in answers.told:
            position, index = answers.told[call.call_id]
            text = plain(steps[position - first].input[index].content)
            kind = "json" if _is_json(text) else "text"
            blocks.append(_Block(f"told.{index}", kind, text, "tool", "result", at=position))
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
