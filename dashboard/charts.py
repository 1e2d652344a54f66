"""Figures from what core says: pure, each titled with what it shows, with n and interval on hover.

Colour means the same everywhere and goes with a word. Fonts and grid follow the page's theme; the colours here are seen
on light and dark paper alike. Names that others wrote are escaped, because plotly reads a little HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil

import plotly.graph_objects as go

from core.evaluate.changes import Chart
from core.evaluate.comparison import VersionComparison
from core.evaluate.history import TaskLine, VersionPoint
from core.evaluate.loop import Stage
from core.evaluate.weeks import FEW
from core.measure.intervals import Interval, Mean, Rate
from dashboard.parts.numbers import Words, between, dollars, duration, percent

SOLVED, PARTLY, FAILED, UNKNOWN = "#0072B2", "#E69F00", "#D55E00", "#8C857A"
OTHER = "#A3648F"
"""For what is no outcome: length, time, money, traffic."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One value with how sure it is; one that rests on too little is left out of the line."""

    x: date | str
    value: float
    interval: Interval | None
    n: int
    note: str = ""


def shorten(name: str, most: int = 22) -> str:
    """A name as an axis can bear it; its end is kept, for that is where versions differ."""
    return escape(name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}")


def titled(figure: go.Figure, title: str, height: int) -> go.Figure:
    """The figure with its title, its height, and margins as all figures have them."""
    figure.update_layout(
        title={"text": escape(title, quote=False), "x": 0, "font": {"size": 15}},
        height=height,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        showlegend=False,
        hoverlabel_align="left",
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def _dots(dots: Sequence[Dot], words: Words, colour: str, unit: str) -> go.Scatter:
    shown = [dot for dot in dots if dot.n >= FEW]
    high = [dot.interval.high - dot.value if dot.interval else 0 for dot in shown]
    low = [dot.value - dot.interval.low if dot.interval else 0 for dot in shown]
    said = [
        f"{words(dot.value)}<br>{between(dot.interval, words) if dot.interval else 'no interval'}, n {dot.n} {unit}"
        + (f"<br>{escape(dot.note)}" if dot.note else "")
        for dot in shown
    ]
    return go.Scatter(
        x=[dot.x for dot in shown],
        y=[dot.value for dot in shown],
        error_y={"type": "data", "array": high, "arrayminus": low, "thickness": 1.5, "width": 4, "color": colour},
        mode="lines+markers",
        line={"color": colour, "width": 1.5},
        marker={"size": 9, "color": colour},
        hovertext=said,
        hoverinfo="text",
    )


def success_by_version(points: Sequence[VersionPoint]) -> go.Figure:
    """Success of each version in the order of their release, with intervals."""
    dots = [_version_dot(place, point, point.success) for place, point in enumerate(points)]
    figure = _by_version(points, dots, percent, SOLVED, "runs")
    figure.update_yaxes(title="share of tasks solved", tickformat=".0%", range=[-0.03, 1.03])
    return titled(figure, _newest(dots, points, percent, "solves", "solved"), 300)


def cost_by_version(points: Sequence[VersionPoint]) -> go.Figure:
    """What a task costs under each version."""
    dots = [_version_dot(place, point, point.cost) for place, point in enumerate(points)]
    figure = _by_version(points, dots, dollars, OTHER, "tasks")
    figure.update_yaxes(title="US dollars a task", tickprefix="$", rangemode="tozero")
    return titled(figure, _newest(dots, points, dollars, "costs", "cost"), 300)


def latency_by_version(points: Sequence[VersionPoint]) -> go.Figure:
    """How long a task takes under each version."""
    dots = [_version_dot(place, point, point.latency) for place, point in enumerate(points)]
    figure = _by_version(points, dots, duration, OTHER, "tasks")
    figure.update_yaxes(title="seconds a task", rangemode="tozero")
    return titled(figure, _newest(dots, points, duration, "takes", "took"), 300)


def _version_dot(place: int, point: VersionPoint, number: Rate | Mean | None) -> Dot:
    when = f"{point.date:%d %b %Y}{'' if point.date_set else ' (its earliest run)'}" if point.date else "no date"
    note = f"{point.version}, {when}, {point.n_runs} runs, {point.n_tasks} tasks that can be compared"
    return Dot(str(place), number.value, number.interval, number.n, note) if number else Dot(str(place), 0.0, None, 0)


def _by_version(points: Sequence[VersionPoint], dots: Sequence[Dot], words: Words, colour: str, unit: str) -> go.Figure:
    """Dots over places, not names: two long names may look alike, and a place never does."""
    figure = go.Figure(_dots(dots, words, colour, unit))
    places = range(0, len(points), ceil(len(points) / 20) or 1)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=[dot.x for dot in dots],
        tickvals=[str(place) for place in places],
        ticktext=[shorten(points[place].version) for place in places],
        range=[-0.5, len(points) - 0.5],
        title="version, in order of release",
    )
    return figure


