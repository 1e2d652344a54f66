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

TASK, TURN, PERSON = 1_500, 300, 2_000
"""Characters of the first thing the person said, of each later one, and of all of them."""

DONE, DID, ANSWER = 160, 3_400, 600
"""Characters of each tool call and error, of all of them, and of the agent's last answer."""


def run_text(steps: Sequence[Step]) -> str:
    """The text of a run from its steps in reading order (the first and the last of a long one).

    What the person said counts twice: by it runs of one task know each other.
    """
    said, did, answer = "", "", ""
    for step in steps:
        for message in (*step.input, *step.output) if not said or step.kind is StepKind.USER else ():
            if message.role == "user" and message.content.strip():
                said += message.content[: TURN if said else TASK] + "\n"
        if step.kind is StepKind.TOOL:
            did += f"{step.name} {text_of(step.arguments)}"[:DONE] + "\n"
        if step.error:
            did += step.error[:DONE] + "\n"
        for message in step.output:
            if message.role == "assistant" and message.content.strip():
                answer = message.content
    said = said[:PERSON]
    return f"{said}{said}{did[:DID]}{answer[:ANSWER]}"
