"""Lift as it stands in the database: one run, one arm, however often it recalled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.evaluate.lift import lesson_lifts, memory_lift, memory_report
from core.memory.arms import Shares
from core.records import LoggedRecall, Task
from core.store.engine import Store
from core.store.lift import NotCounted, Use, stamp_of_lift
from core.store.recalls import log_recall, name_runs
from core.store.signals import add_signals
from core.store.tables import TraceRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run


def played(session: Session, name: str, solved: bool, fates: dict[str, str], times: int = 1, **said: Any) -> None:
    """A run of a task of its own, and its recalls."""
    trace = run(name, reward=float(solved), task=Task(f"shop/{name}", "Where is it?"))
    made = insert_traces(session, [trace]).traces
    add_signals(session, trace.signals)
    refresh_outcomes(session, list(made.values()))
    arm = "control" if "control" in fates.values() else "memory"
    fitted = tuple({"id": uid, "revision": 1, "score": 0.5, "fate": fate} for uid, fate in fates.items())
    for number in range(times):
        at = START + timedelta(minutes=number)
        line = LoggedRecall(f"{name}-{number}", "where?", arm, at, "shop", lessons=fitted)
        log_recall(session, replace(line, **(said or {"trace_id": name})))


@pytest.fixture
def world(store: Store) -> Store:
    """Thirty runs that were given lesson a, of which 27 succeed; ten of the control arm, of which three do; and two
    for which nothing was chosen."""
    with store.session() as session:
        for number in range(30):
            other = "held back" if number % 5 == 0 else "given"
            played(session, f"with{number}", number < 27, {"a": "given", "b": other})
        for number in range(10):
            played(session, f"kept{number}", number < 3, {"a": "control", "b": "control"}, times=3)
        played(session, "nothing fitted", False, {})
        played(session, "not chosen", False, {"a": "too alike"})
    return store


def test_the_memory_as_a_whole(world: Store) -> None:
    with world.reading() as session:
        found, nobody = memory_lift(session), memory_lift(session, "bank")
    assert (found.n_with, found.n_without) == (30, 10)
    assert found.difference == pytest.approx(0.9 - 0.3)
    assert (found.verdict, found.more) == ("helps", 0)
    assert found.cost is not None
    assert found.cost.difference == pytest.approx(0)
    assert found.seconds is not None
    assert (nobody.n_with, nobody.verdict) == (0, "not enough runs")


def test_one_lesson_by_itself_is_given_against_held_back(world: Store) -> None:
    with world.session() as session:
        played(session, "twice", True, {"b": "held back"})
        fitted = ({"id": "b", "fate": "given"},)
        log_recall(session, LoggedRecall("more", "?", "memory", START, "shop", trace_id="twice", lessons=fitted))
    with world.reading() as session:
        found = {one.lesson: one.lift for one in lesson_lifts(session, shares=Shares(hold_back=0.2))}
        [only] = lesson_lifts(session, lessons=["b"])
    assert (found["a"].n_with, found["a"].n_without, found["a"].verdict) == (30, 0, "not enough runs")
    assert (found["b"].n_with, found["b"].n_without) == (25, 6)
    assert only.lesson == "b"


def test_what_harms_comes_first(store: Store) -> None:
    with store.session() as session:
        for number in range(40):
            held = number < 10
            played(session, f"r{number}", held, {"a": "given", "z": "held back" if held else "given"})
    with store.reading() as session:
        first, second = lesson_lifts(session)
    assert (first.lesson, first.harms, first.lift.verdict) == ("z", True, "harms")
    assert not second.harms


def test_runs_are_found_by_their_session_and_by_what_they_say_themselves(store: Store) -> None:
    with store.session() as session:
        played(session, "t0", True, {"a": "given"}, session_id="talk")
        played(session, "t1", True, {"a": "control"}, run_key="k")
        assert memory_lift(session).n_with == 0
        name_runs(session, [("t0-0", "t0"), ("t1-0", "t1")])
        found = memory_lift(session)
    assert (found.n_with, found.n_without) == (1, 1)


def test_a_run_is_found_by_a_key_that_is_its_trace_id_or_its_session_alone(store: Store) -> None:
    with store.session() as session:
        played(session, "t0", True, {"a": "given"}, run_key="t0")
        played(session, "t1", True, {"a": "control"}, run_key="talk")
        insert_traces(session, [run("t2", session_id="other"), run("t3", session_id="other")])
        played(session, "t4", True, {"a": "given"}, run_key="other")
        assert (memory_lift(session).n_with, memory_lift(session).n_without) == (1, 0)
        session.execute(update(TraceRow).where(TraceRow.uid == "t1").values(session="talk"))
        found, told = memory_report(session).whole, memory_report(session).left_out
    assert (found.n_with, found.n_without) == (1, 1)
    assert told.not_here == 1


def test_what_is_in_no_comparison_is_counted_by_why(world: Store) -> None:
    with world.session() as session:
        before = stamp_of_lift(session)
        open_run = run("open", task=Task("shop/open", "Where is it?"))
        insert_traces(session, [open_run])
        fitted = ({"id": "a", "fate": "given"},)
        for name, said in (("open", {"trace_id": "open"}), ("lost", {"run_key": "lost"}), ("nobody", {})):
            log_recall(session, LoggedRecall(name, "?", "memory", START, "shop", lessons=fitted, **said))
        found, elsewhere = memory_report(session), memory_report(session, "bank")
        assert stamp_of_lift(session) != before
    assert found.left_out == NotCounted(nothing_chosen=2, open_outcome=1, nameless=1, not_here=1)
    assert elsewhere.left_out == NotCounted(0, 0, 0, 0)
    assert (found.whole.n_with, found.whole.n_without) == (30, 10)


def test_a_task_that_comes_back_in_another_week_and_of_another_agent_is_one_task(store: Store) -> None:
    with store.session() as session:
        for number in range(24):
            at = START + timedelta(weeks=number % 2)
            trace = run(f"r{number}", reward=1.0, agent="ab"[number % 3 > 0], started_at=at, ended_at=at)
            made = insert_traces(session, [trace]).traces
            add_signals(session, trace.signals)
            refresh_outcomes(session, list(made.values()))
            arm, fate = ("control", "control") if number % 4 == 0 else ("memory", "given")
            line = LoggedRecall(f"r{number}", "?", arm, at, lessons=({"id": "x", "fate": fate},), trace_id=f"r{number}")
            log_recall(session, line)
        found = memory_report(session)
    assert found.whole.with_it is not None
    assert (found.whole.with_it.n, found.whole.with_it.tasks) == (18, 1)
    assert [(one.agent, one.lift.n_with + one.lift.n_without) for one in found.agents] == [("b", 16), ("a", 8)]
    weeks = [(f"{one.start}", one.lift.n_with, one.lift.n_without, one.enough) for one in found.weeks]
    assert weeks == [("2026-08-31", 6, 6, True), ("2026-09-07", 12, 0, False)]


def test_how_often_a_lesson_was_given_and_when_last(world: Store) -> None:
    with world.reading() as session:
        uses = {one.lesson: one.use for one in lesson_lifts(session)}
    assert uses == {"a": Use(30, START), "b": Use(24, START)}