def _newest(dots: Sequence[Dot], points: Sequence[VersionPoint], words: Words, verb: str, did: str) -> str:
    """The newest version and the one before it, of those that have enough runs."""
    told = [(point.version, words(dot.value)) for dot, point in zip(dots, points, strict=True) if dot.n >= FEW]
    of = " of its tasks" if words is percent else " a task"
    said = [f"{version} {verb} {value}{of}" for version, value in told[-1:]]
    said += [f"{version} before it {did} {value}" for version, value in told[-2:-1]]
    return "; ".join(said) or f"No version has {FEW} runs that tell"


def task_version_map(versions: Sequence[str], tasks: Sequence[TaskLine]) -> go.Figure:
    """Which version solved which task: tasks down, versions across, in colour and, where they fit, numbers."""
    cells = [[line.cells.get(version) for version in versions] for line in tasks]
    kinds = [[None if c is None else (c.solved > 0) + (c.solved == c.n) for c in row] for row in cells]
    hover = [
        [
            f"{escape(line.task)}<br>{escape(version)}: "
            + ("not tried" if c is None else f"{c.solved} of {c.n} runs solved it")
            for version, c in zip(versions, row, strict=True)
        ]
        for line, row in zip(tasks, cells, strict=True)
    ]
    fits = len(versions) <= 14
    steps = [[0, FAILED], [1 / 3, FAILED], [1 / 3, PARTLY], [2 / 3, PARTLY], [2 / 3, SOLVED], [1, SOLVED]]
    gaps = {"xgap": 2 if fits else 1, "ygap": 2, "hoverongaps": True}
    grid = go.Heatmap(
        z=kinds, zmin=0, zmax=2, colorscale=steps, showscale=False, hovertext=hover, hoverinfo="text", **gaps
    )
    figure = go.Figure(grid)
    places = [(x, y) for y, row in enumerate(cells) for x, c in enumerate(row) if c is not None]
    for kind, words, colour, ink in (
        (2, "every run solved it", SOLVED, "#FFFFFF"),
        (1, "some did", PARTLY, "#1B1916"),
        (0, "none did", FAILED, "#1B1916"),
    ):
        key = {"symbol": "square", "size": 11, "color": colour}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=key, name=words)
        if fits:
            of_kind = [(x, y) for x, y in places if kinds[y][x] == kind]
            figure.add_scatter(
                x=[x for x, _ in of_kind],
                y=[y for _, y in of_kind],
                text=[f"{cells[y][x].solved}/{cells[y][x].n}" for x, y in of_kind],
                mode="text",
                textfont={"color": ink, "size": 11},
                hoverinfo="skip",
                showlegend=False,
            )
    step = ceil(len(versions) / 25) or 1
    shown = list(range(0, len(versions), step))
    names = [shorten(versions[place], 16) for place in shown]
    wide = {"range": [-0.5, len(versions) - 0.5], "showgrid": False, "zeroline": False}
    figure.update_xaxes(tickvals=shown, ticktext=names, side="top", **wide)
    figure.update_yaxes(
        tickvals=list(range(len(tasks))),
        ticktext=[shorten(line.task, 34) for line in tasks],
        range=[len(tasks) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    figure = titled(figure, _map_title(tasks), 120 + 20 * len(tasks))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 0, "yanchor": "top", "x": 0})
    return figure


def _map_title(tasks: Sequence[TaskLine]) -> str:
    broken = sum(line.open for line in tasks)
    mended = sum(bool(line.breakages) and not line.open for line in tasks)
    return f"Of these {len(tasks)} tasks {broken} were broken and never mended, {mended} were broken and mended"


