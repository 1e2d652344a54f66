"""The fixtures that other tests lean on do what they say."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from core.settings import load_settings
from core.store.engine import Store, open_store
from tests.network_guard import NetworkGuard

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("round_", [1, 2])
def test_a_store_is_migrated_empty_and_each_tests_own(store: Store, round_: int) -> None:
    assert "trace" in " ".join(inspect(store.engine).get_table_names())
    with store.session() as session:
        session.execute(text("CREATE TABLE left_behind (id INTEGER)"))


def test_the_store_stands_on_both_databases(store: Store, request: pytest.FixtureRequest) -> None:
    assert request.node.callspec.params["database_url"] == store.engine.dialect.name


def test_a_blank_database_has_no_table_and_can_be_migrated(blank_database_url: str) -> None:
    store = open_store(blank_database_url)
    assert inspect(store.engine).get_table_names()
    store.close()


def test_postgres_is_asked_with_psycopg_over_a_socket(postgres_url: str) -> None:
    url = make_url(postgres_url)
    assert url.drivername == "postgresql+psycopg"
    assert Path(str(url.query["host"])).is_dir()


def test_nothing_of_the_runner_reaches_a_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY=of-the-runner\nLOOPWRIGHT_PORT=1\n")
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert (settings.anthropic_api_key.get_secret_value(), settings.port) == ("", 8501)
    assert not [name for name in os.environ if name.startswith("ANTHROPIC_")]


def test_the_data_folder_is_named_in_the_settings(data_dir: Path) -> None:
    assert load_settings().folder == data_dir
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("event", "arguments", "refused"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80)), False),
        ("socket.connect", (None, ("::1", 80, 0, 0)), False),
        ("socket.connect", (None, "/tmp/socket"), False),
        ("socket.connect", (None, ("192.0.2.1", 80)), True),
        ("socket.sendto", (None, ("2001:db8::1", 53, 0, 0)), True),
        ("socket.getaddrinfo", ("localhost", 80), False),
        ("socket.getaddrinfo", (None, 80), False),
        ("socket.getaddrinfo", ("0.0.0.0", 80), False),
        ("socket.getaddrinfo", (b"example.org", 443), True),
        ("socket.gethostbyname", ("example.org",), True),
        ("open", ("example.org", "r", 0), False),
    ],
)
def test_the_guard_refuses_other_machines_only(event: str, arguments: tuple[object, ...], refused: bool) -> None:
    guard = NetworkGuard.__new__(NetworkGuard)
    guard.attempts = []
    if refused:
        with pytest.raises(OSError, match="tests do not reach other machines"):
            guard._audit(event, arguments)
    else:
        guard._audit(event, arguments)
    assert bool(guard.attempts) is refused


def test_a_test_that_reaches_out_fails_although_it_swallows_the_refusal(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import no_network  # noqa")
    pytester.makepyfile(
        """
        import socket
        def test_it():
            try:
                socket.create_connection(("example.org", 80), timeout=1)
            except OSError:
                pass
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*reached for another machine: socket.getaddrinfo example.org*"])
    from tests import conftest

    conftest._guard.attempts.clear()


def test_real_connections_go_through_the_guard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()
