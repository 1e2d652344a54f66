"""`loopwright retract` lists before it does anything, and undoes what it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.records import Role
from core.store.people import add_person
from dashboard.process import close_all, store
from tests.core.review.team import make_team, outcome
from tests.dashboard.test_cli import call


@pytest.fixture(autouse=True)
def reviewed(data_dir: Path) -> Iterator[None]:
    team = make_team(store())
    team.answer("ada", 0, outcome("failed"))
    team.answer("ben", 0, outcome("solved"))
    yield
    close_all()


def test_it_is_listed_then_done_then_undone() -> None:
    listed = call("retract", "reviewer", "ada", "--json")
    assert (listed["labels"], listed["runs"], listed["retraction"]) == (1, 1, None)
    assert "Nothing was changed: add --yes and --reason" in call("retract", "reviewer", "ada").stdout
    assert call("retract", "--json") == {"retractions": []}
    told = call("retract", "reviewer", "ada", "--yes", "--reason", "never read a run", "--by", "lea", "--json")
    [made] = call("retract", "--json")["retractions"]
    assert (made["retraction"], made["name"], made["by"], made["undone_at"]) == (told["retraction"], "ada", "lea", None)
    assert "Nothing hangs on the reviewer ada" in call("retract", "reviewer", "ada").stdout
    assert call("retract", "--undo", told["retraction"], "--by", "lea", "--json") == {"undone": told["retraction"]}
    assert call("retract", "reviewer", "ada", "--json")["labels"] == 1
    assert "undone" in call("retract").stdout


def test_what_is_wrong_is_said() -> None:
    with store().session() as session:
        add_person(session, "lou", Role.LEAD)
    assert "Say why" in call("retract", "reviewer", "ada", "--yes", "--by", "lea", code=1).stderr
    assert "There is no reviewer zoe" in call("retract", "reviewer", "zoe", code=1).stderr
    assert "Say which lead does this with --by NAME" in call("retract", "reviewer", "ada", "--yes", code=1).stderr
    assert "There is no retraction 7" in call("retract", "--undo", 7, "--by", "lea", code=1).stderr
    assert "queue cannot be retracted" in call("retract", "queue", "Runs", code=1).stderr
