"""A table becomes runs by the columns that a person chose: nothing in it is lost, and what cannot be read is named."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from sqlalchemy import select

from core.errors import InvalidInput
from core.ingest.accept import ImportOptions, import_document
from core.ingest.document import open_document
from core.ingest.formats import columns
from core.ingest.mapping import ColumnMapping, guess_mapping, parse_mapping
from core.records import Message, Rejected, Signal, SignalKind, Step, StepKind, Task, ToolCall, Trace
from core.store.engine import Store
from core.store.tables import TraceRow

ROWS: list[dict[str, Any]] = [
    {"question": "1 + 1?", "answer": "2", "gold": "2", "correct": "yes", "model": "a", "usd": "$0.5", "note": "x"},
    {"question": "2 + 2?", "answer": "5", "gold": "4", "correct": "no", "model": "a", "usd": "", "note": ""},
]
MAPPING = ColumnMapping(
    input="question", output="answer", expected="gold", outcome="correct", version="model", cost="usd"
)


def csv_of(rows: list[dict[str, Any]]) -> bytes:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    quoted = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in line) for line in lines]
    return "\n".join(quoted).encode()


def read(rows: Any, mapping: ColumnMapping, name: str = "runs.json") -> list[Any]:
    data = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return list(columns.read(open_document(name, data), mapping))


def test_a_row_is_a_run() -> None:
    first, second = read(csv_of(ROWS), MAPPING, "runs.csv")
    key = first.task.key
    assert first == Trace(
        trace_id=first.trace_id,
        source="columns",
        steps=(
            Step("0", StepKind.USER, "user", output=(Message("user", "1 + 1?"),)),
            Step(
                *("1", StepKind.LLM, "agent"),
                output=(Message("assistant", "2"),),
                cost=0.5,
                cost_from="reported",
            ),
        ),
        agent="columns",
        version="a",
        task=Task(key, "1 + 1?", {"input": "1 + 1?", "expected": "2"}, derived=True),
        attributes={"note": "x"},
        signals=(
            Signal(
                *(first.trace_id, "correct", SignalKind.AUTOMATED, "yes", True),
                source="columns",
                key=f"{first.trace_id}/correct",
            ),
        ),
    )
    assert (second.steps[1].cost, second.signals[0].success, second.attributes) == (None, False, {})


def test_json_lines_and_parquet_give_the_same_runs_as_csv() -> None:
    lines = "\n".join(json.dumps(row) for row in ROWS).encode()
    packed = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), packed)
    expected = read(csv_of(ROWS), MAPPING, "runs.csv")
    assert read(lines, MAPPING) == read(packed.getvalue(), MAPPING) == expected


def test_rows_with_the_same_trace_id_are_the_steps_of_one_run() -> None:
    rows = [
        {"chat": "chat-number-0001", "who": "human", "text": "Hello", "at": "2026-08-31T09:00:00Z", "score": ""},
        {"chat": "2", "who": "human", "text": "Bye", "at": "", "score": ""},
        {"chat": "chat-number-0001", "who": "Bot", "text": "Hi!", "at": "1788166860", "score": "0.4", "mood": "calm"},
    ]
    mapping = ColumnMapping(trace_id="chat", role="who", output="text", time="at", outcome="score")
    long, short = read(rows, mapping)
    at = [datetime(2026, 8, 31, 9, minute, tzinfo=UTC) for minute in (0, 1)]
    assert long.trace_id == "chat-number-0001"
    assert long.steps == (
        Step("0", StepKind.USER, "user", output=(Message("user", "Hello"),), started_at=at[0]),
        Step(
            *("1", StepKind.LLM, "agent"),
            output=(Message("assistant", "Hi!"),),
            started_at=at[1],
            attributes={"mood": "calm"},
        ),
    )
    assert (long.started_at, long.ended_at) == (at[0], at[1])
    assert [(one.value, one.success) for one in long.signals] == [(0.4, None)]
    assert (short.trace_id[:8], short.attributes) == ("columns-", {"chat": "2"})


def test_two_tables_that_number_their_rows_are_kept_apart(store: Store) -> None:
    mapping = ColumnMapping(trace_id="id", output="answer")
    for answer, new in (("a", 1), ("b", 1), ("b", 0)):
        data = json.dumps([{"id": 1, "answer": answer}]).encode()
        assert import_document(store, "t.json", data, ImportOptions(columns=mapping)).arrived == 2 * new
    with store.reading() as session:
        assert len(session.scalars(select(TraceRow.uid)).all()) == 2


def test_times_and_seconds_of_a_run_of_one_row_are_the_runs_own() -> None:
    mapping = ColumnMapping(output="a", time="at", seconds="s")
    (trace,) = read([{"a": "x", "at": 1788166800, "s": "1.5"}], mapping)
    assert (trace.started_at, trace.seconds) == (datetime(2026, 8, 31, 9, tzinfo=UTC), 1.5)
    assert trace.steps == (Step("0", StepKind.LLM, "agent", output=(Message("assistant", "x"),)),)


def test_a_column_of_messages_is_a_chat() -> None:
    call = {"id": "c", "function": {"name": "get", "arguments": "{}"}}
    chat = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
    ]
    for cell in (chat, json.dumps(chat)):
        (trace,) = read([{"m": cell, "in": 7, "out": 3}], ColumnMapping(messages="m", tokens_in="in", tokens_out="out"))
        assert [(step.kind.value, step.name) for step in trace.steps] == [
            *[("user", "user"), ("llm", "agent"), ("tool", "get")]
        ]
        assert trace.steps[1].output[0].tool_calls == (ToolCall("c", "get", {}),)
        assert (trace.steps[1].tokens_in, trace.steps[1].tokens_out) == (7, 3)


@pytest.mark.parametrize(
    ("value", "wanted", "success"),
    [
        *[("yes", (), True), ("PASS", (), True), ("wrong", (), False), ("so so", (), None), (True, (), True)],
        *[(1, (), True), ("0", (), False), ("0.5", (), None), (4, (), None)],
        *[("good", ("good", "fine"), True), ("Fine", ("good", "fine"), True), ("bad", ("good",), False)],
        *[("4", (">=4",), True), (3.9, (">= 4",), False), ("1.0", ("1",), True), (0.5, ("1",), False)],
        *[(2, ("<3",), True), ("x", (">=4",), False), (False, ("false",), True)],
    ],
)
def test_which_values_mean_success(value: Any, wanted: tuple[str, ...], success: bool | None) -> None:
    (trace,) = read([{"a": "x", "s": value}], ColumnMapping(output="a", outcome="s", success=wanted))
    assert [one.success for one in trace.signals] == [success]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"q": "", "a": None}, "it says nothing: input, output and messages are empty"),
        ({"a": "x", "at": "01/02/2026"}, "at is '01/02/2026', not a time such as 2026-08-31T09:00:00Z"),
        ({"a": "x", "usd": "much"}, "usd is 'much', not an amount in dollars"),
        ({"a": "x", "n": "-3"}, "n is '-3', not a number of tokens"),
        ({"a": "x", "s": "long"}, "s is 'long', not a number of seconds"),
        ({"m": "hello"}, "m is no JSON list of messages"),
        ({"m": [{"content": "x"}]}, "role is missing"),
        ({"a": "x", "id": ""}, "id is empty, and it names the run"),
        (7, "it is not an object with columns"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_body(row: Any, reason: str) -> None:
    good = {"q": "q", "a": "a", "m": None, "at": "2026-08-31", "usd": 1, "n": 1, "s": 1, "id": "run-number-1"}
    mapping = ColumnMapping("q", "a", "m", time="at", cost="usd", tokens_in="n", seconds="s", trace_id="id")
    given = row | {"id": row.get("id", "run-number-2")} if isinstance(row, dict) else row
    rejected, trace = read([good, given], mapping)
    assert rejected == Rejected("record 2", reason, given)
    assert trace.trace_id == "run-number-1"


@pytest.mark.parametrize(
    ("value", "mapping", "says"),
    [
        (ROWS, ColumnMapping(input="query"), "it has no column query (for input); its columns are question, answer"),
        (ROWS, ColumnMapping(expected="gold"), "no column was chosen for the input, the output or the messages"),
        (ROWS, ColumnMapping(role="note", messages="answer"), "a column says who speaks, and none says what"),
        ({"question": 1}, MAPPING, "it is no table"),
        ([1, 2], MAPPING, "it is no table"),
    ],
)
def test_a_mapping_that_does_not_fit_refuses_the_file(value: Any, mapping: ColumnMapping, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(value, mapping)
    assert refused.value.message.startswith(says)


def test_names_of_columns_suggest_their_meaning() -> None:
    names = ["Question", "Model Output", "is_correct", "created at", "Model", "id", "prompt_tokens", "other"]
    assert guess_mapping(names, {}) == ColumnMapping(
        input="Question",
        output="Model Output",
        outcome="is_correct",
        time="created at",
        version="Model",
        trace_id="id",
        tokens_in="prompt_tokens",
    )
    turns = ["id", "conversation_id", "role", "content"]
    assert guess_mapping(turns, {}) == ColumnMapping(
        role="role", output="content", trace_id="conversation_id", session="conversation_id"
    )
    assert guess_mapping(["messages"], {"messages": "[]"}).messages == "messages"
    assert guess_mapping(["messages"], {"messages": "hello"}).messages == ""


def test_a_mapping_on_the_command_line() -> None:
    assert parse_mapping([], ["yes"]) is None
    assert parse_mapping(["input=q", "outcome=a=b"], ["yes"]) == ColumnMapping("q", outcome="a=b", success=("yes",))
    for wrong in ("q", "input=", "poem=q"):
        with pytest.raises(InvalidInput, match="is not PART=COLUMN"):
            parse_mapping([wrong], [])


def test_a_table_that_no_format_takes_is_told_what_to_do(store: Store) -> None:
    data = csv_of([*ROWS, {**ROWS[0], "usd": "much"}])
    refused = import_document(store, "runs.csv", data, ImportOptions())
    assert refused.rejected[0].reason.endswith("can be said with --column or on the Traces page")
    for new in (2, 0):
        report = import_document(store, "runs.csv", data, ImportOptions(columns=MAPPING))
        assert (report.counts["traces"], report.formats) == (new, {"runs.csv": "columns"})
        assert [(one.record, one.reason) for one in report.rejected] == [
            ("line 4", "usd is 'much', not an amount in dollars")
        ]
    with store.reading() as session:
        assert session.scalars(select(TraceRow.outcome).order_by(TraceRow.id)).all() == ["solved", "failed"]
