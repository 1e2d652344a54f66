"""Strengths against a published table, against another library, and where choices settle nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from core.measure.bradley_terry import VIRTUAL, Compared, Group, fit, strengths

# American League 1987, games won by row against column (Agresti 1990, Categorical Data Analysis, table 10.10), and the
# log-odds against Baltimore with their standard errors as the R package BradleyTerry2 documents them.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
PUBLISHED = (1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839)
ERRORS = (0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319)


def test_the_published_strengths_of_seven_teams() -> None:
    found = fit(np.array(WON, dtype=float))
    against_last = found.values - found.values[6]
    assert against_last[:6] == pytest.approx(PUBLISHED, abs=5e-5)
    spread = [found.covariance[i, i] + found.covariance[6, 6] - 2 * found.covariance[i, 6] for i in range(6)]
    assert np.sqrt(spread) == pytest.approx(ERRORS, abs=5e-5)
    assert found.values.sum() == pytest.approx(0, abs=1e-9)


def games(won: tuple[tuple[int, ...], ...] = WON) -> list[Compared]:
    return [
        Compared(TEAMS[i], TEAMS[j], 1.0, (i, j, n))
        for i, row in enumerate(won)
        for j, times in enumerate(row)
        for n in range(times)
    ]


def only(compared: list[Compared]) -> Group:
    (group,) = strengths(compared)
    return group


def test_the_report_orders_versions_and_counts_what_it_rests_on() -> None:
    report = only(games())
    assert [one.name for one in report.strengths] == list(TEAMS)
    assert (report.steadied, report.n) == (False, 273)
    first = report.strengths[0]
    assert (first.n, first.clusters) == (78, 78)
    assert first.value == pytest.approx(1.5814 - sum(PUBLISHED) / 7, abs=1e-4)
    assert first.interval.low < first.value < first.interval.high
    assert 0.5 < first.chance_interval.low < first.chance < first.chance_interval.high < 1


def test_pandalm_is_what_a_regression_of_another_library_says(real_data: Path) -> None:
    """999 pairs of five models, three choices each; the choices on one pair are a cluster."""
    records = json.loads((real_data / "pandalm/testset-v1.json").read_text())
    score = {0: 0.5, 1: 1.0, 2: 0.0}
    compared = []
    for record in records:
        one, _, other = record["cmp_key"].partition("_")
        compared += [Compared(one, other, score[record[f"annotator{n}"]], record["idx"]) for n in (1, 2, 3)]
    report = only(compared)
    names = sorted({name for one in compared for name in (one.one, one.other)})
    assert len(names) == 5
    design = np.zeros((len(compared), 5))
    for row, one in enumerate(compared):
        design[row, names.index(one.one)], design[row, names.index(one.other)] = 1, -1
    scores = np.array([one.score for one in compared])
    told = sm.GLM(scores, design[:, :4], family=sm.families.Binomial())
    clusters = np.array([one.cluster for one in compared])
    oracle = told.fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    values = np.append(oracle.params, 0)
    to_mean = np.eye(5) - 0.2
    covariance = np.zeros((5, 5))
    covariance[:4, :4] = oracle.cov_params()
    covariance = to_mean @ covariance @ to_mean.T * 999 / 998
    expected = dict(zip(names, to_mean @ values, strict=True))
    errors = dict(zip(names, np.sqrt(np.diag(covariance)), strict=True))
    assert {one.name: one.value for one in report.strengths} == pytest.approx(expected, abs=1e-6)
    reach = {one.name: (one.interval.high - one.value) / 1.959964 for one in report.strengths}
    assert reach == pytest.approx(errors, rel=1e-3)
    assert all(one.clusters < one.n == 3 * one.clusters for one in report.strengths)
    assert not report.steadied


def test_choices_on_one_task_are_not_each_new_evidence() -> None:
    alone = only(games())
    together = only([Compared(one.one, one.other, one.score, one.cluster[:2]) for one in games()])
    width = {one.name: one.interval.high - one.interval.low for one in alone.strengths}
    assert all(one.interval.high - one.interval.low >= width[one.name] for one in together.strengths)
    assert sum(one.interval.high - one.interval.low > 1.2 * width[one.name] for one in together.strengths) >= 3


def test_a_tie_is_half_a_win_for_each() -> None:
    halves = [Compared("a", "b", 0.5, n) for n in range(4)] + [Compared("a", "b", 1.0, 5), Compared("a", "b", 0.0, 6)]
    wins = [Compared("a", "b", float(n % 2), n) for n in range(6)]
    assert [one.value for one in only(halves).strengths] == pytest.approx([0, 0], abs=1e-9)
    assert [one.value for one in only(wins).strengths] == pytest.approx([0, 0], abs=1e-9)


def test_a_version_that_never_lost_is_kept_finite_and_said_so() -> None:
    report = only([Compared("a", "b", 1.0, n) for n in range(10)])
    assert report.steadied
    best, worst = report.strengths
    assert (best.name, worst.name) == ("a", "b")
    # by hand: s = 10 (1 - p(2s)) + VIRTUAL (1/2 - p(s)) = 0 for strengths s and -s
    slope = 10 * (1 - 1 / (1 + np.exp(-2 * best.value))) + VIRTUAL * (0.5 - 1 / (1 + np.exp(-best.value)))
    assert slope == pytest.approx(0, abs=1e-8)
    assert worst.value == pytest.approx(-best.value)
    assert best.interval.low < 2 < best.interval.high


def test_versions_that_nothing_connects_stand_in_groups_of_their_own() -> None:
    report = strengths([Compared("a", "b", 0.5, 1), Compared("c", "d", 1.0, 2), Compared("d", "e", 1.0, 3)])
    assert [[one.name for one in group.strengths] for group in report] == [["c", "d", "e"], ["a", "b"]]
    assert [(group.n, group.steadied) for group in report] == [(2, True), (1, False)]
    assert [one.value for one in report[1].strengths] == pytest.approx([0, 0], abs=1e-9)


def test_nothing_compared_is_nothing_told() -> None:
    assert strengths([]) == ()


@pytest.mark.parametrize("wrong", [Compared("a", "a", 1.0, 1), Compared("a", "b", 1.5, 1)])
def test_what_is_no_comparison_is_refused(wrong: Compared) -> None:
    with pytest.raises(ValueError, match="two versions"):
        strengths([wrong])
