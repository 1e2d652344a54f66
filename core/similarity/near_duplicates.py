"""Near-duplicates among texts: MinHash finds candidates, the exact Jaccard value of five-word shingles decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashLSH

THRESHOLD = 0.8
WORDS = 5

# 32 bands of 4: two texts at the threshold share a band in all but 5 of 100 million cases, (1 - 0.8^4)^32. So do many
# that are only half alike; the share of equal sketch values estimates their similarity, and five standard errors of it
# below the threshold, sqrt(0.8 * 0.2 / 128) each, the exact value need not be looked at.
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 20260801
_SLACK = 0.18
_BATCH = 1000


def shingles(text: str) -> set[str]:
    """Every run of five words of a text, in small letters; a shorter text is one shingle, an empty one has none."""
    words = text.casefold().split()
    return {" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))} if words else set()


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """|A ∩ B| / |A ∪ B| of two sorted arrays without repeats; 1 for two empty ones."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - shared
    return shared / union if union else 1.0


def near_repeats(texts: Iterable[str], threshold: float = THRESHOLD) -> dict[int, int]:
    """Index of each text that repeats an earlier kept one → the index of that one.

    The first of a kind is kept, so the caller puts the better ones first; what only resembles a text that was left out
    itself is kept. Shingles are compared as 64-bit hashes.
    """
    buckets = RMinHashLSH(threshold, _PERMUTATIONS, _BANDS)
    kept: dict[int, NDArray[np.uint64]] = {}
    sketches = np.empty((_BATCH, _PERMUTATIONS), dtype=np.uint32)
    repeats: dict[int, int] = {}
    for index, (hashes, digest) in enumerate(_hashed(texts)):
        sketch = np.array(digest.digest(), dtype=np.uint32)
        found = np.sort(np.array(buckets.query(digest), dtype=np.intp))
        near = found[np.mean(sketches[found] == sketch, axis=1) >= threshold - _SLACK] if len(found) else found
        twin = next((at for at in near.tolist() if _alike(kept[at], hashes, threshold)), None)
        if twin is not None:
            repeats[index] = twin
            continue
        if index >= len(sketches):
            sketches = np.resize(sketches, (2 * index, _PERMUTATIONS))
        kept[index], sketches[index] = hashes, sketch
        buckets.insert(index, digest)
    return repeats


def _alike(one: NDArray[np.uint64], other: NDArray[np.uint64], threshold: float) -> bool:
    smaller, larger = sorted((len(one), len(other)))
    return smaller >= threshold * larger and jaccard(one, other) >= threshold


def _hashed(texts: Iterable[str]) -> Iterator[tuple[NDArray[np.uint64], Any]]:
    waiting = iter(texts)
    while batch := [shingles(text) for text in islice(waiting, _BATCH)]:
        hashes = RMinHash.hash_token_sets(batch)
        digests = RMinHash.from_token_sets(batch, _PERMUTATIONS, _SEED)
        for one, digest in zip(hashes, digests, strict=True):
            yield np.unique(np.array(one, dtype=np.uint64)), digest
