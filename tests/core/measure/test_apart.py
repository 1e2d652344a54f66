"""How far answers are apart, by hand."""

from __future__ import annotations

from itertools import combinations, permutations, product
from math import sqrt

import pytest
from scipy.stats import kendalltau

from core.measure.apart import Apart, along, apart, overlap, preferred, reordered, rewritten, unequal, within
from core.measure.krippendorff import masi_distances


@pytest.mark.parametrize(
    ("answers", "distance", "found"),
    [
        # two of three say yes: one of three is not with the mode
        (["yes", "no", "yes"], unequal, Apart(1 / 3, 1, 3, 0)),
        (["yes", "no"], unequal, Apart(1 / 2, 1, 2, 0)),
        (["a", "b", "c"], unequal, Apart(2 / 3, 2, 3, 0)),
        (["a", "a"], unequal, Apart(0.0, 0, 2, 0)),
        # 1, 2 and 5 of five: from 2, one and three places of four
        (["1", "2", "5"], along("12345"), Apart((0.25 + 0 + 0.75) / 3, 2, 3, 1)),
        (["1", "9"], along("12345"), Apart(1 / 2, 1, 2, 0)),
        ([0.0, 10.0], within(20.0), Apart(0.25, 1, 2, 0)),
        ([0.0, 10.0], within(0.0), Apart(0.5, 1, 2, 0)),
        # MASI: {1} of {1, 2} is 1 - 1/2 · 2/3
        ([frozenset({1}), frozenset({1, 2})], overlap, Apart((1 - 1 / 3) / 2, 1, 2, 0)),
        ([frozenset(), frozenset({1})], overlap, Apart(1 / 2, 1, 2, 0)),
        (["a_much", "a"], preferred, Apart(1 / 8, 1, 2, 0)),
        (["a_much", "b_much"], preferred, Apart(1 / 2, 1, 2, 0)),
        (["equal", "both_bad"], preferred, Apart(1 / 2, 1, 2, 0)),
        # of three pairs, the first two things stand the other way round
        ([[["a"], ["b"], ["c"]], [["b"], ["a"], ["c"]]], reordered, Apart(1 / 6, 1, 2, 0)),
        # tied in one of the two alone: half of one of three pairs
        ([[["a"], ["b"], ["c"]], [["b", "a"], ["c"]]], reordered, Apart(1 / 12, 1, 2, 0)),
        ([[["a", "b"]], [["b", "a"]]], reordered, Apart(0.0, 0, 2, 0)),
        ([[["a"], ["b"], ["c"]], [["c"], ["b"], ["a"]], [["a", "b", "c"]]], reordered, Apart(1 / 3, 2, 3, 2)),
        # of two steps that both corrected, one has another text; a third is one person's alone
        ([{"1": "a", "2": "b"}, {"1": "a ", "2": "c", "3": "d"}], rewritten, Apart(1 / 4, 1, 2, 0)),
        ([{"1": "a"}, {"2": "b"}], rewritten, Apart(0.0, 0, 2, 0)),
    ],
)
def test_how_far_answers_are_apart(answers: list[object], distance, found: Apart) -> None:
    made = apart(answers, distance)
    assert (made.n_apart, made.n, made.nearest) == (found.n_apart, found.n, found.nearest)
    assert made.size == pytest.approx(found.size)


def test_the_distance_of_two_sets_is_the_one_that_agreement_uses() -> None:
    sets = [frozenset(one) for one in ("", "a", "b", "ab", "abc", "bcd", "de")]
    matrix = masi_distances(sets)
    for (row, one), (column, other) in product(enumerate(sets), repeat=2):
        assert overlap(one, other) == pytest.approx(matrix[row, column])


def order(ranks: tuple[int, ...]) -> list[list[str]]:
    return [[str(thing) for thing, rank in enumerate(ranks) if rank == at] for at in sorted(set(ranks))]


def test_the_distance_of_two_orders_is_the_published_one() -> None:
    """Five people by height and by weight: four of ten pairs differ (Wikipedia, "Kendall tau distance")."""
    assert reordered(order((1, 2, 3, 4, 5)), order((3, 4, 1, 2, 5))) == pytest.approx(0.4)


def test_the_distance_of_orders_follows_from_the_tau_of_scipy() -> None:
    """Without ties it is (1 - tau) / 2; with ties tau-b gives the pairs that agree less those that do not."""
    for ranks in permutations(range(5)):
        tau = kendalltau(range(5), ranks).statistic
        assert reordered(order(tuple(range(5))), order(ranks)) == pytest.approx((1 - tau) / 2)
    tied = [ranks for ranks in product(range(3), repeat=4) if len(set(ranks)) > 1]
    for one, other in combinations(tied, 2):
        twos = list(combinations(range(4), 2))
        ties = [{two for two in twos if ranks[two[0]] == ranks[two[1]]} for ranks in (one, other)]
        rest = [len(twos) - len(tie) for tie in ties]
        balance = kendalltau(one, other, variant="b").statistic * sqrt(rest[0] * rest[1])
        expected = (len(twos) - len(ties[0] & ties[1]) - balance) / 2 / len(twos)
        assert reordered(order(one), order(other)) == pytest.approx(expected)


def test_the_distance_of_orders_is_a_metric() -> None:
    orders = [order(ranks) for ranks in product(range(3), repeat=3)]
    for one, two, three in product(orders, repeat=3):
        assert reordered(one, three) <= reordered(one, two) + reordered(two, three) + 1e-12
        assert reordered(one, two) == reordered(two, one)
