"""The checks of two windows as the rows of a table."""

from __future__ import annotations

from core.evaluate.drift import number
from core.evaluate.drift_checks import Check
from core.evaluate.drift_measures import Kind
from dashboard.parts.numbers import percent

_EFFECTS = {Kind.SHARE: "h", Kind.LENGTH: "P - ½", Kind.TEXT: "E"}


def check_row(check: Check) -> dict[str, str]:
    """What was before, what is now, the change, its effect size and the adjusted p."""
    words = percent if check.kind is Kind.SHARE else number
    if check.interval:
        low, high = 100 * check.interval.low, 100 * check.interval.high
        change = f"{100 * check.statistic:+.0f} points ({low:+.0f} to {high:+.0f})"
    else:
        change = f"more in {percent(0.5 + check.effect)}" if check.kind is Kind.LENGTH else "other texts"
        change = f"{100 * check.statistic:+.0f} points" if check.kind is Kind.SHARE else change
    return {
        "": check.name,
        "Moved": "moved" if check.drifted else "",
        "Before": _said(check.before, words, check.n_reference),
        "Now": _said(check.after, words, check.n_current),
        "Change": change,
        "Effect": f"{_EFFECTS[check.kind]} {check.effect:+.2f}",
        "p": "< 0.001" if check.p_adjusted < 0.001 else f"{check.p_adjusted:.3f}",
    }


def _said(value: float | None, words: object, n: int) -> str:
    said = words(value) if value is not None and callable(words) else ""
    return f"{said} (n {n:,})".strip()
