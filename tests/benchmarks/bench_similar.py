"""Similar runs: which text should stand for a run, on real ones; and 100,000 of them brought into the index and asked.

The first part needs LOOPWRIGHT_REAL_DATA. Runs of one task should be nearest to each other (hit@1: the nearest is of
the same task, hit@5: one of the five nearest is). The floor of the second part is the same vectors in one matrix.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_paths
from core.records import Step, StepKind
from core.settings import Settings
from core.similarity.embedder import default_embedder
from core.similarity.index import TextIndex, open_index, open_run_index
from core.store.content import text_of
from core.store.engine import Store, open_store
from core.store.run_vectors import n_embedded
from core.store.steps import read_steps
from core.store.tables import TraceRow
from core.store.trace_filter import TraceFilter
from core.tasks.likeness import similar_runs, unlike_ranks
from core.tasks.run_index import sync_runs, verify_runs
from core.tasks.run_text import run_text
from tests.benchmarks._memory import resident
from tests.benchmarks._stored import grow

RUNS = 100_000
SOURCES = ("tau-bench", "tau2-bench", "mini-swe-agent")


def main(runs: int = RUNS) -> None:
    """Print both tables."""
    named = os.environ.get("LOOPWRIGHT_REAL_DATA", "")
    if named:
        for source in SOURCES:
            compare(source, Path(named) / source)
    else:
        print("LOOPWRIGHT_REAL_DATA names no real runs: which text is best is not measured", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), runs)


def compare(source: str, folder: Path) -> None:
    """Print how well each text lets runs of one task find each other."""
    with tempfile.TemporaryDirectory() as name:
        store = open_store(f"sqlite:///{Path(name) / 'loopwright.db'}")
        import_paths(store, [folder], ImportOptions())
        with store.reading() as session:
            rows = session.execute(select(TraceRow.id, TraceRow.task_id)).all()
            steps = [read_steps(session, row.id) for row in rows]
        store.close()
    tasks = np.array([row.task_id or 0 for row in rows])
    for what, text in CHOICES.items():
        n, first, five = hits(tasks, [text(one) for one in steps])
        print(f"{source:16} {what:48} hit@1 {first:.2f}  hit@5 {five:.2f}  n {n}", flush=True)


def hits(tasks: np.ndarray, texts: Sequence[str]) -> tuple[int, float, float]:
    """Of runs whose task has others: how many, and the shares that find one of them first, and among five."""
    vectors = default_embedder().embed(texts)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    nearest = tasks[np.argsort(-alike, axis=1)[:, :5]]
    several = np.array([task > 0 and (tasks == task).sum() > 1 for task in tasks])
    same = nearest[several] == tasks[several][:, None]
    return int(several.sum()), float(same[:, 0].mean()), float(same.any(axis=1).mean())


def _asked(steps: Sequence[Step]) -> str:
    said = (m.content for step in steps for m in (*step.input, *step.output) if m.role == "user" and m.content.strip())
    return next(said, "")[:1_500]


def _person(steps: Sequence[Step]) -> str:
    later = [m.content[:300] for step in steps if step.kind is StepKind.USER for m in step.output]
    return "\n".join([_asked(steps), *later])


def _done(steps: Sequence[Step]) -> str:
    tools = [f"{step.name} {text_of(step.arguments)}"[:160] for step in steps if step.kind is StepKind.TOOL]
    return "\n".join([*tools, *(step.error[:160] for step in steps if step.error)])


def _said(steps: Sequence[Step]) -> str:
    return "\n".join(m.content[:160] for step in steps for m in step.output if m.role == "assistant")


CHOICES: dict[str, Callable[[Sequence[Step]], str]] = {
    "the first thing the person said": _asked,
    "all that the person said": _person,
    "the first thing and the tool calls": lambda steps: f"{_asked(steps)}\n{_done(steps)}",
    "what the person said, tool calls, agent's words": lambda steps: (
        f"{_person(steps)}\n{_done(steps)}\n{_said(steps)}"
    ),
    "what the person said and the tool calls": lambda steps: f"{_person(steps)}\n{_done(steps)}",
    "the same, the person twice, last answer (in use)": run_text,
}


def measure(folder: Path, runs: int) -> None:
    """Print how fast runs come into the index, how much memory that takes, and how long questions take then."""
    os.environ["LOOPWRIGHT_DATA_DIR"] = str(folder)
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    grow(store, runs)
    ask(store, runs)
    store.close()


def ask(store: Store, runs: int) -> None:
    """Bring the stored runs into an index, and ask it."""
    with opened() as index:
        before, begin, cpu = resident(os.getpid()), perf_counter(), process_time()
        while sync_runs(store, index):
            pass
        took, busy = perf_counter() - begin, process_time() - cpu
        after = resident(os.getpid())
        print(
            f"{runs:,} runs: {runs / took:,.0f} runs/s into the index ({busy / runs * 1000:.1f} ms of processor each), "
            f"memory {before:.0f} → {after:.0f} MB",
            flush=True,
        )
        with store.reading() as session:
            ids = list(session.scalars(select(TraceRow.id)))
            print(f"  in it: {n_embedded(session):,}")
            some = ids[:: len(ids) // 20]
            asked = {
                "like a run": lambda run: similar_runs(session, index, run, 100),
                "like a run, of one agent": lambda run: similar_runs(session, index, run, 100, TraceFilter("agent 1")),
                "like a text": lambda run: similar_runs(session, index, f"what run {run} was asked to do", 100),
            }
            for what, work in asked.items():
                print(f"  {what:26} {usual(work, some):8.1f} ms")
            vectors = np.stack(list(index.vectors([str(run) for run in ids[:10_000]]).values()))
            floor = usual(lambda row: np.argsort(-(vectors @ vectors[row]))[:100], range(20)) * len(ids) / 10_000
            print(f"  floor: a matrix of them all {floor:6.1f} ms")
            for n in (1_000, 10_000):
                took = usual(lambda n: unlike_ranks(session, index, ids[:n]), [n])
                print(f"  order by likeness of {n:6,} runs {took:8.0f} ms", flush=True)
        begin = perf_counter()
        verify_runs(store, index)
        print(f"  verified in {perf_counter() - begin:.1f} s", flush=True)


def usual(work: Callable[[int], object], values: Sequence[int]) -> float:
    """Milliseconds: the median over the values."""
    took = []
    for value in values:
        begin = perf_counter()
        work(value)
        took.append((perf_counter() - begin) * 1000)
    return median(took)


@contextmanager
def opened() -> Iterator[TextIndex]:
    """The index of runs in the data folder."""
    lessons = open_index(Settings())
    index = open_run_index(Settings())
    try:
        yield index
    finally:
        index.close()
        lessons.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
