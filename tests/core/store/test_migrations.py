"""A database of an older version becomes one of today's with all that it held."""

from __future__ import annotations

import json
import zipfile

from alembic import command
from sqlalchemy import MetaData, create_engine, text

from core.store.engine import migration_config, open_store
from core.store.restore import _fill
from tests.core.store.test_backup import OLD, check_old


def test_a_database_of_the_first_version_is_migrated_with_its_rows(blank_database_url: str) -> None:
    engine = create_engine(blank_database_url)
    with engine.begin() as connection, zipfile.ZipFile(OLD) as archive:
        command.upgrade(migration_config(connection), "0001")
        counts = json.loads(archive.read("manifest.json"))["rows"]
        tables = MetaData()
        tables.reflect(connection, only=list(counts))
        for table in tables.sorted_tables:
            _fill(connection, table, archive, counts[table.name])
    engine.dispose()
    store = open_store(blank_database_url)
    check_old(store)
    with store.session() as session:
        for table, n in counts.items():
            assert session.scalar(text(f'SELECT count(*) FROM "{table}"')) == n, table
        if store.engine.dialect.name == "sqlite":
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    store.close()
