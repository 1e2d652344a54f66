"""The published counts, and the same bytes from both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.dataset.definition import define
from core.dataset.gates import row_text
from core.dataset.selection import Selection, select
from core.dataset.versions import make_version
from core.ingest.accept import ImportOptions, import_paths
from core.store import pairs
from core.store.engine import Store, open_store
from tests.core.dataset.world import files
from tests.worlds import START

BOTH = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # the other one is SQLite

Imported = Callable[[str], tuple[Store, Store]]


@pytest.fixture
def imported(store: Store, tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imported]:
    """Reads one source into PostgreSQL and into SQLite, at one moment: it is the time of labels that have none."""
    monkeypatch.setattr(pairs, "now", lambda: START)
    with closing(open_store(f"sqlite:///{tmp_path / 'other.db'}")) as other:

        def read(source: str) -> tuple[Store, Store]:
            for each in (store, other):
                import_paths(each, [real_data / source], ImportOptions())
            return store, other

        yield read


def selected(store: Store, format: str, *gates: str) -> Selection:
    with store.reading() as session:
        return select(session, define(format, gates))


def written(store: Store, format: str) -> dict[str, bytes]:
    return files(store, make_version(store, define(format), format))


@BOTH
def test_pandalm_gives_the_published_counts(imported: Imported, tmp_path: Path):
    one, other = imported("pandalm/testset-v1.json")
    for store in (one, other):
        found = selected(store, "dpo")
        assert (found.candidates, len(found.rows)) == (999, 630)
        assert found.reasons == {"tie": 105, "empty": 52, "duplicates": 212}
        whole = selected(store, "dpo", "duplicates=off", "empty=off")
        assert (len(whole.rows), whole.reasons) == (894, {"tie": 105})
        assert len({row_text(row.columns) for row in whole.rows}) == 784
    assert written(one, "dpo") == written(other, "dpo")


@BOTH
def test_tau_bench_gives_its_84_rewarded_runs(imported: Imported, tmp_path: Path):
    one, other = imported("tau-bench")
    for store in (one, other):
        found = selected(store, "sft")
        assert (found.candidates, len(found.rows), found.reasons) == (200, 84, {"failed": 116})
        for row in found.rows:
            messages = row.columns["messages"]
            assert list(row.columns) == ["messages"], "no tool schemas were recorded, so none are invented"
            assert [messages[at]["role"] for at in (0, 1, -1)] == ["system", "user", "assistant"]
            calls = [call for message in messages for call in message.get("tool_calls", ())]
            told = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
            assert told == [call["id"] for call in calls][: len(told)]
            assert all(isinstance(call["function"]["arguments"], dict) for call in calls)
    assert written(one, "sft") == written(other, "sft")
