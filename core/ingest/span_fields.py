"""How a format reads the parts of a span that differ from source to source: ids, times, status, events, attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.clock import parse_time
from core.ingest.reading import BadRecord, from_json_text, maybe
from core.ingest.spans import SpanEvent
from core.records import Json

_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))
"""A number below the first of a pair is a time since 1970 in that part of a second: such times are after 1973."""


def first(record: Mapping[str, Any], *paths: str) -> Any:
    """The first of these values that is there and says something; a path is a key, or a key and one inside (a/b)."""
    for path in paths:
        value: Any = record
        for key in path.split("/"):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and value != "":
            return value
    return None


def span_id_of(value: Any, name: str) -> str:
    """An id as OpenTelemetry writes it, without the 0x that some SDKs put before it; raises BadRecord."""
    if value is None:
        raise BadRecord(f"{name} is missing")
    if not isinstance(value, str):
        raise BadRecord(f"{name} is not a text")
    return value.removeprefix("0x")


def time_of(value: Any, name: str) -> datetime | None:
    """A time written as ISO 8601, as [seconds, nanoseconds], or as a number whose size tells its unit; None for none.

    Raises BadRecord for what is no time.
    """
    if value is None or value == "":
        return None
    found = _from_pair(value) if isinstance(value, list) else _from_number(value)
    if found is None:
        found = parse_time(value) if isinstance(value, str) else None
    if found is None:
        raise BadRecord(f"{name} is no time")
    return found


def _from_pair(value: list[Any]) -> datetime | None:
    if len(value) != 2 or any(type(part) is not int for part in value):
        return None
    return _since_1970(value[0] * 10**9 + value[1])


def _from_number(value: Any) -> datetime | None:
    if isinstance(value, str) and re.fullmatch(r"\d{1,20}", value):
        value = int(value)
    if type(value) not in (int, float) or not 0 < value < 10**20:
        return None
    parts = next(parts for limit, parts in _UNITS if value < limit)
    return _since_1970(int(value * (10**9 // parts)) if isinstance(value, int) else int(value / parts * 10**6) * 1000)


def _since_1970(nanoseconds: int) -> datetime | None:
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    except (ValueError, OverflowError, OSError):
        return None


def not_before(started: datetime | None, ended: datetime | None) -> datetime | None:
    """The end; where it lies before the start (two clocks), the start: it ended, and how long it took is not known."""
    return started if started is not None and ended is not None and ended < started else ended


def error_of(code: Any, message: Any) -> str:
    """What a status says when it is an error, in any spelling of its code; "" otherwise."""
    if code == 2 or (isinstance(code, str) and code.upper().rpartition(".")[2] in ("ERROR", "STATUS_CODE_ERROR")):
        return str(message or "the span ended in an error")
    return ""


def attributes_of(record: Mapping[str, Any], key: str) -> dict[str, Json]:
    """A map of attributes, also one written as JSON text; raises BadRecord for anything else."""
    value = from_json_text(record.get(key))
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise BadRecord(f"{key} is not an object")
    return {name: one for name, one in value.items() if one is not None}


def events_of(record: Mapping[str, Any]) -> tuple[SpanEvent, ...]:
    """The events of a span, each an object with a name; raises BadRecord."""
    value = from_json_text(record.get("events"))
    found = []
    for event in maybe({"events": value or None}, "events", list) or ():
        if not isinstance(event, dict):
            raise BadRecord("events holds something that is not an object")
        at = time_of(first(event, "time", "timestamp"), "the time of an event")
        found.append(SpanEvent(str(event.get("name") or ""), at, attributes_of(event, "attributes")))
    return tuple(found)


_WHOLE = re.compile(
    r"(^|\.)(metadata|value|arguments|parameters|json_schema|variables|messages|definitions|system_instructions)$"
)
"""Ends of keys whose value is read as one, however much is in it."""


def flat(nested: Mapping[str, Any]) -> dict[str, Json]:
    """Nested attributes under dotted keys, lists of objects under numbered ones; nothing stands for what is null."""
    return dict(_flat("", nested))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Json]]:
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        parts = [(str(key), one) for key, one in value.items()]
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        parts = [(str(place), one) for place, one in enumerate(value)]
    if path and (not parts or _WHOLE.search(path)):
        if value is not None:
            yield path, value
        return
    for key, one in parts:
        yield from _flat(f"{path}.{key}" if path else key, one)
