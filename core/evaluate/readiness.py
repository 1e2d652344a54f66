"""Is fine-tuning an agent worthwhile yet: is its task stable, are verified examples enough, would it save context.

Each answer has its number and its threshold. "Not yet" is a good answer: lessons teach the agent meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from sqlalchemy.orm import Session

from core.evaluate.drift import LATEST, Drift, drift, listed, told
from core.evaluate.lift import memory_lift
from core.evaluate.movable_context import MovableContext, movable_context
from core.evaluate.verified_examples import Examples, verified_examples
from core.evaluate.weeks import FEW
from core.measure.lift import Lift
from core.memory.arms import Shares
from core.store.windows import first_and_last

ROWS = 100
"""Examples to try with. OpenAI sees improvements from 50 to 100 and advises to begin with 50 that are well made (its
guide to supervised fine-tuning, "Right number of examples", 2025); the upper end, because these come from live runs."""

TASKS = 50
"""Different tasks among them: as many as that guide begins with. Of few tasks a model learns the answers by heart;
what varies more teaches agents more (FireAct: Chen et al. 2023, arXiv 2310.05915)."""

LATER = ((500, "FireAct: Chen et al. 2023"), (1_000, "LIMA: Zhou et al. 2023"))
"""How many others had: 500 runs of an agent for a 7B model, 1,000 chosen answers for a 65B one."""

WORTH = 1 / 3
"""The share of what models read that has to be able to go. OpenAI sells a fine-tuned GPT-4o at one and a half times
the price of its base ($3.75 for $2.50 a million tokens read, 2024): below a third less, reading gets dearer."""


ENOUGH = 100
"""Runs in each window, at the least: with them a change of a fifth of the runs comes out in 80 % of repetitions,
(1.96 + 0.84) √(2 · 0.25 / 100) = 0.20 (Cohen 1988); with fewer, no change shown would say too little."""

LONG = 104
"""Weeks past which nobody counts them."""


class State(StrEnum):
    """The answer to one question."""

    READY = "ready"
    NOT_YET = "not yet"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Answer:
    """A state, and the sentence that says why, with its number; `change` is what would change it ("" when ready)."""

    state: State
    sentence: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The three answers for one agent, and the numbers behind them.

    Fine-tuning is worth a try where the task is stable and the examples are enough; what it would save is a reason, no
    condition.
    """

    agent: str
    stable: Answer
    stability: Drift | None
    enough: Answer
    examples: Examples
    saves: Answer
    looked_at: int
    context: MovableContext | None
    lessons: Lift
    """What the memory does for the agent meanwhile."""

    @property
    def worthwhile(self) -> bool:
        """Whether it is worth a try now."""
        return self.stable.state is State.READY and self.enough.state is State.READY

    @property
    def sentence(self) -> str:
        """The whole of it; where not yet, the one thing that would change it."""
        if self.worthwhile:
            return f"Fine-tuning is worthwhile to try. {self.saves.sentence}"
        return f"Not yet: {self.stable.change or self.enough.change} Lessons can teach it meanwhile."


def readiness(
    session: Session,
    agent: str,
    shares: Shares | None = None,
) -> Readiness:
    """Whether an agent is worth fine-tuning now. NotFound for an agent that is not here."""
    compared, examples = _latest_weeks(session, agent), verified_examples(session, agent)
    looked_at, context = movable_context(session, agent)
    stable, enough, saves = is_stable(compared), are_enough(examples), would_save(looked_at, context)
    return Readiness(
        agent, stable, compared, enough, examples, saves, looked_at, context, memory_lift(session, agent, shares)
    )


def _latest_weeks(session: Session, agent: str) -> Drift | None:
    """The latest four weeks, however short all of its time is: annotators are no part of the task."""
    span = first_and_last(session, agent)
    return drift(session, agent, span[1] - LATEST if span else None, annotators=False)