def broken_and_fixed(comparison: VersionComparison) -> go.Figure:
    """What became of every shared task, as one bar."""
    paired = comparison.paired
    broken, fixed = len(paired.regressed), len(paired.fixed)
    figure = go.Figure()
    for name, n, colour, shape in (
        ("both solve", comparison.held - broken, SOLVED, ""),
        ("fixed", fixed, SOLVED, "/"),
        ("broken", broken, FAILED, "x"),
        ("neither solves", paired.n_tasks - comparison.held - fixed, UNKNOWN, ""),
    ):
        pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "#FFFFFF", "fgopacity": 0.35}
        figure.add_bar(
            x=[n],
            y=[""],
            orientation="h",
            name=f"{name} {n}",
            marker={"color": colour, "pattern": pattern},
            hovertext=[f"{name}: {n} of {paired.n_tasks} tasks ({percent(n / paired.n_tasks)})"],
            hoverinfo="text",
        )
    figure.update_xaxes(title="tasks", range=[0, paired.n_tasks])
    candidate, base = comparison.candidate.version, comparison.base.version
    tasks = "1 task" if broken == 1 else f"{broken} tasks"
    title = f"{candidate} broke {tasks} that {base} solved, and fixed {fixed} that it did not"
    figure = titled(figure, title, 170)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
    figure.update_layout(barmode="stack", bargap=0, showlegend=True, legend=legend)
    return figure


def weekly_line(
    name: str,
    dots: Sequence[Dot],
    words: Words,
    colour: str = OTHER,
    unit: str = "runs",
    axis: str = "",
    control: Chart | None = None,
) -> go.Figure:
    """One number through the weeks; its last two values are in the title. `axis` is the unit of the numbers.

    With `control` it is a control chart: the centre, the limits that chance keeps to, and the weeks of change.
    """
    shown = [dot for dot in dots if dot.n >= FEW]
    title = f"{name}: no week has {FEW} {unit} to tell it from"
    if shown:
        title = f"{name}: {words(shown[-1].value)} in the week of {shown[-1].x:%d %b}"
        title += f", {words(shown[-2].value)} in the one before" if len(shown) > 1 else ""
    figure = go.Figure(_dots(dots, words, colour, unit))
    if control is not None:
        _draw_control(figure, control, words)
    week = 7 * 86_400_000
    # by the time between them, for weeks without runs are not among the dots
    weeks = {"tick0": shown[0].x, "dtick": week * ceil(((shown[-1].x - shown[0].x).days + 7) / 42)} if shown else {}
    figure.update_xaxes(title="week beginning (UTC)", tickformat="%d %b\n%Y", type="date", **weeks)
    figure.update_yaxes(title=axis, rangemode="tozero", tickformat=".0%" if words is percent else None)
    return titled(figure, title, 250)


def _draw_control(figure: go.Figure, chart: Chart, words: Words) -> None:
    weeks = [one.week for one in chart.controls]
    steps = {"shape": "hvh", "width": 1, "color": UNKNOWN}
    for values, name, line in (
        ([max(0.0, one.low) for one in chart.controls], "lower limit", steps | {"width": 0}),
        ([one.high for one in chart.controls], "upper limit", steps | {"width": 0}),
        ([one.centre for one in chart.controls], "centre", steps | {"dash": "dash"}),
    ):
        fill = {"fill": "tonexty", "fillcolor": "rgba(140, 133, 122, 0.14)"} if name == "upper limit" else {}
        figure.add_scatter(x=weeks, y=values, name=name, mode="lines", line=line, hoverinfo="skip", **fill)
    for change in chart.changes:
        rose = "rose" if change.after > change.before else "fell"
        said = f"{rose} to {words(change.after)} from {words(change.before)}"
        figure.add_vline(x=change.week, line={"color": FAILED, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=change.week, y=1, yref="paper", yanchor="bottom", text=said, showarrow=False, font_size=11
        )


def loop_funnel(stages: Sequence[Stage]) -> go.Figure:
    """How much of what arrives at each stage of the loop goes on."""
    shown = [stage for stage in stages if stage.arrived]
    passed = [stage.passed / stage.arrived for stage in shown]
    said = [f"{stage.passed:,} of {stage.arrived:,} {stage.what}" for stage in shown]
    figure = go.Figure()
    for name, lengths, opacity in (("goes on", passed, 1.0), ("waits", [1 - length for length in passed], 0.2)):
        figure.add_bar(
            x=lengths,
            y=[f"{stage.name}: {words} " for stage, words in zip(shown, said, strict=True)],
            orientation="h",
            name=name,
            marker={"color": OTHER if name == "goes on" else UNKNOWN, "opacity": opacity},
            hovertext=[f"{name}: {percent(length)} ({words})" for length, words in zip(lengths, said, strict=True)],
            hoverinfo="text",
        )
    figure.update_xaxes(title="share that goes on", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    worst = min(range(len(shown)), key=passed.__getitem__, default=None)
    title = "Nothing has arrived yet" if worst is None else f"Least goes on at “{shown[worst].name}”: {said[worst]}"
    figure = titled(figure, title, 100 + 40 * len(shown))
    figure.update_layout(barmode="stack", bargap=0.4, margin_r=24)
    return figure
