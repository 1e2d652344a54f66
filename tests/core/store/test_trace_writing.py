"""A run of spans grows: late and repeated steps find their place, the root knows best, nothing is there twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.records import Message, Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.reading_order import Place, reading_order
from core.store.steps import outline, read_steps
from core.store.tables import STEP_BITS, StepRow, TraceRow
from core.store.text_search import index_due, n_waiting
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.store.traces import list_traces, trace_line
from tests.worlds import START


def step(uid: str, parent: str | None = "root", at: int = 0, said: str = "", **facts: object) -> Step:
    begin = START + timedelta(seconds=at)
    output = (Message("assistant", said),) if said else ()
    told = {"kind": StepKind.LLM, "started_at": begin, "ended_at": begin + timedelta(seconds=1), "output": output}
    return Step(uid, name=uid, parent_id=parent, **(told | facts))  # type: ignore[arg-type]


ROOT = Step("root", StepKind.AGENT, "root", None, START, START + timedelta(seconds=90))


def part(*steps: Step, **facts: object) -> Trace:
    return Trace("t", "otlp", steps, open=True, root_ended=False, **facts)  # type: ignore[arg-type]


def keep_longer(old: Step, new: Step) -> Step:
    """A merge for these tests: what says more stays."""
    return new if len(new.output) > len(old.output) or (new.ended_at and not old.ended_at) else old


def put(store: Store, *traces: Trace) -> None:
    for trace in traces:
        with store.session() as session:
            insert_traces(session, [trace], keep_longer)


def order(store: Store) -> list[str]:
    with store.reading() as session:
        return [line.step_id for line in outline(session, 1)]


def test_a_parent_after_its_children_stands_before_them(store: Store) -> None:
    put(store, part(step("b", at=2), step("a", at=1)))
    assert order(store) == ["b", "a"]  # a new trace keeps the order that its assembler gave
    put(store, part(ROOT))
    assert order(store) == ["root", "a", "b"]
    put(store, part(step("a2", "a", at=5), step("between", at=1, started_at=START + timedelta(seconds=1.5))))
    assert order(store) == ["root", "a", "a2", "between", "b"]
    with store.reading() as session:
        ids = dict(session.execute(select(StepRow.uid, StepRow.id)).all())
    assert ids == {uid: 1 << STEP_BITS | n for n, uid in enumerate(["b", "a", "root", "a2", "between"])}


def test_totals_and_times_follow(store: Store) -> None:
    put(store, part(step("a", at=1, tokens_in=100, tokens_out=7, cost=0.5), agent="shop"))
    put(store, part(step("b", at=9, tokens_in=50, error="it broke"), replace(ROOT, tokens_in=150), version="v1"))
    with store.reading() as session:
        line = trace_line(session, 1)
        row = session.scalars(select(TraceRow)).one()
    assert (line.agent, line.version) == ("shop", "v1")
    assert (line.n_steps, line.n_errors, line.tokens_in, line.tokens_out, line.cost) == (3, 1, 150, 7, 0.5)
    assert (line.started_at, line.seconds) == (START, 90.0)
    assert (row.root_ended, row.closed_at, row.n_unpriced) == (True, None, 1)


def test_each_token_is_counted_once(store: Store) -> None:
    root = replace(ROOT, tokens_in=30, tokens_out=3, cost=0.3)
    outer = step("outer", at=1, tokens_in=20, tokens_out=2)
    inner = step("inner", "outer", at=2, tokens_in=20, tokens_out=2, tokens_cached=5)
    embedding = step("embedding", at=3, kind=StepKind.OTHER, model="text-embedding-3-small", tokens_in=10)
    for n, steps in enumerate(([inner], [root, embedding], [outer])):
        put(store, part(*steps))
        with store.reading() as session:
            row = session.scalars(select(TraceRow)).one()
        wanted = [(20, 2, 5, None), (30, 2, 5, 0.3), (30, 2, 5, 0.3)][n]
        assert (row.tokens_in, row.tokens_out, row.tokens_cached, row.cost) == wanted
    put(store, part(replace(inner, cost=0.2, cost_from="prices of 2026-01-01", output=(Message("assistant", "x"),))))
    with store.reading() as session:
        assert session.scalars(select(TraceRow.cost)).one() == 0.2


def test_the_roots_word_counts(store: Store) -> None:
    put(store, part(step("a"), agent="library", session_id="s", task=Task("derived/1", "hello", derived=True)))
    put(store, part(step("b", at=1), agent="other", session_id="x", user="u"))
    with store.reading() as session:
        line = trace_line(session, 1)
    assert (line.agent, line.session, line.task) == ("library", "s", "derived/1")
    put(store, part(ROOT, agent="shop", session_id="chat", task=Task("shop/1", "Where is it?")))
    with store.reading() as session:
        line = trace_line(session, 1)
        assert session.scalars(select(TraceRow.user)).one() == "u"
    assert (line.agent, line.session, line.task, line.title) == ("shop", "chat", "shop/1", "Where is it?")


def test_the_same_again_changes_nothing(store: Store) -> None:
    trace = part(ROOT, step("a", at=1, said="hello"))
    put(store, trace)
    with store.session() as session:
        again = insert_traces(session, [trace], keep_longer)
    assert (again.traces, again.grown, again.steps, again.changed_steps) == ({}, {}, 0, 0)
    assert (again.duplicate_traces, again.duplicate_steps) == (1, 2)


def test_a_repeated_step_is_completed_and_found_by_its_new_words_only(store: Store) -> None:
    put(store, part(ROOT, step("a", at=1, said="an umbrella", ended_at=None)))
    with store.session() as session:
        assert index_due(session, 100) == 2
    put(store, part(step("a", at=1, said="a raincoat")))
    with store.reading() as session:
        assert read_steps(session, 1)[1].output == (Message("assistant", "a raincoat"),)
        found = {word: len(list_traces(session, TraceFilter(text=word), 9)) for word in ("umbrella", "raincoat")}
        assert n_waiting(session) == 0
    assert found == {"umbrella": 0, "raincoat": 1}


def test_what_comes_after_the_end_marks_the_trace(store: Store) -> None:
    put(store, replace(part(ROOT), open=False))
    put(store, part(step("late", at=70)))
    with store.reading() as session:
        row = session.scalars(select(TraceRow)).one()
    assert row.closed_at is not None
    assert row.changed_at is not None


def test_the_index_trails_step_by_step(store: Store) -> None:
    put(store, part(*(step(f"s{n}", at=n, said=f"word{n}") for n in range(5))))
    with store.session() as session:
        assert (index_due(session, 3), n_waiting(session)) == (3, 2)
    put(store, part(ROOT))
    with store.session() as session:
        assert [index_due(session, 10), index_due(session, 10)] == [3, 0]
        for n in range(5):
            assert len(list_traces(session, TraceFilter(text=f"word{n}"), 9)) == 1


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([("b", "a"), ("a", None)], ["a", "b"]),
        ([("x", "gone"), ("a", None)], ["x", "a"]),
        ([("a", "b"), ("b", "a")], ["a", "b"]),
        ([("a", "a")], ["a"]),
        ([], []),
    ],
)
def test_reading_order(steps: list[tuple[str, str | None]], wanted: list[str]) -> None:
    places = [Place(uid, parent, START) for uid, parent in steps]
    assert reading_order(places) == wanted


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.none() | st.datetimes()), unique_by=lambda one: one[0]
    )
)
@settings(deadline=None)
def test_every_step_is_read_once_and_after_its_parent(given_steps: list[tuple[int, int, datetime | None]]) -> None:
    places = [Place(str(a), str(b), at and at.replace(tzinfo=START.tzinfo)) for a, b, at in given_steps]
    ordered = reading_order(places)
    assert sorted(ordered) == sorted(place.uid for place in places)
    parents = {place.uid: place.parent for place in places}
    for at, uid in enumerate(ordered):
        parent = parents[uid]
        if parent in ordered[at + 1 :]:  # only on a circle
            chain = [parent]
            while chain[-1] in parents and parents[chain[-1]] not in chain:
                chain.append(parents[chain[-1]])
            assert parents.get(chain[-1]) in chain
