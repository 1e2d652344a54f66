"""Drift as `loopwright drift --json` prints it."""

from __future__ import annotations

from typing import Any

from core.evaluate.drift import Drift, Window
from core.evaluate.drift_checks import Check


def drift_json(found: Drift) -> dict[str, Any]:
    """Both windows, every check, what could not be checked, and whose doing it may be."""
    return {
        "agent": found.agent,
        "sentence": found.sentence,
        "reference": window_json(found.reference),
        "current": window_json(found.current),
        "checks": [check_json(check) for check in found.checks],
        "too_few": [
            {"name": one.name, "n_reference": one.n_reference, "n_current": one.n_current} for one in found.too_few
        ],
        "causes": [{"about": cause.about.value, "sentence": cause.sentence} for cause in found.causes],
        "solved": {"mix": found.solved.mix, "within": found.solved.within} if found.solved else None,
        "telling": [{"trace": one.trace_id, "text": one.text, "current": one.current} for one in found.telling],
    }


def window_json(window: Window) -> dict[str, Any]:
    """From when to when, and the runs of that time."""
    return {
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "runs": window.total,
        "looked_at": window.looked_at,
        "versions": list(window.versions),
    }


def check_json(check: Check) -> dict[str, Any]:
    """One check; `statistic` and `effect` as in `core.evaluate.drift_checks.Check`."""
    return {
        "name": check.name,
        "about": check.about.value,
        "reference": check.before,
        "current": check.after,
        "statistic": check.statistic,
        "effect": check.effect,
        "interval": [check.interval.low, check.interval.high] if check.interval else None,
        "p_value": check.p_value,
        "p_adjusted": check.p_adjusted,
        "n_reference": check.n_reference,
        "n_current": check.n_current,
        "drifted": check.drifted,
    }
