"""Dataset versions: pairs of texts of about 2 KB, made with all gates and written, on both databases.

Making: evidence and texts read, gates asked, near-duplicates looked for, lines kept. Writing: JSONL and Parquet from
the database into a folder. The floor of writing JSONL is a copy of the finished file, that of Parquet the same rows,
ready in memory, handed to its writer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pyarrow.parquet import read_table, write_table

from core.dataset.definition import define
from core.dataset.versions import make_version
from core.dataset.writing import PARQUET, TRAIN, Written, write_version
from core.records import Choice
from core.store.dataset_versions import DatasetVersion, get_version
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.tables import PairRow, PreferenceRow
from tests.benchmarks._memory import most_resident
from tests.benchmarks.bench_traces import postgresql
from tests.worlds import START

PAIRS, ALIKE = 200_000, 100_000
WORDS = 100
"""In each of a pair's three texts: together about 2 KB."""


def main(pairs: int = PAIRS, alike: int = ALIKE) -> None:
    """Print a line for each thing that is measured."""
    with tempfile.TemporaryDirectory() as folder:
        one(f"sqlite:///{folder}/loopwright.db", "SQLite", pairs, alike)
    with postgresql() as url:
        one(url, "PostgreSQL", pairs, alike)


def one(url: str, name: str, pairs: int, alike: int) -> None:
    store = open_store(url)
    fill(store, pairs)
    with tempfile.TemporaryDirectory() as folder:
        measure(name, store, Path(folder), pairs, alike)
    store.close()


def fill(store: Store, pairs: int) -> None:
    """Pairs of texts, each with one choice; no two alike."""
    chance = np.random.default_rng(7)
    words = np.array([f"word{number}" for number in range(20_000)])
    with store.session() as session:
        person = person_id(session, "reviewer-1", active=True)
    for start in range(0, pairs, 2_000):
        numbers = range(start + 1, min(start + 2_000, pairs) + 1)
        drawn = words[chance.integers(0, len(words), (len(numbers), 3, WORDS))]
        with store.session() as session:
            session.execute(
                PairRow.__table__.insert(), [_pair(n, *map(" ".join, drawn[n - start - 1])) for n in numbers]
            )
            session.execute(PreferenceRow.__table__.insert(), [_choice(n, person) for n in numbers])


def _pair(number: int, prompt: str, a: str, b: str) -> dict[str, Any]:
    said = {"prompt": prompt, "text_a": a, "text_b": b, "step_a": "", "step_b": "", "name_a": "", "name_b": ""}
    return said | {"id": number, "uid": f"p{number}", "source": "bench", "attributes": {}, "created_at": START}


def _choice(number: int, person: int) -> dict[str, Any]:
    said = {"choice": Choice.A.value, "left": "a", "reason": "", "answers": {}, "blind": False, "place": ""}
    stands = {"revision": 1, "current": True, "withdrawn": False, "submitted_at": START}
    return said | stands | {"id": number, "pair_id": number, "person_id": person}


def measure(name: str, store: Store, folder: Path, pairs: int, alike: int) -> None:
    """Make and write; the near-duplicates by the time that a definition without them takes less."""
    seconds, made = timed(lambda: make_version(store, define("dpo", ["duplicates=off"]), "plain"))
    told(name, "made without near-duplicates", pairs, seconds)
    whole, _ = timed(lambda: make_version(store, define("dpo"), "whole"))
    told(name, "of that, near-duplicates (for 100,000 rows)", alike, (whole - seconds) * alike / pairs)
    url = store.engine.url.render_as_string(hide_password=False)
    most = [alone(url, made, folder / f"alone{parquet}", parquet) for parquet in (False, True)]
    jsonl, _ = timed(lambda: write(store, made, str(folder / "jsonl"), False))
    told(name, "JSONL written", pairs, jsonl)
    floor, _ = timed(lambda: (folder / "copy").write_bytes((folder / "jsonl" / TRAIN).read_bytes()))
    told(name, "  floor: its bytes copied", pairs, floor)
    parquet, _ = timed(lambda: write(store, made, str(folder / "parquet"), True))
    told(name, "Parquet written", pairs, parquet)
    table = read_table(folder / "parquet" / PARQUET)
    ready, _ = timed(lambda: write_table(table, folder / "ready.parquet", compression="zstd"))
    told(name, "  floor: ready rows written", pairs, ready)
    print(
        f"{name:10} most memory of a process that writes: JSONL {most[0]:,.0f} MB, Parquet {most[1]:,.0f} MB",
        flush=True,
    )


def alone(url: str, made: DatasetVersion, out: Path, parquet: bool) -> float:
    """The most megabytes that a new process held which did nothing but write a version."""
    words = [sys.executable, "-m", "tests.benchmarks.bench_datasets", "write", url, made.dataset, str(made.number)]
    done = subprocess.run([*words, str(out), str(int(parquet))], check=True, capture_output=True, text=True)
    return float(done.stdout)


def write_alone(url: str, dataset: str, number: str, out: str, parquet: str) -> None:
    """Write a version and print the most megabytes that were held meanwhile."""
    store = open_store(url)
    with store.reading() as session:
        made = get_version(session, dataset, int(number))
    write(store, made, out, parquet == "1")
    print(most_resident())


def write(store: Store, made: DatasetVersion, out: str, parquet: bool) -> None:
    with store.reading() as session:
        write_version(session, made, out, Written(parquet))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = perf_counter()
    result = work()
    return perf_counter() - begin, result


def told(name: str, what: str, rows: int, seconds: float) -> None:
    print(f"{name:10} {what:44} {seconds:7.1f} s  {rows / seconds:10,.0f} rows/s", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_alone(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
