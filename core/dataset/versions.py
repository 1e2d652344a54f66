"""Dataset versions: numbered and immutable. The same definition on the same evidence is the same version again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import orjson
from sqlalchemy.orm import Session

from core.clock import content_hash
from core.dataset.balance import Balance
from core.dataset.carried import carried
from core.dataset.definition import Definition
from core.dataset.lines import json_line
from core.dataset.provenance import exclusion, provenance
from core.dataset.selection import Progress, Selection, quietly, select
from core.dataset.writing import (
    EXCLUDED,
    FILES,
    LABELS,
    PARQUET,
    PROVENANCE,
    TRACES,
    TRAIN,
    Written,
    check_out,
    write_version,
)
from core.errors import Conflict, InvalidInput
from core.store.dataset_versions import (
    DatasetVersion,
    add_part,
    begin_version,
    drop_version,
    end_version,
    get_version,
    in_parts,
)
from core.store.datasets import lessons_given
from core.store.engine import Store
from core.store.traces import ids_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What `loopwright export` answers (DESIGN section 4)."""

    made: DatasetVersion
    how: Written

    def as_json(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        manifest = self.made.manifest
        counts = {key: manifest[key] for key in ("candidates", "rows", "excluded")}
        named = {"dataset": self.made.dataset, "version": self.made.number}
        files = [PARQUET if self.how.parquet and name == TRAIN else name for name in FILES]
        files += [f"{recipe}/" for recipe in self.how.recipes]
        return named | counts | {"files": files, "sha256": self.made.sha256}


def export_version(
    store: Store,
    definition: Definition,
    out: str,
    dataset: str = "",
    how: Written = Written(),
    progress: Progress = quietly,
) -> ExportReport:
    """Make a version (or find the one that says the same) and write it somewhere; raises InvalidInput."""
    check_out(out)
    how = how.checked(definition.format)
    made = make_version(store, definition, dataset or definition.format, progress)
    with store.reading() as session:
        write_version(session, get_version(session, made.dataset, made.number), out, how)
    return ExportReport(made, how)


def make_version(store: Store, definition: Definition, dataset: str, progress: Progress = quietly) -> DatasetVersion:
    """Select the rows, keep their lines and number the version.

    Reading and writing the rows takes as long as it takes and holds nobody up: each part is a transaction of its own.
    Raises InvalidInput for a name that is no folder's name and where no candidate becomes a row, Conflict where runs
    were removed meanwhile.
    """
    check_name(dataset)
    with store.reading() as session:
        selection = select(session, definition, progress)
        if not selection.rows:
            raise InvalidInput(_nothing(selection))
        rests_on = carried(session, selection, progress)
        lessons = lessons_given(session, sorted({run.uid for one in selection.rows.candidates for run in one.runs}))
    evidence, balance = _Evidence(), Balance()
    lines = (provenance(one, lessons) for one in selection.rows.candidates)
    with _being_made(store, dataset, definition.format) as version:
        sums = {
            TRAIN: _keep(store, version, TRAIN, _weighed(selection, balance, progress)),
            PROVENANCE: _keep(store, version, PROVENANCE, (json_line(evidence.counted(line)) for line in lines)),
            EXCLUDED: _keep(store, version, EXCLUDED, (json_line(exclusion(one)) for one in selection.excluded)),
            TRACES: _keep(store, version, TRACES, rests_on.traces),
            LABELS: _keep(store, version, LABELS, rests_on.labels),
        }
        content = _content(selection, evidence, balance, sums)
        with store.session() as session:
            _check_here(session, selection)
            return end_version(session, version, content, sums[TRAIN])


def check_name(dataset: str) -> None:
    """Raise InvalidInput for a name that is no folder's name."""
    if not _NAME.fullmatch(dataset):
        raise InvalidInput(
            f"“{dataset}” cannot name a dataset: use letters, digits, dots, dashes and underscores, at most 80.",
            field="dataset",
        )


@contextmanager
def _being_made(store: Store, dataset: str, format: str) -> Iterator[int]:
    """The row id of a version that is being made; it is dropped where the block raises."""
    with store.session() as session:
        version = begin_version(session, dataset, format)
    try:
        yield version
    except BaseException:
        with store.session() as session:
            drop_version(session, version)
        raise


def _check_here(session: Session, selection: Selection) -> None:
    """Raise Conflict where runs were removed while the version was made: it would keep what was taken back."""
    meant = (*selection.rows.candidates, *(one.candidate for one in selection.excluded))
    runs = {run.uid for candidate in meant for run in candidate.runs}
    gone = len(runs) - len(ids_of(session, runs))
    if gone:
        raise Conflict(f"{gone:,} of its runs were removed while it was made. Nothing was kept; make it again.")


def _keep(store: Store, version: int, file: str, lines: Iterable[bytes]) -> str:
    """Keep the lines of a file, some at a time; the SHA-256 of all of them."""
    digest = hashlib.sha256()
    for part in in_parts(lines):
        digest.update(b"".join(part.lines))
        with store.session() as session:
            add_part(session, version, file, part)
    return digest.hexdigest()


class _Evidence:
    """What the rows of a version rest on, counted while their provenance is written."""

    def __init__(self) -> None:
        self.checked = self.labels = self.exposed = 0
        self.several: list[float] = []
        self.schemas: Counter[str] = Counter()
        self.people: set[str] = set()
        self._digest = hashlib.sha256()

    def counted(self, line: dict[str, Any]) -> dict[str, Any]:
        """A line of provenance.jsonl, which is counted."""
        self.checked += bool(line["outcome_from"] and not line["labels"] and "resolution" not in line)
        self.labels += len(line["labels"])
        self.exposed += bool(line["lessons_shown"])
        self.schemas.update(label["schema"] for label in line["labels"] if label["schema"])
        if len(line["annotators"]) > 1 and line["agreement"] is not None:
            self.several.append(line["agreement"])
        self.people.update(label["annotator"] for label in line["labels"])
        used = [line["key"], line["labels"], line.get("resolution")]
        self._digest.update(json_line(used))
        return line

    def as_json(self) -> dict[str, Any]:
        """What a manifest says of it; the hash is over every label and resolution at the revision that was used.

        `agreement` is the mean share of people who say what the row says, over the rows `by_several` people.
        """
        return {
            "evidence": {
                "checked": self.checked,
                "count": self.labels,
                "people": len(self.people),
                "by_several": len(self.several),
                "agreement": round(fmean(self.several), 3) if self.several else None,
                "schemas": dict(sorted(self.schemas.items())),
                "shown_lessons": self.exposed,
            },
            "labels": {"listed_in": PROVENANCE, "sha256": self._digest.hexdigest()},
        }


def _weighed(selection: Selection, balance: Balance, progress: Progress) -> Iterator[bytes]:
    """The rows' lines, counted as they pass."""
    for n, (line, candidate) in enumerate(zip(selection.rows.lines(), selection.rows.candidates, strict=True)):
        progress("keeping the rows", n, len(selection.rows))
        balance.add(orjson.loads(line), candidate.source, candidate.task)
        yield line


def _content(selection: Selection, evidence: _Evidence, balance: Balance, sums: dict[str, str]) -> dict[str, Any]:
    """The manifest but for the number; `content` is the hash that makes two versions the same."""
    said: dict[str, Any] = {
        "definition": selection.definition.as_json(),
        "candidates": selection.candidates,
        "rows": len(selection.rows),
        "excluded": selection.reasons,
        **evidence.as_json(),
        "balance": balance.as_json(),
        "sha256": sums,
    }
    return said | {"content": content_hash(said)}


def _nothing(selection: Selection) -> str:
    if not selection.candidates:
        return "There is nothing to make a dataset from yet: import runs, then review or compare them."
    counts = ", ".join(f"{count:,} {reason}" for reason, count in selection.reasons.items())
    return f"None of the {selection.candidates:,} candidates became a row: {counts}. Nothing was written."
