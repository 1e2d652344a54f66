"""Taking back: seen first, then done in all places; by age only as somebody has said; cut short, it is ended later."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from core.clock import now
from core.dataset import writing
from core.dataset.definition import define
from core.dataset.versions import make_version
from core.dataset.writing import CARD, EXCLUDED, MANIFEST, PARTS, PROVENANCE, TRAIN
from core.errors import InvalidInput, NotFound, Unavailable
from core.ingest.delivery import accept
from core.ingest.otlp import TRACES, decode
from core.records import LoggedRecall, Rejected, Role, Signal, SignalKind, Task, Trace
from core.retract import (
    Retention,
    Scope,
    apply_retention,
    blast_radius,
    examples,
    overdue,
    remove,
    removing,
    retentions,
    set_retention,
)
from core.store import dataset_versions
from core.store.claims import claim
from core.store.dataset_versions import DatasetVersion, list_versions
from core.store.engine import Store
from core.store.intake import add_refusals
from core.store.people import person_id
from core.store.policies import set_policy
from core.store.queues import make_queue
from core.store.recalls import log_recall
from core.store.removal import list_removals
from core.store.signals import add_signals
from core.store.suites import add_tasks
from core.store.tables import DatasetPartRow, DeliveryRow, ItemRow, RecallRow, RefusalRow, SignalRow, TaskRow, TraceRow
from core.store.traces import find_trace
from tests.core.dataset.world import files, keep, label, said
from tests.otlp_world import request_of, trace_of
from tests.worlds import run

WORDS = {"ann": "Where is the parcel that I sent?", "bob": "Cancel my order of last week.", "cid": "Is tea still sold?"}


def shop(store: Store) -> DatasetVersion:
    """Three solved runs of three users, one failed one, and a dataset version of them."""
    with store.session() as session:
        keep(session, *(said(uid, words, 1.0, user=uid) for uid, words in WORDS.items()))
        keep(session, said("dan", "Give me my money back.", 0.0, user="dan"))
    return make_version(store, define("sft"), "shop")


def uids(store: Store) -> set[str]:
    with store.reading() as session:
        return set(session.scalars(select(TraceRow.uid)))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_removed_is_what_was_listed_and_is_logged_without_a_name(store: Store) -> None:
    shop(store)
    with store.reading() as session:
        radius = blast_radius(session, Scope(user="ann"))
    told = radius.as_json()
    assert {key: value for key, value in told.items() if value} == {
        "traces": 1,
        "steps": 4,
        "signals": 1,
        "rows": 1,
        "datasets": [{"dataset": "shop", "version": 1, "rows": 1, "of": 3}],
    }
    removed = remove(store, Scope(user="ann"), "me", "she asked for it")
    assert removed.counts == radius.counts
    assert uids(store) == {"bob", "cid", "dan"}
    with store.reading() as session:
        (logged,) = list_removals(session)
        assert blast_radius(session, Scope(user="ann")).nothing
    assert (logged.by, logged.what, logged.reason) == ("me", "one user", "she asked for it")
    assert logged.counts == dict(+radius.counts)
    again = remove(store, Scope(user="ann"), "me")
    assert not any(again.counts.values())
    with store.reading() as session:
        assert len(list_removals(session)) == 1


def lines_of(store: Store, version: DatasetVersion) -> dict[str, list[Any]]:
    found = files(store, version)
    return {name: [json.loads(line) for line in found[name].splitlines()] for name in PARTS}


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_dataset_version_loses_the_rows_in_the_open_and_gets_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(dataset_versions, "PART_BYTES", size)
    made = shop(store)
    before = lines_of(store, made)
    assert [row["traces"] for row in before[PROVENANCE]] == [["ann"], ["bob"], ["cid"]]
    remove(store, Scope(trace="bob"), "me")
    remove(store, Scope(trace="dan"), "me")
    left = lines_of(store, made)
    assert [trace["trace_id"] for trace in before[writing.TRACES]] == ["ann", "bob", "cid"]
    assert left == {
        TRAIN: [before[TRAIN][0], before[TRAIN][2]],
        PROVENANCE: [before[PROVENANCE][0], before[PROVENANCE][2]],
        EXCLUDED: [],
        writing.TRACES: [before[writing.TRACES][0], before[writing.TRACES][2]],
        writing.LABELS: [],
    }
    found = files(store, made)
    manifest = json.loads(found[MANIFEST])
    retracted = manifest.pop("retracted")
    assert manifest == made.manifest
    assert (retracted["rows"], retracted["left"]) == (1, 2)
    assert retracted["sha256"] == {name: hashlib.sha256(found[name]).hexdigest() for name in PARTS}
    with store.reading() as session:
        (listed,) = list_versions(session, "shop")
    assert listed.manifest == made.manifest | {"retracted": retracted}
    assert b"**Retracted: 1 row.**" in found[CARD]
    assert b"bob" not in b"".join(found.values())
    next_one = make_version(store, define("sft"), "shop")
    assert (next_one.number, next_one.manifest["rows"]) == (2, 2)
    with store.session() as session:  # brought back by another import, it makes no version of old grow again
        keep(
            session, said("bob", WORDS["bob"], 1.0, user="bob"), said("dan", "Give me my money back.", 0.0, user="dan")
        )
    assert make_version(store, define("sft"), "shop").number == 3


def test_a_removal_that_was_cut_short_at_the_datasets_is_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shop(store)
    with monkeypatch.context() as patch:
        patch.setattr(removing, "carry_out", lambda session, found: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove(store, Scope(trace="bob"), "me")
    assert uids(store) == {"ann", "bob", "cid", "dan"}
    assert len(lines_of(store, made)[TRAIN]) == 3
    remove(store, Scope(trace="bob"), "me")
    assert len(lines_of(store, made)[TRAIN]) == 2
    with store.reading() as session:
        assert list_versions(session)[0].manifest["retracted"]["rows"] == 1
    assert uids(store) == {"ann", "cid", "dan"}


def test_many_runs_go_in_several_transactions_and_what_is_left_goes_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.session() as session:
        keep(session, *(run(f"r{n}", user="u") for n in range(60)))
    remove_runs, calls = removing.remove_runs, []

    def stop_at_third(*told: Any) -> Any:
        calls.append(len(told[1]))
        if len(calls) == 3:
            raise Unavailable("The database is busy.")
        return remove_runs(*told)

    monkeypatch.setattr(removing, "remove_runs", stop_at_third)
    monkeypatch.setattr(removing, "LONGEST_WRITE", 0.0)
    with pytest.raises(Unavailable, match="11 runs were removed, the others not yet"):
        remove(store, Scope(user="u"), "me")
    assert calls[:3] == [10, 1, 1]
    with store.reading() as session:
        assert list_removals(session)[0].counts["traces"] == 11 == 60 - len(session.scalars(select(TraceRow.id)).all())
    monkeypatch.setattr(removing, "LONGEST_WRITE", 1.0)
    monkeypatch.setattr(removing, "ROUND", 20)
    assert remove(store, Scope(user="u"), "me").counts["traces"] == 49


def test_spans_that_wait_are_put_into_runs_and_go_with_them(store: Store) -> None:
    request = request_of(trace_of(1, conversation="talk"), trace_of(2)).SerializeToString()
    accept(store, TRACES, decode(TRACES, request, False), 1000)
    with store.reading() as session:
        assert blast_radius(session, Scope(session="talk")).waiting == 24
    removed = remove(store, Scope(session="talk"), "me")
    assert (removed.counts["traces"], removed.counts["steps"]) == (1, 12)
    assert uids(store) == {(2).to_bytes(16, "big").hex()}
    with store.reading() as session:
        assert session.scalars(select(DeliveryRow.id)).all() == []


def test_an_agents_runs_before_a_day(store: Store) -> None:
    day = now() - timedelta(days=10)
    with store.session() as session:
        keep(
            session,
            *(run(f"{agent}{n}", agent=agent, started_at=day + timedelta(days=n)) for agent in "ab" for n in (0, 5)),
        )
    removed = remove(store, Scope(agent="a", before=day + timedelta(days=1)), "me")
    assert (removed.counts["traces"], uids(store)) == (1, {"a5", "b0", "b5"})
    with store.reading() as session:
        assert list_removals(session)[0].what == f"runs of a before {day + timedelta(days=1):%Y-%m-%d}"
    with pytest.raises(NotFound, match="no agent x"):
        remove(store, Scope(agent="x", before=day), "me")


def test_what_waits_for_a_run_that_is_not_here_goes_too(store: Store) -> None:
    with store.session() as session:
        add_signals(session, [Signal(uid, "thumb", SignalKind.EXPLICIT, True) for uid in ("gone", "other")])
        log_recall(session, LoggedRecall("1", "x", "memory", now(), trace_id="gone"))
        log_recall(session, LoggedRecall("2", "x", "memory", now(), session_id="talk"))
    with store.reading() as session:
        counts = blast_radius(session, Scope(trace="gone")).counts
    assert +remove(store, Scope(trace="gone"), "me").counts == +counts == {"signals": 1, "recalls": 1}
    assert +remove(store, Scope(session="talk"), "me").counts == {"recalls": 1}
    with store.reading() as session:
        assert session.scalars(select(SignalRow.trace_uid)).all() == ["other"]


def old(store: Store, *traces: Trace, days: int = 100) -> None:
    """Runs that came so many days ago."""
    at = now() - timedelta(days=days)
    with store.session() as session:
        keep(session, *traces)
        for trace in traces:
            row = session.scalars(select(TraceRow).where(TraceRow.uid == trace.trace_id)).one()
            row.started_at = row.arrived_at = row.last_arrival_at = row.closed_at = at


def test_without_a_policy_nothing_is_ever_removed(store: Store) -> None:
    old(store, run("a"), days=4000)
    with store.session() as session:
        set_policy(session, "redaction", "", {"email": True})
    for chosen in (None, Retention("shop", None), Retention("other", 1)):
        if chosen is not None:
            with store.session() as session:
                set_retention(session, chosen)
        assert not any(apply_retention(store, now()).counts.values())
    assert uids(store) == {"a"}
    for days in (0, -1, 40_000):
        with store.session() as session, pytest.raises(InvalidInput, match="1 to 36,500 days"):
            set_retention(session, Retention("shop", days))


def test_each_agent_has_its_own_time_and_all_others_one(store: Store) -> None:
    for agent in ("short", "ever", "x", "y"):
        old(store, run(f"{agent} 100", agent=agent), days=100)
        old(store, run(f"{agent} 20", agent=agent), days=20)
    old(store, run("imported", agent="short"), days=100)
    with store.session() as session:
        session.execute(text("UPDATE trace SET last_arrival_at = :at WHERE uid = 'imported'"), {"at": str(now())[:19]})
        for chosen in (Retention("short", 10), Retention("ever", None), Retention("", 50)):
            set_retention(session, chosen)
    with store.reading() as session:
        assert {one.words for one in retentions(session)} == {
            "Runs of short are removed 10 days after they came.",
            "Runs of ever are kept for ever.",
            "Runs of all other agents are removed 50 days after they came.",
        }
        due = {one.uid for one in overdue(session, now())}
    assert due == {"short 100", "short 20", "x 100", "y 100"}
    removed = apply_retention(store, now())
    assert (removed.counts["traces"], removed.more) == (4, False)
    assert uids(store) == {"imported", "ever 100", "ever 20", "x 20", "y 20"}
    with store.reading() as session:
        assert (list_removals(session)[0].by, list_removals(session)[0].what) == ("retention", "runs past their time")


def test_what_is_in_use_stays_where_the_policy_says_so(store: Store) -> None:
    old(store, *(said(uid, words, 1.0) for uid, words in WORDS.items()))
    make_version(store, define("sft"), "shop")  # all three stand in it
    old(store, *(run(uid, task=Task(f"t/{uid}", uid)) for uid in ("labelled", "suite", "open", "none")))
    with store.session() as session:
        me = person_id(session, "me", Role.LEAD)
        label(session, "labelled", "bea", "solved")
        add_tasks(session, "s", session.scalars(select(TaskRow.id).where(TaskRow.key == "t/suite")).all())
        item = ItemRow(queue_id=make_queue(session, "q", "trace", None), trace_id=find_trace(session, "open"))
        session.add(item)
        session.flush()
        claim(session, item.id, me, timedelta(minutes=5))
        set_retention(session, Retention("", 30, keep_used=True))
    apply_retention(store, now())
    assert uids(store) == {*WORDS, "labelled", "suite", "open"}
    with store.session() as session:
        set_retention(session, Retention("", 30))
    apply_retention(store, now())
    assert uids(store) == {"open"}  # somebody is reading it now


def test_old_records_of_no_run_go_with_the_policy_for_all_others(store: Store) -> None:
    at = now() - timedelta(days=100)
    old(store, run("kept", agent="ever"))
    with store.session() as session:
        add_signals(session, [Signal("none", "thumb", SignalKind.EXPLICIT, True, at=at)])
        for uid, agent, trace in (("1", "shop", ""), ("2", "ever", ""), ("3", "shop", "kept")):
            log_recall(session, LoggedRecall(uid, "x", "memory", at, agent=agent, trace_id=trace))
        add_refusals(session, "traces", [Rejected("old", "bad"), Rejected("new", "bad")])
        session.execute(text("UPDATE refusal SET at = '2020-01-01 00:00:00' WHERE record = 'old'"))
        set_retention(session, Retention("ever", None))
        set_retention(session, Retention("", 30))
    assert +apply_retention(store, now()).counts == {"signals": 1, "recalls": 1, "refusals": 1}
    with store.reading() as session:
        assert session.scalars(select(RecallRow.uid).order_by(RecallRow.uid)).all() == ["2", "3"]
        assert session.scalars(select(RefusalRow.record)).all() == ["new"]


def test_a_round_is_bounded_and_days_are_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.retract import retention

    monkeypatch.setattr(retention, "ROUND", 2)
    old(store, *(run(f"r{n}") for n in range(5)), days=3)
    with store.session() as session:
        set_retention(session, Retention("shop", 2))
    rounds = []
    while not rounds or rounds[-1][1]:
        done = apply_retention(store, now())
        rounds.append((done.counts["traces"], done.more))
    assert rounds == [(2, True), (2, True), (1, False)]
    at = now().replace(hour=12)
    assert retention.before(2, at) == retention.before(2, at.replace(hour=23)) != retention.before(3, at)


def test_lines_of_a_version_that_are_gone_stop_nothing(store: Store) -> None:
    shop(store)
    with store.session() as session:
        session.execute(delete(DatasetPartRow))
    assert remove(store, Scope(trace="bob"), "me").counts["rows"] == 0
    with store.reading() as session:
        assert examples.used_runs(session) == set()
    assert "bob" not in uids(store)
