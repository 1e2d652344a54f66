"""What of a change comes from another mix: by hand, and the parts always add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.standardised import Parts, decompose

SIDES = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda s: (min(s), max(s)))
).filter(lambda side: sum(n for _, n in side.values()) > 0)


def test_only_the_mix_changes() -> None:
    found = decompose({"easy": (90, 100), "hard": (10, 100)}, {"easy": (9, 10), "hard": (19, 190)})
    assert found == Parts(pytest.approx(28 / 200 - 0.5), pytest.approx(0))


def test_only_the_groups_change() -> None:
    assert decompose({"a": (5, 10), "b": (5, 10)}, {"a": (7, 10), "b": (5, 10)}) == Parts(0, pytest.approx(0.1))


def test_a_group_of_one_side_changes_the_mix_alone() -> None:
    assert decompose({"a": (5, 10)}, {"a": (5, 10), "new": (0, 10)}) == Parts(pytest.approx(-0.25), 0)


@given(SIDES, SIDES)
def test_the_parts_add_up(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    found = decompose(before, after)
    shares = [sum(s for s, _ in side.values()) / sum(n for _, n in side.values()) for side in (before, after)]
    assert found.mix + found.within == pytest.approx(shares[1] - shares[0])


def test_a_side_without_members_has_no_share() -> None:
    with pytest.raises(ValueError, match="members"):
        decompose({}, {"a": (1, 2)})
