"""Are two windows of runs alike: permutation tests that know that runs of one task resemble each other.

The unit that is exchanged is a block: the runs of one task in one window. All measures are tested on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DRAWS = 1_999
MORE_DRAWS = 18_000
"""Drawn on top where a p is among the smallest that `DRAWS` can show: a family of tests needs smaller ones."""
RARE = 10
"""So few draws as far out as what was seen, or fewer, and more are drawn."""
_AT_ONCE = 500


@dataclass(frozen=True)
class Blocks:
    """Sums over blocks: `sums` and `counts` have the shape (blocks, measures), `late` says which blocks are of the
    later window. A measure of a block without members has count 0 there."""

    late: Flags
    sums: Floats
    counts: Floats


@dataclass(frozen=True)
class Difference:
    """The later mean less the earlier one, with the two-sided p of the permutation test.

    `spread` is the standard deviation of the difference when labels are exchanged.
    """

    before: float
    after: float
    value: float
    p_value: float
    spread: float


def mean_differences(blocks: Blocks, seed: int = 0) -> list[Difference]:
    """Test each measure: Σ sums / Σ counts in the later blocks less the same in the earlier ones.

    p = (1 + draws at least as far out) / (1 + draws), with the labels of whole blocks exchanged, so that it holds
    exactly where blocks are exchangeable. ValueError where a measure has no members in one of the windows.
    Source: Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9 (1).
    """
    sums, counts = blocks.sums, blocks.counts
    late = blocks.late.astype(np.float64)[None, :]
    if not bool(np.all((late @ counts > 0) & ((1 - late) @ counts > 0))):
        raise ValueError("a measure needs members in both windows")
    after, before = (late @ sums / (late @ counts))[0], ((1 - late) @ sums / ((1 - late) @ counts))[0]
    total, members = sums.sum(axis=0), counts.sum(axis=0)

    def statistic(drawn: Floats) -> Floats:
        s, n = drawn @ sums, drawn @ counts
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(s / n - (total - s) / (members - n))
        return np.where((n > 0) & (n < members), off, 0.0)

    p, spread = _permuted(statistic, np.abs(after - before), blocks.late, seed)
    return [
        Difference(*(float(part) for part in parts))
        for parts in zip(before, after, after - before, p, spread, strict=True)
    ]


@dataclass(frozen=True)
class Apart:
    """How far two samples of vectors lie apart: `effect` is 1 where each is one point, 0 where they are alike, below 0
    where they are more alike than chance makes them.

    `telling` is, for each vector, how much nearer it lies to its own window than to the other: the most telling first.
    """

    effect: float
    p_value: float
    telling: Floats


def energy_test(vectors: npt.NDArray[np.floating], weights: Floats, late: Flags, seed: int = 0) -> Apart:
    """The energy test that vectors (one a block, counted `weights` times) come from one distribution in both windows.

    E = 2 E|X - Y| - E|X - X'| - E|Y - Y'| over Euclidean distances, p as in `mean_differences`. `effect` is
    E / (2 E|X - Y|) with each vector left out of the distances to itself, so that it is 0 on average where nothing
    differs. ValueError where a window has no vector. Source: Székely & Rizzo 2013, Energy statistics,
    J. Stat. Plan. Inference 143.
    """
    from scipy.spatial.distance import pdist, squareform

    if late.all() or not late.any():
        raise ValueError("a window has nothing to compare")
    far: Floats = squareform(pdist(np.asarray(vectors, dtype=np.float64)))

    def statistic(drawn: Floats) -> Floats:
        signed = _signed(drawn, weights)
        energies: Floats = -np.einsum("ij,ij->i", signed @ far, signed)[:, None]
        return energies

    own = late.astype(np.float64)[None, :]
    p = float(_permuted(statistic, statistic(own)[0], late, seed)[0][0])
    to_late, to_early = (_mean_distance(far, side * weights) for side in (own[0], 1 - own[0]))
    early = (1 - own[0]) * weights
    between = float(to_late @ early / early.sum())
    within = [_within(far, side * weights) for side in (own[0], 1 - own[0])]
    effect = 1 - sum(within) / (2 * between) if between > 0 else 0.0
    return Apart(effect, p, np.where(late, to_early - to_late, to_late - to_early))


def _mean_distance(far: Floats, weights: Floats) -> Floats:
    found: Floats = far @ weights / weights.sum()
    return found


def _within(far: Floats, weights: Floats) -> float:
    """The mean distance of two different vectors of a window; 0 where there is one alone."""
    share = weights / weights.sum()
    others = 1 - float(share @ share)
    return float(share @ far @ share) / others if others > 0 else 0.0


def _signed(drawn: Floats, weights: Floats) -> Floats:
    after, before = drawn * weights, (1 - drawn) * weights
    signed: Floats = after / after.sum(axis=1, keepdims=True) - before / before.sum(axis=1, keepdims=True)
    return signed


def _permuted(statistic: Callable[[Floats], Floats], seen: Floats, late: Flags, seed: int) -> tuple[Floats, Floats]:
    """The p of each measure: the statistic (rows of labels → a row of values each) against that of exchanged labels;
    and the root mean square of that."""
    rng = np.random.default_rng(seed)
    labels = np.broadcast_to(late.astype(np.float64), (_AT_ONCE, len(late)))
    least = seen - 1e-12 * np.maximum(1.0, np.abs(seen))
    beyond, squares, drawn = np.zeros(len(seen)), np.zeros(len(seen)), 0
    for wanted in (DRAWS, DRAWS + MORE_DRAWS):
        while drawn < wanted:
            some = min(_AT_ONCE, wanted - drawn)
            found = statistic(rng.permuted(labels[:some], axis=1))
            beyond += (found >= least).sum(axis=0)
            squares += (found**2).sum(axis=0)
            drawn += some
        if beyond.min() > RARE:
            break
    return (1 + beyond) / (1 + drawn), np.sqrt(squares / drawn)
