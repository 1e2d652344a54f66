"""The command line keeps its contract: keys of its JSON, exit codes, reasons on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.record_lines import to_json
from core.records import Lesson, LessonState, Person, Role, Task
from dashboard.cli import app
from dashboard.process import close_all
from tests.worlds import run


@pytest.fixture(autouse=True)
def closed(data_dir: Path) -> Iterator[None]:
    yield
    close_all()


def call(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if "--json" in words and code != 2 else result


def world(folder: Path) -> Path:
    runs = [
        run(f"{version}-{n}", task=Task(f"shop/{n}", f"Task {n}"), version=version, reward=float(n < solved))
        for version, solved in (("v1", 3), ("v2", 5))
        for n in range(6)
    ]
    lesson = Lesson(
        "l1",
        "a customer asks to cancel an order that was sent",
        "say that it can be returned",
        state=LessonState.ACTIVE,
        person="me",
        decided_by="me",
    )
    file = folder / "world.jsonl"
    file.write_text("\n".join(json.dumps(to_json(one)) for one in [Person("me", Role.LEAD), *runs, lesson]))
    return file


def test_every_command_explains_itself() -> None:
    names = ["demo", "serve", "import", "agreement", "lessons", "recall", "export", "compare"]
    names += ["doctor", "reindex", "backup", "restore"]
    for name in names:
        assert "Usage:" in call(name, "--help").stdout
    help_text = call("--help").stdout
    assert all(name in help_text for name in names)


def test_import_compare_recall_and_export(tmp_path: Path) -> None:
    file = world(tmp_path)
    first = call("import", file, "--suite", "shop", "--json")
    assert (first["traces"], first["steps"], first["signals"], first["lessons"], first["rejected"]) == (
        12,
        48,
        12,
        1,
        [],
    )
    again = call("import", file, "--json")
    assert (again["traces"], again["duplicates"]) == (0, 13)

    compared = call("compare", "v1", "v2", "--suite", "shop", "--json")
    assert compared["n_tasks"] == 6
    assert compared["base"]["success"] == pytest.approx(0.5)
    assert compared["difference"] == pytest.approx(1 / 3)
    assert (compared["regressed"], compared["fixed"]) == ([], ["shop/3", "shop/4"])
    assert "verdict" in compared

    assert [lesson["id"] for lesson in call("lessons", "--json")["lessons"]] == ["l1"]
    recalled = call("recall", "the customer wants to cancel an order that was already sent", "--json")
    assert [lesson["id"] for lesson in recalled["lessons"]] == ["l1"]
    close_all()  # each command is a process of its own
    scoped = call("recall", "an order that was already sent", "--tool", "ship", "--tags", "orders, returns", "--json")
    assert [lesson["id"] for lesson in scoped["lessons"]] == ["l1"]  # it is for any tool and any kind of task
    reindexed = call("reindex", "--json")
    assert (reindexed["lessons"], reindexed["runs"]) == (1, 12)

    made = call("export", "sft", "--out", tmp_path / "out", "--json")
    assert made["rows"] + sum(made["excluded"].values()) == made["candidates"] == 12
    assert (tmp_path / "out" / "provenance.jsonl").exists()
    (listed,) = call("datasets", "--json")["versions"]
    assert (listed["dataset"], listed["version"], listed["rows"]) == ("sft", 1, made["rows"])
    assert listed["sha256"] == made["sha256"]
    assert call("datasets", "sft", "--compare", "1", "1", "--json") == {
        "same": made["rows"],
        "added": [],
        "removed": [],
        "changed": [],
    }
    assert call("agreement", "--json")["questions"] == []
    close_all()  # each command is a process of its own
    assert [check["name"] for check in call("doctor", "--json")["checks"]] == [
        "settings",
        "data folder",
        "database",
        "lesson index",
        "index of runs",
    ]


def test_a_backup_comes_back_into_an_empty_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("import", world(tmp_path))
    made = call("backup", tmp_path / "all.zip", "--json")
    assert made["bytes"] == (tmp_path / "all.zip").stat().st_size
    error = call("restore", tmp_path / "all.zip", "--json", code=1)
    assert "empty" in error["error"]["message"]
    monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(tmp_path / "other"))
    assert call("restore", tmp_path / "all.zip", "--json")["sha256"] == made["sha256"]
    assert call("import", world(tmp_path), "--json")["traces"] == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["import"], 2, "Missing argument"),
        (["import", "missing.json"], 1, "There is no file or folder missing.json"),
        (["compare", "v1", "v2"], 2, "--suite"),
        (["compare", "v1", "v2", "--suite", "none"], 1, "There is no"),
        (["export", "poem", "--out", "x"], 1, "sft"),
        (["lessons", "--state", "lost"], 1, "There is no state lost"),
        (["agreement", "--raters", "cats"], 1, "people or machines"),
        (["restore", "missing.zip"], 1, "is not a backup"),
        (["backup", "missing/x.zip"], 1, "There is no folder missing"),
        (["serve", "--host", "0.0.0.0"], 1, "LOOPWRIGHT_ACCESS_TOKEN"),
        (["serve", "--port", "99999"], 2, "65535"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(words: list[str], code: int, says: str) -> None:
    result = call(*words, code=code)
    assert says in result.output
    assert "Traceback" not in result.output


def test_an_ambiguous_name_is_wrong_usage(tmp_path: Path) -> None:
    runs = [run(f"{agent}{version}", agent=agent, version=version) for agent in ("a", "b") for version in ("v1", "v2")]
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(json.dumps(to_json(one)) for one in runs))
    call("import", file, "--suite", "s")
    assert "Say which with --agent" in call("compare", "v1", "v2", "--suite", "s", code=2).output


def test_queues_are_made_filled_and_listed(data_dir: Path, tmp_path: Path) -> None:
    call("import", world(tmp_path))
    make = ("queue", "make", "tools", "--of", "step", "--questions", "process-reward", "--kind", "tool")
    assert call(*make, "--version", "v1", "--json") == {"queue": "tools", "fitting": 6, "added": 6}
    assert call("queue", "add", "tools", "--kind", "tool", "--json") == {"queue": "tools", "fitting": 12, "added": 6}
    listed = {row["name"]: row for row in call("queue", "list", "--json")["queues"]}
    assert sorted(listed) == ["All runs", "tools"]
    wanted = {"of": "step", "done": 0, "waiting": 12, "answers_left": 12, "standing": False, "state": "open"}
    assert {key: listed["tools"][key] for key in wanted} == wanted
    assert "already a queue tools" in call(*make, code=1).stderr
    assert (
        "There is no outcome solve"
        in call(*make[:2], "x", "--outcome", "solve", "--questions", "outcome", code=1).stderr
    )
    assert "nobody called eve" in call(*make[:2], "x", "--questions", "outcome", "--person", "eve", code=1).stderr
    call("queue", "make", code=2)
    call("queue", "sort", code=2)
