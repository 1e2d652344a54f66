"""What the reading aids suggest in a run, as the trace reader offers it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.records import Step
from core.review.aids import RULES, suggest
from dashboard.parts.reading import plain

MOST = 500
"""Of a run in which more is found the first are offered: nobody looks at more."""


def suggestions_json(trace: int, steps: Sequence[Step]) -> dict[str, Any]:
    """The suggestions of a whole run in reading order, and how many there are in all."""
    found = suggest(steps)
    shown = [
        {
            "rule": one.rule,
            "name": RULES[one.rule],
            "step_id": one.step_id,
            "cause": one.cause,
            "text": plain(one.text)[:300],
        }
        for one in found[:MOST]
    ]
    return {"trace": trace, "n": len(found), "suggestions": shown}
