"""Recall: how fast, beside the same search as one product of matrices in numpy; how well, on the written situations."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.memory.indexer import open_memory, rebuild
from core.memory.recall import THRESHOLD, RecallRequest, recall
from core.records import Lesson, LessonState, Role
from core.settings import Settings
from core.similarity.embedder import default_embedder
from core.similarity.index import TextIndex
from core.store.engine import Store, open_store
from core.store.lessons import LIMITS, add_lesson
from core.store.people import person_id

SIZES = (1_000, 10_000)
ASKED = 300
_SET = json.loads((Path(__file__).parent / "situations.json").read_text(encoding="utf-8"))
_RECIPES: dict[str, Callable[[dict[str, str]], str]] = {
    "when": lambda one: one["when"],
    "guidance": lambda one: one["guidance"],
    "when + guidance": lambda one: f"{one['when']}\n{one['guidance']}",
    "2 x when + guidance": lambda one: f"{one['when']}\n{one['when']}\n{one['guidance']}",
    "3 x when + guidance": lambda one: f"{one['when']}\n" * 3 + one["guidance"],
}


def main() -> None:
    """Print both tables."""
    ranking()
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            latency(Path(folder), size)


def ranking() -> None:
    """What is embedded of a lesson, and what the threshold lets through (k = 5)."""
    embed = default_embedder().embed
    lessons = _SET["lessons"]
    pairs = [(text, row) for row, one in enumerate(lessons) for text in one["situations"]]
    right = np.array([row for _, row in pairs])
    asked, others, uncovered = embed([text for text, _ in pairs]), embed(_SET["unrelated"]), embed(_SET["uncovered"])
    print(f"{len(pairs)} situations, {len(lessons)} lessons of a shop; hit@k: the right lesson is among the k best")
    for name, recipe in _RECIPES.items():
        vectors = embed([recipe(one) for one in lessons])
        scores = asked @ vectors.T
        place = (scores > scores[np.arange(len(pairs)), right][:, None]).sum(axis=1)
        print(f"  {name:20} hit@1 {np.mean(place < 1):.2f}   hit@5 {np.mean(place < 5):.2f}")
    vectors = embed([_RECIPES["2 x when + guidance"](one) for one in lessons])
    scores = asked @ vectors.T
    place = (scores > scores[np.arange(len(pairs)), right][:, None]).sum(axis=1)
    for limit in (0.16, 0.20, THRESHOLD, 0.28, 0.32, 0.40):
        given = np.mean((place < 5) & (scores[np.arange(len(pairs)), right] >= limit))
        each = np.minimum((scores >= limit).sum(axis=1), 5).mean()
        quiet = [np.mean((texts @ vectors.T).max(axis=1) < limit) for texts in (uncovered, others)]
        print(
            f"  threshold {limit:.2f}: the right lesson given {given:.2f}, lessons given {each:.1f}; nothing given "
            f"for {quiet[0]:.2f} of {len(uncovered)} shop questions that no lesson covers, "
            f"for {quiet[1]:.2f} of {len(others)} unrelated texts"
        )


def latency(folder: Path, size: int) -> None:
    """Recalls one after another, logged as in use, and the floor."""
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    index = open_memory(store, Settings(data_dir=folder))
    texts = fill(store, size)
    start, working = time.perf_counter(), time.process_time()
    rebuild(store, index)
    built, worked = time.perf_counter() - start, time.process_time() - working
    rng = random.Random(7)
    questions = [rng.choice(rng.choice(_SET["lessons"])["situations"]) for _ in range(ASKED)]
    embed = default_embedder().embed
    vectors = embed(texts)
    told = timed(questions, lambda text: ask(store, index, text))
    floor = timed(questions, lambda text: np.argsort(-(vectors @ embed([text])[0]))[:20])
    print(
        f"{size:,} lessons: recall p50 {told[0]:.1f} ms, p95 {told[1]:.1f} ms; "
        f"numpy alone p50 {floor[0]:.1f} ms, p95 {floor[1]:.1f} ms; rebuild {built:.1f} s ({worked:.1f} s of processor)"
    )
    index.close()
    store.close()


def fill(store: Store, size: int) -> list[str]:
    """Active lessons whose words are mixed from the written ones; the texts that are embedded."""
    rng = random.Random(size)
    words = sorted({word for one in _SET["lessons"] for word in f"{one['when']} {one['guidance']}".split()})
    texts = []
    with store.session() as session:
        lead = person_id(session, "lead", Role.LEAD)
        for number in range(size):
            when, guidance = (" ".join(rng.sample(words, count)) for count in (10, 16))
            lesson = Lesson(f"l{number}", when[: LIMITS["when"]], guidance, state=LessonState.ACTIVE)
            add_lesson(session, lesson, lead, decided_by=lead)
            texts.append(f"{when}\n{when}\n{guidance}")
    return texts


def ask(store: Store, index: TextIndex, text: str) -> None:
    with store.session() as session:
        recall(session, index, RecallRequest("shop", text))


def timed(questions: list[str], work: Callable[[str], object]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, the first ten left out."""
    spent = []
    for text in questions:
        start = time.perf_counter()
        work(text)
        spent.append((time.perf_counter() - start) * 1000)
    return float(np.percentile(spent[10:], 50)), float(np.percentile(spent[10:], 95))


if __name__ == "__main__":
    main()
