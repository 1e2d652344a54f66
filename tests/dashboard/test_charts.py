"""Charts are pure: what they show, how sure it is, and that nobody's text becomes markup."""

from datetime import date

import pytest

from core.evaluate.comparison import compare_versions
from core.evaluate.history import Breakage, Cell, TaskLine, VersionPoint
from core.evaluate.loop import Stage
from core.measure.intervals import Interval, Mean, rate
from dashboard.charts import (
    FAILED,
    PARTLY,
    SOLVED,
    Dot,
    broken_and_fixed,
    cost_by_version,
    latency_by_version,
    loop_funnel,
    shorten,
    success_by_version,
    task_version_map,
    weekly_line,
)
from dashboard.parts.numbers import duration, escaped, percent
from tests.core.evaluate.conftest import keep, plan


def point(version, solved=8, n=10, **more):
    values = {
        "version": version,
        "version_id": 1,
        "date": None,
        "date_set": False,
        "base": "",
        "n_runs": n,
        "unknown": 0,
        "infrastructure": 0,
        "n_tasks": n,
        "success": rate(solved, n) if n else None,
        "cost": Mean(n, 0.02, Interval(0.01, 0.03)) if n else None,
        "latency": Mean(n, 12.0, None) if n else None,
        "against": "",
        "regression": None,
        "broken": (),
        "fixed": (),
    }
    return VersionPoint(**(values | more))


def test_success_by_version_states_the_finding_and_leaves_out_what_cannot_be_told():
    figure = success_by_version([point("v1", 5), point("v2", 2, 3), point("v3", 9), point("v4", 0, 0)])
    (line,) = figure.data
    assert figure.layout.title.text == "v3 solves 90 % of its tasks; v1 before it solved 50 %"
    assert (list(line.x), list(line.y)) == (["0", "2"], [0.5, 0.9])
    assert list(figure.layout.xaxis.ticktext) == ["v1", "v2", "v3", "v4"]
    assert "24 to 76 %, n 10 runs" in line.hovertext[0]
    assert line.error_y.array[1] == pytest.approx(rate(9, 10).interval.high - 0.9)


def test_cost_and_time_have_units():
    cost, time = cost_by_version([point("v1")]), latency_by_version([point("v1")])
    assert (cost.layout.title.text, cost.layout.yaxis.title.text) == ("v1 costs $0.0200 a task", "US dollars a task")
    assert (time.layout.title.text, time.layout.yaxis.title.text) == ("v1 takes 12 s a task", "seconds a task")
    assert "no interval, n 10 tasks" in time.data[0].hovertext[0]


@pytest.mark.parametrize("draw", [success_by_version, cost_by_version, latency_by_version])
def test_without_versions_a_chart_says_so(draw):
    assert draw([]).layout.title.text == "No version has 5 runs that tell"


def test_a_hundred_versions_stay_readable():
    figure = success_by_version([point(f"release-candidate-2026-{n:03}-of-the-agent") for n in range(100)])
    assert len(figure.layout.xaxis.ticktext) == 20
    assert figure.layout.xaxis.ticktext[0] == "release-ca…f-the-agent"


def test_the_map_has_a_word_for_every_colour():
    lines = [
        TaskLine("t/1", {"v1": Cell(2, 2), "v2": Cell(0, 2)}, (Breakage("v2", ""),), 1),
        TaskLine("t/2", {"v1": Cell(1, 2)}, (), 0),
    ]
    figure = task_version_map(["v1", "v2"], lines)
    grid, *others = figure.data
    assert figure.layout.title.text == "Of these 2 tasks 1 were broken and never mended, 0 were broken and mended"
    assert [list(row) for row in grid.z] == [[2, 0], [1, None]]
    assert grid.hovertext[0][1] == "t/1<br>v2: 0 of 2 runs solved it"
    assert grid.hovertext[1][1] == "t/2<br>v2: not tried"
    assert {one.name: one.marker.color for one in others if one.name} == {
        "every run solved it": SOLVED,
        "some did": PARTLY,
        "none did": FAILED,
    }
    assert [list(one.text) for one in others if one.mode == "text"] == [["2/2"], ["1/2"], ["0/2"]]


def test_500_tasks_of_100_versions_are_drawn_without_numbers():
    versions = [f"v{n}" for n in range(100)]
    lines = [TaskLine(f"t/{n}", dict.fromkeys(versions, Cell(1, 1)), (), 0) for n in range(500)]
    figure = task_version_map(versions, lines)
    assert not [one for one in figure.data if getattr(one, "mode", "") == "text"]
    assert (len(figure.layout.xaxis.ticktext), len(figure.layout.yaxis.ticktext)) == (25, 500)


def test_broken_and_fixed_counts_every_shared_task_once(store):
    keep(store, plan({"a": {"1": "s", "2": "s", "3": "f", "4": "f"}, "b": {"1": "s", "2": "f", "3": "s", "4": "f"}}))
    with store.reading() as session:
        figure = broken_and_fixed(compare_versions(session, "a", "b"))
    assert [bar.name for bar in figure.data] == ["both solve 1", "fixed 1", "broken 1", "neither solves 1"]
    assert figure.data[2].hovertext[0] == "broken: 1 of 4 tasks (25 %)"
    assert figure.layout.title.text == "b broke 1 task that a solved, and fixed 1 that it did not"


def test_weeks_name_the_last_two_and_skip_what_has_too_few():
    dots = [
        Dot(date(2026, 8, 31), 0.5, Interval(0.4, 0.6), 20),
        Dot(date(2026, 9, 7), 0.1, None, 2),
        Dot(date(2026, 9, 14), 0.7, Interval(0.6, 0.8), 30),
    ]
    figure = weekly_line("Solved", dots, percent, axis="share of runs")
    assert figure.layout.title.text == "Solved: 70 % in the week of 14 Sep, 50 % in the one before"
    assert list(figure.data[0].y) == [0.5, 0.7]
    assert figure.data[0].hovertext[1] == "70 %<br>60 to 80 %, n 30 runs"
    assert figure.layout.xaxis.tick0 == date(2026, 8, 31)
    assert weekly_line("Time", dots[1:2], duration).layout.title.text == "Time: no week has 5 runs to tell it from"
    a_year_later = Dot(date(2027, 8, 30), 0.7, None, 30)
    assert weekly_line("Solved", [*dots, a_year_later], percent).layout.xaxis.dtick == 9 * 7 * 86_400_000


def test_what_others_wrote_draws_no_picture():
    assert escaped("a :fire: :material/bolt: 10:30:00") == "a \\:\u2060fire\\: \\:\u2060material/bolt\\: 10\\:30\\:00"


def test_the_loop_shows_where_least_goes_on():
    stages = [Stage("Reviewed", 5, "runs", 5, 50, "runs to review"), Stage("Collected", 50, "runs")]
    figure = loop_funnel(stages)
    assert figure.layout.title.text == "Least goes on at “Reviewed”: 5 of 50 runs to review"
    assert [list(bar.x) for bar in figure.data] == [[0.1], [0.9]]
    assert loop_funnel([]).layout.title.text == "Nothing has arrived yet"


def test_names_are_text():
    bad = '<a href="x">v</a>'
    assert shorten(bad, 40) == "&lt;a href=&quot;x&quot;&gt;v&lt;/a&gt;"
    for figure in (
        success_by_version([point(bad)]),
        task_version_map([bad], [TaskLine(bad, {bad: Cell(1, 1)}, (), 0)]),
    ):
        assert "<a" not in figure.to_json().replace("\\u003c", "<")
