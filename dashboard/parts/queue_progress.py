"""How far a queue is, on the screen: one bar of what is done, in work and waiting, the pace, and who does what."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

import streamlit as st

from core.clock import now
from core.evaluate.weeks import FEW
from core.review.queue_pace import Pace, pace
from core.store.queue_work import PersonWork, answer_times, first_answer
from core.store.queues import QueueCounts, count_queue
from core.store.tables import QueueRow
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import ago, between, not_enough, plain
from dashboard.parts.queue_filters import ONE
from dashboard.process import store

STYLE = """<style>
.queuebar { display: flex; height: 10px; border-radius: 3px; overflow: hidden; margin: .1rem 0 .35rem;
  background: color-mix(in srgb, currentColor 12%, transparent) }
.queuebar i { display: block; background: currentColor }
.queuebar .done { opacity: .75 } .queuebar .work { opacity: .38 }
.queuetold { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: .9em; font-variant-numeric: tabular-nums }
.queuetold b { font-weight: 600 }
.queuetold s { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .35em;
  background: currentColor }
</style>"""


def count_and_pace(queue: QueueRow) -> tuple[QueueCounts, Pace]:
    """The counts of a queue and how fast it is answered."""
    at = now()
    with store().reading() as session:
        counts = count_queue(session, queue)
        times = answer_times(session, queue, at - timedelta(days=7))
        return counts, pace(times, first_answer(session, queue), at, counts.answers_left)


def show_bar(counts: QueueCounts, subject: str) -> None:
    """One bar, and the same in words: shade and word go together."""
    total = counts.total
    parts = (("done", counts.done, 0.75), ("in work", counts.in_work, 0.38), ("waiting", counts.waiting, 0.12))
    bar = "".join(
        f'<i class="{"done" if name == "done" else "work"}" style="width: {100 * n / total:.3f}%"></i>'
        for name, n, _ in parts[:2]
        if total and n
    )
    words = [f'<span><s style="opacity: {shade}"></s><b>{n:,}</b> {name}</span>' for name, n, shade in parts]
    others = (("discarded", counts.discarded), ("with a known answer", counts.gold), ("flagged", counts.flagged))
    words += [f"<span><b>{n:,}</b> {name}</span>" for name, n in others if n]
    said = f"{counts.done:,} of {total:,} {ONE[subject]}s done"
    st.html(
        f'<div class="queuebar" role="img" aria-label="{escape(said)}">{bar}</div>'
        f'<div class="queuetold">{"".join(words)}</div>'
    )


def pace_words(found: Pace, answers_left: int) -> str:
    """What is left and how long that takes, with how sure it is."""
    if not answers_left:
        return "No answer is left to give."
    left = f"{answers_left:,} answer{'' if answers_left == 1 else 's'} left"
    days = f"{found.days} day{'' if found.days == 1 else 's'}"
    if found.a_day is None or found.interval is None or found.days_left is None:
        return f"{left}; pace: {not_enough(found.n)}" + (f" in {days}" if found.days else "")
    low, high = found.days_left
    if high is None:
        time = f"at least {_days(low)}, the latest end cannot be told"
    else:
        time = f"{_days(low)} to {_days(high)}" if _days(low) != _days(high) else f"about {_days(high)}"
    told = f"{plain(found.a_day)} a day ({between(found.interval, plain)}, n {found.n} in the last {days})"
    return f"{left}; {told}: {time} at this pace"


def _days(days: float) -> str:
    return "less than a day" if days < 1 else f"{days:.0f} day{'' if round(days) == 1 else 's'}"


def show_people(work: list[PersonWork], done: int) -> None:
    """Who has done what; times are UTC. `done` items may have been answered elsewhere."""
    if not work:
        said = "Nobody has taken an item of this queue yet."
        if done:
            said += f" {done:,} are done: they were answered elsewhere under the same questions, or came with answers."
        st.info(said, icon=":material/group:")
        return
    rows = [
        {
            "Person": one.name + ("" if one.active else " (inactive)"),
            "Submitted": f"{one.submitted:,}",
            "Last 7 days": f"{one.recent:,}",
            "Active time an item": _median(one.seconds),
            "Skipped": f"{one.skipped:,}",
            "Surplus": f"{one.surplus:,}",
            "Holds": _holds(one.holds, one.until),
            "Last seen": ago(one.seen),
        }
        for one in work
    ]
    show_table(rows, "What each person has done in this queue")


def _holds(n: int, until: datetime | None) -> str:
    return f"{n:,} until {until:%H:%M} UTC" if n and until else "–"


def _median(seconds: tuple[float, ...]) -> str:
    if len(seconds) < FEW:
        return not_enough(len(seconds))
    ordered = sorted(seconds)
    low, high = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    return f"{_time(ordered[len(ordered) // 2])} (half of them {_time(low)} to {_time(high)}, n {len(ordered)})"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
