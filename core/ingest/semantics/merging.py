"""A step that comes more than once, or in pieces: whichever piece comes first, the same whole comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.ingest.semantics.events import DETAILS, EXCEPTION, joined, said_by
from core.ingest.semantics.steps import EVENTS, exception_text, step_of, written
from core.ingest.spans import Span, SpanEvent
from core.records import Json, Step, StepKind

_TEXTS = ("name", "call_id", "error", "model", "agent")
_VALUES = ("parent_id", "arguments", "result")
_COUNTS = ("tokens_in", "tokens_out", "tokens_cached", "tokens_cache_written", "tokens_reasoning")


def merge_steps(old: Step, new: Step) -> Step:
    """One step of two versions of it: what only one says is kept; where both say something, the one that has ended.

    Of two that have ended (or two that have not) the new one is believed. Merging a step with itself gives itself.
    """
    if old == new:
        return old
    first, second = (old, new) if _ended(old) > _ended(new) else (new, old)
    merged: dict[str, Any] = {name: getattr(first, name) or getattr(second, name) for name in _TEXTS}
    for name in _VALUES + _COUNTS:
        value = getattr(first, name)
        merged[name] = getattr(second, name) if value is None else value
    costed = first if first.cost is not None and (first.cost_from == "reported" or second.cost is None) else second
    if costed.cost is None:
        costed = first
    starts = [step.started_at for step in (old, new) if step.started_at]
    ends = [step.ended_at for step in (old, new) if step.ended_at]
    return Step(
        step_id=first.step_id,
        kind=first.kind if first.kind is not StepKind.OTHER else second.kind,
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None),
        input=_fuller(first.input, second.input),
        output=_fuller(first.output, second.output),
        cost=costed.cost,
        cost_from=costed.cost_from,
        attributes=_united(first, second),
        **merged,
    )


def _ended(step: Step) -> float:
    return step.ended_at.timestamp() if step.ended_at else 0.0


def _fuller(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return second if len(second) > len(first) else first


def _united(first: Step, second: Step) -> dict[str, Json]:
    attributes = {**second.attributes, **first.attributes}
    theirs, mine = second.attributes.get(EVENTS), first.attributes.get(EVENTS)
    if isinstance(theirs, list) and isinstance(mine, list):
        attributes[EVENTS] = mine + [event for event in theirs if event not in mine]
    return attributes


def with_events(step: Step, events: Iterable[SpanEvent]) -> Step:
    """A step with events that were sent apart from its span, as log records; the same ones again change nothing."""
    events = tuple(events)
    for event in events:
        if event.name == DETAILS:
            told = step_of(Span("", step.step_id, step.parent_id, attributes=event.attributes))
            step = replace(merge_steps(step, told), started_at=step.started_at, ended_at=step.ended_at)
    said = said_by(event for event in events if event.name != DETAILS)
    held = step.attributes.get(EVENTS)
    kept = list(held) if isinstance(held, list) else []
    kept += [record for other in said.others if (record := written(other)) not in kept]
    error = next((exception_text(event, "") for event in said.others if event.name == EXCEPTION), "")
    is_chat = bool(said.input or said.output) and step.kind is StepKind.OTHER
    whole = replace(
        step,
        kind=StepKind.LLM if is_chat else step.kind,
        input=joined(step.input, said.input),
        output=joined(step.output, said.output),
        error=step.error or error,
        attributes={**step.attributes, EVENTS: kept} if kept else step.attributes,
    )
    return step if whole == step else whole
