"""Everything in one file, taken in one view of the database, also while others write (core.store.restore reads it).

The file is a zip: `manifest.json` (schema revision, row counts) and one `<table>.jsonl` a table. Both indexes are left
out: they are made anew from the rows. So is the key that signs cookies.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
from alembic.runtime.migration import MigrationContext
from sqlalchemy import LargeBinary, Table, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, Unavailable
from core.store.engine import Store
from core.store.tables import Base

MANIFEST = "manifest.json"

LARGE, SMALL = 10, 200
"""Rows that are held at once: of tables with payloads, of which one may have megabytes, and of all others."""


def write_backup(store: Store, file: Path) -> dict[str, int]:
    """Write the database into `file`, replaced only by a whole one; table → rows.

    Only its owner may read it. Raises Unavailable when it cannot be written, Conflict while another backup writes it.
    """
    counts: dict[str, int] = {}
    try:
        with _draft_of(file) as draft, store.reading() as session, _archive(draft) as archive:
            for table in Base.metadata.sorted_tables:
                with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as out:
                    counts[table.name] = _write_rows(session, table, out)
            manifest = {"loopwright": 1, "revision": revision(session), "made_at": now().isoformat(), "rows": counts}
            archive.writestr(MANIFEST, json.dumps(manifest))
    except OSError as error:
        raise Unavailable(
            f"The backup {file} could not be written: {error.strerror}. What stood there before still stands there."
        ) from error
    return counts


@contextmanager
def _draft_of(file: Path) -> Iterator[IO[bytes]]:
    """A file beside the place, which takes it over once the block ends and all is on the disk."""
    draft = file.with_name(file.name + ".part")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as out:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"Another backup is being written to {file}. Wait for it, or name another file.") from error
        try:
            os.fchmod(handle, 0o600)
            os.ftruncate(handle, 0)
            yield out
            out.flush()
            os.fsync(handle)
            draft.replace(file)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    beside = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(beside)
    finally:
        os.close(beside)


def _archive(out: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3, strict_timestamps=False)


def _write_rows(session: Session, table: Table, out: IO[bytes]) -> int:
    large = any(isinstance(column.type, LargeBinary) for column in table.c)
    n = 0
    for row in session.execute(select(table).execution_options(yield_per=LARGE if large else SMALL)):
        out.write(orjson.dumps(dict(row._mapping), default=_plain, option=orjson.OPT_APPEND_NEWLINE))
        n += 1
    return n


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a backup cannot hold a {type(value).__name__}")


def revision(session: Session) -> str:
    """The revision of the schema that the database has."""
    return MigrationContext.configure(session.connection()).get_current_revision() or ""
