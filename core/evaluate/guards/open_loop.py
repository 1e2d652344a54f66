"""Open loop: is there feedback that nothing consumes, and for how long?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.evaluate.guards.state import Guard, State
from core.store.feedback import (
    complaints_unread,
    labels_in_no_dataset,
    lessons_never_given,
)
from core.store.lessons import UNDECIDED
from core.store.stages import Count, lessons_in, waiting_for_review

NAME = "Open loop"
WATCH, ALARM = timedelta(days=7), timedelta(days=30)
"""What waits for longer is named, and raises an alarm."""
SLOW = 4
"""Datasets are made once in weeks, and a lesson may fit seldom: both may wait so many times longer."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """`n` things wait: what they are, what to do, where; and whether they may wait `SLOW` times longer."""

    count: Count
    what: str
    advice: str
    page: str
    slow: bool = False

    def state(self, now: datetime) -> State:
        if not self.count.n or self.count.oldest is None:
            return State.FINE
        age = (now - self.count.oldest) / (SLOW if self.slow else 1)
        return State.ALARM if age >= ALARM else State.WATCH if age >= WATCH else State.FINE

    def said(self, now: datetime) -> str:
        days = (now - self.count.oldest).days if self.count.oldest else 0
        since = f"; the oldest has waited {days:,} {'day' if days == 1 else 'days'}" if self.count.n else ""
        return f"{self.count.n:,} {self.what}{since}."


def open_loop(session: Session, agent: str, now: datetime) -> Guard:
    """What users complained of, what waits in queues, for leads, for agents and for training."""
    found = [
        _Waiting(
            complaints_unread(session, agent),
            "runs that users complained of were read by nobody",
            "Put them into a queue.",
            "queues",
        ),
        _Waiting(
            waiting_for_review(session, agent), "runs in queues wait for a reviewer", "Review the next one.", "review"
        ),
        _Waiting(lessons_in(session, UNDECIDED, agent), "lessons wait for a lead", "Decide about them.", "lessons"),
        _Waiting(
            lessons_never_given(session, agent),
            "active lessons were never given to the agent",
            "Let the agent ask for lessons, and try a recall.",
            "lessons",
            slow=True,
        ),
        _Waiting(
            labels_in_no_dataset(session, agent),
            "labels came after the newest dataset was made",
            "Make a dataset version.",
            "datasets",
            slow=True,
        ),
    ]
    worst = max(found, key=lambda one: (_ORDER.index(one.state(now)), -_since(one, now)))
    lines = tuple(one.said(now) for one in found)
    if worst.state(now) is State.FINE:
        return Guard(NAME, State.FINE, "Nothing that people said has waited for a week.", page="home", evidence=lines)
    return Guard(NAME, worst.state(now), worst.said(now), worst.advice, worst.page, evidence=lines)


_ORDER = (State.FINE, State.WATCH, State.ALARM)


def _since(one: _Waiting, now: datetime) -> float:
    """When the oldest came, so that the oldest of all comes first."""
    return (one.count.oldest or now).timestamp()
