"""`loopwright remove` lists before it removes; `loopwright retention` does what it says, and nothing unasked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.clock import now
from core.store.tables import TraceRow
from core.store.trace_writing import insert_traces
from dashboard.process import close_all, store
from tests.dashboard.test_cli import call
from tests.worlds import START, run


@pytest.fixture(autouse=True)
def closed(data_dir: Path) -> Iterator[None]:
    yield
    close_all()


def fill() -> None:
    with store().session() as session:
        insert_traces(session, [run("a", user="ann", session_id="talk"), run("b", session_id="talk"), run("c")])


def test_a_removal_is_listed_then_done_then_logged() -> None:
    fill()
    listed = call("remove", "--session", "talk", "--json")
    assert (listed["traces"], listed["steps"], listed["removed"], listed["lessons"]) == (2, 8, False, [])
    assert "Nothing was removed: add --yes to remove it." in call("remove", "--session", "talk").stdout
    done = call("remove", "--session", "talk", "--yes", "--reason", "asked to", "--json")
    assert (done["traces"], done["removed"], done["file_clean"]) == (2, True, True)
    assert call("remove", "--session", "talk", "--yes", "--json")["removed"] is False
    assert "Nothing of it is here" in call("remove", "--trace", "a").stdout
    (logged,) = call("retention", "--json")["removals"]
    assert (logged["by"], logged["what"], logged["reason"]) == ("command line", "one session", "asked to")
    day = f"{START + timedelta(days=1):%Y-%m-%d}"
    assert call("remove", "--agent", "shop", "--before", day, "--yes", "--json")["traces"] == 1


def test_retention_is_set_listed_tried_and_run() -> None:
    fill()
    assert "Everything is kept for ever" in call("retention").stdout
    assert call("retention", "--run", "--json")["removed"] is False
    call("retention", "--keep-days", 30, "--keep-labelled")
    listed = call("retention", "--agent", "shop", "--forever", "--json")["policies"]
    assert listed == [
        {"agent": "", "keep_days": 30, "keep_labelled": True},
        {"agent": "shop", "keep_days": None, "keep_labelled": False},
    ]
    assert "There is no agent shpo yet" in call("retention", "--agent", "shpo", "--keep-days", 3).stderr
    call("retention", "--agent", "shop", "--keep-days", 7)
    assert call("retention", "--run", "--dry-run", "--json") == {"traces": 0, "removed": False}  # they have just come
    with store().session() as session:
        for row in session.scalars(select(TraceRow)):
            row.last_arrival_at = now() - timedelta(days=9)
    assert call("retention", "--run", "--dry-run", "--json")["traces"] == 3
    assert call("retention", "--run", "--json")["traces"] == 3


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["remove"], 2, "name one of --trace"),
        (["remove", "--trace", "a", "--user", "b"], 2, "name one of --trace"),
        (["remove", "--agent", "shop"], 2, "--before"),
        (["remove", "--agent", "shop", "--before", "soon"], 2, "is no date"),
        (["remove", "--agent", "shop", "--before", "2026-01-01"], 1, "There is no agent shop"),
        (["retention", "--agent", "shop"], 2, "for how long"),
        (["retention", "--forever", "--keep-days", "3"], 2, "keeps everything"),
        (["retention", "--keep-labelled"], 2, "goes with --keep-days"),
        (["retention", "--dry-run"], 2, "goes with --run"),
        (["retention", "--keep-days", "0"], 2, "keep-days"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], code: int, says: str) -> None:
    result = call(*words, code=code)
    assert says in result.output
    assert "Traceback" not in result.output
