"""The first lines of the Intake page: whether everything that came is in its place, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from core.clock import now
from core.store.arrivals import Origin, came_from, rootless
from core.store.deliveries import Waiting, deliveries_waiting
from core.store.open_traces import n_open
from core.store.signals import signals_waiting
from core.store.text_search import n_waiting
from dashboard.parts.numbers import duration
from dashboard.process import settings, store

HOUR = timedelta(hours=1)
EVERY = 3.0
"""Seconds after which the numbers are read again."""

SLOW = timedelta(seconds=30)
NEWEST = 10_000
SPANS = ("traces", "logs")

LAG = "How long the oldest accepted span has been waiting."
WAITING = "Accepted and safe on the disk, not yet put into their runs. Log records are counted too."
WORDS = "Steps that are stored and can be read, and are not found by a search for words yet."
OPEN = "Runs that may still get steps: their root has not ended, or something came a moment ago. Only closed runs are "
OPEN += "queued."
GIVEN_UP = "Of the newest {of} runs, those that were closed after {after} without a span although their root never "
GIVEN_UP += "ended. Their process was probably killed."
ALONE = "Signals whose run has not arrived. Each is kept, and attached when its run comes. Leads see them on Traces."

_ICONS = {
    "in": ":blue[:material/check_circle:]",
    "waits": ":material/hourglass_top:",
    "late": ":red[:material/warning:]",
}


@dataclass(frozen=True, slots=True)
class State:
    """What is in its place and what is not, at one moment."""

    at: datetime
    waiting: Waiting
    words: int
    open_runs: int
    signals: int
    last_hour: Sequence[Origin]

    @property
    def lag(self) -> timedelta:
        """How long the oldest span waits."""
        return max(self.at - self.waiting.since, timedelta()) if self.waiting.since else timedelta()

    @property
    def spans(self) -> int:
        """Spans and log records that were put into runs in the last hour."""
        return sum(one.came.accepted for one in self.last_hour if one.door in SPANS)

    @property
    def rejected(self) -> int:
        """What was rejected in the last hour, through any door."""
        return sum(one.came.rejected for one in self.last_hour)


def read_state() -> State:
    """How things stand now."""
    at = now()
    with store().reading() as session:
        return State(
            at,
            deliveries_waiting(session),
            n_waiting(session),
            n_open(session),
            signals_waiting(session, 0)[0],
            came_from(session, at - HOUR),
        )


def sentence(state: State) -> tuple[str, str]:
    """Whether everything that came is in, in words; and "in", "waits" or "late"."""
    n, lag = state.waiting.n, state.lag
    if n:
        what = "1 span waits" if n == 1 else f"{n:,} spans wait"
        said = f"{what}; the oldest for {duration(lag.total_seconds())}."
        if lag > SLOW:
            return f"{said} That is long: the log of the server says why.", "late"
        return said, "waits"
    if state.spans:
        what = "The 1 span" if state.spans == 1 else f"All {state.spans:,} spans"
        said = f"{what} of the last hour {'is' if state.spans == 1 else 'are'} in runs."
    else:
        said = "No span came in the last hour."
    said += " Nothing waits." if not state.words else f" {state.words:,} steps wait to be found by words."
    return said, "in"


def show_state() -> None:
    """The sentence, and what waits as numbers; they are read again while the page is open."""
    _show()


@st.fragment(run_every=EVERY)
def _show() -> None:
    state = read_state()
    said, kind = sentence(state)
    st.subheader(f"{_ICONS[kind]} {said}", anchor=False)
    rejected = (
        f"{state.rejected:,} rejected in the last hour" if state.rejected else "nothing rejected in the last hour"
    )
    st.caption(f"{rejected} · read at {state.at:%H:%M:%S} UTC")
    n, of = _given_up()
    numbers = {
        "Lag": (duration(state.lag.total_seconds()) if state.lag else "none", LAG),
        "Spans waiting": (f"{state.waiting.n:,}", WAITING),
        "Steps to index": (f"{state.words:,}", WORDS),
        "Open runs": (f"{state.open_runs:,}", OPEN),
        "Given up": (f"{n:,}", GIVEN_UP.format(of=f"{of:,}", after=duration(settings().trace_give_up))),
        "Signals alone": (f"{state.signals:,}", ALONE),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, about) in numbers.items():
            st.metric(name, value, help=about, width=128, border=False)


@st.cache_data(ttl=30, show_spinner=False)
def _given_up_at(database: str) -> tuple[int, int]:
    with store().reading() as session:
        return rootless(session, NEWEST)


def _given_up() -> tuple[int, int]:
    return _given_up_at(settings().database_url)
