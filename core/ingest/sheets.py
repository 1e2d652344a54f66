"""Reads rows: CSV and TSV with or without a header, and parquet. A row is an object with a key a column.

A row of CSV that does not have as many fields as the others is a rejected record; broken quoting spoils all that
follows it, so such a file is refused whole.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from math import isfinite
from typing import Any

from core.errors import InvalidInput
from core.ingest.containers import LARGEST, too_large
from core.records import Rejected

DELIMITERS = (",", "\t", ";", "|")
SNIFFED = 50
"""Rows that are looked at to find the delimiter."""

BATCH = 100
"""Rows of a parquet file that are unpacked at once."""

csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows by column; `lines` are where the rows of a CSV begin, `broken` those that do not fit."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    lines: tuple[int, ...] = ()
    broken: tuple[Rejected, ...] = ()


def parse_csv(text: str, *, named_so: bool) -> Sheet | None:
    """The rows of a CSV; None when the text is no table.

    A text whose name does not say that it is one (`named_so`) has to look like one: at least two rows and two columns,
    and every row that is looked at as wide as the first. Raises InvalidInput for broken quoting.
    """
    delimiter = _delimiter(text, every_row=not named_so)
    if delimiter is None:
        if not named_so:
            return None
        delimiter = ","
    rows = _rows(text, delimiter)
    first = next(rows, None)
    if first is None:
        return None
    headed = _is_header(first[1])
    columns = _distinct(first[1] if headed else ["" for _ in first[1]])
    values: list[dict[str, Any]] = []
    lines: list[int] = []
    broken: list[Rejected] = []
    for line, row in rows if headed else _with(first, rows):
        if len(row) == len(columns):
            values.append(dict(zip(columns, row, strict=True)))
            lines.append(line)
        else:
            reason = f"it has {len(row)} fields, and the {'header' if headed else 'first row'} has {len(columns)}"
            broken.append(Rejected(f"line {line}", reason, row))
    return Sheet(columns, values, tuple(lines), tuple(broken))


def _with(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the line on which it begins; raises InvalidInput for broken quoting."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            wrong = "a quotation mark is never closed" if "end of data" in str(error) else str(error)
            raise InvalidInput(f"the CSV's quoting is broken in the row at line {line}: {wrong}") from error
        if any(field.strip() for field in row):
            yield line, row


def _lines(text: str) -> Iterator[str]:
    """Each line with its end, cut one by one: a file object over the text would hold it again, four bytes a letter."""
    end_of_line = "\n" if "\n" in text else "\r"
    start = 0
    while start < len(text):
        end = text.find(end_of_line, start) + 1 or len(text)
        yield text[start:end]
        start = end


def _delimiter(text: str, every_row: bool) -> str | None:
    """The delimiter that cuts most of the first rows into as many fields as the first has, and at least two."""
    best, most = None, (0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for _, row in islice(_rows(text, delimiter), SNIFFED)]
        except InvalidInput:
            continue
        if len(widths) < 2 or widths[0] < 2 or (every_row and set(widths) != {widths[0]}):
            continue
        found = (widths.count(widths[0]), widths[0])
        if found > most:
            best, most = delimiter, found
    return best


_NO_NAME = re.compile(r"^[\s\d.,:+/%$€£-]+$|^\s*[\[{]|[.?!]\s*$|\n|://|@")


def _is_header(row: Sequence[str]) -> bool:
    """Whether these are names of columns: short, each once, no number, sentence, address or JSON."""
    named = [field for field in row if field.strip()]
    return (
        len(set(named)) == len(named)
        and len(named) * 2 > len(row)
        and not any(len(field) > 80 or len(field.split()) > 6 or _NO_NAME.search(field) for field in named)
    )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    distinct = []
    for number, name in enumerate(names, 1):
        name = name.strip() or f"column {number}"
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(distinct)


def is_parquet(data: bytes) -> bool:
    """Whether the bytes begin like a parquet file."""
    return data[:4] == b"PAR1"


def parse_parquet(data: bytes) -> Sheet:
    """The rows of a parquet file; times as ISO text, as JSON would have them. Raises InvalidInput."""
    import pyarrow
    from pyarrow import parquet

    rows: list[dict[str, Any]] = []
    size = 0
    try:
        with parquet.ParquetFile(BytesIO(data)) as file:
            columns = tuple(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH):
                size += batch.nbytes
                if size > LARGEST:
                    raise InvalidInput(too_large("unpacked, the file"))
                rows += [_as_json(row) for row in batch.to_pylist()]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        said = str(error).split("\n")[0]
        raise InvalidInput(f"the parquet file is broken or cut off: {said}; fetch the file again") from error
    return Sheet(columns, rows)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(inner) for inner in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value
