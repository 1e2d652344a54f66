"""What came of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.ingest.mapping import ColumnMapping
from core.records import Json
from core.store.content import clean

COUNTED = (
    "traces",
    "steps",
    "signals",
    "annotations",
    "marks",
    "pairs",
    "preferences",
    "results",
    "aggregates",
    "lessons",
    "resolutions",
    "schemas",
    "withheld",
    "duplicates",
)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What whoever imports says about the files: names that overrule the files' own, and a suite to fill.

    With `columns`, every file is read as a table by that mapping.
    """

    agent: str = ""
    version: str = ""
    version_date: datetime | None = None
    base: str = ""
    suite: str = ""
    format: str = ""
    replayed: bool = False
    columns: ColumnMapping | None = None


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record (or a whole file) that was not taken, where it stands, and why."""

    path: str
    record: str
    reason: str
    body: Json = None


@dataclass(slots=True)
class ImportReport:
    """What is new, what was there already (`duplicates`), and what was rejected; grows as files are read."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedRecord] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=dict)

    @property
    def arrived(self) -> int:
        """How many records are new."""
        return sum(number for name, number in self.counts.items() if name != "duplicates")

    def reject(self, path: str, record: str, reason: str, body: Json = None) -> None:
        """Note a record that was not taken, with the record itself where it may be tried again."""
        self.rejected.append(RejectedRecord(clean(path), clean(record, 200), clean(reason, 1000), body))

    def as_json(self) -> dict[str, Any]:
        """The JSON of `loopwright import` (DESIGN section 4)."""
        rejected = [{"path": one.path, "record": one.record, "reason": one.reason} for one in self.rejected]
        return {name: self.counts[name] for name in COUNTED} | {"rejected": rejected}


def since(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """What was added to the counts between two moments."""
    return {name: after[name] - before[name] for name in COUNTED if after[name] != before[name]}


def first(rejected: Sequence[RejectedRecord], limit: int = 200) -> list[dict[str, str]]:
    """The first rejected records, as an import's row keeps them."""
    return [{"record": one.record, "reason": one.reason} for one in rejected[:limit]]
