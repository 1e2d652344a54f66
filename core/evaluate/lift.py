"""Whether the memory helps, and each lesson: runs that were given it against runs that by chance were not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.measure.lift import Group, Lift, lift
from core.memory.arms import CONTROL, MEMORY, Shares
from core.memory.recall import HELD_BACK
from core.store.lift import Runs, runs_by_arm, runs_by_lesson
from core.store.recalls import GIVEN


@dataclass(frozen=True, slots=True)
class LessonLift:
    """What one lesson does by itself: runs that it was given to against runs that it was held back from."""

    lesson: str
    lift: Lift

    @property
    def harms(self) -> bool:
        """Whether it should be looked at again, and retired unless somebody knows better."""
        return self.lift.verdict == "harms"


def memory_lift(session: Session, agent: str = "", shares: Shares | None = None) -> Lift:
    """What the memory as a whole does: runs of the memory arm against runs of the control arm, among those for which a
    lesson would have been chosen; of one agent, where it is named."""
    runs = runs_by_arm(session, agent)
    return lift(_group(runs, MEMORY), _group(runs, CONTROL), (shares or Shares()).control)


def lesson_lifts(
    session: Session, agent: str = "", lessons: Sequence[str] = (), shares: Shares | None = None
) -> list[LessonLift]:
    """The lift of each of these lessons (none named: of all that were ever chosen), what harms first, by id then."""
    by_lesson: dict[str, list[Runs]] = {}
    for runs in runs_by_lesson(session, agent, lessons):
        by_lesson.setdefault(runs.lesson, []).append(runs)
    share = (shares or Shares()).hold_back
    found = [
        LessonLift(uid, lift(_group(runs, GIVEN), _group(runs, HELD_BACK), share)) for uid, runs in by_lesson.items()
    ]
    return sorted(found, key=lambda one: (not one.harms, one.lesson))


def _group(runs: Iterable[Runs], group: str) -> Group:
    mine = [one for one in runs if one.group == group]
    return Group(
        [(one.solved, one.n) for one in mine],
        [(one.cost, one.n_cost) for one in mine if one.n_cost],
        [(one.seconds, one.n_seconds) for one in mine if one.n_seconds],
    )
