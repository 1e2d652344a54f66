"""How often drift and the guards speak: when nothing changed, in one look and in half a year of them, and when it did.

An agent is drawn week by week: tasks that come back and new ones, how hard each is, steps, time and cost, tools, what
users and a judge say, what two people label. Where nothing changes, any check that moves (any guard that speaks) is a
false alarm, which 0.05 should hold; over 26 weekly looks an alarm of any guard should come up in 0.10 at most. Where
one thing changes, the share of looks in which the check that is about it moves should be 0.80 or more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from core.evaluate.drift import Drift, Window
from core.evaluate.drift_checks import Checked, check_all
from core.evaluate.drift_measures import Side
from core.evaluate.guards.drifting import drifting
from core.evaluate.guards.forgetting import forgetting
from core.evaluate.guards.newest import Newest
from core.evaluate.guards.overfitting import NAME as OVERFITTING
from core.evaluate.guards.overfitting import gap_between
from core.evaluate.guards.reward_hacking import NAME as HACKING
from core.evaluate.guards.reward_hacking import p_of_gap, share_of
from core.evaluate.guards.state import LOOKS, Guard, State, together
from core.evaluate.task_runs import NO_RUNS, TaskRuns
from core.measure.intervals import wilson
from core.records import LabelSchema, Option, Question, SignalKind
from core.store.catalog import VersionLine
from core.store.scores import Score
from core.store.windows import RunBrief, SaidOf, StepCount
from core.store.work import Answered, Subject

WORLDS, YEARS, CHANGES = 1_000, 100, 100
"""Agents in which nothing changes that are looked at once, and for half a year; agents of each change."""
BEFORE, LATEST, A_WEEK = 12, 4, 25
"""Weeks of the reference and of the current window, runs in each week."""
NOW = datetime(2026, 9, 1, tzinfo=UTC)
SCHEMA = LabelSchema(
    *("ends", 1, "Ends"),
    (
        Question("outcome", "choice", "Did it?", (Option("solved", "Solved"), Option("failed", "Failed"))),
        Question("wrong", "multi_choice", "What?", (Option("rude", "Rude"), Option("slow", "Slow"))),
    ),
)
NOUNS = [
    "kettle",
    "lamp",
    "jacket",
    "boots",
    "grinder",
    "pan",
    "desk",
    "parcel",
    "voucher",
    "invoice",
    "tent",
    "rope",
    "scale",
    "mixer",
    "radio",
    "bench",
]
ASKS = {
    "orders": "Where is the order with the {} and the {} that I made on the phone",
    "returns": "I want to send the {} back because the {} in the box is broken",
    "account": "Change the address of my account to the one on the {} {} street",
}
OTHER = "Which mortgage rate applies to a flat with a {} and a {} for ten years"


@dataclass(frozen=True)
class Agent:
    """How the runs of a week come about; a change is the same agent with one number changed."""

    mix: tuple[float, float, float] = (0.5, 0.3, 0.2)
    easier: float = 0.0
    """Added to the chance of each task to be solved."""
    errors: float = 0.05
    slower: float = 1.0
    longer: float = 0.0
    calls: float = 0.4
    """The share of runs that call the second tool."""
    other_texts: float = 0.0
    thumbs_down: float = 0.2
    judge_wrong: float = 0.1
    rude: float = 0.15
    careless: float = 0.05
    """How often the second person answers by lot."""


@dataclass(frozen=True)
class Lot:
    """The runs of one week, with all that is said of them."""

    runs: list[RunBrief] = field(default_factory=list)
    steps: list[StepCount] = field(default_factory=list)
    signals: list[SaidOf] = field(default_factory=list)
    labels: list[Answered] = field(default_factory=list)


def week(agent: Agent, rng: np.random.Generator, ids: list[int], hard: dict[int, float]) -> Lot:
    """One week; `ids` counts runs, `hard` remembers how likely each task is solved."""
    lot, groups = Lot(), list(ASKS)
    for _ in range(A_WEEK):
        ids[0] += 1
        run, group = ids[0], groups[int(rng.choice(3, p=agent.mix))]
        task = groups.index(group) * 1_000 + int(rng.integers(30)) if rng.random() < 0.5 else 10_000 + run
        chance = min(1.0, max(0.0, hard.setdefault(task, float(rng.beta(2, 1.5))) + agent.easier))
        solved, own = bool(rng.random() < chance), np.random.default_rng(task)
        ask = OTHER if rng.random() < agent.other_texts else ASKS[group]
        steps = 4 + int(own.poisson(4)) + int(rng.poisson(2 + agent.longer))
        lot.runs.append(
            RunBrief(
                id=run,
                cluster=task,
                task=f"shop/{group}/{task}",
                version="v1",
                title=ask.format(*own.choice(NOUNS, 2)) + f" {task}",
                outcome="solved" if solved else "failed",
                outcome_from="people",
                n_steps=steps,
                n_errors=int(rng.random() < agent.errors),
                seconds=float(rng.lognormal(2, 0.5) * own.lognormal(0, 0.3) * agent.slower),
                cost=steps * 0.001,
                tokens_out=int(50 * steps * rng.lognormal(0, 0.3)),
            )
        )
        tools = ["look", *(["pay"] if rng.random() < agent.calls else [])]
        lot.steps.extend(StepCount(run, "tool", tool, 1) for tool in tools)
        lot.steps.append(StepCount(run, "llm", "agent", steps - len(tools)))
        if rng.random() < 0.3:
            down = bool(rng.random() < agent.thumbs_down)
            lot.signals.append(SaidOf(run, "thumb", SignalKind.EXPLICIT, "", not down))
        if rng.random() < 0.6:
            wrong = bool(rng.random() < agent.judge_wrong)
            lot.signals.append(SaidOf(run, "judge", SignalKind.AUTOMATED, "judge", solved != wrong))
        if rng.random() < 0.4:
            marked = ["rude"] if rng.random() < agent.rude else []
            for person in (1, 2):
                said = solved if person == 1 or rng.random() >= agent.careless else bool(rng.random() < 0.5)
                answers = {"outcome": "solved" if said else "failed", "wrong": marked}
                lot.labels.append(Answered(person, Subject("trace", run), 1, answers, [], None, NOW, 1))
    return lot


def side(weeks: Sequence[Lot]) -> Side:
    """What is read of a window."""
    runs = [run for lot in weeks for run in lot.runs]
    labels = [label for lot in weeks for label in lot.labels]
    told = {label.subject.id for label in labels}
    labelled = [run for run in runs if run.id in told]
    signals = [signal for lot in weeks for signal in lot.signals]
    steps = [step for lot in weeks for step in lot.steps]
    return Side(runs, runs, steps, signals, labelled, labels, [one for one in signals if one.trace_id in told])


def weeks_of(agents: Sequence[Agent], seed: int) -> list[Lot]:
    """A week of each of these, one after the other: the same tasks come back."""
    rng, ids, hard = np.random.default_rng(seed), [0], dict[int, float]()
    return [week(agent, rng, ids, hard) for agent in agents]


def compared(weeks: Sequence[Lot]) -> Checked:
    """The last four of sixteen weeks against the twelve before."""
    return check_all(side(weeks[:BEFORE]), side(weeks[BEFORE : BEFORE + LATEST]), {1: SCHEMA}, None)


CHANGED: dict[str, tuple[Agent, str]] = {
    "three runs of ten are about something else": (Agent(other_texts=0.3), "What is asked"),
    "returns rise from 30 to 60 % of the runs": (Agent(mix=(0.25, 0.6, 0.15)), "Runs on shop/returns"),
    "25 points fewer runs are solved": (Agent(easier=-0.27), "Runs solved"),
    "runs with an error rise from 5 to 20 %": (Agent(errors=0.2), "Runs with an error"),
    "runs take half as long again": (Agent(slower=1.5), "Seconds a run"),
    "runs have two steps more": (Agent(longer=2), "Steps a run"),
    "a tool is called in 65 instead of 40 % of the runs": (Agent(calls=0.65), "Runs that call pay"),
    "users' thumbs down rise from 20 to 70 %": (Agent(thumbs_down=0.7), "thumb says failed"),
    "the judge errs in 55 instead of 10 % of the runs": (Agent(judge_wrong=0.55), "judge agrees with people"),
    "what is marked as rude rises from 15 to 60 %": (Agent(rude=0.6), "Labelled “rude”"),
    "a person answers 80 instead of 5 % by lot": (Agent(careless=0.8), "Answers on which two people agree"),
}
"""What docs/numbers.md says that 100 runs after 300 show, 40 % of them labelled, and the check that is about it."""


def guards_in(weeks: Sequence[Lot], rng: np.random.Generator, change: str = "") -> tuple[Guard, ...]:
    """The guards that rest on a test, of an agent that runs these weeks and whose newest version is as it was.

    `change` names what is wrong with that version.
    """
    found = compared(weeks)
    window = Window(NOW - timedelta(weeks=4), NOW, 100, 100, ("v1",))
    moved = drifting(Drift("a", window, window, found.checks, found.too_few, found.telling, None))
    before, after = trials(rng, change)
    lines = [VersionLine(n, "a", f"v{n}", None, False, "", 1, "") for n in (1, 2)]
    forgot = forgetting(Newest(lines[0], lines[1], replace(NO_RUNS, tasks=before), replace(NO_RUNS, tasks=after)))
    people = [share_of(scores(rng, 60, 0.5)), share_of(scores(rng, 60, 0.5))]
    rose = 0.45 if change == HACKING else 0.0
    checks = [share_of(scores(rng, 200, 0.5)), share_of(scores(rng, 200, 0.5 + rose))]
    hacked = Guard(HACKING, State.FINE, "", p_value=p_of_gap(*people, *checks))
    learned = 0.35 if change == OVERFITTING else 0.0
    gap = gap_between(list(rng.normal(0, 0.4, 40)), list(rng.normal(learned, 0.4, 40)))
    narrow = Guard(OVERFITTING, State.FINE, "", p_value=gap.p_value if gap.value > 0 else 1.0)
    return together((moved, forgot, hacked, narrow))


def scores(rng: np.random.Generator, n: int, chance: float) -> list[Score]:
    return [Score(number, int(rng.random() < chance), 1) for number in range(n)]


def trials(rng: np.random.Generator, change: str) -> tuple[dict[str, TaskRuns], dict[str, TaskRuns]]:
    """Four groups of 25 tasks with four trials each under two versions; the first group may be forgotten."""
    sides: tuple[dict[str, TaskRuns], dict[str, TaskRuns]] = ({}, {})
    for group in range(4):
        lost = 0.3 if change == "Forgetting" and group == 0 else 0.0
        for number in range(25):
            chance = float(rng.beta(2, 1.5))
            for tasks, at in zip(sides, (chance, max(0.0, chance - lost)), strict=True):
                tasks[f"g{group}/{number}"] = TaskRuns(int(rng.binomial(4, at)), 4, 0, None, None)
    return sides


def share(name: str, n: int, found: Callable[[int], bool]) -> None:
    hits = sum(found(seed) for seed in range(n))
    interval = wilson(hits, n)
    print(f"  {name:60} {hits / n:.3f} ({interval.low:.3f} to {interval.high:.3f}, n {n})", flush=True)


def any_moved(seed: int) -> bool:
    """Whether any check moved of an agent that never changed."""
    return any(check.drifted for check in compared(weeks_of([Agent()] * (BEFORE + LATEST), seed)).checks)


def any_alarm(seed: int) -> bool:
    """Whether any guard raised an alarm in 26 weekly looks at an agent that never changed."""
    weeks = weeks_of([Agent()] * (BEFORE + LATEST + LOOKS - 1), 20_000 + seed)
    rng = np.random.default_rng(30_000 + seed)
    looks = (guards_in(weeks[start : start + BEFORE + LATEST], rng) for start in range(LOOKS))
    return any(guard.state is State.ALARM for look in looks for guard in look)


def main(worlds: int = WORLDS, years: int = YEARS, changes: int = CHANGES) -> None:
    """Print a line for each kind of world."""
    still = [Agent()] * (BEFORE + LATEST)
    print("nothing changed: share of looks")
    share("any check of drift moves", worlds, any_moved)
    spoke = dict.fromkeys(State, 0)
    for seed in range(worlds):
        guards = guards_in(weeks_of(still, 10_000 + seed), np.random.default_rng(seed))
        for state in (State.WATCH, State.ALARM):
            spoke[state] += any(guard.state is state for guard in guards)
    both = spoke[State.WATCH] + spoke[State.ALARM]
    for name, hits in (("any guard says watch or alarm", both), ("any guard raises an alarm", spoke[State.ALARM])):
        interval = wilson(hits, worlds)
        print(f"  {name:60} {hits / worlds:.3f} ({interval.low:.3f} to {interval.high:.3f}, n {worlds})", flush=True)
    share(f"any guard raises an alarm in {LOOKS} weekly looks", years, any_alarm)
    print("something changed: share of looks in which its check moves")
    for number, (words, (agent, check)) in enumerate(CHANGED.items()):
        turned = [Agent()] * BEFORE + [agent] * LATEST

        def moves(seed: int, turned: list[Agent] = turned, check: str = check, at: int = 1_000 * number) -> bool:
            found = compared(weeks_of(turned, 50_000 + at + seed)).checks
            return any(one.drifted for one in found if one.name == check)

        share(words, changes, moves)
    print("something is wrong with the newest version: share of looks in which its guard speaks")
    for words, name in (
        ("30 points lost in one of four groups of 25 tasks x 4 trials", "Forgetting"),
        ("checks gain 45 points, people none (200 and 60 runs each)", HACKING),
        ("a gain of 35 points outside a holdout of 40 tasks, none in it", OVERFITTING),
    ):

        def speaks(seed: int, name: str = name) -> bool:
            guards = guards_in(weeks_of(still, 90_000 + seed), np.random.default_rng(seed), name)
            return any(guard.needs_somebody for guard in guards if guard.name == name)

        share(words, changes, speaks)


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]))
