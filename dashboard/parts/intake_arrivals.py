"""What came in on the Intake page: through time as a chart with its numbers, and by agent and door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime, timedelta

import streamlit as st

from core.clock import now
from core.store.arrivals import Moment, Origin, came_from, came_through_time
from core.store.intake import Came
from dashboard.intake_chart import came_in
from dashboard.parts.figures import show_chart, show_table
from dashboard.process import settings, store

DOORS = {"traces": "spans", "logs": "log records", "signals": "signals", "files": "steps from files"}
WAYS = {"traces": "OTLP spans", "logs": "OTLP log records", "signals": "signals", "files": "files"}
RANGES = {"last hour": timedelta(hours=1), "last day": timedelta(days=1), "last week": timedelta(days=7)}
EVERY = 10.0
MOST = 100
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def show_arrivals() -> None:
    """The section; its numbers are read again while the page is open."""
    st.header(
        "What arrived",
        anchor=False,
        help="Spans and log records come through OTLP, signals through /api/signals, files through imports. Log "
        "records that were taken stand in the runs of their spans and are counted with them.",
    )
    asked = st.query_params.get("intake_over", "last hour")
    over = st.segmented_control(
        "Over",
        list(RANGES),
        default=asked if asked in RANGES else "last hour",
        key="intake_over",
        required=True,
        label_visibility="collapsed",
    )
    st.query_params["intake_over"] = over
    _show(over)


@st.fragment(run_every=EVERY)
def _show(over: str) -> None:
    hours = RANGES[over] > HOUR
    step = HOUR if hours else MINUTE
    until = now().replace(second=0, microsecond=0) + MINUTE
    begin = until - RANGES[over]
    since = begin.replace(minute=0) if hours else begin
    moments, origins = _read(settings().database_url, since, until, hours, now_or_cached(over))
    figure = came_in(moments, since, until, step, DOORS, title_of(moments, over))
    show_chart(figure, rows_of_time(moments, hours), "intake_chart")
    shown = origins[:MOST]
    st.markdown("**Where it came from**")
    show_table(
        rows_of_origins(shown, until - since), f"What arrived in the {over} by agent and door", words=["Through"]
    )
    if len(origins) > len(shown):
        st.caption(f"{len(shown)} of {len(origins):,} agents and doors shown, the most first.")


def now_or_cached(over: str) -> int:
    """Changes when the numbers are to be read again: at once for an hour, once a minute for more."""
    seconds = now().timestamp()
    return int(seconds / (EVERY / 2 if over == "last hour" else 60))


@st.cache_data(max_entries=6, ttl=120, show_spinner=False)
def _read(database: str, since: datetime, until: datetime, hours: bool, turn: int) -> tuple[list[Moment], list[Origin]]:
    with store().reading() as session:
        return came_through_time(session, since, until, hours), came_from(session, since)


def title_of(moments: Sequence[Moment], over: str) -> str:
    """What arrived in all, as the chart's title."""
    total = sum_of([one.came for one in moments])
    by_door = {door: sum(one.came.accepted for one in moments if one.door == door) for door in DOORS}
    told = [f"{n:,} {DOORS[door]}" for door, n in by_door.items() if n]
    said = f"{', '.join(told)} arrived in the {over}" if told else f"Nothing arrived in the {over}"
    return f"{said}; {total.rejected:,} rejected" if total.rejected else said


def sum_of(came: Sequence[Came]) -> Came:
    """All counts together."""
    return Came(*(sum(column) for column in zip(*map(astuple, came), strict=True))) if came else Came()


def rows_of_time(moments: Sequence[Moment], hours: bool) -> list[dict[str, str]]:
    """The table under the chart, the newest first; minutes and hours in which nothing came are left out."""
    by_time: dict[datetime, dict[str, Came]] = {}
    for one in moments:
        by_time.setdefault(one.at, {})[one.door] = one.came
    shape = "%d %b, %H:00" if hours else "%d %b, %H:%M"
    return [
        {"When (UTC)": at.strftime(shape)}
        | {name.capitalize(): number(doors[door].accepted if door in doors else 0) for door, name in DOORS.items()}
        | {
            "Repeated": number(sum_of(list(doors.values())).repeated),
            "Rejected": number(sum_of(list(doors.values())).rejected),
            "Replaced": number(sum_of(list(doors.values())).redacted),
            "Bytes": size(sum_of(list(doors.values())).size),
        }
        for at, doors in sorted(by_time.items(), reverse=True)
    ]


def rows_of_origins(origins: Sequence[Origin], over: timedelta) -> list[dict[str, str]]:
    """By agent and door: how much, how fast on average, what was repeated, rejected and replaced."""
    minutes = over / MINUTE
    return [
        {
            "Agent": one.agent or "(not said)",
            "Through": WAYS[one.door],
            "Arrived": number(one.came.accepted),
            "A minute": rate(one.came.accepted / minutes),
            "Repeated": number(one.came.repeated),
            "Rejected": number(one.came.rejected),
            "Replaced": number(one.came.redacted),
            "Bytes": size(one.came.size),
        }
        for one in origins
    ]


def number(n: int) -> str:
    """1,204; "" for nothing, so that what there is stands out."""
    return f"{n:,}" if n else ""


def rate(value: float) -> str:
    """1,204, 3.2, 0.04; "" for nothing."""
    return "" if not value else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def size(n: int) -> str:
    """3.4 MB; "" for nothing."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if n >= length:
            return f"{n / length:,.1f} {unit}"
    return f"{n} B" if n else ""
