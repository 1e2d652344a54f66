"""Which runs go without lessons, so that the others can be compared with them: drawn by a hash, hence repeatable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

MEMORY, CONTROL = "memory", "control"


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of runs, 0 to 1: `control` are given nothing; each single lesson is held back from `hold_back`."""

    control: float = 0.10
    hold_back: float = 0.10


def arm_of(run: str, shares: Shares) -> str:
    """The arm of a run, the same for all its recalls; a run without a name is given lessons, and counts nowhere."""
    return CONTROL if run and _place(run) < shares.control else MEMORY


def held_back(run: str, lesson: str, shares: Shares) -> bool:
    """Whether a lesson is kept from a run of the memory arm, so that its own effect can be told from the others'."""
    return bool(run) and _place(f"{run}\n{lesson}") < shares.hold_back


def _place(key: str) -> float:
    """A number in [0, 1) that is always the same for a key."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8]) / 2**64
