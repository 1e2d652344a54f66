"""A dataset's folder: written beside its place and renamed, so that there is never half of one."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.clock import new_id
from core.errors import InvalidInput

TRAIN, PROVENANCE, EXCLUDED, MANIFEST, CARD = FILES = (
    "train.jsonl",
    "provenance.jsonl",
    "excluded.jsonl",
    "manifest.json",
    "README.md",
)


def json_line(value: Any) -> bytes:
    """One line of JSONL. Keys keep their order, for the order of a call's arguments is part of what is taught."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def write_lines(path: Path, values: Iterable[Any]) -> str:
    """Write a JSONL file; the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for value in values:
            line = json_line(value)
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


@contextmanager
def draft_folder(beside: Path) -> Iterator[Path]:
    """An empty folder next to a place; what is left of it when the block ends is removed."""
    draft = beside.parent / f".{beside.name}.{new_id()[:8]}.part"
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, place: Path) -> None:
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
    held = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if held and (set(held) - set(FILES) or not is_dataset(out)):
        other = next((name for name in held if name not in FILES), held[0])
        raise InvalidInput(
            f"{out} holds {other}, so it is no dataset of Loopwright and stays as it is. Name a new folder with --out.",
            field="out",
        )


def is_dataset(folder: Path) -> bool:
    """Whether a whole dataset version stands in a folder, by its manifest."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("made_by") == "loopwright"


def copy_out(folder: Path, out: Path) -> None:
    """A copy of a dataset's folder at another place, whole or not at all."""
    check_place(out)
    with draft_folder(out) as draft:
        for name in FILES:
            shutil.copyfile(folder / name, draft / name)
        put_in_place(draft, out)


def zipped(folder: Path) -> bytes:
    """A dataset's folder as one zip file, the same bytes each time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            entry = zipfile.ZipInfo(f"{folder.parent.name}-{folder.name}/{name}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (folder / name).read_bytes())
    return held.getvalue()
