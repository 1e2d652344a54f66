"""The figure of published rates: pure, like those of dashboard.charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluate.published import PublishedRate
from dashboard.charts import SOLVED, UNKNOWN, titled
from dashboard.parts.numbers import between, dollars, percent


def published_by_date(rates: Sequence[PublishedRate]) -> go.Figure:
    """Published rates on one benchmark by their dates, the best so far as a line, and what own runs came to."""
    # of one day the highest comes first, so that the line does not climb within it
    dated = sorted((one for one in rates if one.date is not None), key=lambda one: (one.date, -one.rate))
    best = [one for place, one in enumerate(dated) if all(one.rate > before.rate for before in dated[:place])]
    own = [one for one in dated if one.recomputed is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[one.date for one in dated],
        y=[one.rate for one in dated],
        mode="markers",
        name="published",
        marker={"symbol": "circle-open", "size": 9, "color": UNKNOWN, "line": {"width": 1.5}},
        hovertext=[_published_said(one) for one in dated],
        hoverinfo="text",
    )
    figure.add_scatter(
        x=[one.date for one in best] + [one.date for one in dated[-1:]],
        y=[one.rate for one in best] + [one.rate for one in best[-1:]],
        mode="lines",
        name="best published so far",
        line={"color": UNKNOWN, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
    )
    if own:
        figure.add_scatter(
            x=[one.date for one in own],
            y=[one.recomputed.value for one in own if one.recomputed],
            mode="markers",
            name="from its runs here",
            marker={"symbol": "diamond", "size": 6, "color": SOLVED},
            hovertext=[_published_said(one) for one in own],
            hoverinfo="text",
        )
    figure.update_xaxes(title="date of publication", type="date")
    figure.update_yaxes(title="share of tasks solved", tickformat=".0%", range=[-0.03, 1.03])
    figure = titled(figure, _published_title(rates), 340)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(showlegend=True, legend=legend)
    return figure


def _published_title(rates: Sequence[PublishedRate]) -> str:
    best = max(rates, key=lambda one: one.rate)
    undated = sum(one.date is None for one in rates)
    title = f"The best of {len(rates)} published rates on {best.benchmark} is {100 * best.rate:.1f} %: {best.version}"
    return title + (f" ({undated} without a date: in the table only)" if undated else "")


def _published_said(one: PublishedRate) -> str:
    sure = f"{between(one.interval, percent)}, n {one.n}" if one.interval else "n not said"
    said = [one.version, f"published: {100 * one.rate:.1f} % ({sure})"]
    if one.recomputed:
        own = one.recomputed
        said.append(f"from its runs here: {percent(own.value)} ({between(own.interval, percent)}, n {own.n})")
    said += [f"{one.date:%d %b %Y}" if one.date else "", f"{dollars(one.cost)} a task" if one.cost else ""]
    return "<br>".join(escape(line) for line in said if line)
