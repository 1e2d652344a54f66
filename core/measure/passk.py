"""Reliability over repeated trials: does it work every time (pass^k), does it work at least once (pass@k)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import fmean

from core.measure.intervals import Interval, effective_n, wilson


@dataclass(frozen=True)
class PassK:
    """Both rates at one k, 0 to 1, over the tasks that have at least k trials."""

    k: int
    hat: float
    """pass^k: the chance that k trials of a task all succeed."""
    hat_interval: Interval
    at: float
    """pass@k: the chance that at least one of k trials succeeds."""
    at_interval: Interval
    n_tasks: int
    left_out: int
    """Tasks with fewer than k trials, which say nothing about k."""


def pass_k(
    outcomes: Sequence[Sequence[float]], up_to: int | None = None, confidence: float = 0.95
) -> tuple[PassK, ...]:
    """pass^k and pass@k for k = 1..up_to; each inner sequence holds the outcomes (0 or 1) of one task's trials.

    With c successes in n trials of a task: pass^k = mean C(c, k) / C(n, k), pass@k = mean 1 - C(n-c, k) / C(n, k).
    `up_to` is the fewest trials that any task has, so that each k speaks of the same tasks; ask for more and the
    tasks with fewer trials are left out and counted. It ends where no task is left. Intervals are Wilson's,
    clustered by task. ValueError without tasks, for a task without trials, or an outcome other than 0 and 1.
    Sources: pass^k Yao et al. 2024, tau-bench; pass@k Chen et al. 2021, Evaluating LLMs Trained on Code.
    """
    if not outcomes or not all(len(trials) for trials in outcomes):
        raise ValueError("pass^k needs at least one task, and each task at least one trial")
    if not all(outcome in (0, 1) for trials in outcomes for outcome in trials):
        raise ValueError("pass^k counts outcomes of 0 or 1 only")
    counts = [(len(trials), int(sum(trials))) for trials in outcomes]
    last = min(n for n, _ in counts) if up_to is None else min(up_to, max(n for n, _ in counts))
    return tuple(_at_k(counts, k, confidence) for k in range(1, last + 1))


def _at_k(counts: list[tuple[int, int]], k: int, confidence: float) -> PassK:
    tasks = [(n, c) for n, c in counts if n >= k]
    groups = sum(n for n, _ in tasks) / k
    hat, hat_interval = _mean([comb(c, k) / comb(n, k) for n, c in tasks], groups, confidence)
    at, at_interval = _mean([1 - comb(n - c, k) / comb(n, k) for n, c in tasks], groups, confidence)
    return PassK(k, hat, hat_interval, at, at_interval, len(tasks), len(counts) - len(tasks))


def _mean(shares: list[float], groups: float, confidence: float) -> tuple[float, Interval]:
    mean, effective = fmean(shares), effective_n(shares, groups)
    return mean, wilson(mean * effective, effective, confidence)
