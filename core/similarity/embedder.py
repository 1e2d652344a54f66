"""Text as vectors, offline: wordllama, whose weights ship in its wheel; core.similarity.minilm is the other model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One row a text, each of length one (of length zero where the text says nothing)."""

Vector = NDArray[np.float32]
"""The vector of one text."""

LONGEST = 8_000
"""Characters of a text that are read: the mean over more words says less about any of them."""


_AT_ONCE = 16
"""Texts that are embedded in one call of the model."""


class Embedder(Protocol):
    """What the index needs of an embedding model."""

    @property
    def name(self) -> str:
        """The model and its dimension; vectors of different names are never mixed."""

    @property
    def threshold(self) -> float:
        """Similarity below which a lesson does not fit a situation; docs/memory.md says how it was chosen."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts, of shape (number of texts, dimension)."""


class WordLlamaEmbedder:
    """wordllama in 256 dimensions: about 0.03 ms a text, no network, may be called from any thread."""

    name = "wordllama-l2-supercat-256"
    dimension = 256
    threshold = 0.24

    def __init__(self) -> None:
        self._model: Any = None
        self._lock = Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts; the first call loads the model (about 0.2 s)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # The tokenizer refuses lone surrogates, and pads a batch to its longest text: those of one length go together,
        # a few at a time, for somebody else may want one vector meanwhile.
        read = [text[:LONGEST].encode("utf-8", "replace").decode("utf-8") for text in texts]
        by_length = sorted(range(len(read)), key=lambda n: len(read[n]))
        vectors = np.empty((len(read), self.dimension), dtype=np.float32)
        for start in range(0, len(read), _AT_ONCE):
            some = by_length[start : start + _AT_ONCE]
            with self._lock:
                self._model = self._model or _load()
                vectors[some] = self._model.embed([read[n] for n in some])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.where(lengths > 0, vectors / np.where(lengths > 0, lengths, 1), 0).astype(np.float32)


@cache
def default_embedder() -> WordLlamaEmbedder:
    """The one embedder of this process."""
    return WordLlamaEmbedder()


def _load() -> Any:
    import wordllama

    # It looks for its tokenizer in a folder that the wheel names differently; as the cache folder the wheel's own
    # folder is found, and nothing is downloaded.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
