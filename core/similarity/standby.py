"""The entries of an index in the memory of this process, to be asked while the index itself cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

import numpy as np

from core.errors import Unavailable
from core.similarity.embedder import Embedder, Vector
from core.similarity.hits import Hit, best

MOST = 20_000
"""Entries that are kept: 20 MB of numbers in 256 dimensions."""


class Standby:
    """Every entry compared with a question, one by one; ranks as the index does. May be asked from any thread."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = Lock()
        self._held: dict[str, tuple[int, Vector]] = {}

    def renew(self, revisions: Mapping[str, int], texts: Callable[[list[str]], Mapping[str, str]]) -> None:
        """Hold exactly these entries (id → revision); `texts` is asked for those that are new or changed.

        Raises Unavailable for more than MOST.
        """
        if len(revisions) > MOST:
            raise Unavailable(
                f"The index cannot be asked, and {len(revisions):,} lessons are too many to do without it "
                f"({MOST:,} at most). Try again in a few seconds."
            )
        with self._lock:
            held = {id_: one for id_, one in self._held.items() if revisions.get(id_) == one[0]}
            if missing := [id_ for id_ in revisions if id_ not in held]:
                said = texts(missing)
                vectors = self._embedder.embed(list(said.values()))
                held |= {id_: (revisions[id_], row) for id_, row in zip(said, vectors, strict=True)}
            self._held = held

    def nearest(self, vector: Vector, n: int) -> list[Hit]:
        """The `n` entries nearest to a vector, best first."""
        held = self._held
        if not held:
            return []
        scores = np.stack([one[1] for one in held.values()]) @ vector
        return best(list(held), scores.tolist())[:n]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vector of each of these entries that is there."""
        held = self._held
        return {id_: held[id_][1] for id_ in ids if id_ in held}
