"""Loopwright's own records, one JSON object a line: `type` says which, other keys are the fields of core.records."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from pathlib import PurePath
from typing import Any, Union, get_args, get_origin, get_type_hints

from core.clock import parse_time
from core.ingest.document import CARRIED, MANIFEST, Document
from core.ingest.reading import KIND_NAMES, BadRecord, check_json, is_record
from core.record_lines import NAMES_OF, TYPES
from core.records import Arrival, Rejected, Signal

NAME = "loopwright"


def read(document: Document) -> Iterator[Arrival] | None:
    """One record a line (or a list of records), or the zip of a dataset version."""
    if document.members:
        return _of_version(document)
    return _read(document) if any(map(_is_own, document.records[:20])) else None


def _of_version(document: Document) -> Iterator[Arrival] | None:
    """What the rows of a version rest on, from its zip."""
    names = {PurePath(name).name: name for name in document.members}
    if MANIFEST not in names or names.keys().isdisjoint(CARRIED):
        return None
    parts = [Document(names[one], document.members[names[one]]) for one in CARRIED if one in names]
    return chain.from_iterable(map(_read, parts))


def _is_own(record: Any) -> bool:
    return is_record(record, "type") and isinstance(record["type"], str) and record["type"] in TYPES


def _read(document: Document) -> Iterator[Arrival]:
    for index, record in enumerate(document.records):
        try:
            if not _is_own(record):
                raise BadRecord(f"its type is none of {', '.join(TYPES)}")
            check_json(record)
            yield from_json(record)
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{_name(record)}", str(error), record)


def _name(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    key = next((key for key in ("trace_id", "pair_id", "lesson_id", "name") if key in record), None)
    return f" ({record.get('type')} {record[key]})" if key else ""


def from_json(record: Mapping[str, Any]) -> Any:
    """The record that a line says; raises BadRecord naming the field that is wrong."""
    given = {key: value for key, value in record.items() if key != "type"}
    return _build(TYPES[str(record["type"])], given, "", {})


def _build(kind: type, given: Mapping[str, Any], path: str, inherited: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    if unknown := [key for key in given if key not in known]:
        raise BadRecord(f"{path}{unknown[0]} is no field of a {NAMES_OF.get(kind, kind.__name__.lower())}")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in given:
            values[name] = _value(hints[name], given[name], f"{path}{name}", given)
        elif name in inherited:
            values[name] = inherited[name]
        elif field.default is MISSING and field.default_factory is MISSING:
            raise BadRecord(f"{path}{name} is missing")
    return kind(**values)


def _value(hint: Any, value: Any, path: str, around: Mapping[str, Any]) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, path, around)
    if origin is tuple:
        if not isinstance(value, list):
            raise BadRecord(f"{path} is not a list")
        if arguments[-1] is Ellipsis:
            return tuple(_value(arguments[0], inner, f"{path}[{n}]", around) for n, inner in enumerate(value))
        if len(value) != len(arguments):
            raise BadRecord(f"{path} does not have {len(arguments)} parts")
        return tuple(
            _value(a, v, f"{path}[{n}]", around) for n, (a, v) in enumerate(zip(arguments, value, strict=True))
        )
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise BadRecord(f"{path} is not an object")
        return value
    return _plain_value(hint, value, path, around)


def _one_of(arguments: tuple[Any, ...], value: Any, path: str, around: Mapping[str, Any]) -> Any:
    if value is None:
        if type(None) in arguments:
            return None
        raise BadRecord(f"{path} is null")
    if bool in arguments and isinstance(value, bool):
        return value
    problems = []
    for argument in arguments:
        if argument is not type(None) and argument is not bool:
            try:
                return _value(argument, value, path, around)
            except BadRecord as error:
                problems.append(error)
    raise problems[0] if problems else BadRecord(f"{path} is {value!r:.60}, not {KIND_NAMES[bool]}")


def _plain_value(hint: Any, value: Any, path: str, around: Mapping[str, Any]) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise BadRecord(f"{path} is not an object")
        inherited = {"trace_id": around["trace_id"]} if hint is Signal and "trace_id" in around else {}
        return _build(hint, value, f"{path}.", inherited)  # type: ignore[arg-type]
    if hint is datetime:
        time = parse_time(value)
        if time is None:
            raise BadRecord(f"{path} is no time: write it like 2026-08-31T09:00:00Z")
        return time
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value not in list(hint):
            raise BadRecord(f"{path} is {value!r}, not {' or '.join(hint)}")
        return hint(value)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, bool) is not (hint is bool) or not isinstance(value, hint):
        raise BadRecord(f"{path} is {value!r:.60}, not {KIND_NAMES[hint]}")
    return value
