"""`loopwright drift`: in words and as JSON, with a window of one's own, and what it says of nonsense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.process import close_all

WORLD = Path(__file__).parents[2] / "seed_data" / "world.jsonl.gz"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(tmp_path))
    yield
    close_all()


def asked(*call: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["drift", *call])
    return found.exit_code, found.stdout if found.exit_code == 0 else found.output


def test_the_seeded_world_moved_with_its_third_version() -> None:
    assert CliRunner().invoke(app, ["import", str(WORLD)]).exit_code == 0
    october = ("--agent", "shop-support", "--from", "2026-10-01", "--to", "2026-11-01")
    (rc, words), (_, whole) = asked(*october), asked(*october, "--json")
    found = json.loads(whole)
    assert rc == 0
    assert words.startswith("2026-10-01 to 2026-11-01 (149 runs) against 2026-07-09 to 2026-10-01 (186 runs): ")
    assert "Another version runs (v3 and v2; before: v1 and v2): Runs solved 78 % of 129 after 63 % of 169." in words
    assert (found["current"]["runs"], found["reference"]["runs"]) == (149, 186)
    first = found["checks"][0]
    assert {"name", "statistic", "effect", "p_adjusted", "n_reference", "n_current", "drifted"} <= first.keys()
    assert (first["name"], first["about"], first["drifted"]) == ("Runs solved", "agent", True)
    assert found["causes"][0]["about"] == "agent"


def test_nothing_and_nonsense_are_answered_in_words() -> None:
    assert asked() == (0, "No run says when it began, so nothing can be compared.\n")
    assert asked("--from", "soon") == (1, "--from soon is no date: write it like 2026-08-31.\n")
    assert asked("--agent", "eve") == (1, "There is no agent eve. Agents come with the runs that are imported.\n")
