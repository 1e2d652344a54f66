"""What the Intake page reads: counts through time, origins, reasons of refusals, and what is not in its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.records import Annotation, Rejected, Role
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.arrivals import (
    Changed,
    Moment,
    Origin,
    anything_came,
    came_from,
    came_through_time,
    changed_since_labelled,
    rootless,
)
from core.store.engine import Store
from core.store.intake import Came, add_refusals, count_intake, set_replayed
from core.store.people import person_id
from core.store.refusals import Reason, Refused, refused, shape_of
from core.store.schemas import save_schema
from core.store.tables import RefusalRow, TraceRow
from core.store.trace_writing import insert_traces
from tests.worlds import run

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return NOON + timedelta(minutes=n)


def fill(store: Store) -> None:
    with store.session() as session:
        for at, door, agent, came in (
            (minutes(-61), "traces", "shop", Came(accepted=1, size=10)),
            (minutes(-1), "traces", "shop", Came(accepted=2, rejected=1, size=20, redacted=3)),
            (minutes(0), "traces", "shop", Came(accepted=3, size=30)),
            (minutes(0.5), "traces", "bank", Came(accepted=4, size=40)),
            (minutes(0), "signals", "shop", Came(accepted=5, repeated=6)),
            (minutes(59), "files", "", Came(accepted=7, rejected=8)),
        ):
            count_intake(session, {(door, agent): came}, at)


def test_minutes_and_hours(store: Store) -> None:
    fill(store)
    with store.reading() as session:
        by_minute = came_through_time(session, minutes(-1), minutes(59), hours=False)
        by_hour = came_through_time(session, minutes(-90), minutes(60), hours=True)
    assert by_minute == [
        Moment(minutes(-1), "traces", Came(2, 0, 1, 20, 3)),
        Moment(NOON, "signals", Came(5, 6, 0, 0, 0)),
        Moment(NOON, "traces", Came(7, 0, 0, 70, 0)),
    ]
    assert by_hour == [
        Moment(minutes(-120), "traces", Came(1, 0, 0, 10, 0)),
        Moment(minutes(-60), "traces", Came(2, 0, 1, 20, 3)),
        Moment(NOON, "files", Came(7, 0, 8, 0, 0)),
        Moment(NOON, "signals", Came(5, 6, 0, 0, 0)),
        Moment(NOON, "traces", Came(7, 0, 0, 70, 0)),
    ]


def test_origins_since_a_moment(store: Store) -> None:
    fill(store)
    with store.reading() as session:
        assert came_from(session, minutes(-1)) == [
            Origin("files", "", Came(7, 0, 8, 0, 0)),
            Origin("signals", "shop", Came(5, 6, 0, 0, 0)),
            Origin("traces", "shop", Came(5, 0, 1, 50, 3)),
            Origin("traces", "bank", Came(4, 0, 0, 40, 0)),
        ]
        assert came_from(session, minutes(60)) == []


def test_whether_anything_came(store: Store) -> None:
    with store.session() as session:
        assert not anything_came(session)
        insert_traces(session, [run("r1")])
        assert anything_came(session)


def test_what_was_refused_came_too(store: Store) -> None:
    with store.session() as session:
        add_refusals(session, "traces", [Rejected("span a", "it is empty")])
        assert anything_came(session)


def test_refusals_are_gathered_by_reason_and_door_whatever_record_they_name(store: Store) -> None:
    with store.session() as session:
        rejected = [Rejected("span a", "it has 4 bytes, not 16, in its trace id"), Rejected("span b", "it is empty")]
        add_refusals(session, "traces", [*rejected, rejected[0]])
        add_refusals(session, "files", [Rejected("signal 1", "trace “r1” is not here")], "a.jsonl", "loopwright")
        add_refusals(session, "files", [Rejected("signal 2", "trace “r2” is not here")], "b.jsonl", "loopwright")
        set_replayed(session, 1)
        session.execute(update(RefusalRow).values(at=NOON))
        session.execute(update(RefusalRow).where(RefusalRow.id == 5).values(at=minutes(5)))
    with store.reading() as session:
        assert refused(session) == Refused(
            5,
            5,
            [
                Reason(
                    "files",
                    "trace … is not here",
                    "trace “r2” is not here",
                    NOON,
                    minutes(5),
                    [5, 4],
                    0,
                    ["b.jsonl", "a.jsonl"],
                ),
                Reason(
                    "traces",
                    "it has 4 bytes, not 16, in its trace id",
                    "it has 4 bytes, not 16, in its trace id",
                    NOON,
                    NOON,
                    [3],
                    1,
                ),
                Reason("traces", "it is empty", "it is empty", NOON, NOON, [2], 0),
            ],
        )
        some = refused(session, most=2)
        assert (some.total, some.read, [one.n for one in some.reasons]) == (5, 2, [2])


@pytest.mark.parametrize(
    ("reason", "shape"),
    [
        ("trace 4bf92f3577b34da6a3ce929d0e0e4736 has 2,000,000 steps", "… has 2,000,000 steps"),
        ("it points at trace x-17, which is not here", "it points at …, which is not here"),
        ("'maybe' is no outcome: use 'solved'", "… is no outcome: use …"),
        ("it isn't JSON, and that's all", "it isn't JSON, and that's all"),
        ("its trace id is all zeros", "its trace id is all zeros"),
    ],
)
def test_what_makes_reasons_the_same(reason: str, shape: str) -> None:
    assert shape_of(reason) == shape


def test_runs_that_were_given_up_are_counted_among_the_newest(store: Store) -> None:
    with store.session() as session:
        starts = [NOON + timedelta(hours=n) for n in range(4)]
        insert_traces(session, [run(f"r{n}", started_at=at) for n, at in enumerate(starts)])
        session.execute(update(TraceRow).values(root_ended=True, source="otlp"))
        session.execute(update(TraceRow).where(TraceRow.uid.in_(["r0", "r2", "r3"])).values(root_ended=False))
        session.execute(update(TraceRow).where(TraceRow.uid == "r3").values(closed_at=None))
        assert rootless(session, 10) == (2, 4)
        assert rootless(session, 3) == (1, 3)
        session.execute(update(TraceRow).values(source="langfuse"))
        assert rootless(session, 10) == (0, 4)  # of a file nothing more was waited for


def test_runs_that_changed_after_they_were_labelled_and_who_may_know(store: Store) -> None:
    with store.session() as session:
        traces = insert_traces(session, [run(uid) for uid in ("early", "late", "unlabelled")]).traces
        enqueue(session, list(traces.values()))
        ann, bob = (person_id(session, name, Role.ANNOTATOR, active=True) for name in ("ann", "bob"))
        lead = person_id(session, "lea", Role.LEAD, active=True)
        schema = save_schema(session, RUN_REVIEW)
        for uid, at in (("early", minutes(0)), ("late", minutes(20))):
            said = Annotation(uid, "ann", RUN_REVIEW.key, {"solved": "yes"})
            add_annotation(session, traces[uid], ann, (schema, RUN_REVIEW.key), said, at)
        session.execute(update(TraceRow).values(changed_at=minutes(10)))
    found = [Changed(traces["early"], "Where is my order?", minutes(10), 1)]
    with store.reading() as session:
        assert changed_since_labelled(session, lead, 10) == (1, found)
        assert changed_since_labelled(session, ann, 10) == (1, found)
        assert changed_since_labelled(session, bob, 10) == (0, [])
        assert changed_since_labelled(session, lead, 0) == (1, [])
