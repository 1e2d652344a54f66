"""Worlds for evaluation: runs of which only the outcome matters, invented and real."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.ingest.accept import ImportOptions, import_paths
from core.records import Signal, SignalKind, Step, StepKind, Task, Trace, Version
from core.store.catalog import set_version
from core.store.engine import Store
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes

MONDAY = datetime(2026, 8, 31, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def run(
    uid: str, version: str, task: str | Task | None, reward: float | None, at: datetime | None = MONDAY, **more: Any
) -> Trace:
    """A run of one step; `reward` None leaves its outcome unknown, one between 0 and 1 makes it partly solved."""
    signals = ()
    if reward is not None:
        success = None if 0 < reward < 1 else reward == 1
        signals = (Signal(uid, "reward", SignalKind.AUTOMATED, reward, success),)
    asked = Task(task) if isinstance(task, str) else task
    values: dict[str, Any] = {"agent": "shop", "seconds": 10.0, "cost": 0.01} | more
    step = Step("0", StepKind.LLM, "agent", error=values.pop("error", ""))
    return Trace(uid, "test", (step,), version=version, task=asked, started_at=at, signals=signals, **values)


def weekly(weeks: Sequence[int], n: int, name: str = "r", **fields: Any) -> list[Trace]:
    """`n` runs in each of these weeks, an hour apart, each on a task of its own; as many solved as `solved` of ten."""
    solved = fields.pop("solved", 5)
    return [
        run(
            f"{name}{week}-{number}",
            "v1",
            f"shop/{name}{week}-{number}",
            float(number % 10 < solved),
            MONDAY + week * WEEK + timedelta(hours=number),
            **fields,
        )
        for week in weeks
        for number in range(n)
    ]


def keep(store: Store, traces: Iterable[Trace], *versions: Version) -> None:
    """Store the runs with their signals, outcomes and versions, as an import does."""
    listed = list(traces)
    with store.session() as session:
        for version in versions:
            set_version(session, version)
        ids = insert_traces(session, listed).traces
        add_signals(session, [signal for trace in listed for signal in trace.signals])
        refresh_outcomes(session, list(ids.values()))


def plan(results: dict[str, dict[str, str]]) -> list[Trace]:
    """Version → task → a letter a run: s solved, p partly, f failed, u unknown."""
    rewards = {"s": 1.0, "p": 0.5, "f": 0.0, "u": None}
    return [
        run(f"{version}/{task}/{trial}", version, f"shop/{task}", rewards[letter], trial=trial)
        for version, tasks in results.items()
        for task, letters in tasks.items()
        for trial, letter in enumerate(letters)
    ]


def tau2(store: Store, real_data: Path, domain: str) -> None:
    """Import GPT-4.1 before and after fine-tuning on a domain of tau2-bench, as versions of one agent."""
    folder = real_data / "tau2-bench/base-vs-sft"
    options = ImportOptions(agent="gpt-4.1", version="base", suite=domain)
    import_paths(store, [folder / f"gpt-4.1_{domain}.json.gz"], options)
    options = ImportOptions(agent="gpt-4.1", version="sft", base="base", suite=domain)
    import_paths(store, [folder / f"gpt-4.1-sft_{domain}.json.gz"], options)
