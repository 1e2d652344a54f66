"""Recipes: rows as trainers read them, and in the open what they would cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.dataset.definition import define
from core.dataset.recipes import RECIPES, recipe_files
from core.dataset.versions import export_version
from core.dataset.writing import Written
from core.errors import InvalidInput
from core.ingest.accept import ImportOptions, import_paths
from core.store.engine import Store
from tests.core.dataset.world import choose, keep, said, texts

USER = {"role": "user", "content": "Where is order 7?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": {"order": 7}}}
CALLS = {"role": "assistant", "content": "", "reasoning_content": "Look it up.", "tool_calls": [CALL]}
TOLD = {"role": "tool", "content": '{"state": "sent"}', "tool_call_id": "c1", "name": "get_order"}
SAYS = {"role": "assistant", "content": "It was sent."}
RULES = {"role": "system", "content": "Be brief."}
TOOL = {"type": "function", "function": {"name": "get_order", "parameters": {"type": "object"}}}
RUN = {"messages": [RULES, USER, CALLS, TOLD, SAYS], "tools": [TOOL]}
PAIR = {"prompt": [RULES, USER], "chosen": [SAYS], "rejected": [{"role": "assistant", "content": "No idea."}]}


def seen(recipe: str, format: str, *rows: dict[str, Any]) -> tuple[list[Any], list[str], dict[str, str]]:
    """The rows of a view, why others are left out, and the other files."""
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    files = {name: b"".join(chunks).decode() for name, chunks in recipe_files(recipe, format, lambda: iter(lines))}
    left = [json.loads(line) for line in files.pop(f"{recipe}/left_out.jsonl", "").splitlines()]
    read = [json.loads(line) for line in files.pop(f"{recipe}/train.jsonl", "").splitlines()]
    return read, [f"{one['line']}: {one['why']}" for one in left], files


def test_openai_reads_arguments_as_text_and_no_thoughts() -> None:
    (row,), left, files = seen("openai", "sft", RUN)
    call = {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": '{"order":7}'}}
    assert row == {
        "messages": [
            RULES,
            USER,
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": '{"state": "sent"}', "tool_call_id": "c1"},
            SAYS,
        ],
        "tools": [TOOL],
        "parallel_tool_calls": False,
    }
    assert left == []
    assert "1 of 1 rows" in files["openai/README.md"]
    nameless = {**CALL, "id": ""}
    _, left, files = seen(
        "openai",
        "sft",
        {"messages": [USER, {**CALLS, "tool_calls": [nameless]}, SAYS]},
        {"messages": [USER, CALLS, {**TOLD, "tool_call_id": "c9"}, SAYS]},
    )
    assert left == ["1: a call has no id", "2: a tool's result names no call before it"]
    assert "- 1: a call has no id" in files["openai/README.md"]


def test_openai_prefers_one_text_to_another() -> None:
    rows, left, _ = seen("openai", "dpo", PAIR, {**PAIR, "chosen": [CALLS]}, {**PAIR, "rejected": [CALLS, TOLD, SAYS]})
    assert rows == [
        {
            "input": {"messages": [RULES, USER]},
            "preferred_output": [SAYS],
            "non_preferred_output": [{"role": "assistant", "content": "No idea."}],
        }
    ]
    assert left == [
        "2: a side calls a tool, and only texts are read there",
        "3: a side has several messages, and only one is read there",
    ]


def test_llama_factory_gets_turns_of_texts() -> None:
    twice = {"messages": [USER, USER, SAYS]}
    both = {"messages": [USER, {**CALLS, "content": "Let me see."}, TOLD, SAYS]}
    late = {"messages": [USER, SAYS, RULES, USER, SAYS]}
    ends = {"messages": [USER, SAYS, USER]}
    (row,), left, files = seen("llama-factory", "sft", RUN, twice, both, late, ends)
    assert row == {
        "conversations": [
            {"from": "human", "value": "Where is order 7?"},
            {"from": "function_call", "value": '{"name":"get_order","arguments":{"order":7}}'},
            {"from": "observation", "value": '{"state": "sent"}'},
            {"from": "gpt", "value": "It was sent."},
        ],
        "system": "Be brief.",
        "tools": '[{"name":"get_order","parameters":{"type":"object"}}]',
    }
    assert [why.partition(": ")[2].split()[0] for why in left] == ["users", "a", "a", "it"]
    told = json.loads(files["llama-factory/dataset_info.json"])["loopwright"]
    assert set(told["columns"].values()) == set(row)
    assert yaml.safe_load(files["llama-factory/train.yaml"])["dataset"] == "loopwright"
    (row,), left, files = seen("llama-factory", "dpo", PAIR)
    told = json.loads(files["llama-factory/dataset_info.json"])["loopwright"]
    assert (set(told["columns"].values()), told["ranking"], left) == (set(row), True, [])


def test_axolotl_reads_arguments_and_parameters_as_texts() -> None:
    (row,), left, files = seen("axolotl", "sft", RUN)
    assert row["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"order":7}'
    assert row["tools"][0]["function"]["parameters"] == '{"type":"object"}'
    assert left == []
    (asked,) = yaml.safe_load(files["axolotl/train.yaml"])["datasets"]
    assert (asked["field_messages"], asked["path"]) == ("messages", "train.jsonl")
    rows, left, files = seen("axolotl", "dpo", PAIR, {**PAIR, "prompt": [USER, CALLS, TOLD]})
    assert rows == [{**PAIR, "chosen": SAYS, "rejected": PAIR["rejected"][0]}]
    assert left == ["2: the prompt has tools or calls, and only texts are read there"]
    told = yaml.safe_load(files["axolotl/train.yaml"])
    assert {told["datasets"][0][f"field_{name}"] for name in ("messages", "chosen", "rejected")} == set(rows[0])


@pytest.mark.parametrize("format", ["sft", "dpo", "kto", "reward"])
def test_a_script_for_trl_can_be_read_by_python(format: str) -> None:
    rows, left, files = seen("trl", format, RUN)
    assert (rows, left, list(files)) == ([], [], ["trl/train.py", "trl/README.md"])
    compile(files["trl/train.py"], "train.py", "exec")


def test_they_stand_beside_the_rows_and_in_place_of_older_ones(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        keep(session, said("good", "Is the red lamp in stock?", 1))
        choose(session, texts("p", "Which way?", "To the left.", "To the right."), "a")
    out = tmp_path / "out"
    report = export_version(store, define("sft"), str(out), how=Written(recipes=[*RECIPES, "trl"]))
    assert report.as_json()["files"][-4:] == ["trl/", "axolotl/", "llama-factory/", "openai/"]
    assert {path.name for path in out.iterdir() if path.is_dir()} == set(RECIPES)
    assert len((out / "openai" / "train.jsonl").read_text().splitlines()) == 1
    export_version(store, define("sft"), str(out), how=Written(recipes=["openai"]))
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["openai"]
    address = f"memory://{tmp_path.name}/lamps"
    export_version(store, define("dpo"), address, how=Written(recipes=["trl"]))


@pytest.mark.parametrize(
    ("format", "how", "said"),
    [
        ("sft", Written(recipes=["word"]), "There is no recipe word. Recipes are trl, axolotl, llama-factory, openai."),
        ("kto", Written(recipes=["openai"]), "There is no recipe for kto with openai. There are trl."),
        ("steps", Written(recipes=["trl"]), "There is no recipe for steps with trl. No trainer that we know takes it."),
        ("sft", Written(True, ["trl"]), "Recipes read the rows as JSONL: leave either them or Parquet out."),
    ],
)
def test_what_there_is_not_is_said_before_anything_is_made(
    store: Store, tmp_path: Path, format: str, how: Written, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said.replace(".", r"\.")):
        export_version(store, define(format), str(tmp_path / "out"), how=how)
    assert not (tmp_path / "out").exists()


def test_of_the_real_rows_every_one_is_there_or_named(store: Store, real_data: Path, tmp_path: Path) -> None:
    import_paths(store, [real_data / "tau-bench"], ImportOptions())
    export_version(store, define("sft"), str(tmp_path / "out"), how=Written(recipes=RECIPES))
    rows = len((tmp_path / "out" / "train.jsonl").read_bytes().splitlines())
    for name in ("axolotl", "llama-factory", "openai"):
        folder = tmp_path / "out" / name
        left = folder / "left_out.jsonl"
        named = len(left.read_bytes().splitlines()) if left.exists() else 0
        assert len((folder / "train.jsonl").read_bytes().splitlines()) + named == rows == 84
