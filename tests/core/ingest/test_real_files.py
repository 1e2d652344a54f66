"""Real runs and labels arrive whole, with the counts their sources state; the same file twice adds nothing."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.ingest.accept import ImportOptions, ImportReport, import_paths
from core.store.annotations import annotations_of
from core.store.catalog import list_versions
from core.store.engine import Store, open_store
from core.store.steps import read_steps
from core.store.tables import PairRow, PreferenceRow, SignalRow, StepRow, TaskRow, TraceRow
from core.store.trace_filter import TraceFilter
from core.store.traces import list_traces


def counted(report: ImportReport) -> dict[str, int]:
    return {name: number for name, number in report.counts.items() if number}


def test_tau_bench(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "tau-bench"], ImportOptions())
    assert counted(report) == {"traces": 200, "steps": 5308, "signals": 200}
    assert report.rejected == []
    with store.reading() as session:
        per_task = session.execute(select(TraceRow.task_id, func.count()).group_by(TraceRow.task_id)).all()
        assert [count for _, count in per_task] == [4] * 50
        assert set(session.scalars(select(TraceRow.trial))) == {0, 1, 2, 3}
        assert Counter(session.scalars(select(SignalRow.value))) == {0.0: 116, 1.0: 84}
        assert Counter(session.scalars(select(TraceRow.outcome))) == {"failed": 116, "solved": 84}
        kinds = Counter(session.scalars(select(StepRow.kind)))
        assert kinds["other"] == 200
        tools = [row for row in read_steps(session, 1) if row.kind == "tool"]
        assert tools[0].name == "get_user_details"
        assert tools[0].arguments == {"user_id": "mia_li_3668"}
        assert isinstance(tools[0].result, dict)


def test_trail(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "trail"], ImportOptions())
    assert counted(report) == {"traces": 72, "steps": 1809, "annotations": 72, "marks": 389, "duplicates": 1}
    with store.reading() as session:
        marks = [mark for given in annotations_of(session) for mark in given.marks]
        errors = session.scalar(select(func.count()).where(TraceRow.n_errors > 0)) or 0
        lengths = [len(line.title) for line in list_traces(session, TraceFilter(), 100)]
    assert Counter(mark.impact for mark in marks) == {"HIGH": 159, "MEDIUM": 154, "LOW": 76}
    # hand-typed names that differ by case, spaces, number or a word of theirs are one category
    assert Counter(mark.value for mark in marks)["Formatting Errors"] == 90
    assert {mark.value for mark in marks if mark.value == "Incorrect Memory Usage"} == {"Incorrect Memory Usage"}
    assert errors > 0
    assert min(lengths) > 0


def test_labels_are_found_before_their_runs_too(store: Store, real_data: Path) -> None:
    folders = [real_data / "trail" / name for name in ("processed_annotations_gaia", "data/GAIA")]
    assert counted(import_paths(store, folders, ImportOptions()))["marks"] == 301


def test_labels_without_their_runs_are_rejected_by_name(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "trail" / "processed_annotations_gaia"], ImportOptions())
    assert counted(report) == {}
    assert len(report.rejected) == 60
    assert "import the trace first" in report.rejected[0].reason


def test_pandalm(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "pandalm" / "testset-v1.json"], ImportOptions())
    assert counted(report) == {"pairs": 999, "preferences": 2997}
    assert report.rejected == []
    with store.reading() as session:
        assert Counter(session.scalars(select(PreferenceRow.choice))) == {"a": 1255, "b": 1416, "equal": 326}
        answers = session.execute(select(PairRow.text_a, PairRow.text_b)).all()
    assert sum(text == "true" for row in answers for text in row) == 6


def test_tau2_bench(store: Store, real_data: Path) -> None:
    folder = real_data / "tau2-bench" / "base-vs-sft"
    for version, base, file in (("base", "", "gpt-4.1_retail"), ("sft", "base", "gpt-4.1-sft_retail")):
        options = ImportOptions(agent="shop", version=version, base=base, suite="retail")
        report = import_paths(store, [folder / f"{file}.json.gz"], options)
        assert (report.counts["traces"], report.counts["signals"], report.rejected) == (40, 40, [])
    with store.reading() as session:
        assert "tau2/retail/18" in set(session.scalars(select(TaskRow.key)))
        # the time stamps are the wrong way round: the base says what comes first
        assert [line.name for line in list_versions(session)] == ["base", "sft"]


def test_every_tau2_file_is_read(store: Store, real_data: Path) -> None:
    files = sorted((real_data / "tau2-bench").glob("[ab]*/*.gz"))
    report = import_paths(store, files, ImportOptions())
    assert (report.counts["traces"], report.rejected) == (450, [])


@pytest.mark.parametrize("source", ["tau-bench", "trail", "pandalm/testset-v1.json"])
def test_the_same_file_twice_adds_nothing(store: Store, real_data: Path, source: str) -> None:
    first = import_paths(store, [real_data / source], ImportOptions())
    again = import_paths(store, [real_data / source], ImportOptions())
    # one for each record of the first time, and none for the span that one of TRAIL's traces holds twice
    records = first.counts["traces"] + first.counts["annotations"] + first.counts["pairs"] + first.counts["preferences"]
    assert counted(again) == {"duplicates": records}


def test_everything_in_one_call(tmp_path: Path, real_data: Path) -> None:
    # on one database only: each source by itself is tried on both, and this is about what they do to each other
    store = open_store(f"sqlite:///{tmp_path / 'all.db'}")
    report = import_paths(store, [real_data], ImportOptions())
    # the sums of what each source brings by itself: no file meets another format, no record another source's
    assert counted(report) == {
        "traces": 200 + 450 + 72 + 109 + 102 + 22 + 46 + 29 + 11 + 15,
        "steps": 5308 + 8716 + 7499 + 1809 + 1596 + 3142 + 510 + 7712 + 94 + 76 + 15,
        "signals": 200 + 450 + 109 + 102 + 46 + 19 + 18,
        "annotations": 200 + 72 + 109 + 29,
        "marks": 389 + 109 + 68,
        "pairs": 999,
        "preferences": 2997 + 974 + 999,
        "results": 64,
        "aggregates": 9 + 244 + 177,
        "duplicates": 1 + 27 + 24 + 20,
    }
    names = Counter(Path(one.path).name for one in report.rejected)
    assert names == {
        "gpt-3.5-turbo-testset-v1.json": 25,
        "preds.json": 2,
        "capture-results.json": 1,
        "manifest.json": 1,
        "schema.json": 1,
    }
    again = import_paths(store, [real_data], ImportOptions())
    # and the result of a run, which was a signal the first time, is a record that comes again
    records = sum(report.counts[name] for name in ("traces", "annotations", "pairs", "preferences", "results"))
    repeated = report.counts["duplicates"] - 1
    assert counted(again) == {"duplicates": records + report.counts["aggregates"] + repeated + 46 + 18}
    assert len(again.rejected) == len(report.rejected)
    store.close()


def test_gzip_and_name_do_not_matter(store: Store, real_data: Path, tmp_path: Path) -> None:
    packed = real_data / "tau-bench" / "gpt-4o-airline.json.gz"
    (tmp_path / "runs.txt").write_bytes(gzip.decompress(packed.read_bytes()))
    shutil.copyfile(packed, tmp_path / "runs.json")
    (tmp_path / "lines.json").write_text(
        "\n".join(json.dumps(one) for one in json.loads((tmp_path / "runs.txt").read_text()))
    )
    assert import_paths(store, [tmp_path / "runs.txt"], ImportOptions()).counts["traces"] == 200
    for name in ("runs.json", "lines.json"):
        assert counted(import_paths(store, [tmp_path / name], ImportOptions())) == {"duplicates": 200}


def test_agentrx_runs_count_their_trials_up_and_so_have_none(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "agentrx-tau" / "tau_dataset_full.json.gz"], ImportOptions())
    assert report.counts["traces"] == 100
    with store.reading() as session:
        assert set(session.scalars(select(TraceRow.trial))) == {None}
        assert Counter(session.scalars(select(TraceRow.outcome)))["solved"] == 73
