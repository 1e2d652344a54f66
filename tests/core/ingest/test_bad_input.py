"""What cannot be read is named, with the reason and the place; what stands beside it arrives."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.ingest.accept import ImportOptions, import_document, import_paths
from core.ingest.document import open_document
from core.ingest.formats import FORMATS
from core.records import Rejected
from core.store.engine import Store

RUN: dict[str, Any] = {
    "task_id": 4,
    "trial": 2,
    "reward": 1.0,
    "info": {"task": {"instruction": "Cancel it.", "actions": []}},
    "traj": [{"role": "user", "content": "Cancel it."}, {"role": "assistant", "content": "Done."}],
}


def reasons(store: Store, content: Any, name: str = "runs.json") -> list[tuple[str, str]]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return [(one.record, one.reason) for one in import_document(store, name, data, ImportOptions()).rejected]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"  \n ", "the file is empty"),
        (gzip.compress(json.dumps([RUN]).encode(), mtime=0)[:-30], "broken or cut off"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"\x1f\x8bnot gzip at all", "broken or cut off"),
        (b"PK\x03\x04\x00\x00\x00\x00", "the zip is broken or cut off"),
        (b"\x7fELF\x00\x00\x00\x00", "binary data"),
        ('{"a": "é"}'.encode("latin-1"), "not UTF-8"),
        (b'[{"task_id": 1,', "not whole JSON"),
        (b"hello, this is a letter", "not whole JSON"),
        (b"{}", "no format that Loopwright reads: it holds empty objects"),
        (b"[]", "it holds no record"),
        (b"[1, 2]", "it holds int values"),
        (b'{"name": "x", "size": 1}', "it holds objects with the keys name, size"),
        (b"null", "it holds no record"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_whole(store: Store, data: bytes, says: str) -> None:
    ((record, reason),) = reasons(store, data)
    assert record == "whole file"
    assert says in reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"task_id": None}, "task_id is missing"),
        ({"traj": None}, "traj is missing"),
        ({"traj": []}, "traj has no message"),
        ({"traj": ["hello"]}, "not an object"),
        ({"traj": [{"content": "no role"}]}, "role is missing"),
        ({"traj": [{"role": "assistant", "tool_calls": ["f"]}]}, "a tool call is not an object"),
        ({"reward": 7}, "reward is 7, not between 0 and 1"),
        ({"reward": "good"}, "reward is a text, not a whole number or a number"),
        ({"reward": None}, "reward is missing"),
        ({"info": {}}, "task is missing"),
    ],
)
def test_a_bad_record_is_rejected_by_name_and_the_rest_arrive(store: Store, change: dict[str, Any], says: str) -> None:
    good = RUN | {"trial": 3}
    report = import_document(store, "runs.json", json.dumps([RUN | change, good]).encode(), ImportOptions())
    assert report.counts["traces"] == 1
    (rejected,) = report.rejected
    assert rejected.record.startswith("record 1 (task_id ")
    assert says in rejected.reason


def test_a_record_that_is_no_object(store: Store) -> None:
    assert reasons(store, [RUN, 7]) == [("record 2", "it is a whole number, not an object")]


def test_fractional_rewards_null_content_unknown_roles_and_missing_usage_are_fine(store: Store) -> None:
    odd = RUN | {
        "reward": 0.5,
        "traj": [
            {"role": "developer", "content": None},
            {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
        ],
    }
    assert reasons(store, [odd]) == []


def test_a_broken_line_among_json_lines_is_one_rejected_record(store: Store) -> None:
    lines = "\n".join([json.dumps(RUN), '{"task_id": 5, "tr', "", json.dumps(RUN | {"trial": 3})])
    report = import_document(store, "lines.json", lines.encode(), ImportOptions())
    assert report.counts["traces"] == 2
    ((rejected),) = report.rejected
    assert rejected.record == "line 2"
    assert "not JSON" in rejected.reason


def test_paths_that_are_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file or folder"):
        import_paths(store, [tmp_path / "missing"], ImportOptions())
    with pytest.raises(InvalidInput, match="holds no"):
        import_paths(store, [tmp_path], ImportOptions())
    with pytest.raises(InvalidInput, match="Formats are: loopwright"):
        import_paths(store, [tmp_path], ImportOptions(format="csv"))


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"type": "trace"}, "trace_id is missing"),
        ({"type": "trace", "trace_id": "t", "source": "s", "steps": [{"kind": "llm"}]}, "steps[0].step_id is missing"),
        (
            {"type": "trace", "trace_id": "t", "source": "s", "steps": [{"step_id": "1", "kind": "x"}]},
            "steps[0].kind is 'x'",
        ),
        ({"type": "trace", "trace_id": "t", "source": "s", "steps": 7}, "steps is not a list"),
        ({"type": "trace", "trace_id": "t", "source": "s", "steps": [], "colour": 1}, "colour is no field of a trace"),
        ({"type": "trace", "trace_id": "t", "source": "s", "steps": [], "started_at": "noon"}, "started_at is no time"),
        ({"type": "trace", "trace_id": 7, "source": "s", "steps": []}, "trace_id is 7, not a text"),
        ({"type": "trace", "trace_id": "t", "source": "s", "steps": [], "cost": 1e308}, "cost is 1e+308: numbers up"),
        ({"type": "annotation", "trace_id": "t", "person": "p", "schema": "run-review"}, "which is not here"),
        ({"type": "preference", "pair_id": "p", "person": "p", "choice": "a"}, "its pair is not here"),
        ({"type": "preference", "pair_id": "p", "person": "p", "choice": "c"}, "choice is 'c'"),
        ({"type": "lesson", "lesson_id": "l", "when": "w", "guidance": "g", "state": "active"}, "who decided"),
        ({"type": "poem"}, "its type is none of"),
    ],
)
def test_own_records_say_which_field_is_wrong(store: Store, record: dict[str, Any], says: str) -> None:
    person = {"type": "person", "name": "somebody", "role": "annotator"}
    ((_, reason),) = reasons(store, [person, record])
    assert says in reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    here = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(value, key) for key, _ in here] + [spot for _, inner in here for spot in _spots(inner)]


@pytest.mark.parametrize(
    "source",
    [
        "tau-bench/gpt-4o-airline.json.gz",
        "tau2-bench/base-vs-sft/gpt-4.1_airline.json.gz",
        "trail",
        "pandalm/testset-v1.json",
    ],
)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=_JSON)
def test_a_real_file_with_anything_anywhere_never_fails(real_data: Path, source: str, seed: int, wrong: Any) -> None:
    path = real_data / source
    value = _first(next(path.rglob("*.gz")) if path.is_dir() else path)
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(_spots(value))
        holder[key] = wrong
    document = open_document(path.name, json.dumps(value).encode())
    for read in FORMATS.values():
        for arrival in read(document) or ():
            if isinstance(arrival, Rejected):
                assert arrival.reason


def _first(path: Path) -> Any:
    value = open_document(path.name, path.read_bytes()).value
    if isinstance(value, list):
        return value[:3]
    if "simulations" in value:
        return value | {"simulations": value["simulations"][:2], "tasks": value["tasks"][:2]}
    return value
