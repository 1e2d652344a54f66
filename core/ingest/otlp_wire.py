"""Takes an OTLP protobuf request apart span by span, for a request that the parser refuses as a whole.

The parser knows only whole messages: one text that is not UTF-8 anywhere in a request of 500 spans makes it refuse all
of them. The framing around the spans is read here (protobuf's wire format: a key and, for messages, a length), so that
each span is parsed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError, Message

from core.errors import InvalidInput

_OUTER, _INNER = 1, 2
"""In both kinds of request: field 1 holds groups by resource, in them field 2 groups by scope, in them field 2 the
spans or log records; fields 1 are the resource and the scope."""


def salvage(request: type[Message], body: bytes) -> tuple[Any, list[tuple[int, str]]]:
    """The request with every span (or log record) that can be parsed, and (place, reason) of each that cannot.

    Raises InvalidInput where the framing itself is broken: then no span's borders are known.
    """
    message: Any = request()
    broken: list[tuple[int, str]] = []
    outers = message.resource_spans if hasattr(message, "resource_spans") else message.resource_logs
    n = 0
    for number, part in _fields(body):
        if number != _OUTER:
            continue
        outer = outers.add()
        for inner_number, inner in _fields(part):
            if inner_number == 1:
                _parse(outer.resource, inner)
            if inner_number != _INNER:
                continue
            scope = (outer.scope_spans if hasattr(outer, "scope_spans") else outer.scope_logs).add()
            items = scope.spans if hasattr(scope, "spans") else scope.log_records
            for item_number, item in _fields(inner):
                if item_number == 1:
                    _parse(scope.scope, item)
                elif item_number == _INNER:
                    if reason := _parse(items.add(), item):
                        del items[-1]
                        broken.append((n, reason))
                    n += 1
    return message, broken


def _parse(message: Any, data: bytes) -> str:
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        message.Clear()
        return f"it cannot be read as protobuf ({str(error).strip() or 'no reason given'}): is a text in it not UTF-8?"
    return ""


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (field number, content) of the length-delimited fields of a message; others are passed over."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        kind = key & 7
        if kind == 2:
            length, position = _varint(data, position)
            if position + length > len(data):
                raise _no_otlp()
            yield key >> 3, data[position : position + length]
            position += length
        elif kind == 0:
            _, position = _varint(data, position)
        elif kind in (1, 5):
            position += 8 if kind == 1 else 4
        else:
            raise _no_otlp()
    if position != len(data):
        raise _no_otlp()


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
    raise _no_otlp()


def _no_otlp() -> InvalidInput:
    return InvalidInput("The body is not an OTLP protobuf request. Is its Content-Type right?")
