"""Records as lines of JSON: `type` says which kind, the other keys are the fields of core.records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from core.records import (
    Aggregate,
    Annotation,
    LabelSchema,
    Lesson,
    LoggedRecall,
    Pair,
    Person,
    Preference,
    Resolution,
    Result,
    Signal,
    Trace,
    Version,
    Withheld,
)

TYPES: dict[str, type] = {
    "trace": Trace,
    "signal": Signal,
    "annotation": Annotation,
    "pair": Pair,
    "preference": Preference,
    "schema": LabelSchema,
    "resolution": Resolution,
    "withheld": Withheld,
    "lesson": Lesson,
    "recall": LoggedRecall,
    "person": Person,
    "version": Version,
    "result": Result,
    "aggregate": Aggregate,
}
NAMES_OF = {record: name for name, record in TYPES.items()}

NAMES = {
    "trace_id": 200,
    "step_id": 200,
    "parent_id": 200,
    "pair_id": 200,
    "trace_a": 200,
    "trace_b": 200,
    "lesson_id": 64,
    "recall_id": 64,
    "result_id": 200,
    "aggregate_id": 200,
    "person": 200,
    "schema": 100,
    "question": 100,
    "adopts": 200,
    "candidate": 500,
    "gate": 40,
    "key": 200,
}
"""Fields that other records name things by, and their longest: cut or mended, they would name something else."""


def to_json(record: Any) -> dict[str, Any]:
    """A record as its line says it: the fields that differ from their defaults."""
    said: dict[str, Any] = _plain(record)
    return {"type": NAMES_OF[type(record)]} | said


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _BARE:
        return value
    if kind in NAMES_OF or is_dataclass(value):
        said = ((name, getattr(value, name), least) for name, least in _fields(kind))  # type: ignore[arg-type]
        return {name: _plain(inner) for name, inner, least in said if inner != least}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


_BARE = frozenset({str, int, float, bool, type(None)})
_NEEDED = object()


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """The fields of a record's class, each with its default; what has none is equal to nothing."""
    return tuple((field.name, _default(field)) for field in fields(kind))


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _NEEDED if field.default is MISSING else field.default
