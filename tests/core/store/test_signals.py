"""Signals as they are kept: once by their key, anew when said anew, with their trace whenever that comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from core.records import Outcome, Role, Signal, SignalKind, Trace
from core.review.queues import enqueue
from core.store.engine import Store
from core.store.outcomes import set_outcomes
from core.store.people import person_id
from core.store.signals import (
    Kept,
    add_signals,
    attach_signals,
    homes_of,
    say_signals,
    signal_lines,
    signal_names,
    signals_of,
    signals_waiting,
    week_signals,
)
from core.store.tables import SignalRow, TraceRow
from core.store.trace_filter import TraceFilter, count_traces
from core.store.trace_writing import insert_traces
from core.store.traces import find_trace, list_traces
from core.tasks.outcome import refresh_outcomes
from dashboard.parts.trace_view import view_trace
from tests.worlds import START, run

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def thumb(uid: str, value: bool | str, key: str = "k", at: datetime | None = None, **fields: object) -> Signal:
    success = value in (True, "up")
    return Signal(uid, "thumb", SignalKind.EXPLICIT, value, success, key=key, at=at, **fields)  # type: ignore[arg-type]


def arrive(store: Store, *traces: Trace) -> dict[str, int]:
    with store.session() as session:
        ids = insert_traces(session, traces).traces
        attach_signals(session, list(ids))
        refresh_outcomes(session, list(ids.values()))
    return ids


def say(store: Store, *signals: Signal) -> list[Kept]:
    with store.session() as session:
        kept = say_signals(session, signals, homes_of(session, {one.trace_id for one in signals}))
        refresh_outcomes(session, [one.home.trace_id for one in kept if one.home])
    return kept


def states(kept: list[Kept]) -> list[tuple[str, bool]]:
    return [(one.state, one.added) for one in kept]


def rows(store: Store) -> list[tuple[object, bool]]:
    """Value and whether it counts, in the order in which they came."""
    with store.reading() as session:
        found = session.execute(select(SignalRow.value, SignalRow.replaced_at).order_by(SignalRow.id)).all()
    return [(value, replaced is None) for value, replaced in found]


def outcome(store: Store, uid: str) -> tuple[str, str]:
    with store.reading() as session:
        row = session.get_one(TraceRow, find_trace(session, uid))
        return row.outcome, row.outcome_from


def test_the_same_key_again_adds_nothing(store: Store) -> None:
    arrive(store, run("a"))
    assert states(say(store, thumb("a", True))) == [("accepted", True)]
    assert states(say(store, thumb("a", True), thumb("a", True))) == [("repeated", False), ("repeated", False)]
    assert rows(store) == [(True, True)]
    assert outcome(store, "a") == ("solved", "user's judgement: thumb")


def test_a_thumb_that_changes_keeps_what_was_said(store: Store) -> None:
    ids = arrive(store, run("a"))
    said = [say(store, thumb("a", value)) for value in ("up", "down", "down", "up")]
    assert [one.state for (one,) in said] == ["accepted", "accepted", "repeated", "accepted"]
    assert rows(store) == [("up", False), ("down", False), ("up", True)]
    assert outcome(store, "a") == ("solved", "user's judgement: thumb")
    with store.reading() as session:
        assert [one.value for one in signals_of(session, [ids["a"]])[ids["a"]]] == ["up"]
        n, lines = signal_lines(session, ids["a"], 2)
    assert (n, [(one.signal.value, one.replaced_at is None) for one in lines]) == (3, [("up", True), ("down", False)])


def test_a_value_of_another_type_is_another_value(store: Store) -> None:
    arrive(store, run("a"))
    say(store, thumb("a", True))
    assert states(say(store, Signal("a", "thumb", SignalKind.EXPLICIT, 1, True, key="k"))) == [("accepted", True)]


def test_an_older_word_that_comes_late_is_kept_and_does_not_count(store: Store) -> None:
    arrive(store, run("a"))
    say(store, thumb("a", "down", at=NOON))
    late = thumb("a", "up", at=NOON - timedelta(minutes=1))
    assert states(say(store, late)) == [("accepted", True)]
    assert states(say(store, late)) == [("repeated", False)]
    assert rows(store) == [("down", True), ("up", False)]
    assert outcome(store, "a")[0] == "failed"
    assert states(say(store, thumb("a", "up", at=NOON + timedelta(minutes=1)))) == [("accepted", True)]
    assert states(say(store, thumb("a", "down", at=NOON))) == [("repeated", False)]
    assert rows(store) == [("down", False), ("up", False), ("up", True)]


def test_two_words_under_one_key_in_one_request(store: Store) -> None:
    arrive(store, run("a"))
    assert states(say(store, thumb("a", "up"), thumb("a", "down"))) == [("accepted", True), ("accepted", True)]
    assert rows(store) == [("up", False), ("down", True)]


def test_a_key_that_belongs_to_something_else(store: Store) -> None:
    arrive(store, run("a"), run("b"))
    kept = say(store, thumb("a", True), thumb("b", True), thumb("a", True, step_id="3"))
    assert states(kept) == [("accepted", True), ("conflict", False), ("conflict", False)]
    assert rows(store) == [(True, True)]


def test_signals_that_come_before_their_trace_wait_for_it(store: Store) -> None:
    assert states(say(store, thumb("late", False))) == [("waiting", True)]
    assert states(say(store, thumb("late", False))) == [("repeated", False)]
    with store.reading() as session:
        n, lines = signals_waiting(session, 5)
    assert (n, [(one.trace_id, one.signal.trace_id) for one in lines]) == (1, [(None, "late")])
    arrive(store, run("late"))
    assert outcome(store, "late") == ("failed", "user's judgement: thumb")
    with store.reading() as session:
        assert signals_waiting(session, 5) == (0, [])


def test_a_trace_and_its_signal_that_are_written_at_once_meet(store: Store) -> None:
    """Neither sees the other before it is committed, and both look before that."""
    answer: list[Kept] = []
    signal = Thread(target=lambda: answer.extend(say(store, thumb("a", False))))
    with store.session() as session:
        ids = insert_traces(session, [run("a")]).traces
        attach_signals(session, ["a"])
        signal.start()
        signal.join(0.5)
    signal.join()
    assert [(one.state, one.home.trace_id if one.home else 0) for one in answer] == [("accepted", ids["a"])]
    assert outcome(store, "a")[0] == "failed"


def test_two_who_judge_one_trace_at_once_both_count(store: Store) -> None:
    arrive(store, *[run(f"t{n}") for n in range(20)])
    for n in range(20):
        both = Barrier(2)

        def judge(value: bool, uid: str = f"t{n}", both: Barrier = both) -> None:
            both.wait()
            say(store, thumb(uid, value, key=f"{uid}/{value}"))

        threads = [Thread(target=judge, args=(value,)) for value in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with store.reading() as session:
        assert set(session.scalars(select(TraceRow.outcome))) == {"failed"}


def test_when_it_happened_is_kept_where_its_source_says_so(store: Store) -> None:
    ids = arrive(store, run("a"))
    with store.session() as session:
        add_signals(session, [Signal("a", "thumb", SignalKind.EXPLICIT, True, at=NOON)])
    with store.reading() as session:
        assert [one.at for one in signal_lines(session, ids["a"], 5)[1]] == [NOON]


@pytest.mark.parametrize(
    ("name", "says", "found"),
    [
        ("thumb", None, ["c", "b", "a"]),
        ("thumb", True, ["c", "a"]),
        ("thumb", False, ["b"]),
        ("time", None, ["a"]),
        ("time", True, []),
        ("nowhere", None, []),
    ],
)
def test_runs_by_what_their_signals_say(store: Store, name: str, says: bool | None, found: list[str]) -> None:
    arrive(store, *[run(uid, started_at=START + timedelta(hours=n)) for n, uid in enumerate("abcd")])
    time = Signal("a", "time", SignalKind.IMPLICIT, 12.5, key="t")
    say(store, thumb("a", True, "a"), thumb("b", False, "b"), thumb("c", False, "c"), time)
    say(store, thumb("c", True, "c"))
    with store.reading() as session:
        wanted = TraceFilter(signal=name, says=says)
        assert [line.uid for line in list_traces(session, wanted, 10)] == found
        assert count_traces(session, wanted) == len(found)
        assert signal_names(session) == ["thumb", "time"]


def test_a_blind_reviewer_finds_nothing_by_signals(store: Store) -> None:
    ids = arrive(store, run("a"))
    say(store, thumb("a", False))
    with store.session() as session:
        enqueue(session, list(ids.values()))
        lead, annotator = (person_id(session, role.value, role, active=True) for role in (Role.LEAD, Role.ANNOTATOR))
    with store.reading() as session:
        found = [count_traces(session, TraceFilter(signal="thumb", blind_for=who)) for who in (lead, annotator)]
        views = [view_trace(session, ids["a"], None, who) for who in (lead, annotator)]
    assert found == [1, 0]
    assert [(view.n_signals, len(view.signals)) for view in views] == [(1, 1), (0, 0)]


def test_the_weeks_of_signals(store: Store) -> None:
    week = timedelta(weeks=1)
    arrive(store, run("a"), run("b"), run("c", started_at=START + week), run("d", agent="else"), run("e"))
    said = [thumb("a", False, "a"), thumb("b", True, "b"), thumb("c", True, "c"), thumb("d", False, "d")]
    step = Signal("b", "thumb", SignalKind.EXPLICIT, False, False, step_id="3", key="b3")
    say(store, *said, step, Signal("e", "time", SignalKind.IMPLICIT, 3.0, key="e"), thumb("nowhere", False, "w"))
    say(store, thumb("a", True, "a"))
    with store.reading() as session:
        found = [(one.week, one.name, one.n, one.failed) for one in week_signals(session, "shop")]
        assert {one.name for one in week_signals(session)} == {"thumb"}
    assert found == [(date(2026, 8, 31), "thumb", 2, 1), (date(2026, 9, 7), "thumb", 1, 0)]


def test_an_outcome_that_is_right_already_is_not_written(store: Store) -> None:
    ids = arrive(store, run("a", reward=1.0))
    with store.session() as session:
        set_outcomes(session, {ids["a"]: (Outcome.FAILED, "by hand")})
        refresh_outcomes(session, [ids["a"]])
    assert outcome(store, "a") == ("unknown", "")
