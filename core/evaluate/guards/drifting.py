"""Drift, as one of the guards."""

from __future__ import annotations

from core.evaluate.drift import Drift, told
from core.evaluate.drift_measures import About
from core.evaluate.guards.state import Guard, State

NAME = "Drift"


def drifting(found: Drift | None) -> Guard:
    """The clearest check that moved by an effect that matters; its p is adjusted for all checks already."""
    if found is None or not found.checks:
        said = found.sentence if found else "No run says when it began, so nothing can be compared."
        return Guard(NAME, State.CANNOT_TELL, said, page="drift")
    moved = found.drifted
    advice = found.causes[0].sentence if moved else ""
    p_value = min((check.p_adjusted for check in moved), default=1.0)
    lines = tuple(f"{told(check)}, p {check.p_adjusted:.4f}" for check in moved)
    # That a release changes what the agent does is what it was made for.
    released = found.other_version and not any(check.about is About.TRAFFIC for check in moved)
    worst = State.WATCH if released else State.ALARM
    return Guard(NAME, State.FINE, found.sentence, advice, "drift", p_value, lines, worst)
