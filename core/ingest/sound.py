"""Whether a record keeps what both databases can hold, so that a bad one is rejected by name, not with its whole batch.

A reader checks what its format means; this knows nothing of formats, and nothing of what is stored already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from math import isfinite
from typing import Any, get_args, get_type_hints

from core.ingest.reading import LARGEST_NUMBER, BadRecord
from core.record_lines import NAMES
from core.records import Aggregate, Annotation, Outcome, Preference, Resolution, Task
from core.store.content import clean

LARGEST_INTEGER = 2**31 - 1

Check = Callable[[Any, str], None]


def check(record: object) -> None:
    """Raise BadRecord naming the field of a record that cannot be stored as it is."""
    _check_fields(record, "")
    if isinstance(record, Annotation) and record.answers.get("outcome", Outcome.UNKNOWN) not in list(Outcome):
        raise BadRecord(f"answers.outcome is {record.answers['outcome']!r:.60}, not {' or '.join(Outcome)}")
    if isinstance(record, Resolution) and record.question == "outcome" and record.answer not in list(Outcome):
        raise BadRecord(f"answer is {record.answer!r:.60}, not {' or '.join(Outcome)}")
    if isinstance(record, Aggregate) and not 0 <= record.rate <= 1:
        raise BadRecord(f"rate is {record.rate!r:.20}, not between 0 and 1")
    if isinstance(record, Aggregate) and record.n is not None and record.n < 1:
        raise BadRecord(f"n is {record.n}, not a number of tasks")
    if isinstance(record, Preference) and record.left not in ("", "a", "b"):
        raise BadRecord(f"left is {record.left!r:.60}, not a or b")


def _check_fields(record: object, path: str) -> None:
    for name, look in _checks(type(record)):  # type: ignore[arg-type]  # mypy sees the hash of its instances
        value = getattr(record, name)
        if value is not None:
            look(value, path + name)


@cache
def _checks(kind: type[Any]) -> tuple[tuple[str, Check], ...]:
    """The fields of a record's class that have to be looked at, each with its check."""
    hints = get_type_hints(kind)
    found: list[tuple[str, Check]] = []
    for field in fields(kind):
        inside = {hints[field.name], *get_args(hints[field.name])}
        if hints[field.name] == Mapping[str, int]:
            found.append((field.name, _counts))
            continue
        if field.name in NAMES:
            longest = 300 if kind is Task else NAMES[field.name]
            found.append((field.name, partial(_name, longest=longest, needed=field.default is MISSING)))
        elif any(is_dataclass(one) and _checks(one) for one in inside):  # type: ignore[arg-type]
            found.append((field.name, _inner))
        elif int in inside:
            found.append((field.name, _integer))
        elif float in inside:
            found.append((field.name, _finite))
    return tuple(found)


def _name(value: str, path: str, longest: int, needed: bool) -> None:
    if needed and not value.strip():
        raise BadRecord(f"{path} is empty")
    if len(value) > longest:
        raise BadRecord(f"{path} has {len(value):,} characters; it may have {longest}")
    if not value.isprintable() and value != clean(value):
        raise BadRecord(f"{path} holds a character that is no text (NUL, or half of a surrogate pair)")


def _integer(value: int, path: str) -> None:
    if abs(value) > LARGEST_INTEGER:
        raise BadRecord(f"{path} is {value!r:.20}: numbers up to {LARGEST_INTEGER:,} can be kept")


def _counts(value: Mapping[str, Any], path: str) -> None:
    if any(type(n) is not int or not 0 <= n <= LARGEST_INTEGER for n in value.values()):
        raise BadRecord(f"{path} does not hold counts only")


def _finite(value: Any, path: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        raise BadRecord(f"{path} is no finite number")
    if isinstance(value, float) and abs(value) > LARGEST_NUMBER:
        raise BadRecord(f"{path} is {value:g}: numbers up to {LARGEST_NUMBER:g} can be kept")


def _inner(value: Any, path: str) -> None:
    if isinstance(value, tuple):
        for index, one in enumerate(value):
            _check_fields(one, f"{path}[{index}].")
    else:
        _check_fields(value, f"{path}.")
