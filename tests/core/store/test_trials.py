"""A result becomes evidence on its run where the run is known, and counts by itself where it is not."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from sqlalchemy import func, select

from core.ingest.accept import import_document
from core.ingest.report import ImportOptions, ImportReport
from core.record_lines import to_json
from core.records import Aggregate, Outcome, Result, Step, StepKind, Task, Trace
from core.store.catalog import list_versions
from core.store.engine import Store
from core.store.results import Tally, tallies
from core.store.tables import ResultRow, SignalRow, TraceRow
from core.store.trials import AggregateLine, aggregates_of


def put(store: Store, *records: object) -> ImportReport:
    data = b"\n".join(orjson.dumps(to_json(record)) for record in records)
    return import_document(store, "records.jsonl", data, ImportOptions())


def run(uid: str, task: str = "t/1", trial: int | None = None) -> Trace:
    return Trace(uid, "test", (Step("1", StepKind.LLM),), "a", "v1", Task(task), trial=trial)


def result(uid: str, outcome: Outcome, task: str = "t/1", trial: int | None = None) -> Result:
    return Result(uid, "a", "v1", Task(task), outcome, "test", trial, cost=0.5, seconds=2.0)


def signals(store: Store) -> list[tuple[str, object, bool | None]]:
    with store.reading() as session:
        rows = session.execute(select(SignalRow.trace_uid, SignalRow.value, SignalRow.success).order_by(SignalRow.id))
        return [tuple(row) for row in rows]


def test_a_result_after_its_run(store: Store) -> None:
    put(store, run("r1"))
    report = put(store, result("1", Outcome.SOLVED))
    assert (report.counts["signals"], report.counts["results"]) == (1, 0)
    assert signals(store) == [("r1", "solved", True)]
    with store.reading() as session:
        assert list(session.scalars(select(TraceRow.outcome))) == ["solved"]
    assert put(store, result("1", Outcome.SOLVED)).counts["duplicates"] == 1


def test_a_result_before_its_run(store: Store) -> None:
    assert put(store, result("1", Outcome.PARTLY)).counts["results"] == 1
    assert put(store, run("r1")).counts["signals"] == 1
    assert signals(store) == [("r1", 0.5, None)]
    with store.reading() as session:
        assert list(session.scalars(select(TraceRow.outcome))) == ["partly"]
        assert session.scalar(select(func.count()).select_from(ResultRow)) == 0
    again = put(store, result("1", Outcome.PARTLY), run("r1"))
    assert (again.arrived, again.counts["duplicates"]) == (0, 2)


def test_a_trial_says_which_run_is_meant(store: Store) -> None:
    put(store, run("r1", trial=1), run("r2", trial=2))
    (rejected,) = put(store, result("1", Outcome.SOLVED)).rejected
    assert rejected.record == "result 1"
    assert rejected.reason == "2 runs of v1 have the task t/1: say which by its trial"
    put(store, result("2", Outcome.FAILED, trial=2), result("3", Outcome.SOLVED, trial=3))
    assert signals(store) == [("r2", "failed", False)]


def test_results_without_runs_count_beside_runs(store: Store) -> None:
    put(store, run("r1", trial=1))
    put(
        store,
        result("1", Outcome.SOLVED, trial=1),
        result("2", Outcome.FAILED, trial=2),
        result("3", Outcome.SOLVED, "t/2"),
        result("4", Outcome.UNKNOWN, "t/2", trial=2),
    )
    with store.reading() as session:
        (version,) = list_versions(session)
        found = {tally.task: tally for tally in tallies(session, [version.id])}
    assert version.n_traces == 1
    assert found == {
        "t/1": Tally(version.id, "t/1", False, 2, 2, 1, 0.5, 1, 2.0, 1),
        "t/2": Tally(version.id, "t/2", False, 2, 1, 1, 0.5, 1, 2.0, 1),
    }


def test_published_rates(store: Store) -> None:
    day = datetime(2026, 1, 2, tzinfo=UTC)
    rate = Aggregate("1", "a", "v1", "bench", 0.25, "board", 40, day, 0.5, 3.0, "a note")
    report = put(store, rate, Aggregate("2", "a", "v2", "bench", 0.5, "board"))
    assert report.counts["aggregates"] == 2
    with store.reading() as session:
        first, second = aggregates_of(session, "a")
        ids = {line.name: line.id for line in list_versions(session, "a")}
        assert aggregates_of(session, "another") == []
    assert first == AggregateLine(ids["v1"], "v1", "bench", 0.25, 40, day, 0.5, 3.0, "board", "a note")
    assert (second.version, second.n, second.date) == ("v2", None, None)
    assert put(store, rate).counts["duplicates"] == 1


def test_a_rate_that_is_none(store: Store) -> None:
    wrong = [Aggregate("1", "a", "v1", "bench", 1.5, "board"), Aggregate("2", "a", "v1", "bench", 0.5, "board", 0)]
    reasons = [one.reason for one in put(store, *wrong).rejected]
    assert reasons == ["rate is 1.5, not between 0 and 1", "n is 0, not a number of tasks"]
