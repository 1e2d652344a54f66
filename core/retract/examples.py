"""Takes rows out of dataset versions: what was taken back is trained on no more, and stands in no file.

A version never gets another row, and none is changed. It can lose rows, in the open: its manifest keeps the counts and
sums of what it was, and says under `retracted` how many rows went and the sums of what is left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from core.clock import now
from core.dataset.lines import json_line
from core.dataset.writing import LABELS, PARTS, PROVENANCE, TRACES, TRAIN
from core.store.dataset_versions import (
    DatasetVersion,
    Part,
    list_versions,
    note_retracted,
    read_lines,
    read_parts,
    rewrite_part,
)


@dataclass(frozen=True, slots=True)
class TouchedVersion:
    """A dataset version with how many of its rows come from runs that go, and how many it has."""

    dataset: str
    number: int
    rows: int
    of: int

    @property
    def words(self) -> str:
        """What becomes of it, in a sentence."""
        return f"The dataset version {self.dataset} {self.number} loses {self.rows:,} of its {self.of:,} rows."


def touched_versions(session: Session, uids: Collection[str]) -> list[TouchedVersion]:
    """The versions with rows of these runs (by their sources' ids)."""
    wanted = set(uids)
    found = []
    for version in list_versions(session) if wanted else ():
        gone = [bool(wanted & traces) for traces in _traces(session, version, PROVENANCE)]
        if any(gone):
            found.append(TouchedVersion(version.dataset, version.number, sum(gone), len(gone)))
    return found


def used_runs(session: Session) -> set[str]:
    """The runs (by their sources' ids) of which a row stands in any version."""
    versions = list_versions(session)
    return {uid for version in versions for traces in _traces(session, version, PROVENANCE) for uid in traces}


@dataclass(slots=True)
class Rewrite:
    """What one version loses: the parts as they are to stand, how many rows go, and what its manifest says then."""

    version: int
    rows: int = 0
    parts: list[tuple[str, Part]] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)


def rewrites(session: Session, uids: Collection[str]) -> list[Rewrite]:
    """What all versions lose with these runs: rows, and the names of what was excluded. Nothing is written."""
    wanted = set(uids)
    found = (_rewrite(session, version, wanted) for version in list_versions(session) if wanted)
    return [one for one in found if one.parts]


def carry_out(session: Session, found: Sequence[Rewrite]) -> None:
    """Write them."""
    for one in found:
        for file, part in one.parts:
            rewrite_part(session, one.version, file, part)
        note_retracted(session, one.version, one.said)


def _traces(session: Session, version: DatasetVersion, file: str) -> Iterator[set[str]]:
    """The runs that each line of a file of provenance names."""
    return (set(json.loads(line)["traces"]) for line in read_lines(session, version.id, file))


def _rewrite(session: Session, version: DatasetVersion, wanted: set[str]) -> Rewrite:
    found = Rewrite(version.id)
    kept = [not wanted & traces for traces in _traces(session, version, PROVENANCE)]
    found.rows = len(kept) - sum(kept)
    sums = {}
    for file in (name for name in PARTS if name in version.manifest["sha256"]):
        digest, at = hashlib.sha256(), 0
        named = _Named(wanted)
        for part in read_parts(session, version.id, file):
            if file in (TRAIN, PROVENANCE):
                left = [line for line, stays in zip(part.lines, kept[at:], strict=False) if stays]
            else:
                left = named.left(part.lines) if file in (TRACES, LABELS) else _still_excluded(part.lines, wanted)
            at += len(part.lines)
            digest.update(b"".join(left))
            if left != part.lines:
                found.parts.append((file, Part(part.number, left)))
        sums[file] = digest.hexdigest()
    before, left_rows = version.manifest["rows"], sum(kept)
    found.said = {"rows": before - left_rows, "left": left_rows, "last": f"{now():%Y-%m-%d}", "sha256": sums}
    return found


class _Named:
    """Which lines of traces.jsonl or labels.jsonl are about runs that go, or about pairs of them."""

    def __init__(self, runs: set[str]) -> None:
        self._runs = runs
        self._pairs: set[str] = set()

    def left(self, lines: Sequence[bytes]) -> list[bytes]:
        """The lines of other runs; a pair stands before what is said of it."""
        return [line for line in lines if not self._goes(json.loads(line))]

    def _goes(self, record: Mapping[str, Any]) -> bool:
        if record["type"] == "withheld":
            return any(uid in record["candidate"] for uid in self._runs)
        goes = not self._runs.isdisjoint(record.get(name) for name in ("trace_id", "trace_a", "trace_b"))
        if goes and record["type"] == "pair":
            self._pairs.add(record["pair_id"])
        return goes or record.get("pair_id") in self._pairs


def _still_excluded(lines: Sequence[bytes], wanted: set[str]) -> list[bytes]:
    """The lines of other runs; of those that repeat a row that went, without the name of that row."""
    left = []
    for line in lines:
        value = json.loads(line)
        if wanted & set(value["traces"]):
            continue
        if any(uid in value["detail"] for uid in wanted):
            line = json_line(value | {"detail": ""})
        left.append(line)
    return left
