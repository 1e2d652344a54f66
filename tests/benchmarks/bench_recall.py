"""Recall among 1,000, 10,000 and 100,000 lessons: how fast for one client and sixteen, beside a product of matrices.

Clients are threads that ask the function that every door asks, on SQLite, each recall logged and committed as in use.
The floor embeds the same questions and compares them with all vectors in numpy, one after another, and logs nothing.
How well lessons are found is measured by bench_ranking.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from core.clock import now
from core.memory.indexer import open_memory, rebuild, sync
from core.memory.lessons import approve, propose
from core.memory.recall import RecallRequest, lessons_for, log, recall
from core.records import Lesson, LessonState, Role
from core.settings import Settings
from core.similarity.embedder import default_embedder
from core.similarity.index import TextIndex
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.tables import LessonRevisionRow, LessonRow
from tests.benchmarks.bench_ranking import SET

SIZES, CLIENTS = (1_000, 10_000, 100_000), (1, 16)
ASKED, WARM, APPROVALS = 600, 30, 20


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print a paragraph a size."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), size)


def measure(folder: Path, size: int) -> None:
    """Build an index of so many lessons, and ask it."""
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    index = open_memory(store, Settings(data_dir=folder))
    texts = fill(store, size)
    start, working = time.perf_counter(), time.process_time()
    rebuild(store, index)
    built, worked = time.perf_counter() - start, time.process_time() - working
    print(f"{size:,} lessons: rebuilt in {built:.1f} s ({worked:.1f} s of processor)", flush=True)
    rng = random.Random(7)
    questions = [rng.choice(rng.choice(SET["lessons"])["situations"]) for _ in range(ASKED)]
    embed = default_embedder().embed
    vectors = embed(texts)
    floor = timed(questions, 1, lambda text: np.argpartition(-(vectors @ embed([text])[0]), 20)[:20])
    print(f"  numpy alone, 1 client: p50 {floor[0]:.1f}, p95 {floor[1]:.1f} ms", flush=True)
    for clients in CLIENTS:
        told = timed(questions, clients, lambda text: ask(store, index, text))
        print(
            f"  {clients:2} clients: recall p50 {told[0]:.1f}, p95 {told[1]:.1f} ms, {told[2]:.0f} a second; "
            f"ratio of p50 {told[0] / floor[0]:.1f}",
            flush=True,
        )
    waited = [approved(store, index, number) for number in range(APPROVALS)]
    print(f"  approved → recalled: median {np.median(waited):.0f}, longest {max(waited):.0f} ms", flush=True)
    index.close()
    store.close()


def fill(store: Store, size: int) -> list[str]:
    """Active lessons whose words are mixed from the written ones; the texts that are embedded."""
    rng = random.Random(size)
    words = sorted({word for one in SET["lessons"] for word in f"{one['when']} {one['guidance']}".split()})
    said = [[" ".join(rng.sample(words, count)) for count in (10, 16)] for _ in range(size)]
    state, at = LessonState.ACTIVE.value, now()
    with store.session() as session:
        lead = person_id(session, "lead", Role.LEAD)
        rows = [
            {
                "id": number,
                "uid": f"l{number}",
                "revision": 1,
                "state": state,
                "when": when,
                "guidance": guidance,
                "created_by": lead,
                "created_at": at,
                "changed_at": at,
            }
            for number, (when, guidance) in enumerate(said, 1)
        ]
        session.execute(insert(LessonRow), rows)
        told = {"revision": 1, "state": state, "text": {}, "person_id": lead, "at": at}
        session.execute(insert(LessonRevisionRow), [{"lesson_id": row["id"], **told} for row in rows])
    return [f"{when}\n{when}\n{guidance}" for when, guidance in said]


def ask(store: Store, index: TextIndex, text: str) -> None:
    """One recall, logged."""
    asked = RecallRequest("shop", text)
    with store.reading() as session:
        result = lessons_for(session, index, asked)
    with store.session() as session:
        log(session, asked, result)


def timed(questions: Sequence[str], clients: int, work: Callable[[str], object]) -> tuple[float, float, float]:
    """p50 and p95 in milliseconds, and how many a second, the first ones left out."""

    def one(text: str) -> float:
        start = time.perf_counter()
        work(text)
        return (time.perf_counter() - start) * 1000

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, questions[:WARM]))
        start = time.perf_counter()
        spent = list(pool.map(one, questions[WARM:]))
        took = time.perf_counter() - start
    return float(np.percentile(spent, 50)), float(np.percentile(spent, 95)), len(spent) / took


def approved(store: Store, index: TextIndex, number: int) -> float:
    """Milliseconds from a lead's approval to a recall that gives the lesson."""
    said = f"the {number}th zeppelin of the fleet has lost its quartermaster"
    with store.session() as session:
        lead = person_id(session, "lead", Role.LEAD)
        uid = propose(session, Lesson("", said, f"Call harbour {number}."), lead)
    start = time.perf_counter()
    with store.session() as session:
        approve(session, uid, 1, lead, Role.LEAD)
    while True:
        sync(store, index)
        with store.reading() as session:
            found = recall(session, index, RecallRequest("", said, k=50), dry_run=True)
        if uid in [lesson.id for lesson, _ in found.fates]:
            return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
