"""Overfitting to recent feedback: do lessons rest on one person or one week, and do gains vanish on the holdout?"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
from sqlalchemy.orm import Session

from core.evaluate.guards.newest import Newest
from core.evaluate.guards.state import Guard, State
from core.measure.two_samples import Blocks, Difference, mean_differences
from core.records import Split
from core.store.lesson_evidence import Support, lesson_support
from core.store.suites import opened_cases

NAME = "Overfitting to recent feedback"
FEWEST = 10
"""Active lessons (tasks on each side of the holdout), at the least."""
SHARE = 0.5
"""Lessons that rest on one person alone, or on one week: more than this share is too many."""


def overfitting(session: Session, agent: str, versions: Newest | None) -> Guard:
    """Who the active lessons rest on and when they were written; the gain on the holdout, where it was opened."""
    support = lesson_support(session, agent)
    narrow, lines = _narrow(support)
    gap = _gap(session, versions) if versions else None
    if gap is not None:
        said = f"The gain is {100 * gap.after:+.0f} points on the tasks of the suite that were open to see and "
        said += f"{100 * gap.before:+.0f} on its holdout."
        lines = (*lines, said)
    p_value = None if gap is None else gap.p_value if gap.value > 0 else 1.0
    if narrow:
        advice = "Let others review the same kind of runs, and approve or correct these lessons."
        return Guard(NAME, State.WATCH, narrow, advice, "lessons", p_value, lines)
    if gap is not None:
        advice = "What was learned holds for the tasks that it was learned from: teach with others."
        return Guard(NAME, State.FINE, lines[-1], advice, "evaluation", p_value, lines)
    if len(support) < FEWEST:
        few = (
            f"{len(support)} lessons are active (it takes {FEWEST}), and no holdout was opened for the newest version."
        )
        return Guard(NAME, State.CANNOT_TELL, few, page="lessons", evidence=lines)
    fine = f"{len(support)} active lessons rest on {len({name for one in support for name in one.people})} people."
    return Guard(NAME, State.FINE, fine, page="lessons", evidence=lines)


def _narrow(support: list[Support]) -> tuple[str, tuple[str, ...]]:
    """What is too narrow, "" for nothing; and the numbers behind it."""
    if not support:
        return "", ()
    n = len(support)
    alone = Counter(next(iter(one.people)) for one in support if len(one.people) == 1)
    weeks = Counter(one.written.date() - timedelta(days=one.written.weekday()) for one in support)
    person, most = alone.most_common(1)[0] if alone else ("", 0)
    week, in_week = weeks.most_common(1)[0]
    lines = (
        f"{most} of {n} active lessons rest on one person alone" + (f" ({person})." if person else "."),
        f"{in_week} of {n} were written in one week (that of {week.day} {week:%B %Y}).",
    )
    if n < FEWEST:
        return "", lines
    found = [line for line, share in zip(lines, (most / n, in_week / n), strict=True) if share > SHARE]
    return " ".join(found), lines


def _gap(session: Session, versions: Newest) -> Difference | None:
    """The mean gain on the tasks outside (`after`) and inside (`before`) the opened holdout; None without one."""
    cases = opened_cases(session, versions.base.name, versions.candidate.name)
    gains: dict[bool, list[float]] = {True: [], False: []}
    for task, split in cases.items():
        if task in versions.before.tasks and task in versions.after.tasks:
            before, after = versions.before.tasks[task].trials, versions.after.tasks[task].trials
            gains[split is not Split.HOLDOUT].append(sum(after) / len(after) - sum(before) / len(before))
    return gap_between(gains[False], gains[True]) if min(map(len, gains.values())) >= FEWEST else None


def gap_between(inside: list[float], outside: list[float]) -> Difference:
    """The mean gain of tasks outside the holdout less that of those inside it, by exchanging tasks."""
    values = np.array([*inside, *outside])[:, None]
    late = np.arange(len(values)) >= len(inside)
    return mean_differences(Blocks(late, values, np.ones_like(values)))[0]
