"""The migrations make what the tables say, and what was committed is there."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from core.errors import Unavailable
from core.store.engine import Store, migration_config, open_store
from core.store.people import list_people, person_id


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        command.check(migration_config(connection))


def test_opening_twice_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        opened = open_store(database_url)
        opened.close()


def test_a_session_that_raises_leaves_nothing(store: Store) -> None:
    with contextlib.suppress(ZeroDivisionError), store.session() as session:
        person_id(session, "somebody")
        raise ZeroDivisionError
    with store.reading() as session:
        assert list_people(session) == []


def test_a_reading_session_keeps_nothing(store: Store) -> None:
    with store.reading() as session:
        person_id(session, "somebody")
    with store.reading() as session:
        assert list_people(session) == []


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    with opened.engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    opened.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_that_cannot_be_opened_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="LOOPWRIGHT_DATABASE_URL") as caught:
        open_store(f"postgresql+psycopg://me:secret@/x?host={tmp_path}")
    assert "secret" not in caught.value.message
