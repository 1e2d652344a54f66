"""`loopwright lift`: the sentence first, then each lesson; the same in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.process import close_all

WORLD = Path(__file__).resolve().parents[2] / "seed_data" / "world.jsonl.gz"


@pytest.fixture(autouse=True)
def closed(data_dir: Path) -> Iterator[None]:
    yield
    close_all()


def test_the_seeded_world_has_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPWRIGHT_CONTROL_SHARE", "0.2")
    calls = (["import", str(WORLD)], ["lift"], ["lift", "--json"], ["lift", "--agent", "nobody", "--json"])
    imported, words, whole, nobody = (CliRunner().invoke(app, call) for call in calls)
    assert [one.exit_code for one in (imported, words, whole, nobody)] == [0, 0, 0, 0]
    said = json.loads(whole.stdout)
    assert words.stdout.splitlines()[0] == f"{said['sentence']}."
    assert said["sentence"] == "Runs with lessons solved 40 points more (10 to 72), 36 against 7 runs"
    assert (said["control_share"], said["hold_back_share"]) == (0.2, 0.1)
    assert said["memory"]["verdict"] == "helps"
    assert [one["agent"] for one in said["agents"]] == ["shop-support"]
    assert said["left_out"] == {"nothing_chosen": 75, "open_outcome": 2, "nameless": 0, "not_here": 0}
    assert {one["verdict"] for one in said["lessons"]} == {"not enough runs"}
    assert json.loads(nobody.stdout)["memory"]["with"] == {"n": 0, "success": None, "interval": None}


def test_a_share_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPWRIGHT_HOLD_BACK_SHARE", "0.9")
    result = CliRunner().invoke(app, ["lift"])
    assert result.exit_code == 1
    assert "LOOPWRIGHT_HOLD_BACK_SHARE" in result.output
