import random

import pytest

from core.measure.pace import per_hour


def test_a_pace_is_items_over_hours() -> None:
    found = per_hour([30.0, 90.0, 60.0, 60.0])
    assert found is not None
    assert (found.n, found.value) == (4, 60.0)
    # exp(1.96 · 24.49 / (60 · 2)) = 1.492
    assert (found.interval.low, found.interval.high) == pytest.approx((60 / 1.4919, 60 * 1.4919), rel=1e-3)


def test_without_time_there_is_no_pace() -> None:
    assert per_hour([]) is None
    assert per_hour([0.0, 0.0]) is None
    assert per_hour([60.0]).interval is None


@pytest.mark.parametrize(("items", "least"), [(40, 0.90), (200, 0.93)])
def test_the_interval_covers_the_true_pace_of_skewed_times(items: int, least: float) -> None:
    """Times as people take them (lognormal, σ 0.8), of 2,000 simulated reviewers."""
    lot, held = random.Random(1), 0
    truth = 3600 / (60 * 2.718281828 ** (0.8**2 / 2))
    for _ in range(2_000):
        interval = per_hour([60 * lot.lognormvariate(0, 0.8) for _ in range(items)]).interval
        held += interval.low <= truth <= interval.high
    assert least <= held / 2_000 <= 0.97
