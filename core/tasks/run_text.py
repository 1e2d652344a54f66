"""The text that stands for a run in the index of runs: what it was asked, what it did, how it ended.

It says nothing of the run's outcome, version, signals and labels, for a blind reviewer may look for similar runs too.
Its parts and lengths were chosen by a measurement (tests/benchmarks/bench_similar.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.records import Step, StepKind
from core.store.content import text_of

RECIPE = 1
"""Changed whenever another text is made of the same run: vectors of different recipes are never compared."""

FIRST_STEPS, LAST_STEPS = 60, 20
"""Steps at either end of a run that are read; of what a run of thousands does between, these give the idea."""

ASKED, SAID, DONE, ANSWER = 1_500, 160, 160, 600
"""Characters of the task, of each thing the agent said, of each thing it did, and of its last answer."""


def run_text(steps: Sequence[Step]) -> str:
    """The text of a run from its steps in reading order (the first and the last of a long one)."""
    asked = ""
    did: list[str] = []
    answer = ""
    for step in steps:
        for message in (*step.input, *step.output):
            if message.role == "user" and not asked:
                asked = message.content
        if step.kind is StepKind.TOOL:
            did.append(f"{step.name} {text_of(step.arguments)}"[:DONE])
        if step.error:
            did.append(step.error[:DONE])
        for message in step.output:
            if message.role == "assistant" and message.content.strip():
                answer = message.content
                did.append(message.content[:SAID])
    return "\n".join(part for part in (asked[:ASKED], *did, answer[:ANSWER]) if part.strip())
