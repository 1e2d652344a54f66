"""Shares, means and medians over runs, against published values, statsmodels and scipy."""

import numpy as np
import pytest

from core.measure.intervals import Interval, rate
from core.measure.runs import (
    Sums,
    mean_of_sums,
    median_ranks,
    rate_difference,
    run_mean,
    run_share,
    share_of_sums,
)

# Student 1908: hours of sleep gained by ten patients; R prints 1.58 (0.70, 2.46) for it.
SLEEP = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


def test_one_run_a_task_is_wilson_and_student():
    assert run_share([(1, 1)] * 15 + [(0, 1)] * 133) == rate(15, 148)
    mean = run_mean([(value, 1) for value in SLEEP])
    assert (mean.n, round(mean.value, 2)) == (10, 1.58)
    assert bounds(mean.interval) == pytest.approx((0.7001, 2.4599), abs=1e-4)


def test_the_spread_between_tasks_is_statsmodels_cluster_robust_variance():
    from scipy.stats import t
    from statsmodels.regression.linear_model import OLS

    chance = np.random.default_rng(3)
    sizes = chance.integers(1, 9, 40)
    runs = [(chance.random(size) < p).astype(float) for p, size in zip(chance.random(40), sizes, strict=True)]
    flat, groups = np.concatenate(runs), np.repeat(np.arange(40), sizes)
    fit = OLS(flat, np.ones(len(flat))).fit(cov_type="cluster", cov_kwds={"groups": groups})
    error = fit.bse[0]
    mean = run_mean([(float(run.sum()), len(run)) for run in runs])
    reach = t.ppf(0.975, 39) * error
    assert mean.value == pytest.approx(flat.mean())
    assert bounds(mean.interval) == pytest.approx((flat.mean() - reach, flat.mean() + reach))
    share = run_share([(float(run.sum()), len(run)) for run in runs])
    assert share.effective_n == pytest.approx(1 + share.value * (1 - share.value) / error**2)
    assert 40 < share.effective_n < len(flat)


def test_every_run_weighs_the_same():
    assert run_share([(0, 99), (1, 1)]).value == 0.01
    assert run_mean([(99.0, 99), (3.0, 1)]).value == 1.02


def test_what_cannot_be_seen_is_not_claimed():
    assert run_share([(40, 40)]).effective_n == 1
    assert run_share([(4, 4), (4, 4)]).effective_n == 2
    assert run_mean([(4.0, 2)]).interval is None
    for broken in ([], [(0, 0)], [(2, 1)]):
        with pytest.raises(ValueError, match="at least one run"):
            run_share(broken)
    with pytest.raises(ValueError, match="at least one run"):
        run_mean([])


def test_median_ranks_as_published_and_close_to_the_exact_test():
    from scipy.stats import quantile_test

    assert median_ranks(100) == (40, 61)  # Campbell & Gardner 1988
    assert median_ranks(5) is None
    for n in (6, 9, 30, 101, 1000):
        exact = quantile_test(np.arange(1, n + 1), q=n / 2, p=0.5).confidence_interval()
        low, high = median_ranks(n)
        assert abs(low - exact.low) <= 1
        assert abs(high - exact.high) <= 1


@pytest.mark.parametrize(
    ("after", "before", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_difference_of_rates_as_published_by_newcombe_1998(after, before, low, high):
    assert bounds(rate_difference(rate(*before), rate(*after))) == pytest.approx((low, high), abs=5e-5)


def test_difference_of_rates_as_statsmodels():
    from statsmodels.stats.proportion import confint_proportions_2indep

    for a, b in (((8, 30), (15, 41)), ((0, 12), (3, 9)), ((200, 1000), (170, 800))):
        expected = confint_proportions_2indep(*a, *b, compare="diff", method="newcomb", alpha=0.01)
        assert bounds(rate_difference(rate(*b), rate(*a), 0.99)) == pytest.approx(expected, abs=1e-9)


def test_what_was_added_up_says_the_same_as_the_tasks_one_by_one() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        runs = rng.integers(1, 9, rng.integers(1, 60))
        solved = [(int(rng.integers(0, n + 1)), int(n)) for n in runs]
        spent = [(float(rng.gamma(2.0, 0.03 * n)), int(n)) for n in runs]
        share, mean = run_share(solved), run_mean(spent)
        added, added_mean = share_of_sums(Sums.of(solved)), mean_of_sums(Sums.of(spent))
        assert (added.n, added.tasks, added.value) == (share.n, share.tasks, share.value)
        assert added.effective_n == pytest.approx(share.effective_n, rel=1e-9)
        assert (added_mean.n, added_mean.value) == (mean.n, pytest.approx(mean.value, rel=1e-12))
        assert (added_mean.interval is None) == (mean.interval is None)
        if mean.interval is not None and added_mean.interval is not None:
            assert added_mean.interval.low == pytest.approx(mean.interval.low, rel=1e-9)
            assert added_mean.interval.high == pytest.approx(mean.interval.high, rel=1e-9)
    for nothing in (share_of_sums, mean_of_sums):
        with pytest.raises(ValueError):
            nothing(Sums.of([]))
