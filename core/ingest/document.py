"""Opens what was handed in: gunzipped by content, decoded, and parsed as one JSON value or as JSON lines.

A container that is broken anywhere (truncated gzip, malformed JSON, not UTF-8) is refused whole. A broken line among
JSON lines is a rejected record: the lines beside it are sound.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson

from core.errors import InvalidInput
from core.records import Rejected

LARGEST = 1_000_000_000
"""Bytes of one file after decompression."""

READ_FROM_FOLDERS = (".json", ".jsonl", ".ndjson", ".gz")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `value` is its JSON value; for JSON lines the list of the lines' values, `lines` their numbers.

    `broken` are lines that are no JSON.
    """

    name: str
    value: Any
    lines: tuple[int, ...] = ()
    broken: tuple[Rejected, ...] = ()

    @property
    def records(self) -> list[Any]:
        """The value as a list of records: a list as it is, anything else as the only one."""
        return self.value if isinstance(self.value, list) else [self.value]

    def where(self, index: int) -> str:
        """The place of a record, as a person finds it."""
        return f"line {self.lines[index]}" if self.lines else f"record {index + 1}"


def open_document(name: str, data: bytes) -> Document:
    """The parsed content of a file; raises InvalidInput saying what is wrong with it and where."""
    data = _decompressed(data)
    if not data.strip():
        raise InvalidInput("the file is empty")
    if b"\x00" in data[:1000]:
        raise InvalidInput("the file is not text but binary data; JSON or JSON lines are read, gzipped or not")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file is not UTF-8: byte {error.start:,} cannot be read; save it as UTF-8") from error
    try:
        return Document(name, _parse(text))
    except ValueError as error:
        lines = _json_lines(name, text)
        if lines is None:
            raise InvalidInput(f"the file is not whole JSON: {_plainly(error)}") from error
        return lines


def _decompressed(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            plain = file.read(LARGEST + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(f"the gzip is broken or cut off: {error}; fetch the file again") from error
    if len(plain) > LARGEST:
        raise InvalidInput(f"unpacked, the file is larger than {LARGEST / 1e9:g} GB; split it")
    return plain


def _parse(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return json.loads(text)  # slower, but takes NaN and lone surrogates, and says line and column
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def _json_lines(name: str, text: str) -> Document | None:
    """The document of a text whose lines are JSON values each; None when hardly any is."""
    values: list[Any] = []
    numbers: list[int] = []
    broken: list[Rejected] = []
    for number, line in _lines(text):
        try:
            values.append(_parse(line))
            numbers.append(number)
        except ValueError as error:
            broken.append(Rejected(f"line {number}", f"the line is not JSON: {_plainly(error)}"))
    if sum(isinstance(value, dict) for value in values) < max(1, len(broken)):
        return None
    return Document(name, values, tuple(numbers), tuple(broken))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _plainly(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return str(error)


def files_in(path: Path) -> list[Path]:
    """The file itself, or what a folder holds that may be read, in order of name; raises InvalidInput when missing."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix in READ_FROM_FOLDERS)
        if not found:
            raise InvalidInput(f"{path} holds no {', '.join(READ_FROM_FOLDERS)} file.", field="paths")
        return found
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {path}.", field="paths")
    return [path]
