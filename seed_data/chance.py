"""The world's only chance: numbers, choices, ids and times that depend on a key alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

T = TypeVar("T")


def roll(*key: Any) -> float:
    """A number in [0, 1) that depends on the key alone."""
    text = "/".join(str(part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def pick(options: Sequence[T], *key: Any) -> T:
    """One of the options, by the key."""
    return options[int(roll(*key) * len(options))]


def hexadecimal(*key: Any) -> str:
    """An id of 32 digits, as OpenTelemetry's are."""
    return "".join(f"{int(roll(*key, n) * 2**32):08x}" for n in range(4))


def at(day: date, hours: Mapping[int, float], *key: Any) -> datetime:
    """A time on a day, at one of the hours, by weight."""
    hour = weighted(list(hours), list(hours.values()), *key, "hour")
    moment = time(hour, int(roll(*key, "minute") * 60), int(roll(*key, "second") * 60), tzinfo=UTC)
    return datetime.combine(day, moment)


def weighted(options: list[Any], weights: list[float], *key: Any) -> Any:
    """One of the options, by weight."""
    left = roll(*key) * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        left -= weight
        if left < 0:
            return option
    return options[-1]
