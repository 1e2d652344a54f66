"""Did the candidate beat the base, on the tasks that both tried, and what broke on the way?

The unit of evidence is the task: its trials are averaged, the differences of those averages are compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist, fmean, pstdev
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.measure.intervals import SEED, Interval, Rate, bootstrap_interval, clustered_rate

Verdict = Literal["better", "worse", "no difference shown", "cannot be told at this n"]
SIGNIFICANT = 0.05
POWER = 0.80
EXACT_UP_TO = 16
FLIPS = 10_000
CHUNK = 2_000_000

Trials = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Comparison:
    n_tasks: int
    """Tasks that both versions tried; everything below speaks of these alone."""
    base_only: int
    candidate_only: int
    base: Rate
    candidate: Rate
    difference: float
    """Candidate minus base, in success rate: -1 to 1."""
    interval: Interval
    p_value: float
    test: str
    """Which test gave the p-value."""
    regressed: tuple[str, ...]
    """Tasks that most trials of the base solved and most of the candidate's do not, in the base's order."""
    fixed: tuple[str, ...]
    flaky: tuple[str, ...]
    """Tasks that one version both solved and failed."""
    smallest_detectable: float | None
    """The true difference that this many tasks would show in 80 % of repetitions; None where even 1 is too small."""
    margin: float
    verdict: Verdict


@dataclass(frozen=True)
class PairedMeans:
    """A difference of means (candidate minus base) in the unit of the values."""

    n_tasks: int
    base: float
    candidate: float
    difference: float
    interval: Interval | None
    """None with a single task."""


def compare(base: Trials, candidate: Trials, margin: float = 0.05, seed: int = SEED) -> Comparison:
    """Compare two versions on the tasks they share; each task has a list of outcomes, 0 or 1.

    p-value, two-sided: with one trial a task on both sides the exact McNemar test, else the sign-flip permutation of
    the tasks' differences (Fisher 1935), exact up to 2^16 patterns, else 10,000 draws with (1 + hits) / (1 + draws)
    (Phipson & Smyth 2010). Interval: 95 % bootstrap over tasks, see `_with_prior_tasks`.
    Verdict: better or worse at p < 0.05; "no difference shown" when the interval lies within ±margin; otherwise it
    cannot be told. Smallest detectable difference: (z₀.₉₇₅ + z₀.₈₀) s / √n with s the standard deviation of the
    differences (Cohen 1988), an approximation that is optimistic below about ten tasks.
    ValueError without a shared task, for a task without trials, or an outcome other than 0 and 1.
    """
    tasks = _shared(base, candidate)
    for task in tasks:
        if not all(outcome in (0, 1) for outcome in (*base[task], *candidate[task])):
            raise ValueError(f"task {task}: an outcome must be 0 or 1")
    before = {task: fmean(base[task]) for task in tasks}
    after = {task: fmean(candidate[task]) for task in tasks}
    differences = [after[task] - before[task] for task in tasks]
    difference = fmean(differences)
    single = all(len(base[task]) == len(candidate[task]) == 1 for task in tasks)
    p_value, test = mcnemar_exact(differences) if single else sign_flip(differences, seed)
    spread = _with_prior_tasks(differences)
    interval = bootstrap_interval(spread, size=len(tasks) + 2, seed=seed)
    normal = NormalDist()
    detectable = (normal.inv_cdf(1 - SIGNIFICANT / 2) + normal.inv_cdf(POWER)) * pstdev(spread) / sqrt(len(tasks))
    return Comparison(
        n_tasks=len(tasks),
        base_only=len(base) - len(tasks),
        candidate_only=len(candidate) - len(tasks),
        base=clustered_rate([base[task] for task in tasks]),
        candidate=clustered_rate([candidate[task] for task in tasks]),
        difference=difference,
        interval=interval,
        p_value=p_value,
        test=test,
        regressed=tuple(task for task in tasks if before[task] > 0.5 >= after[task]),
        fixed=tuple(task for task in tasks if after[task] > 0.5 >= before[task]),
        flaky=tuple(task for task in tasks if 0 < before[task] < 1 or 0 < after[task] < 1),
        smallest_detectable=detectable if detectable <= 1 else None,
        margin=margin,
        verdict=_verdict(difference, p_value, interval, margin),
    )


def paired_means(base: Trials, candidate: Trials, seed: int = SEED) -> PairedMeans:
    """Compare cost or latency on the tasks that both versions tried: mean of the tasks' differences, bootstrapped.

    ValueError without a shared task, for a task without trials, or a value that is not finite.
    """
    tasks = _shared(base, candidate)
    before = [fmean(base[task]) for task in tasks]
    after = [fmean(candidate[task]) for task in tasks]
    differences = [b - a for a, b in zip(before, after, strict=True)]
    if not np.isfinite(differences).all():
        raise ValueError("a mean needs finite values; leave out the trials whose value is unknown")
    interval = bootstrap_interval(differences, seed=seed) if len(tasks) > 1 else None
    return PairedMeans(len(tasks), fmean(before), fmean(after), fmean(differences), interval)


def mcnemar_exact(differences: Sequence[float]) -> tuple[float, str]:
    """Two-sided p that gains and losses are equally likely; differences are -1, 0 or 1.

    2 Σ C(m, i) / 2^m for i up to the rarer of the two, at most 1; m counts both. Source: McNemar 1947.
    """
    gains, losses = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    changed = gains + losses
    tail = sum(comb(changed, i) for i in range(min(gains, losses) + 1))
    return min(1.0, 2 * tail / 2**changed), "exact McNemar"


def sign_flip(differences: Sequence[float], seed: int = SEED) -> tuple[float, str]:
    """Two-sided p that each difference was as likely to have the other sign: how often is |sum| at least as large."""
    array = np.array([d for d in differences if d], dtype=np.float64)
    observed = abs(array.sum()) - 1e-9
    if len(array) <= EXACT_UP_TO:
        patterns = np.arange(2 ** len(array))[:, None] >> np.arange(len(array)) & 1
        hits = int((np.abs(_flipped(array, patterns)) >= observed).sum())
        return hits / len(patterns), "exact sign-flip permutation"
    rng, hits, step = np.random.default_rng(seed), 0, max(1, CHUNK // len(array))
    for start in range(0, FLIPS, step):
        patterns = rng.integers(2, size=(min(step, FLIPS - start), len(array)), dtype=np.int8)
        hits += int((np.abs(_flipped(array, patterns)) >= observed).sum())
    return (1 + hits) / (1 + FLIPS), f"sign-flip permutation, {FLIPS} draws"


def _flipped(array: npt.NDArray[np.float64], patterns: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    sums: npt.NDArray[np.float64] = array.sum() - 2 * (patterns @ array)
    return sums


def _with_prior_tasks(differences: Sequence[float]) -> list[float]:
    """The tasks plus two that nobody ran: half a gain, half a loss and one unchanged; all doubled, to keep them whole.

    A bootstrap knows no task that the sample lacks: three unchanged tasks would prove that nothing changes.
    Source: Agresti & Min 2005, Stat. Med. 24, who add the same two to their paired interval.
    """
    return [*differences, *differences, 1.0, -1.0, 0.0, 0.0]


def _shared(base: Trials, candidate: Trials) -> list[str]:
    tasks = [task for task in base if task in candidate]
    if not tasks:
        raise ValueError("the two versions have no task in common, so they cannot be compared")
    for task in tasks:
        if not len(base[task]) or not len(candidate[task]):
            raise ValueError(f"task {task}: it has no trials")
    return tasks


def _verdict(difference: float, p_value: float, interval: Interval, margin: float) -> Verdict:
    if p_value < SIGNIFICANT:
        return "better" if difference > 0 else "worse"
    if -margin <= interval.low and interval.high <= margin:
        return "no difference shown"
    return "cannot be told at this n"
