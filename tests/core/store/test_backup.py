"""A backup brings everything back, on either database, and refuses what it must not overwrite."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput
from core.store.backup import read_backup, write_backup
from core.store.engine import Store, open_store
from core.store.signals import add_signals
from core.store.tables import Base
from core.store.text_search import index_due
from core.store.trace_writing import insert_traces
from core.store.traces import TraceFilter, list_traces
from tests.worlds import run


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_everything_comes_back(store: Store, blank_database_url: str, tmp_path: Path) -> None:
    with store.session() as session:
        traces = [run(f"t{n}", reward=1.0) for n in range(3)]
        insert_traces(session, traces)
        add_signals(session, [signal for trace in traces for signal in trace.signals])
        index_due(session, 100)
    (tmp_path / "a" / "datasets" / "x").mkdir(parents=True)
    (tmp_path / "a" / "datasets" / "x" / "train.jsonl").write_text("{}\n")
    write_backup(store, tmp_path / "all.zip", tmp_path / "a")
    other = open_store(blank_database_url)
    read_backup(other, tmp_path / "all.zip", tmp_path / "b")
    assert rows(other) == rows(store)
    assert (tmp_path / "b" / "datasets" / "x" / "train.jsonl").read_text() == "{}\n"
    with other.session() as session:
        assert len(list_traces(session, TraceFilter(text="sent"), 10)) == 3
        assert insert_traces(session, [run("new")]).steps == 4
    with pytest.raises(Conflict, match="empty"):
        read_backup(other, tmp_path / "all.zip", tmp_path / "b")
    other.close()


def test_what_is_no_backup_is_refused_and_nothing_is_changed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello.txt", "hello")
    before = rows(store)
    for name in ("text.zip", "other.zip", "missing.zip"):
        with pytest.raises(InvalidInput, match="is not a backup"):
            read_backup(store, tmp_path / name, tmp_path)
    assert rows(store) == before
