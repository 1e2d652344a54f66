"""How much of a change in a share comes from another mix of groups, and how much from the groups themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a change in a share; they add up to it."""

    mix: float
    """From other groups being more frequent."""
    within: float
    """From other shares within the groups."""


def decompose(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> Parts:
    """Split the change of a share; each side is group → (successes, members).

    mix = Σ (w₁ - w₀)(r₀ + r₁)/2, within = Σ (r₁ - r₀)(w₀ + w₁)/2, with w the share of a group among the members and r
    its share of successes. A group that only one side has changes the mix alone. ValueError for a side without members.
    Source: Kitagawa 1955, Components of a difference between two rates, JASA 50.
    """
    totals = [sum(n for _, n in side.values()) for side in (before, after)]
    if not all(totals):
        raise ValueError("a share needs members on both sides")
    mix = within = 0.0
    for group in {**before, **after}:
        (s0, n0), (s1, n1) = before.get(group, (0, 0)), after.get(group, (0, 0))
        if not n0 and not n1:
            continue
        r0, r1 = (s0 / n0 if n0 else s1 / n1), (s1 / n1 if n1 else s0 / n0)
        w0, w1 = n0 / totals[0], n1 / totals[1]
        mix += (w1 - w0) * (r0 + r1) / 2
        within += (r1 - r0) * (w0 + w1) / 2
    return Parts(mix, within)
