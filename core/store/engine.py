"""Opens the database: connection settings, migrations, and the session that commits at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from core.errors import Contended, Unavailable
from core.store.turns import LONGEST_WAIT, Turns

_MIGRATIONS = Path(__file__).with_name("migrations")


class Store:
    """One database, migrated to the newest schema."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        one_view = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._readers = sessionmaker(engine.execution_options(**one_view), expire_on_commit=False)
        self._writers = sessionmaker(engine.execution_options(write=True), expire_on_commit=False)
        self._turns = Turns() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def session(self, patient: bool = False) -> Iterator[Session]:
        """A session that commits when its block ends and rolls back when it raises; on SQLite it waits for its turn.

        Background work is `patient`: it lets others write first. Raises Unavailable when the database cannot be used or
        is busy for too long, Contended where it ended this one so that another could go on.
        """
        turn = self._turns.taken(patient) if self._turns else nullcontext()
        with turn, _reachable(), self._writers.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database and never waits for a writer; nothing written in it is kept."""
        with _reachable(), self._readers() as session:
            yield session

    def close(self) -> None:
        """Give the connections back; the store cannot be used after."""
        self.engine.dispose()


_LET_OTHERS_GO, _WAITED_TOO_LONG = ("40P01", "40001"), ("55P03",)
"""What PostgreSQL calls a deadlock or a state that is not consistent any more, and a lock that nobody let go."""


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _LET_OTHERS_GO:
            raise Contended("Somebody else changed the same at this moment. Nothing was changed; try again.") from error
        if state in _WAITED_TOO_LONG:
            raise Unavailable("Somebody else is changing the same. Nothing was changed; try again later.") from error
        raise Unavailable(
            f"The database cannot be used at the moment ({error.orig}). Nothing was changed; try again in a moment."
        ) from error
    except PoolTimeout as error:
        raise Unavailable(
            "The database is busy with too much at once. Nothing was changed; try again in a moment."
        ) from error


def open_store(database_url: str) -> Store:
    """The store behind a SQLAlchemy URL, created and migrated as needed; raises Unavailable."""
    url = make_url(database_url)
    try:
        if url.get_backend_name() == "sqlite":
            if url.database:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            engine = create_engine(url)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            event.listen(engine, "checkin", _check_again)
        else:
            # who waits for a lock is told so after a while, as on SQLite, instead of holding a thread of the server
            waits = {"options": f"-c lock_timeout={LONGEST_WAIT * 1000:.0f}"}
            engine = create_engine(url, pool_pre_ping=True, connect_args=waits)
        migrate(engine)
    except (OperationalError, OSError) as error:
        shown = url.render_as_string(hide_password=True)
        raise Unavailable(f"The database {shown} cannot be opened: {error}. Check LOOPWRIGHT_DATABASE_URL.") from error
    return Store(engine)


def migrate(engine: Engine) -> None:
    """Bring the schema to its newest revision, in one transaction."""
    with engine.execution_options(write=True, **REBUILDS).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # another process may be at it, and take long
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(730021)")
        if MigrationContext.configure(connection).get_current_revision() != newest_revision():
            command.upgrade(migration_config(connection), "head")
            check_references(connection)


@cache
def newest_revision() -> str | None:
    """The revision of this Loopwright's schema, read from the migrations once: that takes longer than to open."""
    return ScriptDirectory.from_config(migration_config(None)).get_current_head()


REBUILDS = {"rebuilds": True}
"""The option of a connection that makes tables anew: SQLite checks references at its end (`check_references`)."""


def check_references(connection: Connection) -> None:
    """Raise ValueError where a row refers to one that is not there; PostgreSQL never lets that happen."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise ValueError(f"a row of {broken[0]} refers to one of {broken[2]} that is not there")


def migration_config(connection: Any) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL so that readers do not wait; FULL so that a committed write survives a power cut."""
    connection.isolation_level = None  # the driver's own BEGIN is deferred: a reader that then writes fails at once
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={LONGEST_WAIT * 1000:.0f}",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at its start, so that it waits for its turn instead of failing in the middle."""
    options = connection.get_execution_options()
    if options.get("rebuilds", False):  # a table that others refer to cannot be made anew while each step is checked
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.info["rebuilds"] = True
    write = options.get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _check_again(connection: Any, record: Any) -> None:
    """Whoever uses the connection next has references checked."""
    if record.info.pop("rebuilds", False) and connection is not None:
        connection.execute("PRAGMA foreign_keys=ON")
