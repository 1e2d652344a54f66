"""The figures of lift: pure, like those of dashboard.charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluate.lift import WeekLift
from core.measure.intervals import Rate
from core.measure.lift import LEAST, Lift
from dashboard.charts import OTHER, SOLVED, UNKNOWN, shorten, titled
from dashboard.parts.lift_words import finding, points
from dashboard.parts.numbers import between, percent

_APART = 0.16


def success_with_and_without(named: Sequence[tuple[str, Lift]], withheld: float) -> go.Figure:
    """The share of runs that solved their task, with lessons and without, a line an agent; the title tells the first.

    A group of fewer than LEAST runs is left out, and stands in the table.
    """
    figure = go.Figure()
    groups = (("with lessons", SOLVED, "circle", -_APART), ("without", UNKNOWN, "circle-open", _APART))
    for place, (name, colour, symbol, shift) in enumerate(groups):
        rates = [(one.with_it, one.without)[place] for _, one in named]
        shown = [(row, rate) for row, rate in enumerate(rates) if rate is not None and rate.n >= LEAST]
        figure.add_scatter(
            x=[rate.value for _, rate in shown],
            y=[row + shift for row, _ in shown],
            error_x={
                "type": "data",
                "array": [rate.interval.high - rate.value for _, rate in shown],
                "arrayminus": [rate.value - rate.interval.low for _, rate in shown],
                "thickness": 1.5,
                "width": 4,
                "color": colour,
            },
            mode="markers",
            name=name,
            marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 1.5, "color": colour}},
            hovertext=[_said(named[row][0], name, rate) for row, rate in shown],
            hoverinfo="text",
        )
    figure.update_xaxes(title="share of runs that solved their task", tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(
        tickvals=list(range(len(named))),
        ticktext=[f"{shorten(name)} " for name, _ in named],
        range=[len(named) - 0.5, -0.5],
        zeroline=False,
        showgrid=False,
    )
    figure = titled(figure, finding(named[0][1], withheld), 120 + 56 * len(named))
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(showlegend=True, legend=legend)
    return figure


def _said(agent: str, group: str, rate: Rate) -> str:
    return f"{escape(agent)}, {group}<br>{percent(rate.value)} ({between(rate.interval, percent)}), n {rate.n:,}"


def lift_by_week(weeks: Sequence[WeekLift]) -> go.Figure:
    """The difference in points, week by week, where each group has enough runs."""
    shown = [one for one in weeks if one.enough]
    told = [(one, one.lift.difference, one.lift.interval) for one in shown]
    dots = [(one, 100 * value, interval) for one, value, interval in told if value is not None and interval is not None]
    title = f"No week has {LEAST} runs in each group, with lessons and without"
    if dots:
        title = f"Lift in the week of {dots[-1][0].start:%d %b}: {points(dots[-1][0].lift)}"
        title += f"; {len(dots)} of {len(weeks)} weeks have enough runs in each group"
    figure = go.Figure(
        go.Scatter(
            x=[one.start for one, _, _ in dots],
            y=[value for _, value, _ in dots],
            error_y={
                "type": "data",
                "array": [100 * interval.high - value for _, value, interval in dots],
                "arrayminus": [value - 100 * interval.low for _, value, interval in dots],
                "thickness": 1.5,
                "width": 4,
                "color": OTHER,
            },
            mode="lines+markers",
            line={"color": OTHER, "width": 1.5},
            marker={"size": 9, "color": OTHER},
            hovertext=[
                f"{points(one.lift)}<br>{one.lift.n_with:,} against {one.lift.n_without:,} runs" for one, _, _ in dots
            ],
            hoverinfo="text",
        )
    )
    figure.add_hline(y=0, line={"color": UNKNOWN, "width": 1})
    figure.update_xaxes(title="week beginning (UTC)", tickformat="%d %b\n%Y", type="date")
    figure.update_yaxes(title="points more solved with lessons")
    return titled(figure, title, 250)
