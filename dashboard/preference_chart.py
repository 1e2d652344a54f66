"""The figure of versions' strengths: pure, like those of dashboard.charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluate.weeks import FEW
from core.measure.bradley_terry import Strength
from dashboard.charts import OTHER, shorten, titled
from dashboard.parts.numbers import between, percent


def strength_by_version(strengths: Sequence[Strength], title: str) -> go.Figure:
    """The chance of each version to be preferred to an average one, the strongest on top; too little is left out."""
    shown = [one for one in strengths if one.clusters >= FEW][::-1]
    figure = go.Figure()
    figure.add_scatter(
        x=[one.chance for one in shown],
        y=[shorten(one.name, 40) for one in shown],
        error_x={
            "type": "data",
            "array": [one.chance_interval.high - one.chance for one in shown],
            "arrayminus": [one.chance - one.chance_interval.low for one in shown],
            "thickness": 1.5,
            "width": 4,
            "color": OTHER,
        },
        mode="markers",
        marker={"size": 9, "color": OTHER},
        hovertext=[
            f"{escape(one.name)}<br>{percent(one.chance)} ({between(one.chance_interval, percent)})"
            f"<br>{one.n} choices on {one.clusters} tasks"
            for one in shown
        ],
        hoverinfo="text",
    )
    figure.add_vline(x=0.5, line_width=1, line_dash="dot", line_color="#8C857A")
    figure.update_xaxes(title="chance of being preferred to an average version", tickformat=".0%", range=[-0.02, 1.02])
    return titled(figure, title, 90 + 34 * max(1, len(shown)))
