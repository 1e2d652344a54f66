"""Records as lines of JSON: `type` says which kind, the other keys are the fields of core.records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
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
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: _plain(getattr(value, f.name)) for f in fields(value) if not _is_default(f, getattr(value, f.name))
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _is_default(field: Field[Any], value: Any) -> bool:
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return bool(field.default is not MISSING and value == field.default)
