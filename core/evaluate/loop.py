"""Is the loop closed and turning: collected, reviewed, taught, recalled, improved; and where it leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.evaluate.comparison import VersionComparison, compare_versions
from core.evaluate.guards.newest import newest_pair
from core.records import LessonState
from core.store.catalog import VersionLine, list_versions
from core.store.lessons import UNDECIDED
from core.store.stages import (
    Arrived,
    arrived_by_agent,
    count_reviewed,
    failures_reviewed,
    given_lessons,
    latest,
    lessons_in,
    waiting_for_review,
)

MOST_AGENTS = 3
"""Agents whose newest version is compared here; the others stand on Evaluation."""
ENOUGH = 0.5
"""A stage that lets less than this share through is named as the leak."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the loop, with `n` things in it. `passed` of `arrived` went on into it; both 0 where none could."""

    name: str
    n: int
    unit: str
    passed: int = 0
    arrived: int = 0
    what: str = ""
    """What arrived, in words."""
    since: datetime | None = None
    """Since when the oldest of what waits has waited."""
    last: datetime | None = None
    """When the newest of what is in it came."""

    @property
    def through(self) -> float | None:
        """The share that went on."""
        return self.passed / self.arrived if self.arrived else None


@dataclass(frozen=True, slots=True)
class Leak:
    """Where the loop loses most, and the one action that mends it: its words, and the page where it is done."""

    stage: Stage
    sentence: str
    action: str
    page: str


@dataclass(frozen=True, slots=True)
class Newest:
    """An agent's newest version against its base; `problem` says why they cannot be compared."""

    agent: str
    base: str
    candidate: str
    comparison: VersionComparison | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Loop:
    """The whole of it; `leak` is None when no stage holds up most of what arrives there."""

    stages: tuple[Stage, ...]
    leak: Leak | None
    arrived: tuple[Arrived, ...]
    newest: tuple[Newest, ...]


def loop_state(session: Session) -> Loop:
    """The loop as it stands now."""
    arrived = tuple(arrived_by_agent(session))
    compared = _compared(session, [agent.agent for agent in arrived])
    verdicts = [one.comparison.paired.verdict for one in compared if one.comparison]
    reviewed, unreviewed = count_reviewed(session), waiting_for_review(session)
    active, proposed = lessons_in(session, [LessonState.ACTIVE]), lessons_in(session, UNDECIDED)
    asked, last_asked, used = given_lessons(session)
    newest = latest(session)
    failures = failures_reviewed(session)
    # Without any lesson, what could have become one is a failure that somebody looked at.
    lessons = active.n + proposed.n or failures
    stages = (
        Stage(
            "Collected", sum(one.runs for one in arrived), "runs", last=max((one.last for one in arrived), default=None)
        ),
        Stage(
            "Reviewed",
            reviewed,
            "runs",
            passed=reviewed,
            arrived=reviewed + unreviewed.n,
            what="runs to review",
            since=unreviewed.oldest,
            last=newest.labelled,
        ),
        Stage(
            "Taught",
            active.n,
            "active lessons",
            passed=active.n,
            arrived=lessons,
            what="lessons written",
            since=proposed.oldest,
            last=newest.taught,
        ),
        Stage(
            "Recalled",
            asked,
            "recalls",
            passed=used,
            arrived=active.n,
            what="active lessons",
            since=None if used else active.oldest,
            last=last_asked,
        ),
        Stage("Improved", verdicts.count("better"), f"of {len(verdicts)} newest versions better", last=newest.version),
    )
    return Loop(stages, _leak(stages, failures, proposed.n, compared), arrived, compared)


def _compared(session: Session, agents: Sequence[str]) -> tuple[Newest, ...]:
    """The newest version with runs of each agent that has two, against its base or else the one before it."""
    lines: dict[str, list[VersionLine]] = {agent: [] for agent in agents}
    for line in list_versions(session):
        if line.n_traces:
            lines[line.agent].append(line)
    found = []
    pairs = [(agent, pair) for agent in agents if (pair := newest_pair(lines[agent])) is not None]
    for agent, (base, newest) in pairs[:MOST_AGENTS]:
        names = (base.name, newest.name)
        try:
            found.append(Newest(agent, *names, compare_versions(session, *names, agent=agent)))
        except InvalidInput as problem:
            found.append(Newest(agent, *names, None, problem.message))
    return tuple(found)


def _leak(stages: tuple[Stage, ...], failures: int, proposed: int, compared: tuple[Newest, ...]) -> Leak | None:
    collected, reviewed, taught, recalled, improved = stages
    if not collected.n:
        return Leak(collected, "Nothing has come in yet.", "Import runs", "traces")
    for one in compared:
        if one.comparison and one.comparison.paired.verdict == "worse":
            return Leak(improved, one.comparison.sentence, "See what it broke", "evaluation")
    if not reviewed.arrived:
        none = f"None of the {collected.n} runs stands in a queue for review."
        return Leak(reviewed, none, "Set up a queue", "settings")
    held = [stage for stage in (reviewed, taught, recalled) if stage.arrived and stage.passed < ENOUGH * stage.arrived]
    if not held and not taught.n:
        none = "No lesson is active yet: what people say reaches no agent."
        return Leak(taught, none, "Write a lesson", "review")
    if not held:
        return None
    worst = min(held, key=lambda stage: stage.passed / stage.arrived)
    lost = f"{worst.arrived - worst.passed} of {worst.arrived}"
    if worst is reviewed:
        return Leak(worst, f"{lost} runs to review wait for somebody.", "Review the next one", "review")
    if worst is recalled:
        return Leak(worst, f"{lost} active lessons were never given to an agent.", "Try a recall", "lessons")
    if proposed:
        return Leak(worst, f"{lost} lessons wait for a lead to decide.", "Decide about lessons", "lessons")
    return Leak(worst, f"{failures} failed runs were reviewed, and no lesson came of them.", "Write a lesson", "review")
