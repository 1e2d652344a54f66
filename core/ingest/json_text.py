"""Reads JSON as it is really written: one value, a value a line, or objects one after another.

NaN and Infinity, which are no JSON, are read as null. A broken line among JSON lines is a rejected record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from core.records import Rejected


@dataclass(frozen=True, slots=True)
class JsonLines:
    """The values of JSON lines, the lines' numbers (none where values are not one a line), and the broken lines."""

    values: list[Any]
    numbers: tuple[int, ...] = ()
    broken: tuple[Rejected, ...] = ()


_LENIENT = json.JSONDecoder(parse_constant=lambda name: None)


def parse_json(text: str | bytes) -> Any:
    """One JSON value; raises ValueError saying what is wrong with it, and where."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:  # slower, but takes NaN and lone surrogates, and says line and column
            return _LENIENT.decode(text if isinstance(text, str) else text.decode())
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        except json.JSONDecodeError as error:
            raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error


def parse_several(text: str) -> JsonLines | None:
    """The values of a text that holds several; None when it is no JSON."""
    return _json_lines(text) or _one_after_another(text)


def _json_lines(text: str) -> JsonLines | None:
    values: list[Any] = []
    numbers: list[int] = []
    broken: list[Rejected] = []
    for number, line in _lines(text):
        try:
            values.append(parse_json(line))
            numbers.append(number)
        except ValueError as error:
            broken.append(Rejected(f"line {number}", f"the line is not JSON: {error}", line))
    if sum(isinstance(value, dict) for value in values) < max(1, len(broken)):
        return None
    return JsonLines(values, tuple(numbers), tuple(broken))


def _one_after_another(text: str) -> JsonLines | None:
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
    return JsonLines(values) if values and all(isinstance(value, dict) for value in values) else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that is not empty with its number, cut one by one: a list of them would be the text once more."""
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end, number = end if end >= 0 else len(text), number + 1
        if line := text[start:end].strip():
            yield number, line
        start = end + 1
