"""OTLP's JSON form into the same protobuf messages, and a message back to JSON.

Not protobuf's own JSON mapping: OTLP writes ids as hex and enums as numbers. Field names are read in lowerCamelCase and
as protobuf spells them; unknown ones are passed over, as the specification asks. A span or log record with a value of
the wrong kind is rejected alone.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from core.errors import InvalidInput
from core.ingest.reading import BadRecord, check_json
from core.records import Json, Rejected

_HEX = {"trace_id", "span_id", "parent_span_id"}
_ALONE = {"opentelemetry.proto.trace.v1.Span", "opentelemetry.proto.logs.v1.LogRecord"}
_GROUPS = {
    f"opentelemetry.proto.{kind}"
    for kind in ("trace.v1.ResourceSpans", "trace.v1.ScopeSpans", "logs.v1.ResourceLogs", "logs.v1.ScopeLogs")
}
MOST_GROUPS = 20_000
"""Groups in one list: millions of empty ones say nothing and keep a server busy for half a minute."""

DEEPEST = 100
"""Levels of values in values; deeper ones cannot be written as protobuf again."""

_INTEGERS = {
    FieldDescriptor.TYPE_UINT32: (0, 2**32),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32),
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64),
    FieldDescriptor.TYPE_UINT64: (0, 2**64),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63),
}


def read(request: type[Message], value: Json) -> tuple[Any, list[Rejected]]:
    """The request that a JSON value says, and the spans (or log records) that could not be read, each with its reason.

    Raises InvalidInput for a value that is no such request.
    """
    field = request.DESCRIPTOR.fields[0]
    if not isinstance(value, dict) or not any(name in value for name in (field.json_name, field.name)):
        raise InvalidInput(f"The body is not an OTLP request: it is not an object with {field.json_name}.")
    message = request()
    wrong: list[Rejected] = []
    try:
        _fill(message, value, "", wrong, 0)
    except BadRecord as error:
        raise InvalidInput(f"The body is not an OTLP request: {error}.") from error
    return message, wrong


def _fill(message: Any, value: Any, path: str, wrong: list[Rejected], depth: int) -> None:
    if not isinstance(value, dict):
        raise BadRecord(f"{path or 'it'} is not an object")
    if depth > DEEPEST:
        raise BadRecord(f"its values are nested too deeply: more than {DEEPEST} levels")
    for field in _fields(message):
        given = value.get(field.json_name, value.get(field.name))
        if given is None:
            continue
        place = f"{path}.{field.json_name}".lstrip(".")
        if field.is_repeated:
            if not isinstance(given, list):
                raise BadRecord(f"{place} is not a list")
            _fill_list(getattr(message, field.name), field, given, place, wrong, depth)
        elif field.message_type is not None:
            part = getattr(message, field.name)
            part.SetInParent()
            _fill(part, given, place, wrong, depth + 1)
        else:
            setattr(message, field.name, _scalar(field, given, place))


_known: dict[str, list[Any]] = {}


def _fields(message: Any) -> list[Any]:
    name = message.DESCRIPTOR.full_name
    if name not in _known:
        _known[name] = list(message.DESCRIPTOR.fields)
    return _known[name]


def _fill_list(target: Any, field: Any, given: list[Any], place: str, wrong: list[Rejected], depth: int) -> None:
    if field.message_type is None:
        target.extend(_scalar(field, one, f"{place}[{n}]") for n, one in enumerate(given))
        return
    alone = field.message_type.full_name in _ALONE
    if field.message_type.full_name in _GROUPS and len(given) > MOST_GROUPS:
        raise BadRecord(f"{place} has {len(given):,} groups; a request may have {MOST_GROUPS:,} of a kind")
    for n, one in enumerate(given):
        try:
            _fill(target.add(), one, "" if alone else f"{place}[{n}]", wrong, depth + 1)
        except BadRecord as error:
            if not alone:
                raise
            del target[-1]
            wrong.append(Rejected(_name(one, f"{place}[{n}]"), str(error), _kept(one)))


def _kept(one: Any) -> Json:
    """The span as it came, to be tried again; None where it cannot be written (a field not read may be deep)."""
    try:
        check_json(one)
    except BadRecord:
        return None
    return cast(Json, one)


def _name(one: Any, place: str) -> str:
    named = [one.get(key) for key in ("spanId", "span_id", "name")] if isinstance(one, dict) else []
    said = [name[:80] for name in named if isinstance(name, str)]
    return " ".join(["span" if said else place, *said])


def _scalar(field: Any, value: Any, place: str) -> Any:
    kind = field.type
    if kind == FieldDescriptor.TYPE_STRING:
        if isinstance(value, str):
            return _utf8(value)
        raise BadRecord(f"{place} is not a text")
    if kind == FieldDescriptor.TYPE_BYTES:
        return _bytes(field, value, place)
    if kind == FieldDescriptor.TYPE_BOOL:
        if isinstance(value, bool):
            return value
        raise BadRecord(f"{place} is not true or false")
    if kind == FieldDescriptor.TYPE_DOUBLE:
        try:
            return float(value)  # also "NaN" and "Infinity", which JSON has no number for
        except (TypeError, ValueError, OverflowError) as error:
            raise BadRecord(f"{place} is not a number") from error
    if kind == FieldDescriptor.TYPE_ENUM and isinstance(value, str) and not value.lstrip("-").isdigit():
        named = field.enum_type.values_by_name.get(_utf8(value))
        if named is None:
            raise BadRecord(f"{place} is {value!r:.40}, which is none of its values")
        return named.number
    return _integer(kind, value, place)


def _integer(kind: int, value: Any, place: str) -> int:
    low, high = _INTEGERS.get(kind, (-(2**31), 2**31))
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()) or len(str(value)) > 40:
            raise ValueError
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRecord(f"{place} is not a whole number") from error
    if not low <= number < high:
        raise BadRecord(f"{place} is too large a number")
    return number


def _bytes(field: Any, value: Any, place: str) -> bytes:
    if not isinstance(value, str):
        raise BadRecord(f"{place} is not a text")
    try:
        return bytes.fromhex(value) if field.name in _HEX else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        form = "hex digits" if field.name in _HEX else "base64"
        raise BadRecord(f"{place} is not written in {form}") from error


def _utf8(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def write(message: Any) -> dict[str, Json]:
    """A message as OTLP's JSON, with only the fields that are set."""
    return {field.json_name: _written(field, value) for field, value in message.ListFields()}


def _written(field: Any, value: Any) -> Json:
    if field.is_repeated:
        return [_one(field, inner) for inner in value]
    return _one(field, value)


def _one(field: Any, value: Any) -> Json:
    if field.message_type is not None:
        return write(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return value.hex() if field.name in _HEX else base64.b64encode(value).decode()
    if field.type in (FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_INT64):
        return str(value)
    return value
