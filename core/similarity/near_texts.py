"""Which of some texts another text nearly says: as a whole, or somewhere within it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.similarity.near_duplicates import THRESHOLD, shingles

_MORE_THAN_A_PHRASE = 4
"""Shingles, so eight words: a shorter text may stand in a longer one by chance."""


class NearTexts:
    """Some texts by their five-word shingles, to be held against many others.

    Two texts say nearly the same when the Jaccard value of their shingles is at least 0.8, or when the longer one holds
    at least that share of the shingles of the shorter one, if that is more than a phrase (8 words).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._sizes: list[int] = []
        self._holding: dict[str, list[int]] = {}
        for number, text in enumerate(texts):
            mine = shingles(text)
            self._sizes.append(len(mine))
            for shingle in mine:
                self._holding.setdefault(shingle, []).append(number)

    def nearest(self, text: str) -> int | None:
        """The place of the text that shares most with this one, among those that say nearly the same; None if none."""
        if not self._holding:
            return None
        mine = shingles(text)
        shared = Counter(number for shingle in self._holding.keys() & mine for number in self._holding[shingle])
        near = [(both, -number) for number, both in shared.items() if self._near(both, self._sizes[number], len(mine))]
        return -max(near)[1] if near else None

    def _near(self, both: int, one: int, other: int) -> bool:
        fewer = min(one, other)
        return both / (fewer if fewer >= _MORE_THAN_A_PHRASE else one + other - both) >= THRESHOLD
