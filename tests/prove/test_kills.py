"""A server that is killed at any moment has lost nothing that it acknowledged, and starts again (law 2)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import httpx
import pytest
from sqlalchemy import func, select, text

from core.ingest.accept import ImportOptions, import_paths
from core.memory.indexer import open_memory
from core.memory.lessons import approve, propose
from core.record_lines import to_json
from core.records import Lesson, LessonState, Role
from core.settings import Settings
from core.store.drafts import get_draft
from core.store.engine import Store
from core.store.lessons import list_lessons
from core.store.people import person_id
from core.store.tables import AnnotationRow, ItemRow, LessonRow, SignalRow, StepRow, TraceRow
from tests.e2e.server import ROOT, start
from tests.prove.reviewers import Reviewer, open_folder, queue_up
from tests.worlds import run

KILLS = 30
PEOPLE = 3
IMPORTED = 600


@pytest.mark.tenth
@pytest.mark.timeout(1_800)
def test_a_kill_loses_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: Callable[[int], int]
) -> None:
    kills = share(KILLS)
    chance = random.Random(2026)
    folder = tmp_path / "data"
    store = open_folder(folder, monkeypatch)
    names = [f"reviewer {n}" for n in range(PEOPLE)]
    people = queue_up(store, [run(f"r{n}") for n in range(60 * kills)], names)
    reviewers = [Reviewer(person, random.Random(person)) for person in people]
    taught: list[str] = []
    files: list[Path] = []
    arrived: set[Path] = set()
    for kill in range(kills):
        files.append(write_runs(tmp_path / f"runs{kill}.jsonl", kill))
        server = start("serve", folder, tmp_path / "server.log")
        expect_lessons(server.url, taught)
        taught.append(teach(store, kill))
        importing = begin_import(files[-1], folder)
        threads = [Thread(target=each.work, args=(server.url,)) for each in reviewers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 3))
        server.kill()
        for thread in threads:
            thread.join()
        if end_import(importing, chance):
            arrived.add(files[-1])
        check_labels(store, reviewers)
        check_imports(store, files, arrived)
    server = start("serve", folder, tmp_path / "server.log")
    expect_lessons(server.url, taught)
    for each in reviewers:
        each.work(server.url, most=len(each.submitted) + 2)
    check_labels(store, reviewers)
    assert all(each.pending is None for each in reviewers)
    server.stop()
    assert sum(len(each.submitted) for each in reviewers) > 2 * kills  # something was at stake
    for file in files:
        report = import_paths(store, [file], ImportOptions())
        assert report.counts["traces"] + report.counts["duplicates"] == IMPORTED
    check_imports(store, files, set(files))
    check_index(store, taught)
    with store.reading() as session:
        assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
    store.close()


def write_runs(file: Path, number: int) -> Path:
    """A file of Loopwright's own lines, with a signal in each run."""
    runs = [run(f"import{number}/{n}", reward=float(n % 2)) for n in range(IMPORTED)]
    file.write_text("".join(json.dumps(to_json(one), default=str) + "\n" for one in runs))
    return file


