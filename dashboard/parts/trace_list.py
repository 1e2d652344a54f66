"""A list of runs as its table shows it: words, right-aligned numbers with their unit, times as "3 h ago"."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

from core.clock import now
from core.store.traces import TraceLine
from dashboard.parts.reading import plain

HIDDEN = "hidden until you have submitted"

COLUMNS = (
    {"label": "When", "title": "When the run began (exact time on hover)", "size": "6.5em"},
    {"label": "Task", "title": "What the run had to do", "link": "yes"},
    {"label": "Agent", "title": "The agent that ran", "size": "8em", "drop": "narrow"},
    {"label": "Version", "title": "One deployable state of the agent", "size": "8em"},
    {"label": "Outcome", "title": "Did the run do what its task asked? On hover: who says so", "size": "6.5em"},
    {"label": "Steps", "align": "right", "title": "Turns, model calls and tool calls", "size": "4.5em"},
    {"label": "Errors", "align": "right", "title": "Steps that failed", "size": "4.5em"},
    {"label": "Time", "align": "right", "title": "From the first step to the last", "size": "5em", "drop": "middle"},
    {
        "label": "Cost",
        "align": "right",
        "title": "What the model calls cost, in US dollars",
        "size": "5em",
        "drop": "middle",
    },
    {"label": "Labels", "align": "right", "title": "How many reviewers have submitted labels", "size": "4.5em"},
)


RUN_COLUMNS = ({"label": "Trial", "title": "Which attempt at the task", "link": "yes"}, COLUMNS[0], *COLUMNS[3:])
"""For runs of one task, which need not say what the task is."""


def run_rows(
    lines: Sequence[TraceLine], hidden: Set[int], current: int | None = None, of_one_task: bool = False
) -> list[dict[str, Any]]:
    """The rows for COLUMNS, or for RUN_COLUMNS; of runs in `hidden`, nothing that a blind reviewer must not know."""
    at = now()
    return [
        {
            "id": line.id,
            "href": f"?trace={line.id}",
            "current": line.id == current,
            "cells": _run_cells(line, line.id in hidden, at) if of_one_task else _cells(line, line.id in hidden, at),
        }
        for line in lines
    ]


def _cells(line: TraceLine, blind: bool, at: datetime) -> list[dict[str, str]]:
    secret = {"text": "hidden", "title": HIDDEN, "tone": "hidden"}
    trial = "" if line.trial is None else f" · trial {line.trial}"
    marks = "".join(f"{mark} · " for mark in marks_of(line, blind))
    outcome = {"text": line.outcome, "title": outcome_told(line), "tone": line.outcome}
    return [
        {"text": ago(line.started_at, at) if line.time_known else "–", "title": _time_told(line)},
        {"text": marks + plain(line.title or line.task or line.uid)[:200] + trial, "title": line.task or line.uid},
        {"text": line.agent, "title": line.agent},
        secret if blind else {"text": line.version, "title": line.version},
        secret if blind else outcome,
        {"text": f"{line.n_steps:,}"},
        {"text": f"{line.n_errors:,}", "tone": "error"} if line.n_errors else {"text": ""},
        secret if blind else {"text": duration(line.seconds)},
        secret if blind else cost_cell(line),
        secret if blind else {"text": str(line.n_annotations) if line.n_annotations else ""},
    ]


def _run_cells(line: TraceLine, blind: bool, at: datetime) -> list[dict[str, str]]:
    when, _, _, *others = _cells(line, blind, at)
    return [{"text": line.uid if line.trial is None else str(line.trial), "title": line.uid}, when, *others]


def marks_of(line: TraceLine, blind: bool) -> list[str]:
    """What is unfinished about a run, in words; that it was labelled is not told to a blind reviewer."""
    marks = ["still open"] if line.closed_at is None else [] if line.root_ended else ["root never ended"]
    return marks if blind or not line.outdated else [*marks, "changed since labelled"]


def cost_cell(line: TraceLine) -> dict[str, str]:
    """The cost of a run; where calls are unpriced, that it is more than what is known, or not known."""
    if not line.n_unpriced:
        return {"text": dollars(line.cost)}
    said = f"{line.n_unpriced:,} model call{'' if line.n_unpriced == 1 else 's'} without a price"
    if line.cost is None:
        return {"text": "unpriced", "title": said}
    return {"text": f"{dollars(line.cost)} +", "title": f"at least {dollars(line.cost)}: {said}"}


def outcome_told(line: TraceLine) -> str:
    """Where the outcome comes from, in words."""
    return f"from {line.outcome_from}" if line.outcome_from else "nobody and nothing has judged this run"


def _time_told(line: TraceLine) -> str:
    if line.time_known:
        return f"{line.started_at:%d %b %Y, %H:%M:%S} UTC"
    return f"The source has no times; it arrived {line.started_at:%d %b %Y, %H:%M} UTC"


def ago(then: datetime, at: datetime) -> str:
    """How long before `at`, in the largest unit that fits."""
    seconds = (at - then).total_seconds()
    if seconds < 0:
        return f"{then:%d %b %Y}"
    for unit, length in (("y", 31_557_600), ("mo", 2_629_800), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


def duration(seconds: float | None) -> str:
    """Seconds with their unit; "" when unknown."""
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def dollars(cost: float | None) -> str:
    """A cost in dollars, with more digits where it is small; "" when unknown."""
    if cost is None:
        return ""
    return f"${cost:.{2 if cost >= 0.1 or cost == 0 else 3 if cost >= 0.01 else 4}f}"
