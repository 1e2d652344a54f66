"""Place, length, cycles and repeats: against another library, by hand, and on PandaLM's pairs."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from core.measure.preference_bias import Again, Cycles, Sized, consistency, cycles, length_bias, share


def test_a_share_counts_choices_of_one_pair_together() -> None:
    alone = share([(n, n < 30) for n in range(60)])
    together = share([(n // 3, n < 30) for n in range(60)])
    assert alone is not None
    assert together is not None
    assert (alone.value, alone.n, alone.tasks) == (0.5, 60, 60)
    assert (together.value, together.n, together.tasks) == (0.5, 60, 20)
    assert together.interval.low < alone.interval.low < alone.interval.high < together.interval.high
    assert share([]) is None


def test_length_in_pandalm_is_what_another_library_says(real_data: Path) -> None:
    records = json.loads((real_data / "pandalm/testset-v1.json").read_text())
    sized = [
        Sized(len(str(one["response1"])), len(str(one["response2"])), one[f"annotator{n}"] == 1, one["idx"])
        for one in records
        for n in (1, 2, 3)
        if one[f"annotator{n}"]
    ]
    found = length_bias(sized)
    assert found is not None
    told = [one for one in sized if one.one and one.other and one.one != one.other]
    x = np.array([[log2(one.one / one.other)] for one in told])
    y = np.array([float(one.first) for one in told])
    groups = np.array([one.cluster for one in told])
    oracle = sm.Logit(y, x).fit(disp=0, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    n = len(set(groups.tolist()))
    assert found.slope == pytest.approx(oracle.params[0], abs=1e-7)
    assert found.interval is not None
    error = (found.interval.high - found.slope) / 1.959964
    assert error == pytest.approx(oracle.bse[0] * (n / (n - 1)) ** 0.5, rel=1e-5)
    assert found.longer.successes == sum(one.first == (one.one > one.other) for one in told)
    assert found.longer.tasks == n


def test_one_sided_lengths_have_a_share_and_no_slope() -> None:
    found = length_bias([Sized(10 + n, 5, True, n) for n in range(8)])
    assert found is not None
    assert (found.longer.value, found.slope, found.odds, found.odds_interval) == (1.0, None, None, None)
    assert "longer" in found.why


def test_equal_lengths_and_empty_answers_say_nothing() -> None:
    assert length_bias([Sized(5, 5, True, 1), Sized(0, 5, True, 2)]) is None
    assert length_bias([]) is None


def test_no_bias_is_a_slope_of_nought() -> None:
    even = [Sized(20, 10, bool(n % 2), n) for n in range(40)]
    found = length_bias(even)
    assert found is not None
    assert found.slope == pytest.approx(0, abs=1e-9)
    assert found.odds == pytest.approx(1)
    assert found.odds_interval is not None
    assert found.odds_interval.low < 1 < found.odds_interval.high


@pytest.mark.parametrize(
    ("balance", "found"),
    [
        ({("a", "b"): 1, ("b", "c"): 1, ("c", "a"): 2}, Cycles((("a", "b", "c"),), 1)),
        ({("b", "a"): 1, ("c", "b"): 1, ("a", "c"): 1}, Cycles((("a", "c", "b"),), 1)),
        ({("a", "b"): 1, ("b", "c"): 1, ("a", "c"): 1}, Cycles((), 1)),
        ({("a", "b"): 1, ("b", "c"): 1, ("a", "c"): 0}, Cycles((), 1)),
        ({("a", "b"): 1, ("b", "c"): 1}, Cycles((), 0)),
        ({("a", "b"): 1, ("b", "a"): 1, ("b", "c"): 1, ("c", "a"): 1}, Cycles((), 1)),
        ({}, Cycles((), 0)),
    ],
)
def test_a_cycle_goes_round_and_is_told_once(balance: dict[tuple[str, str], float], found: Cycles) -> None:
    assert cycles(balance) == found


def test_a_round_robin_of_five_that_goes_round_has_five_cycles() -> None:
    """Each beats the two after it: the regular tournament on five, which has C(5,3) - 5·C(2,2) = 5 cycles."""
    names = "abcde"
    balance = {(names[i], names[(i + more) % 5]): 1.0 for i in range(5) for more in (1, 2)}
    found = cycles(balance)
    assert found.triples == 10
    assert len(found.found) == 5


def test_repeats_tell_opinion_from_place() -> None:
    repeats = [
        Again("a", "a", True, "a", "b", 1),  # the same answer, wherever it stood
        Again("a", "a", False, "a", "b", 2),  # the same side, another strength
        Again("a", "b", False, "a", "b", 3),  # left both times
        Again("b", "a", False, "a", "b", 4),  # right both times
        Again("", "", True, "a", "b", 5),  # a tie twice
        Again("a", "", False, "a", "b", 6),
        Again("a", "a", True, "", "", 7),  # nobody knows how it stood
    ]
    found = consistency(repeats)
    assert found is not None
    assert (found.same.successes, found.exact.successes, found.same.n) == (4, 3, 7)
    assert (found.swapped, found.left_twice, found.right_twice) == (4, 1, 1)
    assert consistency([]) is None
