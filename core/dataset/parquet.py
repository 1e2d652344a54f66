"""The rows of a dataset as Parquet, from the lines of its JSONL: the same rows in the same order.

Parquet wants one type for a column, and the arguments of calls and the schemas of tools have another shape in each
row. So `arguments` and `tools` are JSON texts there, which trainers read as such; everything else is typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from core.dataset.messages import spoken

BATCH_BYTES = 8_000_000
"""Of JSONL in one row group, so that memory stays flat however long the rows are."""

_CALL = pa.struct(
    [
        ("id", pa.string()),
        ("type", pa.string()),
        ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())])),
    ]
)
_MESSAGE = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("reasoning_content", pa.string()),
        ("tool_calls", pa.list_(_CALL)),
        ("tool_call_id", pa.string()),
        ("name", pa.string()),
    ]
)
_STEP = pa.struct(
    [
        ("step", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("agent", pa.string()),
        ("messages", pa.list_(_MESSAGE)),
        ("verdict", pa.int8()),
        ("people", pa.int32()),
    ]
)
TYPES = {"label": pa.bool_(), "tools": pa.string(), "steps": pa.list_(_STEP)}
"""Column → its type; a column that is not named here is a list of messages."""


def write_parquet(lines: Iterable[bytes], columns: Sequence[str], file: IO[bytes]) -> int:
    """Write lines of JSONL with these columns to an open file; the number of rows. What a row lacks is null."""
    schema = pa.schema([(name, TYPES.get(name, pa.list_(_MESSAGE))) for name in columns])
    written = 0
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(lines):
            rows = [_typed(json.loads(line)) for line in batch]
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
            written += len(rows)
    return written


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of such a file as its line of JSONL says it: texts are objects again, and what is null is absent."""
    found = {name: value for name, value in row.items() if value is not None}
    for name, value in found.items():
        if name == "tools":
            found[name] = json.loads(value)
        elif name == "steps":
            found[name] = [_step(step) for step in value]
        elif isinstance(value, list):
            found[name] = [_message(message) for message in value]
    return found


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in step.items() if value is not None or name == "verdict"}
    return found | {"messages": [_message(message) for message in step["messages"]]}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in message.items() if value is not None}
    for call in found.get("tool_calls", ()):
        if call["id"] is None:
            del call["id"]
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return found


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    waiting = iter(lines)
    batch: list[bytes] = []
    size = 0
    while some := list(islice(waiting, 64)):
        batch += some
        size += sum(map(len, some))
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if name == "tools":
            row[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for said in spoken(row).values():
        for message in said:
            for call in message.get("tool_calls", ()):
                function = call["function"]
                function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False, separators=(",", ":"))
    return row
