"""Reading aids: where it is worth looking first in a run, found by rule from its steps alone.

They are a machine's suggestions and nobody's label (law 4): computed when a run is read, stored nowhere. What a rule
sees is what a blind reviewer reads anyway; outcome, signals and labels are not given to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.records import Step, StepKind
from core.review.aids_acts import Acts
from core.review.aids_answers import failure_of, is_empty
from core.review.aids_claims import unheard_values, unowned_failures
from core.review.aids_repeats import Repeat, repeats

FIRST_ERROR, FAILURE, REPEAT, EMPTY, CONTRADICTION, UNHEARD = (
    "first_error",
    "tool_failure",
    "repeated_call",
    "empty_result",
    "contradiction",
    "unheard_value",
)
RULES = {
    FIRST_ERROR: "first error",
    FAILURE: "failure",
    REPEAT: "repeated call",
    EMPTY: "empty result",
    CONTRADICTION: "contradiction",
    UNHEARD: "value from nowhere",
}
"""Every rule and what it is called on the screen."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that a rule found. `step_id` is where it shows, `cause` the step of the agent that led to it."""

    rule: str
    step_id: str
    text: str
    cause: str


def suggest(steps: Sequence[Step]) -> list[Suggestion]:
    """What the rules find in a run whose steps stand in reading order; by step, at most one of each rule on one."""
    acts = Acts(steps)
    failures = _failures(acts)
    found = [_failure(acts, index, *told) for index, told in enumerate(_grouped(acts, failures))]
    found += [_repeat(acts, one) for one in repeats(acts)]
    found += _empty(acts, failures)
    for call, message in unowned_failures(acts, failures):
        text = f"says that it was done, but step {acts.number[call.step_id]} failed: {failures[call.step_id]}"
        found.append(_on(acts, CONTRADICTION, message, text))
    found += [_unheard(acts, step, values) for step, values in unheard_values(acts)]
    return sorted(found, key=lambda one: (acts.number[one.step_id], list(RULES).index(one.rule)))


def _on(acts: Acts, rule: str, step: Step, text: str) -> Suggestion:
    return Suggestion(rule, step.step_id, text, acts.cause.get(step.step_id) or step.step_id)


def _failures(acts: Acts) -> dict[str, str]:
    """Step id → what failed; of steps inside each other only the innermost, where it happened."""
    found = {step.step_id: told for step in acts.steps if (told := failure_of(step))}
    outer = {above.step_id for step_id in found for above in acts.above(acts.by_id[step_id])}
    return {step_id: told for step_id, told in found.items() if step_id not in outer}


def _grouped(acts: Acts, failures: dict[str, str]) -> list[tuple[Step, str, int]]:
    """The first of each failure that comes again word for word, and how often it does."""
    first: dict[tuple[str, str], Step] = {}
    times: dict[tuple[str, str], int] = {}
    for step_id, told in failures.items():
        key = (acts.by_id[step_id].name, told)
        first.setdefault(key, acts.by_id[step_id])
        times[key] = times.get(key, 0) + 1
    return [(step, key[1], times[key]) for key, step in first.items()]


def _failure(acts: Acts, index: int, step: Step, told: str, times: int) -> Suggestion:
    name = f"{step.name}: " if step.kind is not StepKind.LLM and step.name else ""
    often = f" ({times} times)" if times > 1 else ""
    return _on(acts, FAILURE if index else FIRST_ERROR, step, f"{name}{told}{often}")


def _empty(acts: Acts, failures: dict[str, str]) -> list[Suggestion]:
    """The first call of each name that found nothing, and how many did."""
    by_name: dict[str, list[Step]] = {}
    for step in acts.steps:
        if step.step_id not in failures and is_empty(step):
            by_name.setdefault(step.name, []).append(step)
    return [
        _on(acts, EMPTY, some[0], f"{name or 'the call'} found nothing{f' ({len(some)} times)' if some[1:] else ''}")
        for name, some in by_name.items()
    ]


def _repeat(acts: Acts, one: Repeat) -> Suggestion:
    before = acts.number[one.first.step_id]
    name = one.step.name or "the call"
    if one.calls > 1:
        text = f"{one.length} calls that were made before, with the same answers, from step {before} on"
    else:
        often = f", {one.times} times in all" if one.times > 2 else ""
        text = f"{name} as at step {before}, with the same answer{often}"
    return _on(acts, REPEAT, one.step, text)


def _unheard(acts: Acts, step: Step, values: list[str]) -> Suggestion:
    others = f" (and {len(values) - 1} more for {step.name or 'this call'})" if values[1:] else ""
    return _on(acts, UNHEARD, step, f"{values[0]} was given by nobody and by no result before{others}")
