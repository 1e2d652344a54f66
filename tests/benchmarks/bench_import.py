"""How fast files in tau-bench's form come in, from bytes on disk to the last commit, beside a floor.

The floor reads the same file as JSON and writes the same rows of traces and steps with one bare executemany each into
an empty SQLite database, in one transaction: no checks, no text index, no queue. Seconds are of the processor as well
as of the clock, because other work on the machine only adds to the latter.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from core.ingest.accept import ImportOptions, import_paths
from core.store.engine import open_store
from tests.benchmarks._stored import sentences

TRACES, TURNS = 2_000, 26
_REAL = "tau-bench/gpt-4o-airline.json.gz"


def main() -> None:
    """Print traces/s, steps/s, floor and ratio of each file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generated = folder / "generated.json.gz"
        generated.write_bytes(gzip.compress(json.dumps([record(n) for n in range(TRACES)]).encode(), 6))
        measure("generated", [generated], folder)
        if real := os.environ.get("LOOPWRIGHT_REAL_DATA"):
            measure("tau-bench airline", [Path(real) / _REAL], folder)


def measure(name: str, files: list[Path], folder: Path) -> None:
    database = folder / f"{files[0].name}.db"
    store = open_store(f"sqlite:///{database}")
    wall, cpu = timed(lambda: import_paths(store, files, ImportOptions()))
    again = timed(lambda: import_paths(store, files, ImportOptions()))
    store.close()
    with closing(sqlite3.connect(database)) as connection:
        tables = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("trace", "step")}
    floor_wall, floor_cpu = timed(lambda: bare(files, tables, folder / f"{files[0].name}.floor.db"))
    traces, steps = len(tables["trace"]), len(tables["step"])
    print(
        f"{name:18} {traces:6,} traces, {steps:7,} steps: {traces / wall:6,.0f} traces/s, {steps / wall:7,.0f} steps/s "
        f"({wall:.2f} s; {cpu:.2f} s of processor)   floor {floor_wall:.2f} s ({floor_cpu:.2f} s)   "
        f"ratio {wall / floor_wall:.1f} ({cpu / floor_cpu:.1f})   the same file again {again[0]:.2f} s"
    )


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    start, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - worked


def bare(files: list[Path], tables: dict[str, list[tuple[Any, ...]]], database: Path) -> None:
    """The floor."""
    for file in files:
        orjson.loads(gzip.decompress(file.read_bytes()))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        for table, rows in tables.items():
            marks = ",".join("?" * len(rows[0]))
            connection.execute(f"CREATE TABLE {table} ({','.join(f'c{n}' for n in range(len(rows[0])))})")
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        connection.commit()


def record(n: int) -> dict[str, Any]:
    """One run as tau-bench writes it: a policy, then turns of a user, the agent's calls, and their results."""
    pick = random.Random(n)
    policy = {"role": "system", "content": " ".join(sentences()[:60])}
    turns = [turn(n, number, " ".join(pick.choices(sentences(), k=4))) for number in range(TURNS - 1)]
    task = {"user_id": f"u{n % 50}", "instruction": sentences()[n % 50], "actions": [], "outputs": []}
    info = {"task": task, "source": "user", "user_cost": 0.01, "reward_info": {"reward": n % 2}}
    return {"task_id": n % 50, "reward": float(n % 2), "info": info, "traj": [policy, *turns], "trial": n // 50}


def turn(n: int, number: int, said: str) -> dict[str, Any]:
    """What a user, the agent calling, its tool, and the agent answering say in turn."""
    call_id = f"c{n}-{number // 4}"
    if number % 4 == 0:
        return {"role": "user", "content": said}
    if number % 4 == 1:
        call = {"id": call_id, "type": "function", "function": {"name": "look_up", "arguments": f'{{"n": {n}}}'}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if number % 4 == 2:
        return {"role": "tool", "tool_call_id": call_id, "name": "look_up", "content": f'{{"at": "{said}"}}'}
    return {"role": "assistant", "content": said}


if __name__ == "__main__":
    main()
