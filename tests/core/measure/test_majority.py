"""Majority votes."""

from collections import Counter

import pytest

from core.measure.majority import majority


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ("aab", "a"),
        ("a", "a"),
        ("ab", None),
        ("aabb", None),
        ("abc", None),
        ("aabc", None),
        ("", None),
        (["a", None, None], "a"),
        ([None], None),
        ([0, 0, 1], 0),
    ],
)
def test_majority_is_more_than_half(votes, expected):
    assert majority(votes) == expected


def test_pandalm_majorities_are_as_published(pandalm):
    assert Counter(majority(answers.values()) for answers in pandalm.values()) == {0: 105, 1: 422, 2: 472}
