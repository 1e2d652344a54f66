"""A step that comes more than once, or in pieces: whichever piece comes first, the same whole comes out."""

from __future__ import annotations

from typing import Any

from core.ingest.semantics.events import joined
from core.ingest.semantics.steps import EVENTS
from core.records import Json, Message, Step, StepKind

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
        input=_messages(old, new, "input"),
        output=_messages(old, new, "output"),
        cost=costed.cost,
        cost_from=costed.cost_from,
        attributes=_united(first, second),
        **merged,
    )


def _ended(step: Step) -> float:
    return step.ended_at.timestamp() if step.ended_at else 0.0


def _messages(old: Step, new: Step, side: str) -> tuple[Message, ...]:
    """The messages of both where one is a piece (events that were sent as logs); else those of the fuller one."""
    held, more = getattr(old, side), getattr(new, side)
    if _is_piece(old) or _is_piece(new):
        return joined(held, more)
    if len(held) == len(more):
        return held if _ended(old) > _ended(new) else more  # type: ignore[no-any-return]
    return held if len(held) > len(more) else more  # type: ignore[no-any-return]


def _is_piece(step: Step) -> bool:
    return step.started_at is None and step.ended_at is None and not step.name


def _united(first: Step, second: Step) -> dict[str, Json]:
    attributes = {**second.attributes, **first.attributes}
    theirs, mine = second.attributes.get(EVENTS), first.attributes.get(EVENTS)
    if isinstance(theirs, list) and isinstance(mine, list):
        attributes[EVENTS] = mine + [event for event in theirs if event not in mine]
    return attributes
