"""Whether the memory helps, and each lesson: runs that were given it against runs that by chance were not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core.measure.lift import LEAST, Group, Lift, lift
from core.measure.runs import NOTHING, Sums
from core.memory.arms import CONTROL, MEMORY, Shares
from core.memory.recall import HELD_BACK
from core.store.lift import NotCounted, Runs, Use, lesson_uses, not_counted, runs_by_arm, runs_by_lesson
from core.store.recalls import GIVEN


@dataclass(frozen=True, slots=True)
class AgentLift:
    """What the memory does for one agent."""

    agent: str
    lift: Lift


@dataclass(frozen=True, slots=True)
class WeekLift:
    """What the memory did for the runs that began in one week, which starts on this Monday (UTC)."""

    start: date
    lift: Lift

    @property
    def enough(self) -> bool:
        """Whether each group has runs enough to say something."""
        return min(self.lift.n_with, self.lift.n_without) >= LEAST


@dataclass(frozen=True, slots=True)
class MemoryLift:
    """What the memory as a whole does, for each agent (most runs first) and in each week; and what tells nothing."""

    whole: Lift
    agents: tuple[AgentLift, ...]
    weeks: tuple[WeekLift, ...]
    left_out: NotCounted
    share: float
    """The share of runs that goes without lessons as it is set now."""


@dataclass(frozen=True, slots=True)
class LessonLift:
    """What one lesson does by itself: runs that it was given to against runs that it was held back from."""

    lesson: str
    lift: Lift
    use: Use

    @property
    def harms(self) -> bool:
        """Whether it should be looked at again, and retired unless somebody knows better."""
        return self.lift.verdict == "harms"


def memory_lift(session: Session, agent: str = "", shares: Shares | None = None) -> Lift:
    """What the memory as a whole does: runs of the memory arm against runs of the control arm, among those for which a
    lesson would have been chosen; of one agent, where it is named."""
    return _of_arms(runs_by_arm(session, agent), (shares or Shares()).control)


def memory_report(session: Session, agent: str = "", shares: Shares | None = None) -> MemoryLift:
    """The same, by agent and by week, too, with what is left out."""
    share = (shares or Shares()).control
    agents: dict[str, list[Runs]] = {}
    weeks: dict[str, list[Runs]] = {}
    runs = runs_by_arm(session, agent)
    for one in runs:
        agents.setdefault(one.agent, []).append(one)
        weeks.setdefault(one.week, []).append(one)
    by_agent = [AgentLift(name, _of_arms(mine, share)) for name, mine in agents.items()]
    return MemoryLift(
        _of_arms(runs, share),
        tuple(sorted(by_agent, key=lambda one: (-one.lift.n_with - one.lift.n_without, one.agent))),
        tuple(WeekLift(date.fromisoformat(week), _of_arms(weeks[week], share)) for week in sorted(weeks) if week),
        not_counted(session, agent),
        share,
    )


def lesson_lifts(
    session: Session, agent: str = "", lessons: Sequence[str] = (), shares: Shares | None = None
) -> list[LessonLift]:
    """The lift of each of these lessons (none named: of all that were ever chosen): what harms first, then by the
    number of runs, most first."""
    by_lesson: dict[str, dict[str, Group]] = {}
    for sums in runs_by_lesson(session, agent, lessons):
        by_lesson.setdefault(sums.lesson, {})[sums.group] = Group(sums.outcomes, sums.costs, sums.seconds)
    nobody = Group(NOTHING)
    uses = lesson_uses(session, lessons)
    share = (shares or Shares()).hold_back
    found = []
    for uid in {**by_lesson, **({} if agent else uses)}:
        mine = by_lesson.get(uid, {})
        compared = lift(mine.get(GIVEN, nobody), mine.get(HELD_BACK, nobody), share)
        found.append(LessonLift(uid, compared, uses.get(uid, Use(0, None))))
    return sorted(found, key=lambda one: (not one.harms, -one.lift.n_with - one.lift.n_without, one.lesson))


def _of_arms(runs: Sequence[Runs], share: float) -> Lift:
    return lift(_group(runs, MEMORY), _group(runs, CONTROL), share)


def _group(runs: Iterable[Runs], group: str) -> Group:
    """The runs of one group by task; runs of a task in several weeks, or of several agents, belong together."""
    outcomes: dict[int, tuple[float, int]] = {}
    costs: dict[int, tuple[float, int]] = {}
    seconds: dict[int, tuple[float, int]] = {}
    for one in runs:
        if one.group != group:
            continue
        for sums, total, n in (
            (outcomes, one.solved, one.n),
            (costs, one.cost, one.n_cost),
            (seconds, one.seconds, one.n_seconds),
        ):
            if n:
                before, many = sums.get(one.task, (0, 0))
                sums[one.task] = (before + total, many + n)
    return Group(*(Sums.of(list(sums.values())) for sums in (outcomes, costs, seconds)))
