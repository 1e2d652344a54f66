"""A backup brings everything back, on either database, and refuses what it must not overwrite."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from core.errors import Conflict, InvalidInput, Unavailable
from core.ingest.delivery import accept, assemble_due
from core.ingest.otlp import TRACES, decode
from core.records import Message, Role, Step, StepKind, Version
from core.store import backup
from core.store.backup import write_backup
from core.store.catalog import set_version
from core.store.dataset_versions import Part, add_part, begin_version, end_version, get_version, read_lines
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.policies import policies_of, set_policy
from core.store.restore import read_backup
from core.store.signals import add_signals
from core.store.steps import outline, read_steps
from core.store.tables import Base, StepRow, TraceRow
from core.store.text_search import index_due
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.store.traces import find_trace, list_traces, trace_line
from tests.e2e.server import ROOT
from tests.otlp_world import request_of, trace_of
from tests.worlds import run

OLD = Path(__file__).with_name("made_by_0_1_0.zip")
"""A backup that Loopwright 0.1.0 made, of six runs, two labels, a lesson, a pair and a dataset version."""


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def fill(store: Store) -> None:
    """Runs, people, a policy, a version that rests on a later one, spans that wait, a dataset version."""
    with store.session() as session:
        person_id(session, "me", Role.LEAD, active=True)
        traces = [run(f"t{n}", reward=1.0) for n in range(3)]
        insert_traces(session, traces)
        add_signals(session, [signal for trace in traces for signal in trace.signals])
        set_version(session, Version("shop", "v1", base="v0"))  # v0 is made after v1
        set_policy(session, "retention", "shop", {"keep_days": 7})
        index_due(session, 100)
        version = begin_version(session, "x", "sft")
        add_part(session, version, "train.jsonl", Part(0, [b"{}\n"]))
        end_version(session, version, {"rows": 1, "content": "0"}, "0")
    request = request_of(trace_of(1)).SerializeToString()
    accept(store, TRACES, decode(TRACES, request, False), 1000)


def test_everything_comes_back(store: Store, blank_database_url: str, tmp_path: Path) -> None:
    fill(store)
    counts = write_backup(store, tmp_path / "all.zip")
    assert counts == {name: len(found) for name, found in rows(store).items()}
    assert (tmp_path / "all.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {name for name in archive.namelist() if not name.endswith(".jsonl")} == {"manifest.json"}
    other = open_store(blank_database_url)
    read_backup(other, tmp_path / "all.zip")
    assert rows(other) == rows(store)
    with other.session() as session:
        assert len(list_traces(session, TraceFilter(text="sent"), 10)) == 3
        assert insert_traces(session, [run("new")]).steps == 4
        assert policies_of(session, "retention") == {"shop": {"keep_days": 7}}
    assert assemble_due(other) == 12  # the spans that waited
    before = rows(other)
    with pytest.raises(Conflict, match="empty"):
        read_backup(other, tmp_path / "all.zip")
    assert rows(other) == before
    other.close()


def test_what_is_no_backup_is_refused_and_nothing_is_changed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with zipfile.ZipFile(tmp_path / "list.zip", "w") as archive:
        archive.writestr("manifest.json", "[1]")
    before = rows(store)
    for name in ("text.zip", "other.zip", "list.zip", "missing.zip"):
        with pytest.raises(InvalidInput, match="is not a backup"):
            read_backup(store, tmp_path / name)
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"loopwright": 1, "revision": "9999", "rows": {}}))
    with pytest.raises(InvalidInput, match="schema 9999, which this Loopwright does not know"):
        read_backup(store, tmp_path / "new.zip")
    assert rows(store) == before


def test_a_damaged_backup_leaves_nothing_behind(store: Store, blank_database_url: str, tmp_path: Path) -> None:
    """Cut off anywhere, with bytes turned anywhere, or with rows that do not fit: refused whole, or read whole."""
    fill(store)
    write_backup(store, tmp_path / "all.zip")
    whole = (tmp_path / "all.zip").read_bytes()
    other = open_store(blank_database_url)
    before, good = rows(other), rows(store)
    chance = random.Random(7)
    damaged = [whole[: chance.randrange(len(whole))] for _ in range(10)]
    for _ in range(30):
        at = chance.randrange(len(whole))
        damaged.append(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
    damaged += [rewritten(tmp_path / "all.zip", change) for change in CHANGES]
    refused = 0
    for data in damaged:
        (tmp_path / "bad.zip").write_bytes(data)
        try:
            read_backup(other, tmp_path / "bad.zip")
        except InvalidInput:
            refused += 1
            assert rows(other) == before
        else:  # a bit that says nothing, such as the time of an entry
            assert rows(other) == good
            with other.session() as session:
                for table in reversed(Base.metadata.sorted_tables):
                    session.execute(table.delete())
                if other.engine.dialect.name == "sqlite":
                    session.execute(text("INSERT INTO step_text (step_text) VALUES ('delete-all')"))
                else:
                    session.execute(text("DELETE FROM step_text"))
    assert refused > 30
    other.close()


def rewritten(file: Path, change: Callable[[str, bytes], bytes]) -> bytes:
    copy = file.with_name("copy.zip")
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(copy, "w") as out:
        for name in archive.namelist():
            out.writestr(name, change(name, archive.read(name)))
    return copy.read_bytes()


def fewer(name: str, data: bytes) -> bytes:
    return b"" if name == "signal.jsonl" else data


def strange(name: str, data: bytes) -> bytes:
    return data.replace(b'"agent_id":1', b'"agent_id":77') if name == "trace.jsonl" else data


def timeless(name: str, data: bytes) -> bytes:
    return data.replace(b'"at":"2', b'"at":"soon') if name == "delivery.jsonl" else data


def unknown(name: str, data: bytes) -> bytes:
    return data.replace(b'"removal": 0', b'"something": 0') if name == "manifest.json" else data


CHANGES = (fewer, strange, timeless, unknown)


def test_a_backup_of_the_first_version_is_migrated_as_it_comes_back(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        person_id(session, "me", Role.LEAD, active=True)  # as in a folder that was served once
    read_backup(store, OLD)
    check_old(store)
    with store.reading() as session:
        version = get_version(session, "sft", 1)
        read = {name: list(read_lines(session, version.id, name)) for name in ("train.jsonl", "provenance.jsonl")}
    assert len(read["train.jsonl"]) == len(read["provenance.jsonl"]) == version.manifest["rows"]
    write_backup(store, tmp_path / "new.zip")
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    read_backup(other, tmp_path / "new.zip")
    assert rows(other) == rows(store)
    other.close()


def check_old(store: Store) -> None:
    """What 0.1.0 had stored reads, is found, and labels point at their steps."""
    with store.session() as session:
        while index_due(session, 100):
            pass
        assert len(list_traces(session, TraceFilter(text="order"), 100)) == 6
        found = list_traces(session, TraceFilter(text="customer 1 asks"), 100)
        assert {one.uid for one in found} == {"v1-1", "v2-1"}
        trace = find_trace(session, "v1-1")
        assert trace is not None
        line = trace_line(session, trace)
        assert (line.agent, line.version, line.outcome, line.n_annotations) == ("shop", "v1", "failed", 1)
        steps = read_steps(session, trace)
        assert steps == list(run("v1-1", "Customer 1 asks where order 1 is.").steps)
        assert [one.step_id for one in outline(session, trace)] == ["0", "1", "2", "3"]
        said = session.execute(text("SELECT marks, corrections FROM annotation WHERE trace_id = :id"), {"id": trace})
        marks, corrections = (json.loads(one) if isinstance(one, str) else one for one in said.one())
        assert (marks[0]["step_id"], corrections[0]["original"]) == ("2", "It was sent, v1-1.")
        row = session.get_one(TraceRow, trace)
        assert (row.closed_at, row.last_arrival_at, row.n_indexed) == (row.arrived_at, row.arrived_at, 4)
        ids = session.scalars(select(StepRow.id).where(StepRow.trace_id == trace).order_by(StepRow.position)).all()
        assert ids == [trace << 20 | n for n in range(4)]
        # what comes later for a run of then is added to it
        assert insert_traces(session, [run("v1-1", task=None)]).duplicate_traces == 1


def test_memory_stays_flat_with_large_steps(store: Store, tmp_path: Path) -> None:
    """Forty steps of 5 MB that nothing makes half as small: 200 MB in all, and never many of them at once."""
    chance = random.Random(1)
    for n in range(4):
        steps = tuple(
            Step(str(k), StepKind.LLM, output=(Message("assistant", chance.randbytes(2_500_000).hex()),))
            for k in range(10)
        )
        with store.session() as session:
            insert_traces(session, [run(f"t{n}", steps=steps)])
    peaks = []
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    for work in (
        lambda: write_backup(store, tmp_path / "all.zip"),
        lambda: read_backup(other, tmp_path / "all.zip"),
    ):
        tracemalloc.start()
        work()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 110_000_000, peaks
    with other.reading() as session, store.reading() as before:
        assert read_steps(session, 4)[9] == read_steps(before, 4)[9]
    other.close()


def test_a_disk_that_is_full_is_said_and_what_stood_there_stands(tmp_path: Path) -> None:
    """A limit on the size of files takes the disk's part: writing fails in the middle, as on a full one."""
    store = open_store(f"sqlite:///{tmp_path / 'loopwright.db'}")
    with store.session() as session:
        insert_traces(session, [run(f"t{n}") for n in range(500)])
    store.close()
    (tmp_path / "all.zip").write_text("the backup of yesterday")
    limited = (
        "import resource; from dashboard.cli import main; from dashboard.process import store; store();"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "backup", str(tmp_path / "all.zip")],
        cwd=ROOT,
        env={**os.environ, "LOOPWRIGHT_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "could not be written: File too large. What stood there before still stands there." in done.stderr
    assert (tmp_path / "all.zip").read_text() == "the backup of yesterday"
    assert not (tmp_path / "all.zip.part").exists()


def test_two_backups_to_one_file_do_not_mix(store: Store, tmp_path: Path) -> None:
    fill(store)
    with backup._draft_of(tmp_path / "all.zip") as first:
        first.write(b"the first")
        with pytest.raises(Conflict, match="Another backup is being written"):
            write_backup(store, tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes() == b"the first"
    with pytest.raises(Unavailable, match="could not be written"):
        write_backup(store, tmp_path / "missing" / "all.zip")
