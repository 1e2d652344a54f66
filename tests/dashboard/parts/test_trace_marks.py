"""A run's tokens, cost and replaced values in words, and what a list says of a run that is not whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.records import Annotation, Role
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.steps import CostSource
from core.store.tables import TraceRow
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.store.traces import TraceLine, list_traces, trace_line
from dashboard.parts.trace_list import cost_cell, run_rows
from dashboard.parts.trace_marks import cost_told, numbers_told, replaced_told, tokens_told
from dashboard.parts.trace_view import view_trace
from tests.worlds import START, run

BY = "prices of 2025-04-14"


@pytest.fixture
def line(store: Store) -> TraceLine:
    with store.session() as session:
        return trace_line(session, insert_traces(session, [run("r1")]).traces["r1"])


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ((None, None, None), ""),
        ((1280, 80, 1000), "1,360 tokens (1,000 cached)"),
        ((1280, None, 0), "1,280 tokens"),
        ((None, 80, None), "80 tokens"),
    ],
)
def test_tokens(line: TraceLine, tokens: tuple[int | None, ...], said: str) -> None:
    read, written, cached = tokens
    assert tokens_told(replace(line, tokens_in=read, tokens_out=written, tokens_cached=cached)) == said


def test_more_of_the_numbers_on_hover(line: TraceLine) -> None:
    shown = replace(line, tokens_in=1280, tokens_out=80, tokens_cached=1000)
    assert numbers_told(shown) == "1,280 tokens read, of them 1,000 from a cache, at their own price; 80 written."
    assert numbers_told(replace(line, tokens_in=None, tokens_out=None)) is None


@pytest.mark.parametrize(
    ("cost", "costs", "said"),
    [
        (None, [], ""),
        (0.5, [], "$0.50 (reported for the run)"),
        (0.5, [CostSource(BY, 2, 0.2)], "$0.50 (reported for the run)"),
        (0.5, [CostSource("reported", 3, 0.5)], "$0.50 (reported)"),
        (0.5, [CostSource(BY, 3, 0.5)], "$0.50 (prices of 2025-04-14)"),
        (
            0.5,
            [CostSource(BY, 3, 0.3), CostSource("reported", 1, 0.2)],
            "$0.50 (3 calls: prices of 2025-04-14, 1 call: reported)",
        ),
    ],
)
def test_cost(line: TraceLine, cost: float | None, costs: list[CostSource], said: str) -> None:
    assert cost_told(replace(line, cost=cost), costs) == said


def test_what_was_replaced() -> None:
    assert replaced_told({"email": 1, "key": 2}) == "3 values replaced: 2 key, 1 email"
    assert replaced_told({"booking": 1}) == "1 value replaced: 1 booking"


def test_a_cost_that_is_not_whole_says_so_in_a_list(line: TraceLine) -> None:
    assert cost_cell(line) == {"text": "$0.030"}
    said = "2 model calls without a price"
    assert cost_cell(replace(line, n_unpriced=2)) == {"text": "$0.030 +", "title": f"at least $0.030: {said}"}
    unpriced = replace(line, n_unpriced=1, cost=None)
    assert cost_cell(unpriced) == {"text": "unpriced", "title": "1 model call without a price"}


def test_what_is_unfinished_about_a_run_and_what_a_blind_reviewer_is_told(store: Store) -> None:
    with store.session() as session:
        rows = insert_traces(session, [run("changed"), run("open"), run("lost")]).traces
        enqueue(session, [rows["changed"]])
        ann, bob = (person_id(session, name, Role.ANNOTATOR, active=True) for name in ("ann", "bob"))
        said = Annotation("changed", "ann", RUN_REVIEW.key, {"solved": "yes"})
        schema = (save_schema(session, RUN_REVIEW), RUN_REVIEW.key)
        add_annotation(session, rows["changed"], ann, schema, said, START)
        late = {"changed_at": START + timedelta(days=1)}
        session.execute(update(TraceRow).where(TraceRow.uid == "changed").values(root_ended=True, **late))
        session.execute(update(TraceRow).where(TraceRow.uid == "open").values(closed_at=None, root_ended=False))
        session.execute(update(TraceRow).where(TraceRow.uid == "lost").values(root_ended=False))
    with store.reading() as session:
        lines = list_traces(session, TraceFilter(), 10)
        titles = {line.uid: row["cells"][1]["text"] for line, row in zip(lines, run_rows(lines, set()), strict=True)}
        blind = run_rows([trace_line(session, rows["changed"])], {rows["changed"]})
        seen, hidden = (view_trace(session, rows["changed"], None, person) for person in (ann, bob))
    assert titles == {
        "changed": "changed since labelled · Where is my order?",
        "open": "still open · Where is my order?",
        "lost": "root never ended · Where is my order?",
    }
    assert blind[0]["cells"][1]["text"] == "Where is my order?"
    assert (seen.blind, hidden.blind, seen.line.outdated) == (False, True, 1)
    assert [(one.source, one.n) for one in seen.costs] == [("reported", 2)]
