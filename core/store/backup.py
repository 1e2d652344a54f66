"""Everything in one file, taken in one view of the database, and back into an empty one, on either database.

The file is a zip: `manifest.json` (schema revision, row counts), one `<table>.jsonl` a table, and the files of dataset
versions. Both indexes are left out: they are made anew from the rows. So is the key that signs cookies.
"""

from __future__ import annotations

import base64
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.orm import Session

from core.clock import now, parse_time
from core.errors import Conflict, InvalidInput
from core.store.dialect import BATCH, is_postgresql
from core.store.engine import Store
from core.store.tables import Base, TraceRow, UtcTime
from core.store.text_search import index_due

MANIFEST = "manifest.json"
DATASETS = "datasets"


def write_backup(store: Store, file: Path, folder: Path) -> dict[str, int]:
    """Write the database and the datasets of a data folder into `file`, replaced only by a whole one; table → rows."""
    draft = file.with_name(file.name + ".part")
    counts: dict[str, int] = {}
    with store.reading() as session, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for table in Base.metadata.sorted_tables:
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as out:
                counts[table.name] = 0
                for row in session.execute(select(table).execution_options(yield_per=BATCH)):
                    out.write(orjson.dumps(dict(row._mapping), default=_plain, option=orjson.OPT_APPEND_NEWLINE))
                    counts[table.name] += 1
        manifest = {"loopwright": 1, "revision": _revision(session), "made_at": now().isoformat(), "rows": counts}
        for path in sorted((folder / DATASETS).rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
        archive.writestr(MANIFEST, json.dumps(manifest))
    draft.replace(file)
    return counts


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a backup cannot hold a {type(value).__name__}")


def _revision(session: Session) -> str:
    return MigrationContext.configure(session.connection()).get_current_revision() or ""


def read_backup(store: Store, file: Path, folder: Path) -> dict[str, int]:
    """Fill an empty database and data folder from a backup, whole or not at all; table → rows.

    Raises InvalidInput for a file that is no backup, Conflict when something is there already.
    """
    try:
        with zipfile.ZipFile(file) as archive, store.session() as session:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["revision"] != _revision(session):
                raise InvalidInput(
                    f"{file} was made with schema {manifest['revision']}, this Loopwright has {_revision(session)}: "
                    "restore it with the version that made it."
                )
            _refuse_filled(session)
            for table in Base.metadata.sorted_tables:
                _fill(session, table, archive)
            session.execute(update(TraceRow).values(n_indexed=0))
            while index_due(session, BATCH):
                pass
            for name in archive.namelist():
                if name.startswith(f"{DATASETS}/"):
                    archive.extract(name, folder)
            rows: dict[str, int] = manifest["rows"]
            return rows
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, FileNotFoundError) as error:
        raise InvalidInput(f"{file} is not a backup of Loopwright: {error}.") from error


def _refuse_filled(session: Session) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != "person" and session.scalar(select(func.count()).select_from(table)):
            raise Conflict("A backup is restored into an empty database: choose another LOOPWRIGHT_DATA_DIR.")
    session.execute(Base.metadata.tables["person"].delete())


def _fill(session: Session, table: Table, archive: zipfile.ZipFile) -> None:
    batch: list[dict[str, Any]] = []
    with archive.open(f"{table.name}.jsonl") as lines:
        for line in lines:
            batch.append(_row(table, orjson.loads(line)))
            if len(batch) == BATCH:
                session.execute(insert(table), batch)
                batch = []
    if batch:
        session.execute(insert(table), batch)
    if is_postgresql(session) and "id" in table.c:
        highest = session.scalar(select(func.max(table.c.id)))
        if highest is not None:
            session.execute(select(func.setval(func.pg_get_serial_sequence(f'"{table.name}"', "id"), highest)))


def _row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    for column in table.c:
        value = values[column.name]
        if value is None:
            continue
        if isinstance(column.type, UtcTime):
            values[column.name] = _time(value)
        elif column.type.python_type is bytes:
            values[column.name] = base64.b64decode(value)
    return values


def _time(value: str) -> datetime:
    time = parse_time(value)
    if time is None:
        raise InvalidInput(f"The backup holds a time that cannot be read: {value}.")
    return time
