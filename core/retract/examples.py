"""Takes rows out of dataset versions: what was taken back is trained on no more, and stands in no file.

A version never gets another row, and none is changed. It can lose rows, in the open: its manifest keeps the counts and
sums of what it was, says under `retracted` how many rows went and the sums of what is left, and its README begins with
it. The folder is written anew beside its place and swapped, so that its files always fit together.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import now
from core.dataset.card import card
from core.dataset.writing import CARD, EXCLUDED, MANIFEST, PROVENANCE, TRAIN, is_dataset, write_lines
from core.store.datasets import DatasetVersion

_NOTE = """\
**Retracted: {rows:,} {word}.** What {it} came from was taken back, the last on {last}. {left:,} of the {before:,} rows
that this version was made with are left; all counts below are those of before. Do not train on an older copy.
"""


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


def touched_versions(root: Path, versions: Sequence[DatasetVersion], uids: Collection[str]) -> list[TouchedVersion]:
    """The versions below the data folder with rows of these runs (by their sources' ids)."""
    wanted = set(uids)
    found = []
    for version in versions if wanted else ():
        gone = [bool(wanted & traces) for traces in _traces(_home(root, version) / PROVENANCE)]
        if any(gone):
            found.append(TouchedVersion(version.dataset, version.number, sum(gone), len(gone)))
    return found


def used_runs(root: Path, versions: Sequence[DatasetVersion]) -> set[str]:
    """The runs (by their sources' ids) of which a row stands in any version."""
    return {uid for version in versions for traces in _traces(_home(root, version) / PROVENANCE) for uid in traces}


def retract_rows(root: Path, versions: Sequence[DatasetVersion], uids: Collection[str]) -> None:
    """Take the rows of these runs out of the files of all versions, and their names out of what was excluded."""
    wanted = set(uids)
    for version in versions if wanted else ():
        home = _home(root, version)
        if is_dataset(home) and any(
            wanted & traces for name in (PROVENANCE, EXCLUDED) for traces in _traces(home / name)
        ):
            _rewrite(home, wanted)


def retracted(root: Path, versions: Sequence[DatasetVersion]) -> dict[tuple[str, int], dict[str, Any]]:
    """(dataset, number) → what the files of a version say of rows that were taken back; only of those that say any."""
    found = {}
    for version in versions:
        home = _home(root, version)
        said = json.loads((home / MANIFEST).read_text(encoding="utf-8")) if is_dataset(home) else {}
        if "retracted" in said:
            found[version.dataset, version.number] = said["retracted"]
    return found


def _home(root: Path, version: DatasetVersion) -> Path:
    """A version's folder, whole: a swap that was cut short is ended first."""
    home = root / version.folder
    old = _beside(home, "old")
    if old.exists() and not home.exists():
        old.rename(home)
    shutil.rmtree(old, ignore_errors=True)
    return home


def _beside(home: Path, word: str) -> Path:
    return home.parent / f".{home.name}.retracting.{word}"


def _traces(path: Path) -> Iterator[set[str]]:
    """The runs that each line of a file of provenance names."""
    if path.is_file():
        with path.open("rb") as lines:
            for line in lines:
                yield set(json.loads(line)["traces"])


def _rewrite(home: Path, wanted: set[str]) -> None:
    kept = [not wanted & traces for traces in _traces(home / PROVENANCE)]
    new, old = _beside(home, "new"), _beside(home, "old")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    sums = {name: write_lines(new / name, _kept(home / name, kept)) for name in (TRAIN, PROVENANCE)}
    sums[EXCLUDED] = write_lines(new / EXCLUDED, _still_excluded(home / EXCLUDED, wanted))
    manifest = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
    left, before, last = sum(kept), manifest["rows"], f"{now():%Y-%m-%d}"
    manifest["retracted"] = {"rows": before - left, "left": left, "last": last, "sha256": sums}
    (new / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    head, _, rest = card(manifest).partition("\n\n# ")
    title, _, body = rest.partition("\n\n")
    one = before - left == 1
    note = _NOTE.format(
        rows=before - left, word="row" if one else "rows", it="it" if one else "they", last=last, left=left,
        before=before,
    )  # fmt: skip
    (new / CARD).write_text(f"{head}\n\n# {title}\n\n{note}\n{body}", encoding="utf-8")
    home.rename(old)
    new.rename(home)
    shutil.rmtree(old)


def _kept(path: Path, kept: Sequence[bool]) -> Iterator[Any]:
    with path.open("rb") as lines:
        for line, stays in zip(lines, kept, strict=True):
            if stays:
                yield json.loads(line)


def _still_excluded(path: Path, wanted: set[str]) -> Iterator[Any]:
    """The lines of other runs; of those that repeat a row that went, without the name of that row."""
    with path.open("rb") as lines:
        for line in lines:
            value = json.loads(line)
            if wanted & set(value["traces"]):
                continue
            if any(uid in value["detail"] for uid in wanted):
                value["detail"] = ""
            yield value
