"""Published rates stand on Evaluation by themselves, and are not offered where runs are read or compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.ingest.accept import ImportOptions, import_document
from dashboard.parts.numbers import escaped
from dashboard.process import close_all, store

ROOT = Path(__file__).parents[2]
BOARD = {"type": "aggregate", "agent": "board", "source": "a board", "benchmark": "sums"}
RATES: list[dict[str, Any]] = [
    BOARD | {"aggregate_id": "1", "version": "m-1", "rate": 0.5, "n": 100, "date": "2026-01-01T00:00:00Z"},
    BOARD
    | {"aggregate_id": "2", "version": "m-2", "rate": 0.8, "date": "2026-02-01T00:00:00Z", "note": "other prompts"},
    BOARD | {"aggregate_id": "3", "version": "m-3", "rate": 0.6, "cost": 0.25, "seconds": 90},
    BOARD | {"aggregate_id": "4", "version": "m-3", "rate": 0.1, "benchmark": "words"},
]
RUN = {"source": "mine", "steps": [{"step_id": "1", "kind": "llm"}], "agent": "shop", "version": "v1"}


def result(n: int, outcome: str) -> dict[str, Any]:
    task = {"key": f"sums/{n}"}
    return {"type": "result", "agent": "shop", "version": "v1", "result_id": str(n), "source": "a test"} | {
        "task": task,
        "outcome": outcome,
    }


@pytest.fixture(autouse=True)
def rates(data_dir: Path) -> Iterator[None]:
    own = [{"type": "trace", "trace_id": "t", "task": {"key": "other/1"}} | RUN]
    own += [result(n, "solved" if n < 6 else "failed") for n in range(8)]
    own += [BOARD | {"aggregate_id": "5", "agent": "shop", "version": "v1", "rate": 0.9, "n": 50}]
    lines = "\n".join(map(json.dumps, [*RATES, *own]))
    assert import_document(store(), "rates.jsonl", lines.encode(), ImportOptions()).rejected == []
    yield
    close_all()


def opened(page: str, **address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=30).run()
    at.switch_page(str(ROOT / f"pages/{page}.py"))
    for key, value in address.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception
    return at


def test_an_agent_with_published_rates_only_is_compared_with_nothing() -> None:
    at = opened("evaluation", evaluation_agent="board")
    says = "Of board only published rates are known, and no task behind them: nothing can be compared."
    assert [one.value for one in at.info] == [says]
    assert [one.value for one in at.header] == ["Published rates"]
    assert "What others published, without the tasks behind it: compared with nothing." in [
        one.value for one in at.caption
    ]
    assert {one.key for one in at.selectbox} == {"evaluation_agent", "evaluation_benchmark"}
    title = "The best of 3 published rates on sums is 80.0 %: m-2 (1 without a date: in the table only)"
    assert f"**{escaped(title)}**" in [one.value for one in at.markdown]
    assert at.dataframe[0].value.to_dict("records") == [
        {
            "Version": "m-2",
            "Published": "80.0 % (n not said)",
            "From its runs here": "no runs here",
            "Date": "2026-02-01",
            "Cost a task": "not said",
            "Time a task": "not said",
            "Note": "other prompts",
        },
        {
            "Version": "m-3",
            "Published": "60.0 % (n not said)",
            "From its runs here": "no runs here",
            "Date": "not known",
            "Cost a task": "$0.250",
            "Time a task": "90 s",
            "Note": "",
        },
        {
            "Version": "m-1",
            "Published": "50.0 % (40 to 60 %, n 100)",
            "From its runs here": "no runs here",
            "Date": "2026-01-01",
            "Cost a task": "not said",
            "Time a task": "not said",
            "Note": "",
        },
    ]


def test_beside_what_its_own_trials_come_to() -> None:
    at = opened("evaluation", evaluation_agent="shop")
    assert [one.value for one in at.header if one.value in ("Every version", "Published rates")] == [
        "Every version",
        "Published rates",
    ]
    rows = [one.value.to_dict("records") for one in at.dataframe if "Published" in one.value]
    assert [(row["Published"], row["From its runs here"]) for row in rows[0]] == [
        ("90.0 % (79 to 96 %, n 50)", "75 % (41 to 93 %, n 8)")
    ]


def test_among_runs_only_what_has_runs_is_asked_for() -> None:
    at = opened("traces")
    assert at.selectbox(key="traces_agent").options == ["any", "shop"]
    assert at.selectbox(key="traces_version").options == ["any", "v1"]
