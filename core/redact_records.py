"""Replaces secrets and personal data in records, before they are stored and before they leave; counted, never kept.

Names that other records point at (ids, keys) stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

import orjson

from core.record_lines import NAMES
from core.records import Annotation, Pair, Preference, Resolution, Signal, Step, Trace
from core.redact import Policy, Redactor, redactor

Record = TypeVar("Record", bound=Trace | Signal | Pair | Annotation | Preference | Resolution)

_KEPT = {*NAMES, "call_id", "tool_call_id", "source", "role"}


def redacted(record: Record, policies: Mapping[str, Policy]) -> Record:
    """The record without what its agent's policy (else the one for all others, "") has replaced; a trace counts it."""
    agent = record.agent if isinstance(record, Trace) else ""
    return redacted_by(record, redactor(policies.get(agent) or policies.get("") or Policy()))


def redacted_by(record: Record, by: Redactor) -> Record:
    """The record without what a redactor replaces; a trace counts it."""
    counts: Counter[str] = Counter()
    if not isinstance(record, Trace):
        return _walk(record, by, counts)  # type: ignore[no-any-return]
    steps = tuple(_step(step, by, counts) for step in record.steps)
    others: Trace = _walk(replace(record, steps=()), by, counts)
    if not counts:
        return record
    return replace(others, steps=steps, redactions=dict(counts + Counter(record.redactions)))  # type: ignore[return-value]


def _step(step: Step, by: Redactor, counts: Counter[str]) -> Step:
    try:
        text = orjson.dumps(step, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # lone surrogates, integers past 64 bits: look at each text
        return _walk(step, by, counts)  # type: ignore[no-any-return]
    return _walk(step, by, counts) if by.may_hold(text) else step


def _walk(value: Any, by: Redactor, counts: Counter[str]) -> Any:
    """The value with its texts replaced; the same object where nothing was."""
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name)
            if field.name not in _KEPT and (new := _walk(old, by, counts)) is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value
    if isinstance(value, tuple):
        new_items = tuple(_walk(item, by, counts) for item in value)
        return value if all(a is b for a, b in zip(new_items, value, strict=True)) else new_items
    if isinstance(value, Enum) or not isinstance(value, (str, list, Mapping)):
        return value
    replaced, found = by.value(value)
    counts.update(found)
    return replaced if found else value
