"""Paired comparison, against real before-and-after runs, published tests, statsmodels and scipy."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.intervals import clustered_rate
from core.measure.paired import compare, mcnemar_exact, paired_means, sign_flip

outcomes = st.dictionaries(
    st.integers(0, 30).map(str), st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4), min_size=1
)


def test_retail_mean_stands_still_while_six_tasks_broke(base_vs_sft):
    result = compare(*base_vs_sft["retail"])
    assert (result.base.value, result.candidate.value, result.n_tasks) == (0.85, 0.85, 40)
    assert set(result.regressed) == {"18", "27", "33", "64", "71", "111"}
    assert len(result.fixed) == 6
    assert (result.difference, result.p_value, result.verdict) == (0, 1, "cannot be told at this n")
    assert result.smallest_detectable > 0.2


def test_airline_gain_of_fifteen_points_cannot_be_told_from_chance(base_vs_sft):
    result = compare(*base_vs_sft["airline"])
    assert (result.base.value, result.candidate.value, result.n_tasks) == (0.5, 0.65, 20)
    assert set(result.regressed) == {"18", "29", "45"}
    assert len(result.fixed) == 6
    assert result.verdict == "cannot be told at this n"


def test_telecom_is_better_and_broke_nothing(base_vs_sft):
    base, candidate = base_vs_sft["telecom"]
    result = compare(base, candidate)
    assert (result.base.value, result.candidate.value, result.n_tasks) == (0.45, 0.75, 40)
    assert (result.regressed, len(result.fixed)) == ((), 12)
    assert (result.p_value, result.test) == (2 / 2**12, "exact McNemar")
    assert result.interval.low > 0
    assert result.verdict == "better"
    assert compare(candidate, base).verdict == "worse"


def test_swe_rerun_hides_one_loss_behind_one_gain(swe_rerun):
    result = compare(*swe_rerun)
    assert (result.base.successes, result.candidate.successes, result.n_tasks) == (8, 8, 23)
    assert result.regressed == ("sqlfluff__sqlfluff-1733",)
    assert result.fixed == ("pylint-dev__astroid-1333",)
    assert result.verdict == "cannot be told at this n"


def test_several_trials_a_task_use_the_sign_flip_test_and_name_flaky_tasks(tau_bench):
    first = {task: trials[:2] for task, trials in tau_bench.items()}
    second = {task: trials[2:] for task, trials in tau_bench.items()}
    result = compare(first, second)
    assert result.test == "sign-flip permutation, 10000 draws"
    assert result.p_value > 0.5
    assert set(result.flaky) == {
        task for task in tau_bench if len(set(tau_bench[task][:2])) == 2 or len(set(tau_bench[task][2:])) == 2
    }


def test_a_version_against_itself(tau_bench):
    result = compare(tau_bench, tau_bench)
    assert (result.difference, result.p_value, result.regressed, result.fixed) == (0, 1, (), ())
    assert result.verdict == "no difference shown"


def test_few_unchanged_tasks_do_not_prove_that_nothing_changes():
    unchanged = {str(task): [1.0] for task in range(5)}
    result = compare(unchanged, unchanged)
    assert result.interval.low < -0.2
    assert result.verdict == "cannot be told at this n"


def test_a_tie_between_trials_is_not_solved():
    base = {"broken": [1.0, 1.0], "tied before": [1.0, 0.0], "fixed": [1.0, 0.0], "kept": [1.0, 1.0, 0.0]}
    candidate = {"broken": [1.0, 0.0], "tied before": [0.0, 0.0], "fixed": [1.0, 1.0], "kept": [0.0, 1.0, 1.0]}
    result = compare(base, candidate)
    assert (result.regressed, result.fixed) == (("broken",), ("fixed",))
    assert result.flaky == ("broken", "tied before", "fixed", "kept")


def test_only_shared_tasks_count():
    base = {"a": [1.0], "b": [0.0], "only here": [0.0]}
    candidate = {"b": [1.0], "a": [1.0], "there": [1.0], "there too": [1.0]}
    result = compare(base, candidate)
    assert (result.n_tasks, result.base_only, result.candidate_only) == (2, 1, 2)
    assert result.base == clustered_rate([[1.0], [0.0]])


@given(outcomes, outcomes)
def test_swapping_the_versions_mirrors_everything(base, candidate):
    if not base.keys() & candidate.keys():
        return
    forth, back = compare(base, candidate), compare(candidate, base)
    assert forth.difference == pytest.approx(-back.difference)
    assert forth.p_value == pytest.approx(back.p_value)
    assert set(forth.regressed) == set(back.fixed)
    assert 0 < forth.p_value <= 1
    assert forth.interval.low - 1e-9 <= forth.difference <= forth.interval.high + 1e-9
    assert forth.smallest_detectable == pytest.approx(back.smallest_detectable)


def test_mcnemar_as_statsmodels():
    from statsmodels.stats.contingency_tables import mcnemar

    for gains, losses in [(0, 0), (1, 0), (1, 1), (6, 3), (12, 0), (40, 23)]:
        differences = [1.0] * gains + [-1.0] * losses + [0.0] * 9
        expected = mcnemar([[5, gains], [losses, 4]], exact=True).pvalue
        assert mcnemar_exact(differences)[0] == pytest.approx(expected)


def test_sign_flip_gives_fishers_figure_for_darwins_maize():
    eighths_of_an_inch = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    p_value, test = sign_flip(eighths_of_an_inch)
    assert (p_value, test) == (2 * 863 / 2**15, "exact sign-flip permutation")


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), max_size=14))
def test_sign_flip_of_single_trials_is_mcnemar(differences):
    assert sign_flip(differences)[0] == pytest.approx(mcnemar_exact(differences)[0])


def test_drawn_sign_flip_as_scipy_permutation_test():
    from scipy.stats import permutation_test

    differences = np.random.default_rng(2).normal(0.2, 1, size=40)
    expected = permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=50_000,
        rng=3,
    ).pvalue
    assert sign_flip(differences.tolist())[0] == pytest.approx(expected, abs=0.02)


def test_drawn_p_value_is_never_zero():
    assert sign_flip([1.0] * 100)[0] == 1 / 10_001


def test_interval_is_that_of_agresti_and_min():
    """Single trials: 60 tasks of which 14 were fixed and 5 broke, with half a task added to each cell."""
    base = {str(task): [float(14 <= task < 40)] for task in range(60)}
    candidate = {str(task): [float(task < 14 or 19 <= task < 40)] for task in range(60)}
    result = compare(base, candidate)
    fixed, broken, n = 14.5, 5.5, 62
    centre = (fixed - broken) / n
    reach = 1.96 * sqrt(fixed + broken - (fixed - broken) ** 2 / n) / n
    assert (result.interval.low, result.interval.high) == pytest.approx((centre - reach, centre + reach), abs=0.012)


def test_smallest_detectable_difference_as_statsmodels():
    from statsmodels.stats.power import NormalIndPower

    base = {str(task): [1.0] for task in range(50)}
    candidate = {str(task): [float(task >= 9)] for task in range(50)}
    spread = sqrt((9.5 + 0.5 - 9**2 / 52) / 52)
    effect = NormalIndPower().solve_power(nobs1=50, alpha=0.05, power=0.8, ratio=0)
    assert compare(base, candidate).smallest_detectable == pytest.approx(effect * spread, rel=1e-4)


def test_one_task_can_show_nothing():
    result = compare({"a": [0.0]}, {"a": [1.0]})
    assert (result.p_value, result.smallest_detectable, result.verdict) == (1, None, "cannot be told at this n")


@pytest.mark.parametrize(
    ("n_tasks", "fixed", "margin", "verdict"),
    [
        (20, 6, 0.05, "better"),  # p = 0.031
        (20, 5, 0.05, "cannot be told at this n"),  # p = 0.063
        (200, 4, 0.05, "no difference shown"),
        (100, 4, 0.05, "cannot be told at this n"),  # the interval ends above 0.05, though not below -0.05
        (100, 4, 0.20, "no difference shown"),
    ],
)
def test_verdict_needs_five_percent_or_an_interval_within_the_margin(n_tasks, fixed, margin, verdict):
    base = {str(task): [float(task >= fixed)] for task in range(n_tasks)}
    candidate = {str(task): [1.0] for task in range(n_tasks)}
    mirrored = {"better": "worse"}.get(verdict, verdict)
    assert compare(base, candidate, margin).verdict == verdict
    assert compare(candidate, base, margin).verdict == mirrored


@pytest.mark.parametrize(
    ("base", "candidate", "message"),
    [
        ({"a": [1.0]}, {"b": [1.0]}, "no task in common"),
        ({}, {}, "no task in common"),
        ({"a": []}, {"a": [1.0]}, "task a: it has no trials"),
        ({"a": [0.5]}, {"a": [1.0]}, "task a: an outcome must be 0 or 1"),
    ],
)
def test_what_cannot_be_compared_says_why(base, candidate, message):
    with pytest.raises(ValueError, match=message):
        compare(base, candidate)


def test_paired_means_as_scipy_bootstrap():
    from scipy.stats import bootstrap

    chance = np.random.default_rng(4)
    before, change = chance.lognormal(size=50), chance.normal(-0.2, 0.3, size=50)
    base = {str(task): [value] for task, value in enumerate(before)}
    candidate = {str(task): [value] for task, value in enumerate(before + change)}
    expected = bootstrap((change,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval
    result = paired_means(base, candidate)
    assert (result.n_tasks, result.difference) == (50, pytest.approx(change.mean()))
    assert (result.interval.low, result.interval.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_paired_means_average_trials_and_refuse_what_is_not_a_number():
    result = paired_means({"a": [1.0, 3.0], "b": [1.0]}, {"a": [5.0], "b": [2.0]})
    assert (result.base, result.candidate, result.difference) == (1.5, 3.5, 2.0)
    assert paired_means({"a": [1.0]}, {"a": [2.0]}).interval is None
    with pytest.raises(ValueError, match="finite"):
        paired_means({"a": [float("nan")]}, {"a": [2.0]})
