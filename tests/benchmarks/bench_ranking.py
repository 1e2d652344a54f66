"""How well lessons are found for the written situations: what is embedded, by which model, with exact words, and the
threshold.

A way is compared with the one in use situation by situation: McNemar's exact test on whether the right lesson is first.
MiniLM is measured where its package is installed.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from core.errors import InvalidInput
from core.similarity.embedder import Embedder, default_embedder
from core.similarity.minilm import MiniLmEmbedder

SET = json.loads((Path(__file__).parent / "situations.json").read_text(encoding="utf-8"))
RECIPES: dict[str, Callable[[dict[str, str]], str]] = {
    "when": lambda one: one["when"],
    "guidance": lambda one: one["guidance"],
    "when + guidance": lambda one: f"{one['when']}\n{one['guidance']}",
    "2 x when + guidance": lambda one: f"{one['when']}\n{one['when']}\n{one['guidance']}",
    "3 x when + guidance": lambda one: f"{one['when']}\n" * 3 + one["guidance"],
}
USED = RECIPES["2 x when + guidance"]
LIMITS = (0.16, 0.20, 0.24, 0.28, 0.32, 0.40)
LESSONS = SET["lessons"]
ASKED = [text for one in LESSONS for text in one["situations"]]
RIGHT = np.array([row for row, one in enumerate(LESSONS) for _ in one["situations"]])
Scores = NDArray[np.floating]


def main() -> None:
    """Print the tables."""
    print(f"{len(ASKED)} situations, {len(LESSONS)} lessons of a shop; hit@k: the right lesson is among the k best")
    wordllama = default_embedder()
    for name, recipe in RECIPES.items():
        tell(name, similar(wordllama, ASKED, recipe))
    used, exact = similar(wordllama, ASKED), bm25(ASKED, [USED(one) for one in LESSONS])
    ways = {
        "exact words (BM25)": exact,
        "wordllama, BM25: reciprocal ranks, 60": by_rank(used, exact, 60),
        "wordllama, BM25: reciprocal ranks, 10": by_rank(used, exact, 10),
        "wordllama + 0.005 BM25": used + 0.005 * exact,
        "wordllama + 0.01 BM25": used + 0.01 * exact,
        "wordllama + 0.03 BM25": used + 0.03 * exact,
    }
    models: list[Embedder] = [wordllama]
    try:
        models.append(MiniLmEmbedder())
    except InvalidInput as error:
        print(error.message)
    else:
        ways["MiniLM"] = similar(models[1], ASKED)
        ways["MiniLM + 0.01 BM25"] = ways["MiniLM"] + 0.01 * exact
        ways["MiniLM + wordllama"] = ways["MiniLM"] + used
    for name, scores in ways.items():
        tell(name, scores, used)
    for model in models:
        print(model.name)
        for limit in LIMITS:
            let_through(model, limit)


def similar(model: Embedder, texts: Sequence[str], recipe: Callable[[dict[str, str]], str] = USED) -> Scores:
    """The similarity of each text to each lesson."""
    scores: Scores = model.embed(texts) @ model.embed([recipe(one) for one in LESSONS]).T
    return scores


def bm25(texts: Sequence[str], documents: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Scores:
    """Okapi BM25 of each text and document (Robertson and Zaragoza 2009), by whole words in small letters."""
    bags = [Counter(_words(document)) for document in documents]
    lengths = np.array([bag.total() for bag in bags])
    spread = k1 * (1 - b + b * lengths / lengths.mean())
    scores = np.zeros((len(texts), len(bags)))
    for row, text in enumerate(texts):
        for word in set(_words(text)):
            times = np.array([bag[word] for bag in bags])
            holding = int((times > 0).sum())
            rarity = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
            scores[row] += rarity * times * (k1 + 1) / (times + spread)
    return scores


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def by_rank(one: Scores, other: Scores, k: int) -> Scores:
    """Reciprocal rank fusion (Cormack et al. 2009)."""
    ranks = [(scores[:, None, :] > scores[:, :, None]).sum(axis=2) for scores in (one, other)]
    fused: Scores = sum(1 / (k + 1 + rank) for rank in ranks)
    return fused


def places(scores: Scores) -> Scores:
    """How many lessons stand before the right one, half of its equals counted in."""
    own = scores[np.arange(len(RIGHT)), RIGHT][:, None]
    place: Scores = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2
    return place


def tell(name: str, scores: Scores, used: Scores | None = None) -> None:
    """Print how often the right lesson is first and among five, and how the first differs from the way in use."""
    place = places(scores)
    line = f"  {name:38} hit@1 {np.mean(place < 1):.2f}   hit@5 {np.mean(place < 5):.2f}"
    if used is not None:
        mine, theirs = place < 1, places(used) < 1
        better, worse = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
        line += f"   first only here {better}, only in use {worse}, p {binomtest(better, better + worse).pvalue:.2g}"
    print(line)


def let_through(model: Embedder, limit: float) -> None:
    """Print what a threshold gives (k = 5)."""
    scores = similar(model, ASKED)
    own = scores[np.arange(len(RIGHT)), RIGHT]
    given = np.mean((places(scores) < 5) & (own >= limit))
    each = np.minimum((scores >= limit).sum(axis=1), 5).mean()
    quiet = [np.mean(similar(model, SET[name]).max(axis=1) < limit) for name in ("uncovered", "unrelated")]
    print(
        f"  threshold {limit:.2f}: the right lesson given {given:.2f}, lessons given {each:.1f}; nothing given for "
        f"{quiet[0]:.2f} of {len(SET['uncovered'])} shop questions that no lesson covers, for {quiet[1]:.2f} of "
        f"{len(SET['unrelated'])} unrelated texts"
    )


if __name__ == "__main__":
    main()
