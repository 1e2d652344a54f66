"""The bootstrap over items, where many items are alike: how often each kind of item is drawn."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from core.measure.intervals import CHUNK, NORMAL_FROM, Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

RESAMPLES = 1_000

FEWER_DRAWS = 200


def resamples(counts: Ints, draws: int, seed: int) -> Iterator[Floats]:
    """Blocks of rows: how often each kind is among as many items as there are, taken with replacement.

    `counts` says how many items are of each kind. The same seed draws the same.
    """
    rng = np.random.default_rng(seed)
    n, kinds = int(counts.sum()), len(counts)
    alike = 8 * kinds <= n  # few kinds: their numbers are drawn at once instead of item by item
    rows = max(1, CHUNK // (kinds if alike else n))
    of_item = np.repeat(np.arange(kinds), counts)
    for start in range(0, draws, rows):
        some = min(rows, draws - start)
        if alike:
            yield rng.multinomial(n, counts / n, size=some).astype(np.float64)
        else:
            drawn = of_item[rng.integers(n, size=(some, n))] + kinds * np.arange(some)[:, None]
            yield np.bincount(drawn.ravel(), minlength=some * kinds).reshape(some, kinds).astype(np.float64)


def bootstrap(
    counts: Ints,
    statistics: Sequence[Callable[[Floats], Floats]],
    draws: int = RESAMPLES,
    seed: int = 0,
    clusters: csr_array | None = None,
) -> list[Interval | None]:
    """The 95 % percentile interval of each statistic (rows of weights → a value a row, NaN where undefined).

    All are of the same draws. Items that belong together (the steps of a run) are drawn together: `clusters` says for
    each group how many items of each kind it has. Undefined draws are left out; None for fewer than two items (groups)
    or where no draw is defined. Too narrow for few items. From `NORMAL_FROM` items on it is the value ± 1.96 standard
    deviations of `FEWER_DRAWS` draws, which comes to the same.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13; for groups Davison & Hinkley 1997,
    Bootstrap Methods and their Application, ch. 3.8.
    """
    drawn_from = counts if clusters is None else np.ones(clusters.shape[0], dtype=np.intp)
    n = int(drawn_from.sum())
    if n < 2 or not draws:
        return [None] * len(statistics)
    many = n >= NORMAL_FROM
    found: list[list[Floats]] = [[] for _ in statistics]
    for block in resamples(drawn_from, min(draws, FEWER_DRAWS) if many else draws, seed):
        weights = block if clusters is None else block @ clusters
        for values, statistic in zip(found, statistics, strict=True):
            values.append(statistic(weights))
    whole = counts[None, :].astype(np.float64)
    return [
        _interval(np.concatenate(values), float(statistic(whole)[0]) if many else None)
        for values, statistic in zip(found, statistics, strict=True)
    ]


def _interval(drawn: Floats, value: float | None) -> Interval | None:
    """Around `value`, or where it is None between the percentiles of what was drawn."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return None
    if value is not None:
        reach = 1.959964 * float(drawn.std())
        return Interval(value - reach, value + reach)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(float(low), float(high))
