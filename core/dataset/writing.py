"""The files of a dataset version, written to a folder, to any address that fsspec knows, or into a zip.

A folder is written beside its place and renamed, so there is never half of one. At an address the manifest comes last:
what has none is no dataset.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import fsspec
from fsspec import AbstractFileSystem
from sqlalchemy.orm import Session

from core.clock import new_id
from core.dataset.card import card
from core.dataset.formats import FORMATS
from core.dataset.parquet import write_parquet
from core.dataset.recipes import RECIPES, check_recipes, recipe_files
from core.errors import InvalidInput, NotFound
from core.store.dataset_versions import DatasetVersion, read_bytes, read_lines

TRAIN, PROVENANCE, EXCLUDED, TRACES, LABELS, CARD, MANIFEST = FILES = (
    "train.jsonl",
    "provenance.jsonl",
    "excluded.jsonl",
    "traces.jsonl",
    "labels.jsonl",
    "README.md",
    "manifest.json",
)

PARQUET = "train.parquet"
"""What stands in place of the rows' JSONL where that was asked for; the hash of a version is that of its JSONL."""

Contents = Iterator[tuple[str, Iterable[bytes]]]

PARTS = (TRAIN, PROVENANCE, EXCLUDED, TRACES, LABELS)
"""The files whose lines stand in the database; the others are made from the manifest."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a version is written: its rows as Parquet instead of JSONL, or with recipes for trainers beside them."""

    parquet: bool = False
    recipes: Sequence[str] = ()

    def checked(self, format: str) -> Written:
        """The same with each recipe once; raises InvalidInput for what a format cannot be written as."""
        recipes = check_recipes(format, self.recipes)
        if recipes and self.parquet:
            raise InvalidInput("Recipes read the rows as JSONL: leave either them or Parquet out.", field="recipe")
        return Written(self.parquet, recipes)


def contents(session: Session, version: DatasetVersion, how: Written = Written()) -> Contents:
    """Each file of a version with its bytes, some at a time; they have to be taken in this order.

    Raises NotFound where its lines are not here, InvalidInput for a recipe that there is not.
    """
    how = how.checked(version.format)
    if not version.held:
        raise NotFound(
            f"The files of {version.dataset} {version.number} are not here: it was made before they were kept in the "
            "database. Making it again on the same labels brings them back."
        )
    for name in (name for name in PARTS if name in version.manifest["sha256"]):
        if how.parquet and name == TRAIN:
            yield PARQUET, _parquet(session, version)
        else:
            yield name, read_bytes(session, version.id, name)
    yield CARD, [card(version.manifest, PARQUET if how.parquet else TRAIN).encode()]
    for recipe in how.recipes:
        yield from recipe_files(recipe, version.format, lambda: read_lines(session, version.id, TRAIN))
    yield MANIFEST, [json.dumps(dict(version.manifest), indent=2, ensure_ascii=False).encode() + b"\n"]


def _parquet(session: Session, version: DatasetVersion) -> Iterator[bytes]:
    with TemporaryFile() as file:
        write_parquet(read_lines(session, version.id, TRAIN), FORMATS[version.format].names, file)
        file.seek(0)
        while chunk := file.read(1_000_000):
            yield chunk


def write_version(session: Session, version: DatasetVersion, out: str, how: Written = Written()) -> None:
    """Write a version's files to a folder or an address (`s3://…`), whole or not at all.

    Raises InvalidInput where they cannot be written, or would be written over what is no dataset of ours.
    """
    try:
        if "://" in out:
            _write_to_address(contents(session, version, how), out)
        else:
            _write_to_folder(contents(session, version, how), Path(out).expanduser().resolve())
    except OSError as error:
        said = f"{error.filename or out} cannot be written: {error.strerror or error}."
        raise InvalidInput(said, field="out") from error


def check_out(out: str) -> None:
    """Raise InvalidInput where `write_version` would not write, before anything is made."""
    if not out.strip():
        raise InvalidInput("Name a folder with --out.", field="out")
    if "://" in out:
        _check_address(*_address(out), out)
    else:
        check_place(Path(out).expanduser().resolve())


