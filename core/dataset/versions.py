"""Dataset versions: numbered and immutable. The same definition on the same evidence is the same version again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import content_hash
from core.dataset.card import card
from core.dataset.provenance import exclusion, provenance
from core.dataset.selection import Definition, Selection, define, select
from core.dataset.writing import (
    CARD,
    EXCLUDED,
    FILES,
    MANIFEST,
    PROVENANCE,
    TRAIN,
    check_place,
    copy_out,
    draft_folder,
    is_dataset,
    put_in_place,
    write_lines,
)
from core.errors import InvalidInput
from core.settings import load_settings
from core.store.datasets import DatasetVersion, add_version, find_version, lessons_given, next_number
from core.store.engine import Store

FOLDER = "datasets"
"""Where the versions stand, below the data folder: datasets/NAME/NUMBER."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What `loopwright export` answers (DESIGN section 4)."""

    made: DatasetVersion

    def as_json(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        manifest = self.made.manifest
        counts = {key: manifest[key] for key in ("candidates", "rows", "excluded")}
        named = {"dataset": self.made.dataset, "version": self.made.number}
        return named | counts | {"files": list(FILES), "sha256": self.made.sha256}


def export_version(store: Store, format: str, out: Path, dataset: str = "", gates: Iterable[str] = ()) -> ExportReport:
    """Make a version (or find the one that says the same) and copy it to a folder; raises InvalidInput."""
    definition = define(format, gates)
    root = load_settings().folder
    place = out.expanduser().resolve()
    if place.is_relative_to(root / FOLDER):
        raise InvalidInput(f"{out} is where Loopwright keeps its own versions. Name another folder.", field="out")
    try:
        check_place(place)
        made = make_version(store, root, definition, dataset or format)
        copy_out(root / made.folder, place)
    except OSError as error:
        raise InvalidInput(f"{error.filename or out} cannot be written: {error.strerror}.", field="out") from error
    return ExportReport(made)


def make_version(store: Store, root: Path, definition: Definition, dataset: str) -> DatasetVersion:
    """Select the rows, write the folder below `root` (the data folder) and number the version.

    Reading and writing the rows takes as long as it takes and holds nobody up; the database is only locked for the
    number. Raises InvalidInput for a name that is no folder's name and where no candidate becomes a row.
    """
    if not _NAME.fullmatch(dataset):
        raise InvalidInput(
            f"“{dataset}” cannot name a dataset: use letters, digits, dots, dashes and underscores, at most 80.",
            field="dataset",
        )
    with store.reading() as session:
        selection = select(session, definition)
        if not selection.rows:
            raise InvalidInput(_nothing(selection))
        lessons = lessons_given(session, sorted({run.uid for row in selection.rows for run in row.candidate.runs}))
    home = root / FOLDER / dataset
    with draft_folder(home / "new") as draft:
        lines = [provenance(row.candidate, lessons) for row in selection.rows]
        sums = {
            TRAIN: write_lines(draft / TRAIN, (row.columns for row in selection.rows)),
            PROVENANCE: write_lines(draft / PROVENANCE, lines),
            EXCLUDED: write_lines(draft / EXCLUDED, map(exclusion, selection.excluded)),
        }
        content = _content(selection, dataset, lines, sums)
        with store.session() as session:
            known = find_version(session, dataset, content["content"])
            number = known.number if known is not None else next_number(session, dataset)
            manifest = {"made_by": "loopwright", "dataset": dataset, "version": number} | content
            (draft / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            (draft / CARD).write_text(card(manifest), encoding="utf-8")
            folder = f"{FOLDER}/{dataset}/{number}"
            if known is None:
                made = add_version(session, dataset, number, definition.format, manifest, folder, sums[TRAIN])
                put_in_place(draft, root / folder)
                return made
            if not is_dataset(root / folder):
                put_in_place(draft, root / folder)
            return known


def _content(selection: Selection, dataset: str, lines: list[dict[str, Any]], sums: dict[str, str]) -> dict[str, Any]:
    """The manifest but for the number; `content` is the hash that makes two versions the same."""
    labels = [label | {"key": line["key"]} for line in lines for label in line["labels"]]
    rulings = [line["resolution"] | {"key": line["key"]} for line in lines if "resolution" in line]
    said: dict[str, Any] = {
        "definition": {"format": selection.definition.format, "gates": dict(selection.definition.gates)},
        "candidates": selection.candidates,
        "rows": len(selection.rows),
        "excluded": selection.reasons,
        "sources": dict(sorted(Counter(row.candidate.source for row in selection.rows).items())),
        "evidence": {
            "checked": sum(
                1 for line in lines if line["outcome_from"] and not line["labels"] and "resolution" not in line
            ),
            "count": len(labels),
            "people": len({label["annotator"] for label in labels}),
        },
        "labels": {"listed_in": PROVENANCE, "sha256": content_hash([*labels, *rulings])},
        "sha256": sums,
    }
    return said | {"content": content_hash(said)}


def _nothing(selection: Selection) -> str:
    if not selection.candidates:
        return "There is nothing to make a dataset from yet: import runs, then review or compare them."
    counts = ", ".join(f"{count:,} {reason}" for reason, count in selection.reasons.items())
    return f"None of the {selection.candidates:,} candidates became a row: {counts}. Nothing was written."
