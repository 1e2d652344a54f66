"""Permutation tests of two windows, against scipy's and against sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from core.measure.two_samples import Apart, Blocks, energy_test, mean_differences


def one_each(before: np.ndarray, after: np.ndarray) -> Blocks:
    """Every value a block of its own."""
    values = np.concatenate([before, after])[:, None].astype(float)
    return Blocks(np.arange(len(values)) >= len(before), values, np.ones_like(values))


def scipys(before: np.ndarray, after: np.ndarray) -> float:
    def apart(x: Any, y: Any, axis: int) -> Any:
        return np.mean(x, axis=axis) - np.mean(y, axis=axis)

    test = stats.permutation_test(
        (before, after), apart, n_resamples=20_000, vectorized=True, rng=np.random.default_rng(3)
    )
    return float(test.pvalue)


@pytest.mark.parametrize("shift", [0.0, 0.4, 0.8])
def test_the_difference_of_means_is_scipys(shift: float) -> None:
    rng = np.random.default_rng(5)
    before, after = rng.normal(size=40), rng.normal(shift, size=30)
    [found] = mean_differences(one_each(before, after))
    assert found.value == pytest.approx(after.mean() - before.mean())
    assert found.p_value == pytest.approx(scipys(before, after), abs=0.03, rel=0.3)
    whole = np.concatenate([before, after])
    assert found.spread == pytest.approx(whole.std(ddof=1) * (1 / 40 + 1 / 30) ** 0.5, rel=0.05)


def test_a_clear_change_is_as_unlikely_as_more_draws_can_show() -> None:
    [found] = mean_differences(one_each(np.zeros(40), np.ones(40)))
    assert (found.before, found.after, found.value, found.p_value) == (0, 1, 1, 1 / 20_000)


def test_runs_of_one_task_are_exchanged_together() -> None:
    """Ten tasks of twenty like runs each tell no more than ten runs, however clear two hundred would be."""
    late = np.arange(10) >= 5
    solved = np.array([20, 0, 0, 20, 0, 20, 20, 0, 20, 20])[:, None].astype(float)
    [found] = mean_differences(Blocks(late, solved, np.full((10, 1), 20.0)))
    assert (found.before, found.after) == (0.4, 0.8)
    # Six of ten blocks are solved. Of the 252 ways to draw five, 132 have 1, 2, 4 or 5 of them: as far apart as 4.
    assert found.p_value == pytest.approx(132 / 252, abs=0.03)


def test_a_measure_of_some_runs_is_tested_on_those() -> None:
    blocks = Blocks(np.array([False, False, True, True]), np.array([[1.0, 0], [0, 1], [1, 1], [0, 1]]), np.ones((4, 2)))
    blocks.counts[0, 1] = 0
    one, other = mean_differences(blocks)
    assert (one.before, one.after, one.p_value) == (0.5, 0.5, 1.0)
    assert (other.before, other.after, other.p_value) == (1.0, 1.0, 1.0)


def test_a_measure_without_members_in_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="both windows"):
        mean_differences(Blocks(np.array([False, True]), np.zeros((2, 1)), np.array([[1.0], [0.0]])))


def energy(x: np.ndarray, y: np.ndarray) -> float:
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_energy_test_is_scipys(shift: float) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(25, 3)), rng.normal(shift, size=(20, 3))
    found = energy_test(np.concatenate([x, y]), np.ones(45), np.arange(45) >= 25)
    drawn, seen, whole = np.random.default_rng(1), energy(x, y), np.concatenate([x, y])
    beyond = sum(energy(one[:25], one[25:]) >= seen for one in (drawn.permutation(whole) for _ in range(2_000)))
    assert found.p_value == pytest.approx((1 + beyond) / 2_001, abs=0.03)
    within = cdist(x, x).sum() / (25 * 24) + cdist(y, y).sum() / (20 * 19)
    assert found.effect == pytest.approx(1 - within / (2 * cdist(x, y).mean()))


def test_energy_in_one_dimension_is_the_energy_distance() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(30, 1)), rng.normal(1, size=(30, 1))
    assert energy(x, y) == pytest.approx(stats.energy_distance(x[:, 0], y[:, 0]) ** 2)


def test_texts_of_another_kind_tell_most() -> None:
    vectors = np.array([[1.0, 0]] * 30 + [[1.0, 0]] * 25 + [[0.0, 1]] * 5)
    found = energy_test(vectors, np.ones(60), np.arange(60) >= 30)
    assert sorted(np.argsort(-found.telling)[:5]) == [55, 56, 57, 58, 59]
    assert found.p_value < 0.06


def test_a_text_counts_as_often_as_it_was_asked() -> None:
    many = np.array([[1.0, 0], [0, 1], [1.0, 0], [0, 1]])
    found = energy_test(many, np.array([9.0, 1, 1, 9]), np.array([False, False, True, True]))
    assert isinstance(found, Apart)
    assert found.telling.tolist() == pytest.approx([0.8 * 2**0.5, -0.8 * 2**0.5, -0.8 * 2**0.5, 0.8 * 2**0.5])


def test_texts_that_are_all_the_same_do_not_differ() -> None:
    assert energy_test(np.ones((40, 2)), np.ones(40), np.arange(40) >= 20).effect == 0
    with pytest.raises(ValueError, match="nothing to compare"):
        energy_test(np.ones((2, 2)), np.ones(2), np.array([True, True]))
