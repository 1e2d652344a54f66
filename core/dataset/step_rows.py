"""A run step by step with what people said of each step: the rows of the format `steps`.

The shape is published as a JSON schema, `steps.schema.json` beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.dataset.candidates import Candidate, Problem, StepVerdict, Texts
from core.dataset.messages import message_column, tool_column, unknown_role
from core.records import Message, Step, StepKind
from core.tasks.conversation import told

_WRAPS = (StepKind.AGENT, StepKind.CHAIN)
"""Spans that repeat what the steps inside of them said: they stand in a row only where somebody judged them."""


def steps_columns(candidate: Candidate, texts: Texts) -> Mapping[str, Any] | Problem:
    """`prompt`: what the model was sent first, where the source says so. `steps`: each step that says something, in
    order, with its verdict (1, 0, -1, or null for none or none agreed)."""
    text = texts.runs[candidate.runs[0].id]
    verdicts = {one.step_id: one for one in candidate.steps}
    if missing := sorted(verdicts.keys() - {step.step_id for step in text.steps}):
        return Problem("no_turn", f"The run has no step {missing[0]}, which somebody judged.")
    prompt = next((step.input for step in text.steps if step.input), ())
    kept = [
        step
        for step in text.steps
        if step.step_id in verdicts or (step.kind not in _WRAPS and any(_says(one) for one in told(step)))
    ]
    role = next(filter(None, (unknown_role(said) for said in (prompt, *map(told, kept)))), "")
    if role:
        return Problem("unknown_role", f"A message has the role {role}.")
    tools = {"tools": tool_column(text.tools)} if text.tools else {}
    steps = [_step(step, verdicts.get(step.step_id)) for step in kept]
    return {"prompt": message_column(prompt), "steps": steps} | tools


def _says(message: Message) -> bool:
    return bool(message.content.strip() or message.tool_calls or message.reasoning)


def _step(step: Step, judged: StepVerdict | None) -> dict[str, Any]:
    named = {"name": step.name} if step.name else {}
    return {
        "step": step.step_id,
        "kind": step.kind.value,
        **named,
        **({"agent": step.agent} if step.agent else {}),
        "messages": message_column(told(step)),
        "verdict": int(judged.verdict) if judged is not None and judged.verdict else None,
        "people": 0 if judged is None else judged.people,
    }
