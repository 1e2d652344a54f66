"""The figure of what came in through time: pure, like those of dashboard.charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

from core.store.arrivals import Moment
from dashboard.charts import OTHER, UNKNOWN, titled

COLOURS = {"traces": OTHER, "logs": "#B07D2B", "signals": "#3D7A68", "files": "#4C6A92"}
"""By door; none of them is the colour of an outcome."""


def came_in(
    moments: Sequence[Moment],
    since: datetime,
    until: datetime,
    step: timedelta,
    names: Mapping[str, str],
    title: str,
) -> go.Figure:
    """Stacked bars, one for each `step` of time: what was taken, by door, and above it what was rejected."""
    unit = "minute" if step < timedelta(hours=1) else "hour"
    figure = go.Figure()
    for door, name in names.items():
        found = [one for one in moments if one.door == door and one.came.accepted]
        if found:
            said = [f"{_when(one.at, unit)}<br>{one.came.accepted:,} {name}" for one in found]
            values = [one.came.accepted for one in found]
            _bar(figure, [one.at for one in found], values, said, name, COLOURS[door], step)
    rejected: dict[datetime, int] = {}
    for one in moments:
        if one.came.rejected:
            rejected[one.at] = rejected.get(one.at, 0) + one.came.rejected
    if rejected:
        said = [f"{_when(at, unit)}<br>{n:,} rejected" for at, n in rejected.items()]
        _bar(figure, list(rejected), list(rejected.values()), said, "rejected", UNKNOWN, step, "x")
    figure.update_xaxes(title=f"by {unit}, UTC", type="date", range=[since, until], showgrid=False)
    figure.update_yaxes(title=f"arrived in a {'minute' if unit == 'minute' else 'hour'}", rangemode="tozero")
    figure = titled(figure, title, 250)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
    figure.update_layout(barmode="stack", bargap=0.15, showlegend=True, legend=legend, margin_t=40)
    return figure


def _bar(
    figure: go.Figure,
    at: Sequence[datetime],
    values: Sequence[int],
    said: Sequence[str],
    name: str,
    colour: str,
    step: timedelta,
    shape: str = "",
) -> None:
    length = step.total_seconds() * 1000
    figure.add_bar(
        x=list(at),
        y=list(values),
        width=[0.85 * length] * len(at),
        offset=0,
        name=name,
        marker={"color": colour, "pattern": {"shape": shape, "fillmode": "overlay", "fgcolor": "#FFFFFF"}},
        hovertext=list(said),
        hoverinfo="text",
    )


def _when(at: datetime, unit: str) -> str:
    return f"{at:%d %b, %H:%M}" if unit == "minute" else f"{at:%a %d %b, %H:00} to {at + timedelta(hours=1):%H:00}"
