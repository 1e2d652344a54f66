"""Whether two shares differ by more than chance: Fisher's exact test, a change against another change, many tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, erfc, sqrt

import numpy as np
import numpy.typing as npt

from core.measure.intervals import Interval, Rate
from core.measure.runs import rate_difference

# Tables whose probabilities differ by rounding alone count as equally likely, as R and scipy have it.
SAME = 1 + 1e-7


@dataclass(frozen=True)
class ChangeAgainst:
    """How much more one share changed than another one did, in shares: -2 to 2."""

    value: float
    interval: Interval


def fisher_exact(successes: int, n: int, other: int, other_n: int) -> float:
    """The two-sided p that `successes` of `n` and `other` of `other_n` come from one share.

    The sum over all tables with these margins that are no more likely than the one observed. It is exact for any size,
    and rejects too seldom for small ones. ValueError for a sample without members or with more successes than members.
    Source: Fisher 1935, J. R. Stat. Soc. 98.
    """
    if n < 1 or other_n < 1 or not (0 <= successes <= n and 0 <= other <= other_n):
        raise ValueError(f"two shares need members, not {successes} of {n} and {other} of {other_n}")
    total, logs = successes + other, _log_factorials((n + other_n).bit_length())
    k = np.arange(max(0, total - other_n), min(n, total) + 1)
    tables = -(logs[k] + logs[n - k] + logs[total - k] + logs[other_n - total + k])
    margins = logs[n] + logs[other_n] + logs[total] + logs[n + other_n - total] - logs[n + other_n]
    chances = np.exp(tables + margins)
    return min(1.0, float(chances[chances <= chances[successes - k[0]] * SAME].sum()))


@lru_cache(maxsize=4)
def _log_factorials(bits: int) -> npt.NDArray[np.float64]:
    """The logarithms of 0!, 1!, … up to the largest number of so many bits."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 2**bits)))])


def change_against(before: Rate, after: Rate, others_before: Rate, others_after: Rate) -> ChangeAgainst:
    """How much more a share changed than the others' did, with its 95 % interval; all four are independent.

    (after - before) - (others_after - others_before). The interval joins the two Newcombe intervals of the changes:
    d1 - d2 -+ √((d1 - l1)² + (u2 - d2)²). Source: Zou & Donner 2008, Stat. Med. 27, 1693.
    """
    own, theirs = rate_difference(before, after), rate_difference(others_before, others_after)
    change, change_of_others = after.value - before.value, others_after.value - others_before.value
    value = change - change_of_others
    low = value - sqrt((change - own.low) ** 2 + (theirs.high - change_of_others) ** 2)
    high = value + sqrt((own.high - change) ** 2 + (change_of_others - theirs.low) ** 2)
    return ChangeAgainst(value, Interval(low, high))


def cohens_h(before: float, after: float) -> float:
    """The effect size of a change in a share: 2 arcsin √after - 2 arcsin √before, -π to π (Cohen 1988, ch. 6)."""
    return 2 * asin(sqrt(after)) - 2 * asin(sqrt(before))


def p_of_interval(value: float, interval: Interval) -> float:
    """The two-sided p that a difference is 0, from its 95 % interval: z = value / (half the width / 1.96).

    It holds where the interval is about symmetric. Source: Altman & Bland 2011, BMJ 343, d2304.
    """
    half = (interval.high - interval.low) / 2
    return erfc(abs(value) / half * 1.959964 / sqrt(2)) if half > 0 else float(value == 0)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, in their order, raised so that a single false one among all that are at most 0.05 comes up in 5 %.

    The i-th smallest of m becomes the largest of p (m - i + 1) over it and all smaller ones, at most 1. It holds
    however the tests hang together. Source: Holm 1979, Scand. J. Stat. 6.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, most = [1.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        most = max(most, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = most
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The p-values, in their order, raised so that of those at most 0.05 about 5 % are false at the most.

    The i-th smallest of m becomes the least of p m / i over it and all larger ones. It holds for independent tests and
    for those that are positively related. Source: Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    adjusted, least = [1.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - place))
        adjusted[index] = least
    return adjusted
