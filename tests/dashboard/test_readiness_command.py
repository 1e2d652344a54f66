"""`loopwright readiness`: one sentence an agent, then its three answers; the same in JSON."""

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


def test_the_seeded_world_is_not_ready_and_says_why() -> None:
    calls = (["import", str(WORLD)], ["readiness"], ["readiness", "--agent", "shop-support", "--json"])
    imported, words, whole = (CliRunner().invoke(app, call) for call in calls)
    assert [one.exit_code for one in (imported, words, whole)] == [0, 0, 0]
    [found] = json.loads(whole.stdout)["agents"]
    lines = words.stdout.splitlines()
    assert lines[0] == f"shop-support: {found['sentence']}"
    assert [line.split()[0] for line in lines[1:]] == ["stable", "enough", "saves", "lessons"]
    assert lines[4].startswith("  lessons Runs with lessons solved ")
    assert (found["worthwhile"], found["stable"]["state"], found["enough"]["state"]) == (False, "not yet", "not yet")
    assert found["sentence"].startswith("Not yet: the work moved in the latest four weeks (Runs solved 84 % of 106")
    assert [check["name"] for check in found["stable"]["checks"] if check["drifted"]] == [
        "Runs solved",
        "Steps of the kind memory",
        "orders_db_check says failed",
        "Dollars a run",
        "Steps a run",
        "Seconds a run",
    ]
    enough, saves = found["enough"], found["saves"]
    assert (enough["rows"], enough["tasks"], enough["needs"]) == (236, 40, {"rows": 100, "tasks": 50})
    assert enough["by_check"] + enough["by_one"] + enough["by_several"] == enough["rows"]
    assert (saves["state"], saves["runs"], saves["a_thousand_runs"]["cached_share"]) == ("ready", 100, None)
    assert found["lessons"]["verdict"] == "helps"


def test_nothing_and_nobody_are_answered_in_words() -> None:
    empty, nobody = (CliRunner().invoke(app, call) for call in (["readiness"], ["readiness", "--agent", "eve"]))
    assert (empty.exit_code, empty.stdout) == (0, "No run has come in yet.\n")
    assert nobody.exit_code == 1
    assert "There is no agent eve" in nobody.output
