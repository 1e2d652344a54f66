"""Intervals of rates and means, against published values, statsmodels and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.intervals import Interval, clustered_rate, effective_n, mean_interval, rate, wilson

outcome_lists = st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published_by_newcombe_1998(successes, n, low, high):
    interval = wilson(successes, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_as_statsmodels(confidence):
    from statsmodels.stats.proportion import proportion_confint

    for n in (1, 2, 7, 40, 1000):
        for successes in {0, 1, n // 3, n - 1, n}:
            expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
            interval = wilson(successes, n, confidence)
            assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_rate_stays_in_range_and_mirrors(case):
    successes, n = case
    interval, mirrored = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= interval.low <= successes / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-12)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60))
def test_one_trial_a_task_is_wilson_exactly(outcomes):
    clustered = clustered_rate([[outcome] for outcome in outcomes])
    assert clustered == rate(int(sum(outcomes)), len(outcomes))


@given(outcome_lists)
def test_clustered_interval_lies_between_counting_tasks_and_counting_trials(outcomes):
    clustered = clustered_rate(outcomes)
    assert clustered.tasks <= clustered.effective_n <= clustered.n
    assert 0 <= clustered.interval.low <= clustered.value <= clustered.interval.high <= 1


def test_effective_n_follows_statsmodels_cluster_robust_variance():
    from statsmodels.regression.linear_model import OLS

    chance = np.random.default_rng(7)
    outcomes = [(chance.random(4) < p).astype(float).tolist() for p in chance.beta(0.5, 0.5, 50)]
    flat = np.concatenate(outcomes)
    fit = OLS(flat, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(50), 4)})
    p, variance = flat.mean(), fit.bse[0] ** 2
    clustered = clustered_rate(outcomes)
    assert clustered.value == pytest.approx(p)
    assert clustered.effective_n == pytest.approx(1 + p * (1 - p) / variance)


def test_trials_that_repeat_each_other_count_once_and_independent_ones_fully():
    repeated = clustered_rate([[1.0] * 4] * 6 + [[0.0] * 4] * 4)
    assert repeated.interval == wilson(6, 10)
    assert clustered_rate([[0.0, 1.0]] * 10).interval == wilson(10, 20)


def test_where_the_spread_cannot_be_seen_each_task_counts_once():
    assert clustered_rate([[1.0, 1.0, 0.0, 1.0]]).effective_n == 1
    assert clustered_rate([[1.0] * 4] * 5).interval == wilson(5, 5)
    assert clustered_rate([[0.0] * 4] * 5).interval == wilson(0, 5)


def test_clustered_interval_covers_the_truth():
    chance = np.random.default_rng(11)
    covered = 0
    for _ in range(600):
        outcomes = [(chance.random(4) < p).astype(float).tolist() for p in chance.beta(0.5, 0.5, 40)]
        interval = clustered_rate(outcomes).interval
        covered += interval.low <= 0.5 <= interval.high
    assert 0.92 <= covered / 600 <= 0.98


def test_tau_bench_interval_is_wider_than_200_independent_trials(tau_bench):
    clustered = clustered_rate(list(tau_bench.values()))
    assert (clustered.value, clustered.n, clustered.tasks) == (pytest.approx(0.42), 200, 50)
    assert clustered.effective_n == pytest.approx(90.3, abs=0.05)
    independent = wilson(84, 200)
    assert clustered.interval.low < independent.low
    assert clustered.interval.high > independent.high


def test_unequal_trials_weigh_each_task_alike():
    assert clustered_rate([[1.0] * 9, [0.0]]).value == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(0, 0), "n >= 1"),
        (lambda: wilson(3, 2), "successes <= n"),
        (lambda: wilson(1, 2, 95), "confidence"),
        (lambda: clustered_rate([]), "at least one task"),
        (lambda: clustered_rate([[1.0], []]), "at least one trial"),
        (lambda: clustered_rate([[1.5]]), "between 0 and 1"),
        (lambda: clustered_rate([[float("nan")]]), "between 0 and 1"),
        (lambda: mean_interval([]), "at least one value"),
        (lambda: mean_interval([1.0, float("nan")]), "finite"),
    ],
)
def test_what_has_no_interval_says_why(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_mean_interval_as_scipy_bootstrap():
    from scipy.stats import bootstrap

    costs = np.random.default_rng(5).lognormal(size=60)
    expected = bootstrap((costs,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval
    mean = mean_interval(costs.tolist())
    assert mean.value == pytest.approx(costs.mean())
    assert (mean.interval.low, mean.interval.high) == pytest.approx((expected.low, expected.high), rel=0.02)
    assert mean == mean_interval(costs.tolist())


def test_mean_interval_of_many_values_is_the_normal_one():
    values = np.random.default_rng(5).exponential(size=20_000)
    interval = mean_interval(values.tolist()).interval
    reach = 1.959964 * values.std() / np.sqrt(20_000)
    assert (interval.low, interval.high) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=1e-6)


def test_mean_of_one_value_has_no_interval_and_of_equal_values_a_point():
    assert mean_interval([3.0]).interval is None
    assert mean_interval([3.0, 3.0]).interval == Interval(3.0, 3.0)


def test_effective_n_of_equal_rates_is_the_number_of_trials():
    assert effective_n([0.5, 0.5], 8) == 8
