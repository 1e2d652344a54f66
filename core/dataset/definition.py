"""What a dataset is to hold, as somebody says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.dataset.formats import FORMATS
from core.dataset.gates import choose_gates
from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Definition:
    """What a dataset is to hold: its format, and which gates are on."""

    format: str
    gates: Mapping[str, bool]

    def as_json(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {"format": self.format, "gates": dict(self.gates)}


def define(format: str, gates: Iterable[str] = ()) -> Definition:
    """A definition from a format's name and `NAME=on|off` texts; raises InvalidInput."""
    if format not in FORMATS:
        *names, last = FORMATS
        raise InvalidInput(f"There is no format {format}. Formats are {', '.join(names)} and {last}.", field="format")
    return Definition(format, choose_gates(format, gates))
