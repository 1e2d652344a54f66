"""Checked against published numbers, and against scipy and statsmodels, which are only here to check."""

import random
from math import inf, nan

import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from core.measure.intervals import rate
from core.measure.proportions import benjamini_hochberg, change_against, fisher_exact, holm
from core.measure.ranks import mann_whitney, median


def test_fisher_gives_the_published_p_of_the_tea_taster() -> None:
    # Fisher 1935: 3 of 4 cups right has probability 17/70 of being reached or passed, two-sided 34/70
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(34 / 70)


def test_fisher_is_that_of_scipy_on_a_thousand_tables() -> None:
    lot = random.Random(4)
    for _ in range(1000):
        n, m = lot.randint(1, 60), lot.randint(1, 400)
        k, j = lot.randint(0, n), lot.randint(0, m)
        expected = stats.fisher_exact([[k, n - k], [j, m - j]]).pvalue
        assert fisher_exact(k, n, j, m) == pytest.approx(expected, rel=1e-6), (k, n, j, m)


@pytest.mark.parametrize("table", [(1, 0, 0, 3), (0, 0, 1, 2), (4, 3, 0, 2), (-1, 3, 0, 2)])
def test_fisher_refuses_what_is_no_share(table: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="two shares need members"):
        fisher_exact(*table)


def test_adjusted_p_values_are_those_of_the_first_paper_and_of_statsmodels() -> None:
    # Benjamini & Hochberg 1995, section 4: at 0.05 the four smallest of these fifteen are rejected
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590]
    p.append(1.0)
    assert sum(one <= 0.05 for one in benjamini_hochberg(p)) == 4
    lot = random.Random(5)
    for size in (1, 2, 17, 200):
        values = [lot.random() ** 3 for _ in range(size)]
        assert benjamini_hochberg(values) == pytest.approx(list(multipletests(values, method="fdr_bh")[1]))
    assert benjamini_hochberg([]) == []


def test_a_change_against_no_change_is_nearly_newcombes_interval() -> None:
    # where the others are many and unchanged, all that is uncertain is one's own change
    found = change_against(rate(10, 50), rate(25, 50), rate(200_000, 1_000_000), rate(200_000, 1_000_000))
    low, high = confint_proportions_2indep(25, 50, 10, 50, method="newcomb", compare="diff")
    assert found.value == pytest.approx(0.3)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-3)


def test_a_change_against_covers_the_truth() -> None:
    """95 % intervals of 2,000 simulated worlds, each share of its own."""
    lot, held, worlds = random.Random(6), 0, 2_000
    for _ in range(worlds):
        shares = [(lot.uniform(0.1, 0.9), lot.randint(15, 80)) for _ in range(4)]
        drawn = [rate(sum(lot.random() < p for _ in range(n)), n) for p, n in shares]
        truth = (shares[1][0] - shares[0][0]) - (shares[3][0] - shares[2][0])
        interval = change_against(*drawn).interval
        held += interval.low <= truth <= interval.high
    assert 0.935 <= held / worlds <= 0.975


def test_the_rank_test_is_that_of_scipy() -> None:
    lot = random.Random(7)
    for ties in (1, 10, 200):
        for _ in range(100):
            one = [lot.randint(0, 2000 // ties) * 1.0 for _ in range(lot.randint(8, 50))]
            two = [lot.randint(0, 2400 // ties) * 1.0 for _ in range(lot.randint(8, 80))]
            expected = stats.mannwhitneyu(one, two, method="asymptotic")
            found = mann_whitney(one, two)
            assert (found.n, found.other_n) == (len(one), len(two))
            assert found.p_value == pytest.approx(expected.pvalue)
            assert found.larger == pytest.approx(expected.statistic / (len(one) * len(two)))


def test_equal_values_differ_by_nothing() -> None:
    found = mann_whitney([3.0] * 9, [3.0] * 12)
    assert (found.larger, found.p_value) == (0.5, 1.0)


@pytest.mark.parametrize(("one", "two"), [([], [1.0]), ([1.0], []), ([nan], [1.0]), ([1.0], [inf])])
def test_the_rank_test_refuses_what_has_no_rank(one: list[float], two: list[float]) -> None:
    with pytest.raises(ValueError, match="a rank test needs"):
        mann_whitney(one, two)


def test_a_median_has_the_published_interval() -> None:
    # Campbell & Gardner 1988: of 100 values, ranks 40 and 61 bound the median
    found = median([float(n) for n in range(100, 0, -1)])
    assert (found.n, found.value, found.interval.low, found.interval.high) == (100, 50.5, 40.0, 61.0)
    assert median([4.0, 1.0, 9.0]).value == 4.0
    assert median([4.0, 1.0, 9.0]).interval is None
    with pytest.raises(ValueError, match="a median needs"):
        median([])


def test_holm_is_that_of_statsmodels() -> None:
    lot = random.Random(7)
    assert holm([]) == []
    for _ in range(200):
        p_values = [lot.choice([0.0, 0.01, 0.5, 1.0, lot.random()]) for _ in range(lot.randint(1, 20))]
        assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