def begin_import(file: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "import", str(file), "--json"],
        cwd=ROOT,
        env={**os.environ, "LOOPWRIGHT_DATA_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def end_import(importing: subprocess.Popen[bytes], chance: random.Random) -> bool:
    """Kill the import too, or let it end; whether it said that everything is there."""
    if chance.random() < 0.5:
        importing.kill()
    _, said = importing.communicate(timeout=60)
    assert importing.returncode in (0, -9), said.decode()
    return importing.returncode == 0


THINGS = (
    "lamps", "cables", "batteries", "shoes", "jackets", "tickets", "hotels", "flights", "trains", "books",
    "games", "phones", "cameras", "printers", "chairs", "tables", "flowers", "coffee", "wine", "bread",
    "toys", "bicycles", "tyres", "paint", "carpets", "curtains", "mirrors", "clocks", "knives", "towels",
    "pillows", "drills", "ladders", "seeds", "boats", "violins",
)  # fmt: skip
"""Lessons about them are not alike: a recall gives each of them."""


def teach(store: Store, number: int) -> str:
    """Approve a lesson; the server owes it to its index from then on."""
    with store.session() as session:
        lead = person_id(session, "a lead", Role.LEAD)
        thing = THINGS[number]
        lesson = propose(session, Lesson("", f"a refund of {thing} is asked for", f"Look up what {thing} may."), lead)
        approve(session, lesson, 1, lead, Role.LEAD)
    return lesson


def expect_lessons(url: str, taught: list[str]) -> None:
    """The server is ready and its index finds every lesson that was approved before it started."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        assert client.get("/readyz").status_code == 200
        asked = {"task": "a refund is asked for", "k": 50, "max_tokens": 10_000, "dry_run": True}
        found = client.post("/api/recall", json=asked).json()["lessons"]
    assert {lesson["id"] for lesson in found} == set(taught)


def check_labels(store: Store, reviewers: list[Reviewer]) -> None:
    """Every acknowledged submission, lesson and draft is there, once; what was on its way is there once or not."""
    with store.reading() as session:
        rows = session.execute(select(AnnotationRow.item_id, AnnotationRow.person_id, AnnotationRow.answers)).all()
        stored = {(item, person): answers for item, person, answers in rows}
        assert len(stored) == len(rows)
        known = {(item, each.person): body["answers"] for each in reviewers for item, body in each.submitted.items()}
        sent = {(each.pending[0], each.person): each.pending[1]["answers"] for each in reviewers if each.pending}
        assert known.items() <= stored.items()
        assert stored.items() <= (known | sent).items()
        assert len({item for item, _ in stored}) == len(stored), "an item of overlap 1 was reviewed by two"
        done = session.scalars(select(ItemRow.id).where(ItemRow.state == "done", ItemRow.n_done == 1)).all()
        assert set(done) == {item for item, _ in stored}
        proposed = session.scalars(select(LessonRow.uid).where(LessonRow.state == "proposed")).all()
        assert {lesson for each in reviewers for lesson in each.lessons} <= set(proposed)
        assert len(proposed) <= sum(len(each.lessons) + (each.pending is not None) for each in reviewers)
        for each in reviewers:
            assert each.wrong == []
            for item, body in each.drafts.items():
                row = get_draft(session, item, each.person)
                on_its_way = [one[1] for one in (each.typed, each.pending) if one and one[0] == item]
                if (item, each.person) not in stored:
                    assert row is not None
                    assert row.body in [body, *on_its_way]


def check_imports(store: Store, files: list[Path], arrived: set[Path]) -> None:
    """A run is there whole or not at all, once, queued, with its signal; those of an acknowledged import all are."""
    n_steps = select(func.count()).where(StepRow.trace_id == TraceRow.id).scalar_subquery()
    n_signals = select(func.count()).where(SignalRow.trace_id == TraceRow.id).scalar_subquery()
    n_items = select(func.count()).where(ItemRow.trace_id == TraceRow.id).scalar_subquery()
    query = select(TraceRow.uid, TraceRow.n_steps, n_steps, n_signals, n_items, TraceRow.outcome_from)
    with store.reading() as session:
        rows = session.execute(query.where(TraceRow.uid.startswith("import"))).all()
    per_file: Counter[str] = Counter()
    for uid, *facts in rows:
        assert facts[:4] == [4, 4, 1, 1], uid
        assert facts[4] in ("automated check: reward", "people"), uid
        per_file[uid.split("/")[0]] += 1
    for number, file in enumerate(files):
        if file in arrived:
            assert per_file[f"import{number}"] == IMPORTED


def check_index(store: Store, taught: list[str]) -> None:
    """What a query finds is what the database says."""
    index = open_memory(store, Settings())
    with store.reading() as session:
        active = {line.uid for line in list_lessons(session, [LessonState.ACTIVE])}
    assert set(index.contents()) == active == set(taught)
    index.close()
