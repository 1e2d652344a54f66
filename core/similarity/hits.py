"""What a search over vectors finds, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a query found; `score` is its similarity, 0..1."""

    id: str
    score: float


def best(ids: Iterable[str], similarities: Iterable[float]) -> list[Hit]:
    """The hits, best first; of one score in an order of their own, so that every door ranks the same."""
    hits = [Hit(id_, round(min(1.0, max(0.0, one)), 4)) for id_, one in zip(ids, similarities, strict=True)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))
