"""What lift is said in: sentences, cells of tables, and the JSON of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import floor, log10
from typing import Any, Literal

from core.evaluate.lift import LessonLift, MemoryLift, WeekLift
from core.measure.intervals import Interval, Mean, Rate
from core.measure.lift import LEAST, SMALLEST, Lift, MeanDifference
from core.store.lessons import LessonLine
from core.store.lift import NotCounted
from dashboard.parts.numbers import Words, ago, between, clipped, dollars, duration, mean, share

VERDICTS: dict[str, tuple[str, Literal["blue", "red", "gray"]]] = {
    "helps": (":material/trending_up:", "blue"),
    "harms": (":material/trending_down:", "red"),
    "no difference shown": (":material/drag_handle:", "gray"),
    "not enough runs": (":material/question_mark:", "gray"),
}
"""Icon and colour of each verdict."""

NEVER = "Never given yet"


def finding(found: Lift, withheld: float, runs: str = "Runs with lessons") -> str:
    """The whole of it in a sentence: "Runs with lessons solved 12 points more (2 to 22), 180 against 21 runs"."""
    counts = f"{found.n_with:,} against {found.n_without:,} runs"
    if not found.n_with + found.n_without:
        return "No run with an outcome was given a lesson yet, or kept from one"
    if found.difference is None or found.interval is None:
        return f"Nothing to compare yet: {counts}. {_more(found, withheld)}"
    said = f"{runs} solved {_how_many(found.difference, found.interval)}, {counts}"
    if found.verdict in ("helps", "harms"):
        return said
    if found.verdict == "no difference shown":
        return f"No difference shown: {said[0].lower()}{said[1:]}"
    return f"Not enough runs to tell: {said[0].lower()}{said[1:]}. {_more(found, withheld)}"


def _how_many(difference: float, interval: Interval) -> str:
    """12 points more (2 to 22); where it may be either: 4 points fewer (3 more to 12 fewer)."""
    low, high = 100 * interval.low, 100 * interval.high
    size = f"{100 * abs(difference):.0f}"
    either = f"{-low:.0f} fewer to {high:.0f} more" if difference > 0 else f"{high:.0f} more to {-low:.0f} fewer"
    if size == "0":
        return f"about as many ({either})"
    if low > 0 or high < 0:
        either = f"{low:.0f} to {high:.0f}" if difference > 0 else f"{-high:.0f} to {-low:.0f}"
    return f"{size} {'point' if size == '1' else 'points'} {'more' if difference > 0 else 'fewer'} ({either})"


def _more(found: Lift, withheld: float) -> str:
    if withheld == 0:
        return "No run goes without: that share is set to 0, so more runs will not tell"
    told = found.difference is not None and min(found.n_with, found.n_without) >= LEAST
    size = max(abs(found.difference or 0), SMALLEST) if told else SMALLEST
    return f"About {about(found.more)} more would show a difference of {100 * size:.0f} points"


def about(n: int) -> str:
    """Two digits are as exact as such a guess is: 1,274 is about 1,300."""
    size = 10 ** max(0, floor(log10(n)) - 1) if n else 1
    return f"{round(n / size) * size:,}"


def points(found: Lift) -> str:
    """+12 points (2 to 22)"""
    if found.difference is None or found.interval is None:
        return "nothing to compare"
    if min(found.n_with, found.n_without) < LEAST:
        return "not enough runs"
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return f"{round(100 * found.difference):+d} points ({round(low):+d} to {round(high):+d})"


def change(found: MeanDifference | None, words: Words) -> str:
    """+$0.002 ($-0.001 to $0.004): with minus without."""
    if found is None or min(found.with_it.n, found.without.n) < LEAST:
        return "not enough data"
    sure = between(Interval(_whole(found.interval.low), _whole(found.interval.high)), words) if found.interval else ""
    value = _whole(found.difference)
    return f"{'+' if value > 0 else ''}{words(value)} ({sure or 'no interval'})"


def _whole(value: float) -> float:
    """What is left of equal sums is no difference."""
    return round(value, 9) + 0.0


def needed(found: Lift, withheld: float) -> str:
    """What a table says of how many runs would tell."""
    if found.verdict != "not enough runs":
        return ""
    return f"about {about(found.more)} more" if withheld else "none are withheld"


def memory_rows(named: Sequence[tuple[str, Lift]], withheld: float) -> list[dict[str, str]]:
    """A row for the memory of each agent."""
    return [
        {
            "Agent": clipped(name, 32),
            "Verdict": one.verdict,
            "Difference": points(one),
            "With lessons": share(one.with_it),
            "Without": share(one.without),
            "Runs needed": needed(one, withheld),
        }
        for name, one in named
    ]


def effort_rows(found: Lift) -> list[dict[str, str]]:
    """What runs cost and how long they took, with and without."""
    rows: list[tuple[str, MeanDifference | None, Words]] = [
        ("Cost a run", found.cost, dollars),
        ("Time a run", found.seconds, duration),
    ]
    return [
        {
            "": name,
            "With lessons": mean(one.with_it if one else None, words),
            "Without": mean(one.without if one else None, words),
            "Difference": change(one, words),
        }
        for name, one, words in rows
    ]


def week_rows(weeks: Sequence[WeekLift]) -> list[dict[str, str]]:
    """A row a week."""
    return [
        {
            "Week of": f"{one.start:%Y-%m-%d}",
            "With lessons": share(one.lift.with_it),
            "Without": share(one.lift.without),
            "Difference": points(one.lift),
        }
        for one in weeks
    ]


def lesson_rows(lessons: Sequence[LessonLift], lines: dict[str, LessonLine], withheld: float) -> list[dict[str, str]]:
    """A row a lesson: its own effect, what it costs, and how often it was given."""
    return [
        {
            "Lesson": clipped(lines[one.lesson].when, 46) if one.lesson in lines else one.lesson,
            "Verdict": one.lift.verdict,
            "Difference": points(one.lift),
            "Given": share(one.lift.with_it),
            "Held back": share(one.lift.without),
            "Runs needed": needed(one.lift, withheld),
            "Cost": change(one.lift.cost, dollars),
            "Time": change(one.lift.seconds, duration),
            "Times given": f"{one.use.times:,}",
            "Last": ago(one.use.last),
            "State": lines[one.lesson].state.value if one.lesson in lines else "not here",
        }
        for one in lessons
    ]


def use_line(one: LessonLift, withheld: float) -> str:
    """One lesson's lift on its card: how often it was given, when last, and what that did."""
    if not one.use.times:
        return NEVER
    given = "once" if one.use.times == 1 else f"{one.use.times:,} times"
    return f"Given {given}, last {ago(one.use.last)} · {finding(one.lift, withheld, 'Runs with it')}"


