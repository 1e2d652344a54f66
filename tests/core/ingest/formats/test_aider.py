"""aider's leaderboards are published rates: whole, dated, and compared with nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.evaluate.published import published_rates
from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document
from core.ingest.formats.aider import read
from core.records import Aggregate, Rejected
from core.store.engine import Store

ROW: dict[str, Any] = {
    "dirname": "2026-01-01--try",
    "test_cases": 200,
    "model": "some-model",
    "edit_format": "diff",
    "pass_rate_2": 40.5,
    "pass_num_2": 81,
    "date": "2026-01-01",
    "versions": "0.9",
    "seconds_per_case": 12.5,
    "total_cost": 3.0,
}


def only(row: dict[str, Any], name: str = "polyglot_leaderboard.yml") -> Any:
    (made,) = read(Document(name, [row])) or ()
    return made


def test_a_row() -> None:
    found = only(ROW)
    assert isinstance(found, Aggregate)
    assert (found.agent, found.version, found.benchmark) == ("aider", "some-model (diff)", "aider/polyglot")
    assert (found.rate, found.n, found.cost, found.seconds) == (0.405, 200, 0.015, 12.5)
    assert (str(found.date), found.note) == ("2026-01-01 00:00:00+00:00", "versions: 0.9")
    assert only(ROW, "rows.json").benchmark == "aider"
    assert only(ROW | {"total_cost": 0.0}).cost is None


def test_a_rate_that_disagrees_with_its_counts_says_so() -> None:
    says = "its rate of 40.5 % disagrees with its own counts: 80 of 200 are 40.0 %"
    assert only(ROW | {"pass_num_2": 80}).note == f"{says}; versions: 0.9"
    assert only(ROW | {"total_tests": 225}).note == "run on 200 of 225 tasks; versions: 0.9"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pass_rate_2": 140}, "pass_rate_2 is 140.0, not between 0 and 100"),
        ({"pass_rate_2": "40.5"}, "pass_rate_2 is a text, not a whole number or a number"),
        ({"test_cases": 0}, "test_cases is 0, not a number of tasks"),
        ({"test_cases": None}, "test_cases is missing"),
        ({"model": 4}, "model is a whole number, not a text"),
    ],
)
def test_a_broken_row(change: dict[str, Any], says: str) -> None:
    row = ROW | change
    assert only(row) == Rejected("record 1 (2026-01-01--try)", says, row)


def test_the_three_leaderboards(store: Store, real_data: Path) -> None:
    folder = real_data / "aider-leaderboards"
    report = import_paths(store, [folder], ImportOptions())
    assert {name: n for name, n in report.counts.items() if n} == {"aggregates": 69 + 98 + 10}
    assert report.rejected == []
    with store.reading() as session:
        rates = published_rates(session, "aider")
        assert Counter(one.benchmark for one in rates) == {
            "aider/polyglot": 69,
            "aider/edit": 98,
            "aider/o1_polyglot": 10,
        }
        polyglot = [one for one in rates if one.benchmark == "aider/polyglot"]
        agree = [one for one in polyglot if "disagrees" not in one.note]
        assert (len(agree), len(polyglot)) == (64, 69)
        assert (f"{polyglot[0].date:%Y-%m-%d}", f"{polyglot[-1].date:%Y-%m-%d}") == ("2024-12-21", "2025-10-03")
        assert Counter(one.n for one in polyglot) == {225: 63, 224: 5, 223: 1}
        assert all(one.interval and one.interval.low <= one.rate <= one.interval.high for one in rates)
        # apart from what is compared: no version of the history, and a refusal in a sentence
        assert version_history(session, "aider").points == ()
        with pytest.raises(InvalidInput) as refused:
            compare_versions(session, polyglot[0].version, polyglot[-1].version, agent="aider")
        says = f"Of {polyglot[0].version} only published rates are known, and no task behind them"
        assert refused.value.message == f"{says}: there is nothing to compare."
    again = import_paths(store, [folder], ImportOptions())
    assert {name: n for name, n in again.counts.items() if n} == {"duplicates": 177}
