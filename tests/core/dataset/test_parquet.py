"""Parquet holds the same rows as the JSONL that it is written from."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset import parquet
from core.dataset.parquet import read_row, write_parquet

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("function"), "function": st.fixed_dictionaries({"name": TEXT, "arguments": JSON})},
        optional={"id": TEXT},
    ),
    min_size=1,
    max_size=2,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": TEXT},
    optional={"reasoning_content": TEXT, "tool_calls": CALLS, "tool_call_id": TEXT, "name": TEXT},
)
ROW = st.fixed_dictionaries(
    {"prompt": st.lists(MESSAGE, max_size=3), "completion": st.lists(MESSAGE, max_size=2), "label": st.booleans()},
    optional={"tools": st.lists(JSON, max_size=2)},
)


def read_back(rows: list[dict[str, Any]], columns: list[str]) -> list[dict[str, Any]]:
    file = io.BytesIO()
    assert write_parquet((json.dumps(row).encode() for row in rows), columns, file) == len(rows)
    return [read_row(row) for row in pq.read_table(file).to_pylist()]


@settings(deadline=None)
@given(st.lists(ROW, max_size=4))
def test_every_row_comes_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    assert read_back(rows, ["prompt", "completion", "label", "tools"]) == rows


def test_rows_come_in_groups_of_a_size_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BATCH_BYTES", 10_000)
    rows = [{"messages": [{"role": "user", "content": f"{number} " + "x" * 200}]} for number in range(500)]
    file = io.BytesIO()
    write_parquet((json.dumps(row).encode() for row in rows), ["messages", "tools"], file)
    held = pq.ParquetFile(file)
    assert held.num_row_groups == 8
    assert [read_row(row) for row in held.read().to_pylist()] == rows


def test_a_dataset_without_rows_has_its_columns() -> None:
    file = io.BytesIO()
    assert write_parquet([], ["prompt", "chosen", "rejected", "tools"], file) == 0
    assert pq.read_table(file).column_names == ["prompt", "chosen", "rejected", "tools"]
