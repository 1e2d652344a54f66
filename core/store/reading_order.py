"""The order in which the steps of a run are read: each after its parent, those of one parent by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

_NEVER = datetime.max.replace(tzinfo=UTC)


class Place(NamedTuple):
    """What the order of a step depends on."""

    uid: str
    parent: str | None
    started_at: datetime | None


def reading_order(steps: Sequence[Place]) -> list[str]:
    """The step ids in reading order. A step whose parent is not there stands as a root; so does a circle of parents.

    Steps without a time come after those with one, in the order in which they were given.
    """
    known = {step.uid for step in steps}
    children: dict[str | None, list[Place]] = {}
    for step in steps:
        parent = step.parent if step.parent in known and step.parent != step.uid else None
        children.setdefault(parent, []).append(step)
    for siblings in children.values():
        siblings.sort(key=lambda step: step.started_at or _NEVER)
    ordered: dict[str, None] = {}
    _walk(children.get(None, []), children, ordered)
    for step in steps:  # only circles are left
        if step.uid not in ordered:
            _walk([step], children, ordered)
    return list(ordered)


def _walk(roots: Sequence[Place], children: dict[str | None, list[Place]], ordered: dict[str, None]) -> None:
    waiting = list(reversed(roots))
    while waiting:
        step = waiting.pop()
        if step.uid in ordered:
            continue
        ordered[step.uid] = None
        waiting += reversed(children.get(step.uid, ()))
