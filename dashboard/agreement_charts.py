"""Figures of agreement: pure, each titled with what it shows, with n and interval on hover.

Agreement is no outcome: one hue, and lines where Krippendorff draws his bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluate.agreement_report import Details, QuestionAgreement
from core.evaluate.weeks import FEW
from core.measure.agreement import CategoryAgreement, Coefficient
from dashboard.charts import OTHER, UNKNOWN, shorten, titled
from dashboard.parts.agreement_tables import (
    RELIABLE,
    TENTATIVE,
    category_name,
    coefficient,
    least_agreed,
    period_name,
    worst_question,
)

MOST_NAMES = 16
"""From so many raters on, the map of κ has no numbers in its cells."""


def alpha_by_question(questions: Sequence[QuestionAgreement]) -> go.Figure:
    """α of each question with its interval, the least agreed on first."""
    shown = least_agreed(questions)
    labels = [f"{shorten(one.title, 40)} " for one in shown]
    figure = _dots(labels, [one.best.krippendorff for one in shown])
    return titled(figure, worst_question(questions), 110 + 34 * len(shown))


def alpha_by_category(details: Details, labels: Mapping[str, str]) -> go.Figure:
    """α of each answer against the rest, the least agreed on first; answers given on few items are left out."""
    shown = [one for one in details.categories if enough(one)]
    shown.sort(key=lambda one: one.krippendorff.value or 0.0)
    names = [category_name(one, labels) for one in shown]
    figure = _dots([f"{shorten(name, 40)} " for name in names], [one.krippendorff for one in shown])
    title = f"No answer was given on {FEW} items, so none can be told apart"
    if shown:
        title = f"Reviewers agree least on when to say “{names[0]}”: α {coefficient(shown[0].krippendorff)}"
    return titled(figure, title, 110 + 30 * len(shown))


def enough(one: CategoryAgreement) -> bool:
    """Whether an answer was given on enough items to say how far reviewers agree on it."""
    return one.n_items >= FEW and one.krippendorff.value is not None


def _dots(labels: Sequence[str], measures: Sequence[Coefficient]) -> go.Figure:
    """A row a label, the first on top; places stand on the axis, for two long names may look alike."""
    values = [measure.value or 0.0 for measure in measures]
    high = [one.interval.high - value if one.interval else 0 for one, value in zip(measures, values, strict=True)]
    low = [value - one.interval.low if one.interval else 0 for one, value in zip(measures, values, strict=True)]
    figure = go.Figure()
    _bounds(figure, "x")
    figure.add_scatter(
        x=values,
        y=list(range(len(values))),
        error_x={"type": "data", "array": high, "arrayminus": low, "thickness": 1.5, "width": 4, "color": OTHER},
        mode="markers",
        marker={"size": 10, "color": OTHER},
        hovertext=[
            f"{label.strip()}<br>α {coefficient(measure)}" for label, measure in zip(labels, measures, strict=True)
        ],
        hoverinfo="text",
    )
    least = min((value - down for value, down in zip(values, low, strict=True)), default=0)
    figure.update_xaxes(title="Krippendorff’s α (0: chance, 1: perfect)", range=[min(-0.05, least - 0.05), 1.05])
    figure.update_yaxes(
        tickvals=list(range(len(labels))), ticktext=list(labels), range=[len(labels) - 0.5, -0.5], zeroline=False
    )
    return figure


def _bounds(figure: go.Figure, axis: str) -> None:
    for value, words in ((TENTATIVE, "tentative"), (RELIABLE, "reliable")):
        line = {"line": {"color": UNKNOWN, "width": 1, "dash": "dot"}, "layer": "below"}
        if axis == "x":
            figure.add_vline(x=value, annotation_text=words, annotation_position="top", **line)
        else:
            figure.add_hline(y=value, annotation_text=words, annotation_position="top left", **line)


def kappa_map(cohen: Mapping[str, Coefficient]) -> go.Figure:
    """Cohen's κ of each two reviewers, as a table in which more ink is more agreement."""
    names = sorted({name for pair in cohen for name in pair.split("~")})
    place = {name: index for index, name in enumerate(names)}
    size = len(names)
    cells: list[list[Coefficient | None]] = [[None] * size for _ in names]
    for pair, kappa in cohen.items():
        a, b = (place[name] for name in pair.split("~"))
        cells[a][b] = cells[b][a] = kappa
    known = [[c if c is not None and c.n_items >= FEW and c.value is not None else None for c in row] for row in cells]
    hover = [
        [_pair_words(names[y], names[x], cells[y][x]) if x != y else escape(names[x]) for x in range(size)]
        for y in range(size)
    ]
    scale = [[0, "#F3EAF0"], [1, "#6B3A5C"]]  # opaque, so that the numbers are as legible on dark paper
    figure = go.Figure(
        go.Heatmap(
            z=[[None if c is None else max(c.value or 0.0, 0.0) for c in row] for row in known],
            zmin=0,
            zmax=1,
            colorscale=scale,
            xgap=2,
            ygap=2,
            hoverongaps=True,
            colorbar={"title": {"text": "κ"}, "thickness": 12, "outlinewidth": 0},
            hovertext=hover,
            hoverinfo="text",
        )
    )
    if size <= MOST_NAMES:
        for strong, ink in ((True, "#FFFFFF"), (False, "#1B1916")):
            at = [
                (x, y) for y, row in enumerate(known) for x, c in enumerate(row) if c and (_value(c) >= 0.5) is strong
            ]
            figure.add_scatter(
                x=[x for x, _ in at],
                y=[y for _, y in at],
                text=[f"{_value(known[y][x]):.2f}" for x, y in at],
                mode="text",
                textfont={"size": 12, "color": ink},
                hoverinfo="skip",
            )
    ticks = [shorten(name, 24) for name in _without_prefix(names)]
    flat = {"tickvals": list(range(size)), "ticktext": ticks, "showgrid": False, "zeroline": False}
    figure.update_xaxes(side="top", range=[-0.5, size - 0.5], **flat)
    figure.update_yaxes(range=[size - 0.5, -0.5], **flat)
    return titled(figure, _least_pair(cohen), 130 + max(34, min(40, 520 // max(size, 1))) * size)


def _value(kappa: Coefficient | None) -> float:
    return (kappa.value or 0.0) if kappa else 0.0


def _pair_words(a: str, b: str, kappa: Coefficient | None) -> str:
    said = "no item that both judged" if kappa is None else f"κ {coefficient(kappa)}"
    return f"{escape(a)}<br>{escape(b)}<br>{said}"


def _without_prefix(names: Sequence[str]) -> list[str]:
    """Names without the words that all of them begin with."""
    parted = [name.split(" ") for name in names]
    shared = 0
    while all(len(parts) > shared + 1 and parts[shared] == parted[0][shared] for parts in parted):
        shared += 1
    return [" ".join(parts[shared:]) for parts in parted]


def _least_pair(cohen: Mapping[str, Coefficient]) -> str:
    known = {pair: kappa for pair, kappa in cohen.items() if kappa.value is not None and kappa.n_items >= FEW}
    if not known:
        return f"No two reviewers have judged {FEW} of the same items"
    pair = min(known, key=lambda name: known[name].value or 0.0)
    a, b = pair.split("~")
    least = f"{a} and {b} agree least: κ {coefficient(known[pair])}"
    return least if len(known) > 1 else f"{a} and {b}: κ {coefficient(known[pair])}"


def alpha_over_time(details: Details) -> go.Figure:
    """α by week or month of the later answer; those with few items are left out."""
    shown = [one for one in details.periods if one.krippendorff.n_items >= FEW and one.krippendorff.value is not None]
    values = [one.krippendorff.value or 0.0 for one in shown]
    sure = [one.krippendorff.interval for one in shown]
    figure = go.Figure()
    _bounds(figure, "y")
    figure.add_scatter(
        x=[one.start for one in shown],
        y=values,
        error_y={
            "type": "data",
            "array": [one.high - value if one else 0 for one, value in zip(sure, values, strict=True)],
            "arrayminus": [value - one.low if one else 0 for one, value in zip(sure, values, strict=True)],
            "thickness": 1.5,
            "width": 4,
            "color": OTHER,
        },
        mode="lines+markers",
        line={"color": OTHER, "width": 1.5},
        marker={"size": 9, "color": OTHER},
        hovertext=[f"{period_name(one.start, details.by)}<br>α {coefficient(one.krippendorff)}" for one in shown],
        hoverinfo="text",
    )
    dates = {"tickvals": [one.start for one in shown]} if len(shown) <= 14 else {}
    figure.update_xaxes(title=f"{details.by} of the later answer (UTC)", tickformat="%d %b\n%Y", type="date", **dates)
    least = min((one.low for one in sure if one), default=0)
    figure.update_yaxes(title="Krippendorff’s α", range=[min(-0.05, least - 0.05), 1.05])
    title = f"No {details.by} has {FEW} items with two answers to tell α from"
    if shown:
        title = f"α {values[-1]:.2f} in {period_name(shown[-1].start, details.by)}"
        title += f", {values[-2]:.2f} in {period_name(shown[-2].start, details.by)}" if len(shown) > 1 else ""
    return titled(figure, title, 270)
