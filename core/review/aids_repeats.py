"""Calls that were made again and answered the same again: nothing new could come of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.records import Step
from core.review.aids_acts import CALLS, Acts, same
from core.review.aids_answers import is_silent


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch of calls that were made before; `first` is the earlier one that its first call repeats.

    It is `length` calls long, `calls` of them different; `times` is how often its first call is made and answered so.
    """

    step: Step
    first: Step
    calls: int
    length: int
    times: int


def repeats(acts: Acts) -> Iterator[Repeat]:
    """Each stretch of calls without a new one between them that repeat earlier ones; a call is told of once.

    A call that is answered otherwise than before is new, and so is one whose answer says nothing (`git add` twice).
    """
    before: dict[str, tuple[Step, str]] = {}
    times: dict[str, int] = {}
    told: set[str] = set()
    stretches: list[list[tuple[Step, Step, str]]] = []
    running = False
    for step in acts.steps:
        if step.kind not in CALLS:
            continue
        what, answer = same([step.name, step.arguments]), same([step.result, step.error])
        earlier = before.get(what)
        if not _tells(step) or earlier is None or earlier[1] != answer:
            running = False
            if _tells(step):
                before[what], times[what] = (step, answer), 1
            continue
        before[what] = (step, answer)
        times[what] += 1
        if running:
            stretches[-1].append((step, earlier[0], what))
        elif what not in told:
            stretches.append([(step, earlier[0], what)])
            running = True
        told.add(what)
    for stretch in stretches:
        step, first, what = stretch[0]
        yield Repeat(step, first, len({one[2] for one in stretch}), len(stretch), times[what])


def _tells(step: Step) -> bool:
    """Whether the same again would be odd: it was asked something in particular, and answered something."""
    return step.arguments not in (None, {}, [], "") and (bool(step.error) or not is_silent(step))