def _write_to_folder(files: Contents, place: Path) -> None:
    check_place(place)
    with _draft_folder(place) as draft:
        for name, chunks in files:
            (draft / name).parent.mkdir(exist_ok=True)
            with (draft / name).open("wb") as file:
                file.writelines(chunks)
        _put_in_place(draft, place)


def _write_to_address(files: Contents, out: str) -> None:
    system, path = _address(out)
    if _check_address(system, path, out):
        system.rm_file(f"{path}/{MANIFEST}")
    for name, chunks in files:
        system.makedirs(f"{path}/{name}".rpartition("/")[0], exist_ok=True)
        with system.open(f"{path}/{name}", "wb") as file:
            for chunk in chunks:
                file.write(chunk)


def _address(out: str) -> tuple[AbstractFileSystem, str]:
    try:
        files, path = fsspec.core.url_to_fs(out)
    except (ImportError, ValueError) as error:
        raise InvalidInput(f"{out} cannot be written to: {error}", field="out") from error
    protocol = out.partition("://")[0]
    if protocol in ("http", "https"):  # read-only for fsspec
        raise InvalidInput(f"{protocol}:// keeps no files: name a folder, or an address such as s3://…", field="out")
    return files, path.rstrip("/")


def _check_address(files: AbstractFileSystem, path: str, out: str) -> bool:
    """Whether a dataset of ours stands there, which may be replaced."""
    held = {name.rsplit("/", 1)[-1] for name in files.ls(path, detail=False)} if files.exists(path) else set()
    ours = MANIFEST in held and _is_ours(files.cat_file(f"{path}/{MANIFEST}"))
    _check_held(out, held, ours)
    return ours


def zip_chunks(session: Session, version: DatasetVersion, how: Written = Written()) -> Iterator[bytes]:
    """A version's files as one zip, some bytes at a time; the same bytes each time."""
    out = _Passing()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chunks in contents(session, version, how):
            entry = zipfile.ZipInfo(f"{version.dataset}-{version.number}/{name}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for chunk in chunks:
                    file.write(chunk)
                    yield out.taken()
    yield out.taken()


class _Passing(RawIOBase):
    """What is written to it is handed on, and not kept."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since this was asked last."""
        held, self._held = bytes(self._held), bytearray()
        return held


@contextmanager
def _draft_folder(beside: Path) -> Iterator[Path]:
    """An empty folder next to a place; what is left of it when the block ends is removed."""
    draft = beside.parent / f".{beside.name}.{new_id()[:8]}.part"
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, place: Path) -> None:
    """Move a whole draft to its place; what stood there goes only once the new one can take over."""
    old = place.parent / f".{place.name}.{new_id()[:8]}.old"
    if place.exists():
        place.rename(old)
    draft.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def check_place(out: Path) -> None:
    """Raise InvalidInput where a dataset must not be written: over a file, or over what is no dataset of ours."""
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"{out} is a file. Name a folder with --out.", field="out")
    above = next(folder for folder in out.parents if folder.exists())
    if not above.is_dir():
        raise InvalidInput(f"{out} cannot be written: {above} is a file.", field="out")
    held = {path.name for path in out.iterdir()} if out.exists() else set()
    ours = (out / MANIFEST).is_file() and _is_ours((out / MANIFEST).read_bytes())
    _check_held(str(out), held, ours)


def _check_held(out: str, held: set[str], ours: bool) -> None:
    foreign = held - {*FILES, PARQUET, *RECIPES}
    if held and (foreign or not ours):
        other = min(foreign, default=min(held))
        raise InvalidInput(
            f"{out} holds {other}, so it is no dataset of Loopwright and stays as it is. Name a new folder with --out.",
            field="out",
        )


def _is_ours(manifest: bytes) -> bool:
    """Whether this is the manifest of a whole dataset version."""
    try:
        said = json.loads(manifest)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("made_by") == "loopwright"
