"""Traces come back as they went in, page by page, and are found by what they say."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from core.errors import NotFound
from core.records import Message, Step, StepKind, ToolCall
from core.store.engine import Store
from core.store.steps import outline, read_steps
from core.store.text_search import index_due
from core.store.trace_filter import TraceFilter, count_traces
from core.store.trace_writing import insert_traces
from core.store.traces import list_traces, session_traces, trace_line
from tests.worlds import START, run


def test_a_trace_comes_back_as_it_went_in(store: Store) -> None:
    trace = run("t1")
    with store.session() as session:
        inserted = insert_traces(session, [trace])
    with store.reading() as session:
        assert tuple(read_steps(session, inserted.traces["t1"])) == trace.steps
        line = trace_line(session, inserted.traces["t1"])
    assert (line.agent, line.version, line.task, line.n_steps) == ("shop", "v1", "shop/orders/1", 4)
    assert (line.seconds, line.cost, line.tokens_in, line.tokens_out) == (60.0, pytest.approx(0.03), 10, None)


def test_the_same_trace_twice_adds_nothing_and_a_repeated_step_is_stored_once(store: Store) -> None:
    trace = run("t1")
    doubled = run("t2", steps=(*trace.steps, trace.steps[0]))
    with store.session() as session:
        first = insert_traces(session, [trace, doubled])
        again = insert_traces(session, [trace, doubled])
    assert (len(first.traces), first.steps, first.duplicate_steps, first.duplicate_traces) == (2, 8, 1, 0)
    assert (again.traces, again.steps, again.duplicate_traces) == ({}, 0, 2)


def test_more_runs_are_not_more_statements(store: Store) -> None:
    def statements(prefix: str, count: int) -> int:
        said: list[str] = []
        event.listen(store.engine, "before_cursor_execute", note := lambda *given: said.append(given[2]))
        with store.session() as session:
            insert_traces(session, [run(f"{prefix}{n}", trial=n if n % 2 else None) for n in range(count)])
        event.remove(store.engine, "before_cursor_execute", note)
        return len(said)

    statements("first", 1)  # makes the agent, the version and the task
    assert statements("few", 4) == statements("many", 60)


def test_text_that_no_database_holds_is_stored_readably(store: Store) -> None:
    odd = (
        Step("0", StepKind.TOOL, "na\x00me", error="bad \ud800", result={"n": 2**70, "t": "a\x00b"}),
        Step("1", StepKind.LLM, output=(Message("assistant", "\ud83d", tool_calls=(ToolCall("", "f", "{broken"),)),)),
    )
    with store.session() as session:
        inserted = insert_traces(session, [run("t1", steps=odd)])
    with store.reading() as session:
        steps = read_steps(session, inserted.traces["t1"])
    assert (steps[0].name, steps[0].error) == ("na\ufffdme", "bad ?")
    assert steps[0].result == {"n": str(2**70), "t": "a\x00b"}


def test_pages_meet_without_gap_or_overlap(store: Store) -> None:
    with store.session() as session:
        insert_traces(session, [run(f"t{n}", started_at=START + timedelta(hours=n // 3)) for n in range(25)])
    seen: list[str] = []
    with store.reading() as session:
        page = list_traces(session, TraceFilter(), 10)
        while page:
            seen += [line.uid for line in page]
            page = list_traces(session, TraceFilter(), 10, (page[-1].started_at, page[-1].id))
    assert len(seen) == 25
    assert len(set(seen)) == 25


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (TraceFilter(text="refund"), {"b"}),
        (TraceFilter(text="refu"), {"b"}),
        (TraceFilter(text="REFUND please"), {"b"}),
        (TraceFilter(text="refund order"), set()),
        (TraceFilter(text="sent"), {"a", "b"}),
        (TraceFilter(text='") OR 1=1 --'), set()),
        (TraceFilter(text="…"), {"a", "b"}),
        (TraceFilter(agent="shop", version="v2"), {"b"}),
        (TraceFilter(agent="other"), set()),
        (TraceFilter(labelled=True), set()),
        (TraceFilter(session="s1"), {"a"}),
        (TraceFilter(since=START + timedelta(seconds=1)), {"b"}),
        (TraceFilter(until=START + timedelta(seconds=1)), {"a"}),
        (TraceFilter(task="shop/orders/1"), {"a", "b"}),
    ],
)
def test_filters(store: Store, wanted: TraceFilter, found: set[str]) -> None:
    with store.session() as session:
        insert_traces(session, [run("a", session_id="s1")])
        insert_traces(session, [run("b", "A refund, please", version="v2", started_at=START + timedelta(hours=1))])
        assert index_due(session, 100) == 8
    with store.reading() as session:
        assert {line.uid for line in list_traces(session, wanted, 10)} == found
        assert count_traces(session, wanted) == len(found)


def test_outline_and_sessions_are_in_reading_order(store: Store) -> None:
    with store.session() as session:
        insert_traces(session, [run("late", session_id="s", started_at=START + timedelta(days=1))])
        inserted = insert_traces(session, [run("early", session_id="s")])
    with store.reading() as session:
        assert [line.uid for line in session_traces(session, "s")] == ["early", "late"]
        assert [(line.position, line.kind) for line in outline(session, inserted.traces["early"])] == [
            (0, "user"),
            (1, "llm"),
            (2, "tool"),
            (3, "llm"),
        ]


def test_a_trace_that_is_not_there(store: Store) -> None:
    with store.reading() as session, pytest.raises(NotFound, match="no trace 4711"):
        trace_line(session, 4711)