def retiring_reason(one: LessonLift) -> str:
    """The reason that is suggested for taking a lesson out which harms."""
    found = one.lift
    if found.difference is None or found.interval is None:
        return ""
    runs = f"{found.n_with:,} against {found.n_without:,} runs"
    less = _how_many(found.difference, found.interval)
    return f"With it, runs solved {less} than where it was held back, {runs}."


def left_out_sentences(found: NotCounted) -> list[str]:
    """What is in no comparison, and why."""
    said = []
    if n := found.nothing_chosen:
        said.append(f"{_count(n, 'run')} for which no lesson fitted: with and without would be the same")
    if n := found.open_outcome:
        said.append(f"{_count(n, 'run')} whose outcome nobody knows yet")
    if n := found.nameless:
        said.append(f"{_count(n, 'recall')} that named no run: they have no arm, and no run to look at")
    if n := found.not_here:
        said.append(f"{_count(n, 'recall')} of a run that has not arrived here, or does not name its recall")
    return said


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def lift_json(found: Lift) -> dict[str, Any]:
    """One comparison; None where there is nothing to tell it from."""

    def group(n: int, rate: Rate | None) -> dict[str, Any]:
        return {"n": n, "success": rate and rate.value, "interval": rate and _ends(rate.interval)}

    return {
        "verdict": found.verdict,
        "with": group(found.n_with, found.with_it),
        "without": group(found.n_without, found.without),
        "difference": found.difference,
        "interval": _ends(found.interval),
        "more": found.more,
        "cost": _means_json(found.cost),
        "seconds": _means_json(found.seconds),
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _means_json(found: MeanDifference | None) -> dict[str, Any] | None:
    if found is None:
        return None

    def side(one: Mean) -> dict[str, Any]:
        return {"n": one.n, "mean": one.value, "interval": _ends(one.interval)}

    return {
        "with": side(found.with_it),
        "without": side(found.without),
        "difference": found.difference,
        "interval": _ends(found.interval),
    }


def report_json(memory: MemoryLift, lessons: Sequence[LessonLift], lines: dict[str, LessonLine]) -> dict[str, Any]:
    """Everything that the Lift view shows."""
    return {
        "sentence": finding(memory.whole, memory.share),
        "memory": lift_json(memory.whole),
        "agents": [{"agent": one.agent, **lift_json(one.lift)} for one in memory.agents],
        "weeks": [{"week": one.start.isoformat(), **lift_json(one.lift)} for one in memory.weeks],
        "lessons": [
            {
                "id": one.lesson,
                "state": lines[one.lesson].state.value if one.lesson in lines else None,
                "when": lines[one.lesson].when if one.lesson in lines else None,
                "given": one.use.times,
                "last": one.use.last and one.use.last.isoformat(),
                **lift_json(one.lift),
            }
            for one in lessons
        ],
        "left_out": asdict(memory.left_out),
        "smallest_difference": SMALLEST,
    }
