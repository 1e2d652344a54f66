"""What a guard says: its state, the evidence, and what to do; and how its alarms are held to what chance makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from core.measure.proportions import holm

WATCH = 0.05
"""Of looks at which nothing changed, the share at which any guard says *watch*, at the most."""
LOOKS = 26
"""Weekly looks, half a year of them, that the alarms are held over."""
ALARM = 0.10 / LOOKS
"""Of one look, the share at which any guard raises an alarm: the 10 % for all looks are spent in equal parts
(Bonferroni; for looks that overlap, it is less still)."""


class State(StrEnum):
    """How a guard stands."""

    FINE = "fine"
    WATCH = "watch"
    ALARM = "alarm"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Guard:
    """A check for one way in which learning goes wrong.

    `sentence` says what was found with its numbers, `advice` what to do ("" where it is fine), `page` where that is
    done. `p_value` is that of its clearest finding for the worse, 1 where there is none, None where no chance is in it
    or where nothing could be tested; `state` then stands before `together` has looked at all of them.
    """

    name: str
    state: State
    sentence: str
    advice: str = ""
    page: str = "evaluation"
    p_value: float | None = None
    evidence: tuple[str, ...] = ()
    worst: State = State.ALARM
    """What a small p may raise it to."""

    @property
    def needs_somebody(self) -> bool:
        """Whether there is something to do now."""
        return self.state in (State.WATCH, State.ALARM)

    def as_json(self) -> dict[str, object]:
        """As `loopwright guards --json` prints it."""
        return {
            "name": self.name,
            "state": self.state.value,
            "sentence": self.sentence,
            "advice": self.advice,
            "p_value": self.p_value,
            "evidence": list(self.evidence),
        }


def together(guards: Sequence[Guard]) -> tuple[Guard, ...]:
    """The guards as they stand in one look: those that rest on a test share its 5 % (Holm) and its alarms `ALARM`.

    One that is in another state for a reason of its own keeps it, where that is worse.
    """
    tested = {guard.name: guard.p_value for guard in guards if guard.p_value is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return tuple(_judged(guard, adjusted[guard.name]) if guard.name in adjusted else guard for guard in guards)


def _judged(guard: Guard, adjusted: float) -> Guard:
    found = State.ALARM if adjusted <= ALARM else State.WATCH if adjusted <= WATCH else State.FINE
    found = min(found, guard.worst, key=ORDER.index)
    return replace(guard, state=max(found, guard.state, key=ORDER.index))


ORDER = (State.FINE, State.CANNOT_TELL, State.WATCH, State.ALARM)
"""From what needs nobody to what needs somebody now."""
