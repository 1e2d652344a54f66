"""Dataset versions: their manifests and, in compressed parts, the lines of their files.

A version is made part by part in short transactions and gets its number at the end: until then nobody sees it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.store.content import pack_bytes, unpack_bytes
from core.store.locks import lock_rows
from core.store.tables import DatasetPartRow, DatasetVersionRow

LEFT = timedelta(hours=1)
"""A version that nobody has added to for so long is given up: whoever made it is gone."""

PART_BYTES = 1_000_000
"""Of lines in one part, about: it is written in one short transaction, and read into memory whole."""

_ZLIB = b"\x78"
"""How a part begins that was written before zstandard was used."""


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """An immutable dataset version; `sha256` is that of its rows' file. `held`: its lines stand in the database."""

    id: int
    dataset: str
    number: int
    format: str
    manifest: Mapping[str, Any]
    sha256: str
    created_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a file of a version, each with its line break."""

    number: int
    lines: Sequence[bytes]


def in_parts(lines: Iterable[bytes]) -> Iterator[Part]:
    """The lines of a file in parts."""
    some: list[bytes] = []
    number = size = 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= PART_BYTES:
            yield Part(number, some)
            number, some, size = number + 1, [], 0
    if some:
        yield Part(number, some)


def begin_version(session: Session, dataset: str, format: str) -> int:
    """Room for a version that is being made; its row id. What others left half made is dropped."""
    row = DatasetVersionRow
    session.execute(delete(row).where(row.number.is_(None), row.created_at < now() - LEFT))
    made = row(dataset=dataset, number=None, format=format, manifest={}, sha256="", created_at=now())
    session.add(made)
    session.flush()
    return made.id


def add_part(session: Session, version: int, file: str, part: Part) -> None:
    """Add lines to a file of a version that is being made; raises NotFound where it was given up meanwhile."""
    row = DatasetVersionRow
    alive = update(row).where(row.id == version, row.number.is_(None)).values(created_at=now()).returning(row.id)
    if session.scalar(alive) is None:
        raise NotFound("This version was given up meanwhile: make it again.")
    put_part(session, version, file, part)


def put_part(session: Session, version: int, file: str, part: Part) -> None:
    """The same, whatever the version is."""
    data = pack_bytes(b"".join(part.lines))
    values = {"version_id": version, "file": file, "part": part.number, "lines": len(part.lines), "data": data}
    session.execute(insert(DatasetPartRow), values)


def drop_version(session: Session, version: int) -> None:
    """Take a version away that was not finished."""
    row = DatasetVersionRow
    session.execute(delete(row).where(row.id == version, row.number.is_(None)))


def end_version(session: Session, version: int, content: Mapping[str, Any], sha256: str) -> DatasetVersion:
    """Number a version whose files are whole, or find the one that has the same content, and let this one go.

    A version of the same content that has no lines (it was made before they stood here) is given these.
    """
    row = DatasetVersionRow
    made = session.get_one(row, version)
    lock_rows(session, row.id, row.dataset == made.dataset)
    known = find_version(session, made.dataset, content["content"])
    if known is not None:
        if not known.held:
            mine = DatasetPartRow.version_id == version
            session.execute(update(DatasetPartRow).where(mine).values(version_id=known.id))
        drop_version(session, version)
        return _one(session, known.id)
    newest = session.scalar(select(func.max(row.number)).where(row.dataset == made.dataset))
    made.number = (newest or 0) + 1
    made.manifest = {"made_by": "loopwright", "dataset": made.dataset, "version": made.number} | dict(content)
    made.sha256, made.created_at = sha256, now()
    session.flush()
    return _one(session, version)


def find_version(session: Session, dataset: str, content: str) -> DatasetVersion | None:
    """The version of a dataset whose manifest says it has this content; none that has lost rows of it since."""
    whole = (made for made in list_versions(session, dataset) if "retracted" not in made.manifest)
    return next((made for made in whole if made.manifest.get("content") == content), None)


def get_version(session: Session, dataset: str, number: int) -> DatasetVersion:
    """One version by its name and number; raises NotFound."""
    row = DatasetVersionRow
    found = session.scalar(select(row.id).where(row.dataset == dataset, row.number == number))
    if found is None:
        raise NotFound(f"There is no version {number} of a dataset {dataset}.", field="version")
    return _one(session, found)


def list_versions(session: Session, dataset: str | None = None) -> list[DatasetVersion]:
    """All versions, of one dataset where it is named; the newest first."""
    row = DatasetVersionRow
    query = select(row, _held()).where(row.number.is_not(None)).order_by(row.created_at.desc(), row.id.desc())
    if dataset is not None:
        query = query.where(row.dataset == dataset)
    return [_version(one, held) for one, held in session.execute(query)]


def newest_versions(session: Session) -> list[DatasetVersion]:
    """The newest version of each dataset, by name."""
    newest = {version.dataset: version for version in sorted(list_versions(session), key=lambda one: one.number)}
    return [newest[name] for name in sorted(newest)]


def _one(session: Session, version: int) -> DatasetVersion:
    row, held = session.execute(select(DatasetVersionRow, _held()).where(DatasetVersionRow.id == version)).one()
    return _version(row, held)


def _held() -> Any:
    return exists().where(DatasetPartRow.version_id == DatasetVersionRow.id)


def _version(row: DatasetVersionRow, held: bool) -> DatasetVersion:
    assert row.number is not None
    return DatasetVersion(
        row.id, row.dataset, row.number, row.format, dict(row.manifest), row.sha256, row.created_at, held
    )


def read_parts(session: Session, version: int, file: str) -> Iterator[Part]:
    """The lines of a file, some at a time, in their order."""
    row = DatasetPartRow
    query = select(row.part, row.data).where(row.version_id == version, row.file == file).order_by(row.part)
    for number, data in session.execute(query.execution_options(yield_per=1)):
        yield Part(number, _unpacked(data).splitlines(keepends=True))


def read_bytes(session: Session, version: int, file: str) -> Iterator[bytes]:
    """The same bytes, some at a time."""
    row = DatasetPartRow
    query = select(row.data).where(row.version_id == version, row.file == file).order_by(row.part)
    for data in session.scalars(query.execution_options(yield_per=1)):
        yield _unpacked(data)


def read_lines(session: Session, version: int, file: str) -> Iterator[bytes]:
    """The lines of a file one by one."""
    return (line for part in read_parts(session, version, file) for line in part.lines)


def _unpacked(data: bytes) -> bytes:
    return zlib.decompress(data) if data[:1] == _ZLIB else unpack_bytes(data)


def rewrite_part(session: Session, version: int, file: str, part: Part) -> None:
    """Let these lines stand where others of a version stood, which are taken back."""
    row = DatasetPartRow
    where = (row.version_id == version, row.file == file, row.part == part.number)
    data = pack_bytes(b"".join(part.lines))
    session.execute(update(row).where(*where).values(lines=len(part.lines), data=data))


def note_retracted(session: Session, version: int, said: Mapping[str, Any]) -> None:
    """Write into the manifest what of a version was taken back."""
    row = session.get_one(DatasetVersionRow, version)
    row.manifest = {**row.manifest, "retracted": dict(said)}
    session.flush()
