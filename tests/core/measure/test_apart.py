"""How far answers are apart, by hand."""

from __future__ import annotations

from itertools import product

import pytest

from core.measure.apart import Apart, along, apart, overlap, preferred, rewritten, unequal, within
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
