"""`loopwright version`: the order of versions, and what a lead says of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import keep, run


@pytest.fixture(autouse=True)
def runs(data_dir: Path) -> Iterator[None]:
    keep(store(), [run(name, name, "t", 1.0) for name in ("v1", "v2")])
    yield
    close_all()


def asked(*words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["version", *words, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if result.stdout else result.stderr


def test_a_version_is_dated_and_put_after_its_base() -> None:
    assert [one["version"] for one in asked()["versions"]] == ["v1", "v2"]
    (one,) = asked("v1", "--date", "2026-01-05", "--base", "v2")["versions"]
    assert (one["version"], one["date"][:10], one["date_set"], one["base"]) == ("v1", "2026-01-05", True, "v2")
    assert [one["version"] for one in asked()["versions"]] == ["v2", "v1"]
    words = CliRunner().invoke(app, ["version", "v1"]).stdout
    assert words == "shop v1 (2026-01-05, from v2): 1 runs\n"
    (one,) = asked("v1", "--date", "none", "--base", "none")["versions"]
    assert (one["date_set"], one["base"]) == (False, None)


def test_what_cannot_be_is_refused_and_nothing_half_done() -> None:
    assert "is no date" in asked("v1", "--date", "yesterday", "--base", "v2", code=1)["error"]["message"]
    assert "already rests on" in asked("v1", "--base", "v1", code=1)["error"]["message"]
    assert "no version v9" in asked("v9", "--base", "v1", code=1)["error"]["message"]
    assert asked("--base", "v1", code=2)
    assert {one["base"] for one in asked()["versions"]} == {None}
