"""Brings a backup back into an empty database, whole or not at all, on either database.

A backup of an older Loopwright goes into a schema of its time, which is then migrated as that installation's own
database would have been. Tables are taken as the database has them, not as this version's code knows them.
"""

from __future__ import annotations

import base64
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, Table, func, insert, inspect, select, text, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from core.clock import parse_time
from core.errors import Conflict, InvalidInput
from core.store.backup import MANIFEST, revision
from core.store.dataset_versions import in_parts, list_versions, put_part
from core.store.engine import REBUILDS, Store, check_references, migration_config
from core.store.tables import Base, TraceRow
from core.store.text_search import index_due

DATASETS = "datasets"
"""Where the files of dataset versions stood before they were kept in the database."""

ROWS, BYTES = 500, 4_000_000
"""Rows, or bytes of them, that are written at once: one may have megabytes."""

WORDS, TIMES = 4, 100
"""Steps that are brought into the text index at once, for one may have megabytes, and how often in a transaction."""

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,  # zipfile's word for a zip that asks for a password, and for a way to compress that it does not know
    IntegrityError,
    DataError,
)


def check_backup(file: Path) -> None:
    """Raise InvalidInput where a file is no whole backup that this version can read, by its table of contents."""
    with _opened(file):
        pass


def read_backup(store: Store, file: Path) -> dict[str, int]:
    """Fill an empty database from a backup, whole or not at all; table → rows.

    Raises InvalidInput for a file that is no backup or is damaged, Conflict when something is there already. The text
    index is made right after; cut short there, a server goes on with it.
    """
    with _opened(file) as (archive, manifest), store.session() as session:
        connection = session.connection(execution_options=REBUILDS)
        _refuse_filled(session)
        made_with = manifest["revision"]
        if made_with != revision(session):
            _begin_anew(connection, made_with)
        tables = MetaData()
        tables.reflect(connection, only=_tables_of(connection, manifest))
        for table in tables.sorted_tables:
            _fill(connection, table, archive, manifest["rows"][table.name])
        command.upgrade(migration_config(connection), "head")
        check_references(connection)
        session.execute(update(TraceRow).values(n_indexed=0))
        _bring_datasets(session, archive)
    waiting = True
    while waiting:
        with store.session() as session:
            waiting = all(index_due(session, WORDS) for _ in range(TIMES))
    rows: dict[str, int] = manifest["rows"]
    return rows


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["loopwright"] != 1:
                raise ValueError("its manifest is of another kind")
            known = [one.revision for one in ScriptDirectory.from_config(migration_config(None)).walk_revisions()]
            if manifest["revision"] not in known:
                raise InvalidInput(
                    f"{file} was made with schema {manifest['revision']}, which this Loopwright does not know: restore "
                    "it with the version that made it, or a newer one."
                )
            for table in manifest["rows"]:
                archive.getinfo(f"{table}.jsonl")
            yield archive, manifest
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read, so it is not a backup of Loopwright: {error.strerror}.") from error
    except _DAMAGED as error:
        said = str(error.orig) if isinstance(error, StatementError) else str(error)
        raise InvalidInput(
            f"{file} is not a backup of Loopwright, or it is damaged ({said.strip()}). Nothing was restored."
        ) from error


def _refuse_filled(session: Session) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != "person" and session.scalar(select(func.count()).select_from(table)):
            raise Conflict("A backup is restored into an empty database: choose another LOOPWRIGHT_DATA_DIR.")
    session.execute(Base.metadata.tables["person"].delete())


def _bring_datasets(session: Session, archive: zipfile.ZipFile) -> None:
    """The files of dataset versions, which older backups hold beside the tables."""
    for version in list_versions(session):
        home = f"{DATASETS}/{version.dataset}/{version.number}/"
        for name in archive.namelist():
            if name.startswith(home) and name.endswith(".jsonl"):
                with archive.open(name) as lines:
                    for part in in_parts(lines):
                        put_part(session, version.id, name.removeprefix(home), part)


def _begin_anew(connection: Connection, made_with: str) -> None:
    """Take the empty tables away and make those of an older revision."""
    connection.execute(text("DROP TABLE step_text"))
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)
    command.upgrade(migration_config(connection), made_with)


def _tables_of(connection: Connection, manifest: dict[str, Any]) -> list[str]:
    """The names of a backup's tables; raises ValueError where the database has others."""
    own = {name for name in inspect(connection).get_table_names() if not name.startswith(("step_text", "alembic_"))}
    if own != set(manifest["rows"]):
        raise ValueError(f"it has not the tables of its schema: {', '.join(sorted(own ^ set(manifest['rows'])))}")
    return sorted(own)


def _fill(connection: Connection, table: Table, archive: zipfile.ZipFile, expected: int) -> None:
    for column in table.c:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    own = [column for column in table.c if any(key.column.table is table for key in column.foreign_keys)]
    later: list[dict[str, Any]] = []
    batch: list[dict[str, Any]] = []
    n = size = 0
    with archive.open(f"{table.name}.jsonl") as lines:
        for line in lines:
            row = _row(table, orjson.loads(line))
            for column in own:  # a row may refer to one that comes after it
                if row[column.name] is not None:
                    later.append({"row": row["id"], "to": row[column.name], "of": column})
                    row[column.name] = None
            batch.append(row)
            n, size = n + 1, size + len(line)
            if len(batch) == ROWS or size > BYTES:
                connection.execute(insert(table), batch)
                batch, size = [], 0
    if batch:
        connection.execute(insert(table), batch)
    if n != expected:
        raise ValueError(f"{table.name} has {n:,} of {expected:,} rows")
    for one in later:
        connection.execute(update(table).where(table.c.id == one["row"]).values({one["of"]: one["to"]}))
    _go_on_counting(connection, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """On PostgreSQL, let the next row's id follow the highest."""
    if connection.dialect.name == "postgresql" and "id" in table.c:
        highest = connection.scalar(select(func.max(table.c.id)))
        if highest is not None:
            sequence = func.pg_get_serial_sequence(f'"{table.name}"', "id")
            connection.execute(select(func.setval(sequence, highest)))


def _row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    for column in table.c:
        value = values[column.name]
        if value is None or isinstance(column.type, JSON):
            continue
        if column.type.python_type is datetime:
            values[column.name] = _time(value)
        elif column.type.python_type is bytes:
            values[column.name] = base64.b64decode(value)
    return values


def _time(value: str) -> datetime:
    time = parse_time(value)
    if time is None:
        raise ValueError(f"{value} is no time")
    return time
