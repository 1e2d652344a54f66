"""The house stands as DESIGN says, and each of its rules can be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tree() -> dict[str, str]:
    return house.read_tree(ROOT)


@pytest.mark.parametrize(
    "rule",
    [
        house.wrong_direction,
        house.screens_in_core,
        house.sql_outside_store,
        house.environment_readers,
        house.commits_in_core,
        house.packages_of_scripts,
        house.shadowing_names,
    ],
)
def test_the_house_keeps(rule, tree: dict[str, str]) -> None:
    _expect_none(rule(tree))


def test_every_imported_package_is_declared(tree: dict[str, str]) -> None:
    _expect_none(house.undeclared(tree, (ROOT / "pyproject.toml").read_text(encoding="utf-8")))


def _expect_none(broken: list[str]) -> None:
    if broken:
        pytest.fail("\n".join([f"{len(broken)} breaks:", *broken]), pytrace=False)


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("core/store/traces.py", "from core.review import queues", "review is above store"),
        ("core/memory/recall.py", "import core.dataset.gates", "memory and dataset stand side by side"),
        ("core/tasks/keys.py", "def f():\n    from ..evaluate import drift", "evaluate is above tasks"),
        ("core/records.py", "from core import store", "store is above records"),
        ("core/measure/ci.py", "from core.similarity.index import query", "measure and similarity stand side by side"),
        ("core/surprise/x.py", "from core import errors", "core/surprise has no place in the order"),
        ("core/store/x.py", "from dashboard import cli", "core is below dashboard"),
        ("dashboard/app.py", "import pages.home", "nothing imports pages/"),
        ("pages/home.py", "from seed_data import world", "nothing imports seed_data/"),
    ],
)
def test_an_import_up_or_across_is_named(path: str, source: str, message: str) -> None:
    (found,) = house.wrong_direction({path: source})
    assert found.startswith(f"{path}:{source.count(chr(10)) + 1}: ")
    assert message in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/settings.py", "from core.errors import InvalidInput"),
        ("core/store/engine.py", "from core import clock\nfrom . import tables\nfrom .tables import Base"),
        ("core/store/traces.py", "from core.measure import intervals"),
        ("core/retract.py", "from core.release import promote\nfrom core.memory import lessons"),
        ("dashboard/app.py", "import dashboard.session\nfrom core.retract import touched"),
        ("pages/home.py", "from dashboard.parts import filters\nimport pandas"),
    ],
)
def test_an_import_down_is_fine(path: str, source: str) -> None:
    assert house.wrong_direction({path: source}) == []


def test_streamlit_in_core_is_named() -> None:
    sources = {"core/review/x.py": "import streamlit.components", "dashboard/app.py": "import streamlit as st"}
    assert house.screens_in_core(sources) == [
        "core/review/x.py:1: `import streamlit.components`: core is true without a screen"
    ]


@pytest.mark.parametrize(
    ("source", "breaks"),
    [
        ("from sqlalchemy import select", 1),
        ("import sqlite3", 1),
        ("rows = run('SELECT id\\nFROM trace')", 1),
        ("run(f'DELETE FROM trace WHERE id = {n}')", 1),
        ("session.execute(query)", 1),
        ("from sqlalchemy.orm import Session", 0),
        ("label = 'Select a run from the list'", 0),
        ("label = 'Choose a run; update the set'", 0),
    ],
)
def test_sql_outside_the_store_is_named(source: str, breaks: int) -> None:
    assert len(house.sql_outside_store({"pages/traces.py": source})) == breaks
    assert house.sql_outside_store({"core/store/traces.py": source}) == []


@pytest.mark.parametrize(
    "source", ["import os\nx = os.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_a_reader_of_the_environment_is_named(source: str) -> None:
    assert len(house.environment_readers({"dashboard/server.py": source})) == 1
    assert house.environment_readers({"core/settings.py": source}) == []


def test_a_writer_of_the_environment_is_no_reader() -> None:
    assert house.environment_readers({"dashboard/cli.py": "import os\nos.environ['A'] = '1'"}) == []


def test_a_commit_in_core_is_named() -> None:
    assert house.commits_in_core({"core/store/traces.py": "def f(session):\n    session.commit()"}) == [
        "core/store/traces.py:2: .commit(); the caller's `with store.session()` commits"
    ]


def test_a_package_of_scripts_is_named() -> None:
    found = house.packages_of_scripts({"pages/__init__.py": "", "pages/home.py": "", "core/__init__.py": ""})
    assert [line.split(":")[0] for line in found] == ["pages/__init__.py"]


@pytest.mark.parametrize(
    ("path", "hides"),
    [
        ("dashboard/mcp.py", True),
        ("dashboard/json.py", True),
        ("dashboard/plotly/x.py", True),
        ("dashboard/parts/json.py", False),
        ("dashboard/http_api.py", False),
    ],
)
def test_a_shadowing_name_is_named(path: str, hides: bool) -> None:
    assert bool(house.shadowing_names({path: ""})) is hides


def test_an_undeclared_package_is_named() -> None:
    pyproject = '[project]\ndependencies = ["PyYAML>=6", "psycopg[binary]"]'
    sources = {"core/x.py": "import yaml\nimport json\nimport psycopg\nimport requests\nfrom core import y"}
    assert house.undeclared(sources, pyproject) == [
        "core/x.py:4: `import requests`: the package is not among the dependencies in pyproject.toml"
    ]
