"""Opens what was handed in: gunzipped by content, decoded, and parsed as one JSON value or as several.

A container that is broken anywhere (truncated gzip, malformed JSON, not UTF-8) is refused whole. A broken line among
JSON lines is a rejected record: the lines beside it are sound. NaN and Infinity, which are no JSON, are read as null.
"""

from __future__ import annotations

import gzip
import json
import zlib
from codecs import BOM_UTF8
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

DENSEST = 200
"""How many times larger than its gzip a file past `SUSPECT` bytes may be: real ones are 5 to 30 times."""

SUSPECT = 50_000_000

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
    data = _decompressed(data).removeprefix(BOM_UTF8)
    if not data or data.isspace():
        raise InvalidInput("the file is empty")
    if b"\x00" in data[:1000]:
        raise InvalidInput("the file is not text but binary data; JSON or JSON lines are read, gzipped or not")
    try:
        return Document(name, orjson.loads(data))
    except orjson.JSONDecodeError:
        pass  # it may be several values, or broken: what follows finds out, and where
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file is not UTF-8: byte {error.start:,} cannot be read; save it as UTF-8") from error
    try:
        return Document(name, _parse(text))
    except ValueError as error:
        several = _json_lines(name, text) or _one_after_another(name, text)
        if several is None:
            raise InvalidInput(f"the file is not whole JSON: {_plainly(error)}") from error
        return several


def read_file(path: Path) -> bytes:
    """A file's bytes; raises InvalidInput when it is larger than any that is read."""
    if path.stat().st_size > LARGEST:
        raise InvalidInput(_too_large("the file"))
    return path.read_bytes()


def _decompressed(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        _check_unpacked_size(data)
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(f"the gzip is broken or cut off: {error}; fetch the file again") from error


def _check_unpacked_size(data: bytes) -> None:
    """Unpack once without keeping anything, so that a small file cannot fill the memory."""
    size = 0
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        while chunk := file.read(1 << 20):
            size += len(chunk)
            if size > LARGEST:
                raise InvalidInput(_too_large("unpacked, the file"))
            if size > max(SUSPECT, DENSEST * len(data)):
                raise InvalidInput(f"unpacked, the file is more than {DENSEST} times its size: no run is so repetitive")


def _too_large(what: str) -> str:
    return f"{what} is larger than {LARGEST / 1e9:g} GB; split it, one run a line"


_LENIENT = json.JSONDecoder(parse_constant=lambda name: None)


def _parse(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return _LENIENT.decode(text)  # slower, but takes NaN and lone surrogates, and says line and column
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


def _one_after_another(name: str, text: str) -> Document | None:
    """The document of a text that is nothing but JSON objects, one after another; None when it is not."""
    values: list[Any] = []
    text = text.strip()
    position = 0
    try:
        while position < len(text):
            value, position = _LENIENT.raw_decode(text, position)
            values.append(value)
            while text[position : position + 1].isspace():
                position += 1
    except (ValueError, RecursionError):
        return None
    return Document(name, values) if all(isinstance(value, dict) for value in values) else None


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
