"""Figures of people on Team: pure, each titled with what it shows, with n and interval on hover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluate.reviewers import Reviewer
from core.evaluate.weeks import FEW
from core.measure.intervals import Rate
from dashboard.charts import OTHER, SOLVED, shorten, titled
from dashboard.parts.numbers import between, percent, share

MOST = 30
"""People in the chart; with more, those who are least often right."""

_SHARES: tuple[tuple[str, str, str, Callable[[Reviewer], Rate | None]], ...] = (
    ("known answers", SOLVED, "circle", lambda one: one.gold),
    ("with the resolution", OTHER, "diamond", lambda one: one.resolved),
)


def accuracy(people: Sequence[Reviewer]) -> go.Figure:
    """How often each person is right by gold and by resolutions, the least often by gold on top."""
    shown = sorted((one for one in people if any(_shares(one))), key=_order)[:MOST]
    figure = go.Figure()
    for shift, (name, colour, symbol, of) in zip((-0.14, 0.14), _SHARES, strict=True):
        rated = [(place, one, rate) for place, one in enumerate(shown) if (rate := _enough(of(one))) is not None]
        figure.add_scatter(
            x=[rate.value for _, _, rate in rated],
            y=[place + shift for place, _, _ in rated],
            error_x={
                "type": "data",
                "array": [rate.interval.high - rate.value for _, _, rate in rated],
                "arrayminus": [rate.value - rate.interval.low for _, _, rate in rated],
                "thickness": 1.5,
                "width": 4,
                "color": colour,
            },
            mode="markers",
            name=name,
            marker={"size": 9, "color": colour, "symbol": symbol},
            hovertext=[
                f"{escape(one.work.person)}, {name}: {percent(rate.value)}"
                f"<br>{between(rate.interval, percent)}, n {rate.n} answers"
                for _, one, rate in rated
            ],
            hoverinfo="text",
        )
    names = [f"{shorten(one.work.person)} " for one in shown]
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=names, range=[len(shown) - 0.5, -0.5])
    figure.update_xaxes(title="share of their answers", tickformat=".0%", range=[-0.02, 1.02])
    figure = titled(figure, _title(shown), 120 + 36 * len(shown))
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(showlegend=True, legend=legend, margin_t=40)
    return figure


def _enough(rate: Rate | None) -> Rate | None:
    return rate if rate is not None and rate.n >= FEW else None


def _shares(one: Reviewer) -> list[Rate | None]:
    return [_enough(of(one)) for *_, of in _SHARES]


def _order(one: Reviewer) -> tuple[float, ...]:
    return tuple(rate.value if rate is not None else 2.0 for rate in _shares(one))


def _title(shown: Sequence[Reviewer]) -> str:
    for name, _, _, of in _SHARES:
        known = [(rate.value, one.work.person, rate) for one in shown if (rate := _enough(of(one))) is not None]
        if known:
            _, who, rate = min(known, key=lambda entry: entry[:2])
            said = "gives the known answer" if name == "known answers" else "is with the resolution"
            return f"{who} {said} least often: {share(rate)}" if len(known) > 1 else f"{who} {said}: {share(rate)}"
    return "Too few answers can be held against what is known"
