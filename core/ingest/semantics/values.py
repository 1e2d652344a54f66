"""Values that strangers put into attributes, read without ever raising: JSON in text, texts, counts."""

from __future__ import annotations

import json
from typing import Any

import orjson

from core.ingest.reading import DEEPEST, LARGEST_NUMBER, BadRecord, check_json, count, from_json_text, number
from core.records import Json


def opened(value: Any) -> Json:
    """What a text holds when it is a JSON object, list or string; anything else as it is."""
    if type(value) is not str:
        return value
    start = value[:1]
    if start not in _STARTS and value.lstrip()[:1] not in _STARTS:
        return value
    if start == '"' and value[-1:] != '"':
        return value
    try:
        read = orjson.loads(value)
    except ValueError:
        return from_json_text(value)
    if value.count("[") + value.count("{") > DEEPEST:
        try:
            check_json(read)
        except BadRecord:
            return value
    return read


_STARTS = ("{", "[", '"')


def text_of(value: Any) -> str:
    """A text as it is, nothing as "", anything else as JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        pass
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return f"[{type(value).__name__}: it is nested too deeply to be written]"


def word(value: Any) -> str | None:
    """A short text such as a name or an id, also one written as a number; None for anything else."""
    if type(value) is str:
        if value[:1] == '"' and type(inner := opened(value)) is str:  # MLflow writes each value as JSON
            value = inner
        return value or None
    if type(value) is int or type(value) is float:
        return str(value)
    if type(value) is list and len(value) == 1 and type(value[0]) is str:
        return value[0] or None
    return None


def tokens(value: Any) -> int | None:
    """A number of tokens; None for what is none."""
    if type(value) is int and 0 <= value < 2**31:
        return value
    return count(value) if type(value) is str or type(value) is float else None


def money(value: Any) -> float | None:
    """An amount of US dollars, never negative; None for what is none, or is more than a sum over runs can hold."""
    if type(value) is str or type(value) is float or type(value) is int:
        read = number(value)
        return read if read is not None and 0 <= read <= LARGEST_NUMBER else None
    return None


def something(value: Any) -> Any | None:
    """The value, unless it is nothing: null, an empty text, list or object."""
    return value if value or value == 0 or value is False else None


def whether(value: Any) -> bool | None:
    """True or false, also written as text; None for anything else."""
    if type(value) is bool:
        return value
    return {"true": True, "false": False}.get(value.lower()) if type(value) is str else None


def texts(value: Any) -> tuple[str, ...] | None:
    """A list of texts, also one written as JSON; one text is a list of one; None for anything else."""
    value = opened(value)
    if type(value) is str and value:
        return (value,)
    if isinstance(value, (list, tuple)):
        return tuple(one for one in value if type(one) is str and one) or None
    return None


def listed(value: Any) -> Any:
    """A list where numbered keys ("0", "1", …) stand for one; anything else as it is."""
    if type(value) is dict and value and all(type(key) is str and key.isdecimal() for key in value):
        return [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
    return value
