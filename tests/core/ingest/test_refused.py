"""What was refused is kept without secrets, and goes through its own door once the fault is mended."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from core.ingest import accept as files
from core.ingest import delivery
from core.ingest.accept import ImportOptions, import_document
from core.ingest.delivery import assemble_due
from core.ingest.otlp import Sound, decode
from core.ingest.refused import Replayed, replay
from core.record_lines import to_json
from core.store.engine import Store
from core.store.intake import get_refusal
from core.store.tables import ImportRow, RefusalRow, StepRow, TraceRow
from tests.otlp_world import request_of, trace_of
from tests.worlds import run


def numbers(store: Store) -> list[int]:
    with store.reading() as session:
        return list(session.scalars(select(RefusalRow.id).order_by(RefusalRow.id)))


def count(store: Store, table: Any) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_spans_that_could_not_be_put_in_are_taken_after_the_fix(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "assemble", fault)
        delivery.accept(store, "traces", Sound(request_of(trace_of(1)), 12), 1000)
        assemble_due(store)
    assert (count(store, TraceRow), len(numbers(store))) == (0, 12)
    assert replay(store, numbers(store)) == Replayed(12, ())
    while assemble_due(store):
        pass
    assert (count(store, TraceRow), count(store, StepRow)) == (1, 12)
    with store.reading() as session:
        assert session.scalars(select(TraceRow.attributes)).one()["resource"]["service.name"] == "shop-agent"
        assert all(get_refusal(session, number).replayed_at for number in numbers(store))


def test_a_span_that_is_still_wrong_says_so(store: Store) -> None:
    bad = trace_of(2)[0] | {"span_id": b"x"}
    delivery.accept(store, "traces", decode("traces", request_of([bad]).SerializeToString(), False), 1000)
    again = replay(store, numbers(store))
    assert (again.taken, again.reasons) == (0, ("span 78 chat gpt-4.1: it has 1 bytes, not 8, in its span id",))
    assert len(numbers(store)) == 1


def test_a_record_of_a_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    record = to_json(run("t1")) | {"colour": f"red {token}"}
    report = import_document(store, "runs.jsonl", orjson.dumps(record), ImportOptions())
    assert [one.reason for one in report.rejected] == ["colour is no field of a trace"]
    with store.reading() as session:
        kept = get_refusal(session, 1)
    assert (kept.door, kept.format, kept.source) == (files.FILES, "loopwright", "runs.jsonl")
    assert kept.body["colour"] == "red [redacted: key]"
    import_document(store, "runs.jsonl", orjson.dumps(record), ImportOptions())
    assert len(numbers(store)) == 1
    (reason,) = replay(store, [1]).reasons
    assert reason.endswith("(trace t1): colour is no field of a trace")
    assert (len(numbers(store)), count(store, ImportRow)) == (1, 3)
    monkeypatch.setattr("core.ingest.formats.loopwright.from_json", lambda record: run("t1"))
    assert replay(store, [1]) == Replayed(1, ())
    assert count(store, TraceRow) == 1
