"""How fast a queue is answered, and how long that leaves to go: pure, from the times of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

from core.measure.intervals import Interval

DAYS = 7
FEW_ANSWERS, FEW_DAYS = 5, 3
"""Below so many answers, or days since the first one, no pace is told."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Answers of the last `days` days (24 hours each, at most seven) and what they tell.

    `a_day` is None where that is too little. `days_left` are the days until nothing is left at the ends of the
    interval; its high end is None where the pace may as well be none.
    """

    n: int
    days: int
    a_day: float | None = None
    interval: Interval | None = None
    days_left: tuple[float, float | None] | None = None


def pace(times: Sequence[datetime], first: datetime | None, at: datetime, answers_left: int) -> Pace:
    """The pace by the answers of the last seven days; `first` is when the queue was answered first.

    The interval of the mean is m ± t s/√k over the k days with Student's t (95 %), because people answer in bouts: the
    answers of one day are not independent. Source: Student 1908, Biometrika 6. It assumes that the days to come are
    like these.
    """
    if first is None:
        return Pace(0, 0)
    day = timedelta(days=1)
    days = max(1, min(DAYS, ceil((at - first) / day)))
    counts = [0] * days
    for one in times:
        place = int((at - one) / day)
        if 0 <= place < days:
            counts[place] += 1
    n = sum(counts)
    if n < FEW_ANSWERS or days < FEW_DAYS:
        return Pace(n, days)
    mean = fmean(counts)
    reach = float(stdtrit(days - 1, 0.975)) * stdev(counts) / sqrt(days)
    interval = Interval(max(0.0, mean - reach), mean + reach)
    slowest = answers_left / interval.low if interval.low > 0 else None
    return Pace(n, days, mean, interval, (answers_left / interval.high, slowest))
