"""Trials that broke through what they ran on are no failures: kept, counted apart, left out; missing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.ingest.infrastructure import broke, broke_by
from core.records import INFRASTRUCTURE, Outcome, Result, Signal, SignalKind, Task
from core.store.engine import Store
from core.store.signals import add_signals
from core.store.suites import Case, draft_of, set_cases
from core.store.tables import TraceRow
from core.store.traces import find_trace, trace_line
from core.store.trials import add_results
from core.tasks.outcome import outcome_of, refresh_outcomes
from dashboard.parts.version_tables import comparison_rows, left_out, success_rows, tried_line
from tests.core.evaluate.conftest import keep, plan


@pytest.fixture
def world(store: Store) -> Store:
    """v1 solved eight tasks once each; v2 tried six of them and failed one, and on two of the six the sandbox died."""
    keep(store, plan({"v1": dict.fromkeys("12345678", "s"), "v2": {**dict.fromkeys("1234", "s"), "5": "f", "6": "f"}}))
    with store.session() as session:
        found = [find_trace(session, f"v2/{n}/0") for n in "46"]
        add_signals(session, [broke(f"v2/{n}/0", "the sandbox died", "harness") for n in "46"])
        refresh_outcomes(session, found)
        tasks = [Case(f"shop/{n}") for n in range(1, 9)]
        set_cases(session, draft_of(session, "all"), tasks)
    return store


def test_what_broke_is_no_failure_and_is_said(world: Store) -> None:
    with world.session() as session:
        compared = compare_versions(session, "v1", "v2", "all")
        line = trace_line(session, find_trace(session, "v2/4/0"))
    assert (line.outcome, line.outcome_from) == ("unknown", INFRASTRUCTURE)
    assert (compared.paired.n_tasks, compared.paired.candidate.value, compared.paired.regressed) == (
        4,
        0.75,
        ("shop/5",),
    )
    assert (compared.n_cases, compared.base.n_tasks, compared.candidate.n_tasks) == (8, 8, 4)
    assert left_out(compared) == [
        "4 tasks that v1 tried and v2 did not",
        "2 runs of v2 that broke through infrastructure",
    ]
    assert comparison_rows(compared)[0] == {
        "": "Tasks tried",
        "Base: v1": "8 of 8",
        "Candidate: v2": "4 of 8",
        "Difference": "4 by both",
    }
    assert tried_line(compared) == "tried: of 8 tasks v1 8 and v2 4, 4 by both"
    told = compared.as_json()
    assert (told["n_cases"], told["candidate"]["n_tasks"], told["candidate"]["infrastructure"]) == (8, 4, 2)
    assert told["candidate"]["unknown"] == 0


def test_history_counts_it_apart(world: Store) -> None:
    with world.reading() as session:
        first, second = version_history(session, "shop").points
    assert (first.infrastructure, second.infrastructure, second.unknown, second.n_runs) == (0, 2, 0, 6)
    rows = success_rows([first, second])
    assert [row["Infrastructure"] for row in rows] == ["0 broke", "2 broke"]
    assert rows[1]["Without outcome"] == "0 of 6 runs"


def test_a_result_says_so_with_or_without_its_run(store: Store) -> None:
    def result(number: str, **more: Any) -> Result:
        return Result(number, "shop", "v1", Task(f"shop/{number}"), Outcome.UNKNOWN, "harness", **more)

    keep(store, plan({"v1": {"1": "f"}, "v2": {"1": "s", "2": "s"}}))
    with store.session() as session:
        done = add_results(session, [result("1", infrastructure=True), result("2", infrastructure=True), result("3")])
        refresh_outcomes(session, sorted(done.traces))
        assert session.get_one(TraceRow, find_trace(session, "v1/1/0")).outcome_from == INFRASTRUCTURE
        (point, _) = version_history(session, "shop").points
        assert (point.n_runs, point.infrastructure, point.unknown, point.n_tasks) == (3, 2, 1, 0)
        with pytest.raises(InvalidInput, match="No run of v1 has an outcome yet"):
            compare_versions(session, "v1", "v2")


def test_a_version_that_broke_throughout_is_told_so(store: Store) -> None:
    keep(store, plan({"v1": {"1": "f"}, "v2": {"1": "s"}}))
    with store.session() as session:
        add_signals(session, [broke("v1/1/0", "overloaded", "harness")])
        refresh_outcomes(session, [find_trace(session, "v1/1/0")])
        with pytest.raises(InvalidInput, match="all broke through infrastructure"):
            compare_versions(session, "v1", "v2")


@pytest.mark.parametrize(
    ("value", "outcome"), [("it died", "unknown"), (True, "unknown"), (False, "failed"), ("", "failed")]
)
def test_it_outranks_a_grade_and_may_say_that_nothing_broke(value: object, outcome: str) -> None:
    signals = [
        Signal("t", "reward", SignalKind.AUTOMATED, 0.0, False),
        Signal("t", INFRASTRUCTURE, SignalKind.AUTOMATED, value),  # type: ignore[arg-type]
    ]
    assert outcome_of([], signals)[0] == outcome


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("infrastructure_error", True),
        ("submitted (exit_environment_error)", True),
        ("RateLimitError", True),
        ("submitted", False),
        ("submitted (exit_cost)", False),
        ("max_steps", False),
        ("LimitsExceeded", False),
        (None, False),
    ],
)
def test_endings_that_sources_name(ending: str | None, told: bool) -> None:
    assert bool(broke_by("t", ending, "test")) is told
