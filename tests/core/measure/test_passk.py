"""pass^k and pass@k, against the published tau-bench figures and by counting every draw."""

from itertools import combinations, pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.intervals import clustered_rate, wilson
from core.measure.passk import pass_k

same_trials = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n), min_size=1, max_size=12)
)


def test_tau_bench_is_as_published(tau_bench):
    results = pass_k(list(tau_bench.values()))
    assert [round(result.hat, 3) for result in results] == [0.420, 0.273, 0.220, 0.200]
    assert {(result.n_tasks, result.left_out) for result in results} == {(50, 0)}


@given(same_trials)
def test_both_rates_are_what_counting_every_draw_gives(outcomes):
    for result in pass_k(outcomes):
        draws = [list(combinations(trials, result.k)) for trials in outcomes]
        assert result.hat == pytest.approx(fmean(fmean(all(draw) for draw in of_task) for of_task in draws))
        assert result.at == pytest.approx(fmean(fmean(any(draw) for draw in of_task) for of_task in draws))


@given(same_trials)
def test_pass_hat_falls_and_pass_at_rises_with_k(outcomes):
    results = pass_k(outcomes)
    for earlier, later in pairwise(results):
        assert later.hat <= earlier.hat + 1e-12
        assert later.at >= earlier.at - 1e-12
    for result in results:
        assert result.hat_interval.low - 1e-12 <= result.hat <= result.hat_interval.high + 1e-12
        assert result.at_interval.low - 1e-12 <= result.at <= result.at_interval.high + 1e-12


def test_at_one_both_are_the_success_rate_with_its_interval(tau_bench):
    outcomes = list(tau_bench.values())
    first, success = pass_k(outcomes)[0], clustered_rate(outcomes)
    assert first.hat == first.at == pytest.approx(success.value)
    assert first.hat_interval == success.interval


def test_k_ends_at_the_fewest_trials_unless_more_is_asked_for():
    outcomes = [[1.0, 1.0, 0.0], [1.0]]
    assert [result.k for result in pass_k(outcomes)] == [1]
    assert [(r.k, round(r.hat, 4), r.n_tasks, r.left_out) for r in pass_k(outcomes, up_to=9)] == [
        (1, 0.8333, 2, 0),
        (2, 0.3333, 1, 1),
        (3, 0.0, 1, 1),
    ]


@pytest.mark.parametrize("outcomes", [[], [[]], [[0.5]], [[float("nan")]]])
def test_what_cannot_be_counted_is_refused(outcomes):
    with pytest.raises(ValueError, match=r"pass\^k"):
        pass_k(outcomes)


def test_k_trials_at_once_are_k_times_fewer_draws():
    result = pass_k([[1.0, 1.0, 0.0, 0.0]] * 10)[1]
    assert result.hat == pytest.approx(1 / 6)
    assert result.hat_interval == wilson(result.hat * 20, 20)
