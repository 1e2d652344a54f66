"""`loopwright suite`: drafts, files, revisions; and `compare` on a holdout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import keep, plan


@pytest.fixture(autouse=True)
def runs(data_dir: Path) -> Iterator[None]:
    """Two versions on six tasks; the second breaks two of them."""
    keep(store(), plan({"a": dict.fromkeys("123456", "s"), "b": {**dict.fromkeys("1234", "s"), "5": "f", "6": "f"}}))
    yield
    close_all()


def loopwright(*words: str) -> Any:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code in (1, 2)
    return " ".join(result.output.split())


def test_a_suite_is_made_from_a_file_frozen_and_revised(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(
        'task,tags,split,expected\nshop/1,"late, refund",,It is paid back.\nshop/5,late,holdout,\nshop/7,,,\n'
    )
    made = loopwright("suite", "add", "shop", "--file", str(file))
    assert (made["n_cases"], made["n_holdout"], made["frozen_at"]) == (3, 1, None)
    assert made["cases"][0] == {
        "task": "shop/1",
        "title": "",
        "tags": ["late", "refund"],
        "difficulty": "",
        "expected": "It is paid back.",
        "split": "train",
    }
    assert loopwright("suite", "add", "shop", "--begins", "shop/", "--tag", "all")["n_cases"] == 7
    assert loopwright("suite", "remove", "shop", "shop/7")["n_cases"] == 6
    frozen = loopwright("suite", "freeze", "shop", "--margin", "0.03")
    assert frozen["margin"] == 0.03
    assert len(frozen["content_hash"]) == 64
    assert "is frozen with 6 tasks: make a new revision of it" in refused("suite", "add", "shop", "shop/7")
    assert loopwright("suite", "revise", "shop", "--note", "with seven")["revision"] == 2
    assert loopwright("suite", "add", "shop", "shop/7")["n_cases"] == 7
    assert loopwright("suite", "show", "shop@1") == frozen | {
        "frozen_at": loopwright("suite", "show", "shop@1")["frozen_at"]
    }
    listed = loopwright("suite", "list")["suites"]
    assert [(one["suite"], one["revision"], one["n_cases"]) for one in listed] == [("shop", 2, 7), ("shop", 1, 6)]
    words = CliRunner().invoke(app, ["suite", "show", "shop"]).stdout.splitlines()
    assert words[0] == "shop 2 (draft): 7 tasks, 1 of them holdout: with seven"
    assert "  shop/5  holdout · all" in words


def test_the_holdout_is_opened_with_a_reason_that_stands_in_the_suite() -> None:
    loopwright("suite", "add", "shop", "--begins", "shop/", "--tag", "all")
    loopwright("split", "shop/5", "shop/6", "--as", "holdout", "--yes")
    closed = loopwright("compare", "a", "b", "--suite", "shop")
    assert (closed["n_tasks"], closed["regressed"], closed["holdout"]["left_out"]) == (4, [], 2)
    opened = loopwright("compare", "a", "b", "--suite", "shop", "--holdout", "The release.")
    assert (opened["n_tasks"], opened["regressed"]) == (2, ["shop/5", "shop/6"])
    shown = loopwright("suite", "show", "shop")
    assert [(one["versions"], one["why"]) for one in shown["opened"]] == [(["a", "b"], "The release.")]
    words = CliRunner().invoke(app, ["compare", "a", "b", "--suite", "shop"]).stdout
    assert "2 tasks of the holdout, which is closed" in words
    assert "The holdout of shop was opened 1 time." in words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task,colour\nshop/1,red\n", "line 2: colour is no field of a case"),
        ('[{"task": ""}]', "record 1: task is missing."),
        ('[{"task": "a"}, {"task": "a"}]', "record 2: a stands there twice."),
        ('[{"task": "a", "tags": 7}]', "record 1: tags is no list of texts."),
        ('[{"task": "a", "split": "test"}]', "record 1: split is 'test', not train or validation or holdout."),
        ("[7]", "record 1: it is no object with the fields"),
        ("[]", "The file names no task."),
        ("", "the file is empty"),
    ],
)
def test_a_file_that_says_something_else_is_refused_whole(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "cases.txt"
    file.write_text(text)
    assert said in refused("suite", "add", "shop", "--file", str(file))
    assert loopwright("suite", "list") == {"suites": []}


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    assert "say what to do" in refused("suite", "paint", "shop")
    assert "name the suite" in refused("suite", "show")
    assert "name tasks" in refused("suite", "add", "shop")
    assert "no task whose key begins with nope" in refused("suite", "add", "shop", "--begins", "nope")
    assert "There is no suite gone" in refused("suite", "freeze", "gone")
    assert "cannot be read" in refused("suite", "add", "shop", "--file", str(tmp_path / "none.csv"))


def test_what_a_suite_lacks_is_told() -> None:
    loopwright("suite", "add", "shop", "shop/1", "shop/2")
    found = loopwright("suite", "show", "shop", "--coverage", "--agent", "shop")["coverage"]
    assert (found["runs"], found["covered_runs"]) == (12, 4)
    assert found["kinds"] == [{"kind": "shop", "tasks": 6, "runs": 12, "in_suite": 2}]
    words = CliRunner().invoke(app, ["suite", "show", "shop", "--coverage"]).stdout
    assert "Its tasks are those of 4 of 12 runs that came in (33 %)." in words
