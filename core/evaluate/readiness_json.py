"""Readiness as `loopwright readiness --json` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.evaluate.drift_checks import LEAST
from core.evaluate.drift_json import check_json, window_json
from core.evaluate.movable_context import MovableContext
from core.evaluate.readiness import ENOUGH, ROWS, TASKS, WORTH, Answer, Readiness, weeks_to_go
from core.measure.intervals import Interval


def readiness_json(found: Sequence[Readiness]) -> dict[str, Any]:
    """One object an agent, in the order given."""
    return {"agents": [_agent(one) for one in found]}


def _agent(found: Readiness) -> dict[str, Any]:
    drift = found.stability
    lift = found.lessons
    return {
        "agent": found.agent,
        "worthwhile": found.worthwhile,
        "sentence": found.sentence,
        "stable": {
            **_answer(found.stable),
            "needs": {"runs": ENOUGH, "effects_below": {kind.value: least for kind, least in LEAST.items()}},
            "reference": window_json(drift.reference) if drift else None,
            "current": window_json(drift.current) if drift else None,
            "checks": [check_json(check) for check in drift.checks] if drift else [],
        },
        "enough": {
            **_answer(found.enough),
            "needs": {"rows": ROWS, "tasks": TASKS},
            "rows": found.examples.rows,
            "tasks": found.examples.tasks,
            "verified": found.examples.verified,
            "read": found.examples.read,
            "by_check": found.examples.by_check,
            "by_one": found.examples.by_one,
            "by_several": found.examples.by_several,
            "agreed": found.examples.agreed,
            "a_week": round(found.examples.a_week, 2),
            "recent": found.examples.recent,
            "weeks_to_go": weeks_to_go(found.examples),
        },
        "saves": {
            **_answer(found.saves),
            "needs": {"share": round(WORTH, 3)},
            "looked_at": found.looked_at,
            **(_context(found.context) if found.context else {}),
        },
        "lessons": {
            "verdict": lift.verdict,
            "difference": lift.difference,
            "interval": _interval(lift.interval),
            "with": lift.n_with,
            "without": lift.n_without,
        },
    }


def _answer(answer: Answer) -> dict[str, str]:
    return {"state": answer.state.value, "sentence": answer.sentence}


def _context(found: MovableContext) -> dict[str, Any]:
    """Tokens and dollars of 1,000 runs are the most that could go."""
    dollars = found.dollars
    return {
        "runs": found.runs,
        "share": found.share,
        "tokens_a_call": {
            "median": found.a_call.value,
            "interval": _interval(found.a_call.interval),
            "system": found.system,
            "notes": found.notes,
            "tools": found.tools,
        },
        "a_thousand_runs": {
            "tokens": 1_000 * found.a_run.value,
            "interval": _interval(found.a_run.interval, 1_000),
            "cached_share": found.cached if found.cache_known else None,
            "dollars": 1_000 * dollars.value if dollars else None,
            "dollars_interval": _interval(dollars.interval, 1_000) if dollars else None,
            "priced": found.priced,
        },
        "tools_recorded": found.tools_known,
    }


def _interval(interval: Interval | None, times: float = 1) -> list[float] | None:
    return [times * interval.low, times * interval.high] if interval else None