def is_stable(found: Drift | None) -> Answer:
    """The first answer: not yet where anything moved, and cannot tell without runs enough on both sides."""
    if found is None:
        return Answer(
            State.CANNOT_TELL,
            "No run says when it began, so nobody can tell whether the task moved.",
            "nobody can tell whether the task is stable until runs say when they began.",
        )
    before, now = found.reference.looked_at, found.current.looked_at
    if min(before, now) < ENOUGH or not found.checks:
        return Answer(
            State.CANNOT_TELL,
            f"{_runs(now)} in the latest four weeks and {before:,} before them: it takes {ENOUGH} in each.",
            f"nobody can tell whether the task is stable until there are {ENOUGH} runs in the latest four weeks and "
            f"{ENOUGH} before them; there are {now:,} and {before:,}.",
        )
    if moved := found.drifted:
        first = told(moved[0])
        others = f", and {len(moved) - 1} more of {len(found.checks)} checks" if len(moved) > 1 else ""
        return Answer(
            State.NOT_YET,
            f"It moved in the latest four weeks: {first}{others}.{_versions(found)}",
            f"the work moved in the latest four weeks ({first}), and examples would teach yesterday's. Ask again when "
            "four weeks are like those before.",
        )
    said = f"None of {len(found.checks)} checks shows a change that matters, {_runs(now)} against {before:,}"
    ends = [abs(end) for one in found.checks if one.interval for end in (one.interval.low, one.interval.high)]
    if ends:
        said += f"; the least sure of them could hide one of {100 * max(ends):.0f} points"
    return Answer(State.READY, f"{said}.")


def _versions(found: Drift) -> str:
    before, now = found.reference.versions, found.current.versions
    if before == now:
        return ""
    return (
        f" Other versions ran ({listed(before)} before; {listed(now)} now), so it may be the agent that changed and "
        "not the task."
    )


def are_enough(found: Examples) -> Answer:
    """The second answer: ROWS examples, on TASKS different tasks."""
    many = f"{found.rows:,}" if found.whole else f"at least {found.rows:,}"
    have = f"{many} of {found.verified:,} verified examples pass the gates, on {found.tasks:,} different tasks"
    if not found.verified:
        have = "Nothing is verified yet"
    if found.rows >= ROWS and found.tasks >= TASKS:
        return Answer(State.READY, f"{have}; {ROWS} on {TASKS} are enough to try.")
    if found.rows >= ROWS:
        return Answer(
            State.NOT_YET,
            f"{have}: it takes {TASKS} different ones.",
            f"its {many} examples are of {found.tasks:,} different tasks, and it takes {TASKS}. Review other tasks.",
        )
    more, pace = ROWS - found.rows, _pace(found)
    return Answer(
        State.NOT_YET,
        f"{have}; it takes {ROWS} to try. {pace[0].upper()}{pace[1:]}.",
        f"{more:,} more verified {'example' if more == 1 else 'examples'} would change that; {pace}.",
    )


def _pace(found: Examples) -> str:
    """How long it takes at the present rate, with what the rate rests on."""
    wait = weeks_to_go(found)
    if not found.weeks:
        return "no run says when it began, so nobody knows how fast they come"
    if wait is None:
        return "none came in the latest weeks"
    takes = "more than two years" if wait > LONG else f"about {wait:,} {'week' if wait == 1 else 'weeks'}"
    spent = f"{found.weeks:.2g} {'week' if found.weeks == 1 else 'weeks'}"
    return f"at {found.a_week:.2g} a week ({found.recent:,} verified in {spent}) that takes {takes}"


def weeks_to_go(found: Examples) -> int | None:
    """Weeks until there are ROWS examples, at the present rate; None where none come."""
    more = max(0, ROWS - found.rows)
    return ceil(more / found.a_week) if more and found.a_week else None if more else 0


def would_save(looked_at: int, found: MovableContext | None) -> Answer:
    """The third answer: whether WORTH of what models read could go."""
    if found is None:
        return Answer(
            State.CANNOT_TELL,
            f"Fewer than {FEW} of the newest {_runs(looked_at)} record what models were sent, and its tokens.",
            "send the inputs and token counts of model calls with the spans.",
        )
    thousand = f"{many_tokens(1_000 * found.a_run.value)} tokens"
    if found.dollars is not None:
        thousand += f" and ${1_000 * found.dollars.value:,.{2 if found.dollars.value >= 1e-5 else 4}f}"
    share = f"At most {100 * found.share:.0f} % of what models read could go from prompts"
    said = f"{share} ({_runs(found.runs)}): {thousand} in 1,000 runs."
    if found.share >= WORTH:
        return Answer(State.READY, said)
    return Answer(State.NOT_YET, f"{said} From {100 * WORTH:.0f} % on it pays.", "prompts carry too little to save.")


def many_tokens(n: float) -> str:
    """9.4 million, 940,000, 940: as exact as such an estimate is."""
    if n >= 1_000_000:
        return f"{n / 1_000_000:,.1f} million"
    return f"{round(n, -3):,.0f}" if n >= 10_000 else f"{n:,.0f}"


def _runs(n: int) -> str:
    return f"{n:,} run" if n == 1 else f"{n:,} runs"
