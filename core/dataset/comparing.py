"""Two versions of a dataset side by side: which rows came, went or changed, and why; from the lines of their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.dataset.writing import EXCLUDED, PROVENANCE, TRAIN
from core.store.dataset_versions import DatasetVersion, read_lines

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionLines:
    """What is read of a version: its rows with their lines of provenance.jsonl, and the lines of excluded.jsonl."""

    rows: Iterable[tuple[bytes, Line]]
    excluded: Iterable[Line]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that is in only one of two versions, or says something else there; `gate` is the one that stopped it."""

    key: str
    why: str
    gate: str = ""


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """All rows of two versions: those that came, those that went, those that changed, each by key; how many stayed."""

    added: tuple[RowChange, ...]
    removed: tuple[RowChange, ...]
    changed: tuple[RowChange, ...]
    same: int


@dataclass(frozen=True, slots=True)
class _Row:
    said: str
    rests_on: Mapping[str, str]


def compare_made(session: Session, old: DatasetVersion, new: DatasetVersion) -> VersionChanges:
    """What became of the rows of one version in another, as both stand in the database."""
    return compare_versions(_lines(session, old), _lines(session, new))


def _lines(session: Session, version: DatasetVersion) -> VersionLines:
    rows, origins, excluded = (read_lines(session, version.id, name) for name in (TRAIN, PROVENANCE, EXCLUDED))
    return VersionLines(zip(rows, map(json.loads, origins), strict=True), map(json.loads, excluded))


def compare_versions(old: VersionLines, new: VersionLines) -> VersionChanges:
    """What became of the rows of one version in another. Of each row only hashes are held."""
    before, after = _rows(old.rows), _rows(new.rows)
    gates_before, gates_after = _gates(old.excluded, after.keys()), _gates(new.excluded, before.keys())
    both = sorted(before.keys() & after.keys())
    changed = [RowChange(key, why) for key in both if (why := _changed(before[key], after[key]))]
    return VersionChanges(
        tuple(
            _moved(key, gates_before.get(key), "was left out before", "was no candidate before")
            for key in sorted(after.keys() - before.keys())
        ),
        tuple(
            _moved(key, gates_after.get(key), "is left out now", "is no candidate any more")
            for key in sorted(before.keys() - after.keys())
        ),
        tuple(changed),
        len(both) - len(changed),
    )


_EVIDENCE = {
    "labels": "its labels",
    "resolution": "a lead's resolution",
    "outcome_from": "where its outcome comes from",
    "agreement": "how far its reviewers agree",
    "lessons_shown": "the lessons that its run was shown",
    "task": "its task",
}
"""Key of a line of provenance.jsonl → what it tells, in the order in which a change is named."""


def _rows(rows: Iterable[tuple[bytes, Line]]) -> dict[str, _Row]:
    return {
        line["key"]: _Row(content_hash(row.decode()), {name: content_hash(line.get(name)) for name in _EVIDENCE})
        for row, line in rows
    }


def _gates(excluded: Iterable[Line], asked: Iterable[str]) -> dict[str, tuple[str, str]]:
    wanted = set(asked)
    return {line["key"]: (line["gate"], line["detail"]) for line in excluded if line["key"] in wanted}


def _moved(key: str, stopped: tuple[str, str] | None, by_gate: str, otherwise: str) -> RowChange:
    if stopped is None:
        return RowChange(key, f"It {otherwise}.")
    gate, detail = stopped
    return RowChange(key, f"It {by_gate} ({gate}). {detail}".strip(), gate)


def _changed(before: _Row, after: _Row) -> str:
    if before == after:
        return ""
    other = [words for name, words in _EVIDENCE.items() if before.rests_on[name] != after.rests_on[name]]
    text = [] if before.said == after.said else ["what it says"]
    return f"Changed: {', '.join([*text, *other])}."
