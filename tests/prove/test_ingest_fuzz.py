"""Whatever comes to /v1/traces and /v1/logs has an answer in words, at once, and nothing that is taken is lost."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.errors import InvalidInput
from core.ingest import otlp_json
from core.ingest.closing import close_due
from core.ingest.delivery import assemble_due
from core.ingest.otlp import LOGS, REQUESTS, TRACES
from core.store.deliveries import read_deliveries
from core.store.steps import read_steps
from core.store.tables import DeliveryRow, RefusalRow, SignalRow, TraceRow
from core.store.text_search import index_due
from dashboard import otlp_api
from dashboard.gate import Gate
from dashboard.process import close_all, store
from tests.benchmarks._memory import resident
from tests.core.ingest.formats.mutation import ANYTHING
from tests.prove.payloads import ODD, PACKINGS, Value, damage, dumped, logs, payloads, renamed, spoil

INPUTS = 100_000
AT_ONCE = 250
SECONDS_EACH = 5.0
"""What one input may take where others work too; most take 2 ms."""
GROWTH = 80.0
"""Megabytes that the process may hold at the end beyond what it held after the first tenth."""

PROTOBUF, JSON = "application/x-protobuf", "application/json"
ANSWERS: dict[str, Any] = {TRACES: ExportTraceServiceResponse, LOGS: ExportLogsServiceResponse}
EVALUATION = "gen_ai.evaluation.result"


@dataclass
class Fuzz:
    """The routes as an ASGI application, and what came of what was sent."""

    app: Any
    runner: asyncio.Runner
    statuses: Counter[int] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    newest: int = 0

    def send(self, kind: str, body: bytes, content_type: str, packing: str = "", plain: bytes | None = None) -> None:
        """One request (`plain` is its body without its packing, where that is sound); then what it left is counted."""
        began = time.perf_counter()
        status, answer = self.runner.run(call(self.app, f"/v1/{kind}", body, content_type, packing))
        took = time.perf_counter() - began
        self.slowest = max(self.slowest, took)
        assert took < SECONDS_EACH, (took, kind, content_type, packing, body[:2000])
        assert status in (200, 400, 413, 415), (status, answer, body[:2000])
        self.statuses[status] += 1
        with store().reading() as session:
            query = select(DeliveryRow.id, DeliveryRow.n).where(DeliveryRow.id > self.newest)
            kept = session.execute(query).all()
        accepted = sum(n for _, n in kept)
        rejected = rejected_in(kind, answer, content_type) if status == 200 else 0
        assert len(kept) == (accepted > 0)
        assert status == 200 or not kept, (status, answer)
        sent = count(kind, plain, content_type) if status == 200 and plain is not None else None
        assert sent in (None, accepted + rejected), (sent, accepted, rejected, answer, body[:2000])
        self.newest = max([self.newest, *(number for number, _ in kept)])
        self.spans += Counter(accepted=accepted, rejected=rejected)
        if self.statuses.total() % AT_ONCE == 0:
            self.settle()

    def settle(self) -> None:
        """Put what waits into traces, closed and in the text index; all of it has to be there, and be readable."""
        with store().reading() as session:
            owed = set(owed_by(read_deliveries(session, 10**9)))
        while assemble_due(store()):
            pass
        while close_due(store(), 0, 0):
            pass
        with store().session() as session:
            while index_due(session, 500):
                pass
        with store().reading() as session:
            refused = session.scalars(select(RefusalRow.reason).where(RefusalRow.reason.contains("could not be put")))
            assert refused.all() == []
            there: set[tuple[str, str]] = set()
            for begin in range(0, len(traces := sorted({trace for trace, _ in owed})), 500):
                query = select(TraceRow.id, TraceRow.uid).where(TraceRow.uid.in_(traces[begin : begin + 500]))
                for number, uid in session.execute(query):
                    there |= {(uid, step.step_id) for step in read_steps(session, number)}
            judged = select(SignalRow.trace_uid, SignalRow.step_uid).where(SignalRow.source == "opentelemetry")
            there |= {(trace, step) for trace, step in session.execute(judged)}
        assert owed - there == set(), "accepted, and nowhere"
        self.newest = 0  # SQLite counts an empty table's rows from 1 again


def owed_by(deliveries: list[Any]) -> Iterator[tuple[str, str]]:
    """The (trace id, span id) of everything in deliveries."""
    for delivery in deliveries:
        request: Any = REQUESTS[delivery.door].FromString(delivery.body)
        for outer in request.resource_spans if delivery.door == TRACES else request.resource_logs:
            for inner in outer.scope_spans if delivery.door == TRACES else outer.scope_logs:
                for one in inner.spans if delivery.door == TRACES else inner.log_records:
                    yield one.trace_id.hex(), one.span_id.hex()


def count(kind: str, plain: bytes, content_type: str) -> int | None:
    """How many spans a body holds, as another reader sees it; None where that one cannot read it."""
    if content_type == PROTOBUF:
        request: Any = REQUESTS[kind]()
        try:
            request.ParseFromString(plain)
        except DecodeError:
            return None  # where one text is no UTF-8 the spans around it are taken all the same
        outers = request.resource_spans if kind == TRACES else request.resource_logs
        inners = [inner for outer in outers for inner in (outer.scope_spans if kind == TRACES else outer.scope_logs)]
        return sum(len(inner.spans if kind == TRACES else inner.log_records) for inner in inners)
    names = ("resourceSpans", "scopeSpans", "spans") if kind == TRACES else ("resourceLogs", "scopeLogs", "logRecords")
    outers = orjson.loads(plain).get(names[0]) or []
    inners = [inner for outer in outers for inner in outer.get(names[1]) or []]
    return sum(len(inner.get(names[2]) or []) for inner in inners)


def rejected_in(kind: str, answer: bytes, content_type: str) -> int:
    """How many spans an answer says were not taken."""
    if content_type == PROTOBUF:
        partial = ANSWERS[kind].FromString(answer).partial_success
        return int(partial.rejected_spans if kind == TRACES else partial.rejected_log_records)
    partial = orjson.loads(answer).get("partialSuccess", {})
    assert bool(partial) == bool(partial.get("errorMessage"))
    return int(partial.get("rejectedSpans" if kind == TRACES else "rejectedLogRecords", 0))


async def call(app: Any, path: str, body: bytes, content_type: str, packing: str) -> tuple[int, bytes]:
    """The status and the body of an answer; what the application raises comes through."""
    headers = [(b"host", b"127.0.0.1"), (b"content-type", content_type.encode("latin-1", "replace"))]
    headers += [(b"content-encoding", packing.encode("latin-1", "replace"))] if packing else []
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    messages = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    said: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def tell(message: Any) -> None:
        said.append(message)

    await app(scope | {"headers": headers, "http_version": "1.1", "root_path": ""}, receive, tell)
    return said[0]["status"], b"".join(message.get("body", b"") for message in said[1:])


@pytest.mark.tenth
@pytest.mark.timeout(7_200)
def test_no_input_fails_hangs_or_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    named = os.environ.get("LOOPWRIGHT_REAL_DATA")
    whole = [(TRACES, one) for one in payloads(Path(named) if named else None)] + [(LOGS, one) for one in logs()] * 3
    app = Starlette(routes=otlp_api.ROUTES, middleware=[Middleware(Gate, host="127.0.0.1", token="")])
    inputs, held = share(INPUTS), []
    with asyncio.Runner() as runner, caplog.at_level(logging.ERROR):
        fuzz = Fuzz(app, runner)
        for tenth in range(10):
            monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(tmp_path / str(tenth)))
            fuzz.newest = 0
            for number in range(inputs // 20):
                fuzz_once(fuzz, whole, random.Random(f"{tenth}/{number}"))
            fuzz_with_hypothesis(fuzz, whole, tenth, inputs // 20)
            fuzz.settle()
            close_all()
            shutil.rmtree(tmp_path / str(tenth))
            gc.collect()
            held.append(resident(os.getpid()))
    print(f"\n{fuzz.statuses.total():,} inputs {dict(fuzz.statuses)}, {dict(fuzz.spans)}, slowest {fuzz.slowest:.2f} s")
    print("MB held after each tenth:", *(f"{one:.0f}" for one in held))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert fuzz.statuses.total() >= inputs
    assert fuzz.spans["accepted"] > inputs  # it got as far as the spans
    assert fuzz.spans["rejected"] > inputs / 20
    assert fuzz.statuses[400] > inputs / 20
    assert held[-1] - held[0] < GROWTH


def fuzz_once(fuzz: Fuzz, whole: list[tuple[str, Value]], chance: random.Random) -> None:
    """One real request, spoiled in one way or another."""
    kind, value = chance.choice(whole)
    if chance.random() < 0.7:
        value = renamed(value, chance)
    way = chance.randrange(10)
    as_json = chance.random() < 0.5
    if way < 6:
        send_spoiled(fuzz, kind, value, chance, chance.choice(ODD), as_json)
        return
    body = dumped(value) if as_json else as_protobuf(kind, value) or b""
    content_type, packing = JSON if as_json else PROTOBUF, chance.choice(list(PACKINGS))
    if way < 8:  # the bytes themselves, before they are packed
        body = damage(body, chance)
        fuzz.send(kind, PACKINGS[packing](body), content_type, packing, body)
    elif way == 8:  # the packed bytes
        fuzz.send(kind, damage(PACKINGS[packing](body), chance), content_type, packing)
    else:  # what is said of them
        said = chance.choice((PROTOBUF, JSON, f"{JSON}; charset=utf-16", "text/plain", "", "\xff", "application/JSON "))
        fuzz.send(kind, PACKINGS[packing](body), said, chance.choice([*PACKINGS, "br", "gzip, gzip", "\xff", ","]))


def send_spoiled(
    fuzz: Fuzz, kind: str, value: Value, chance: random.Random, wrong: Any, as_json: bool, packing: str = ""
) -> None:
    """A request with something wrong in its values; as protobuf where it can be written so."""
    value = spoil(renamed(value, chance), chance, wrong)
    body = None if as_json else as_protobuf(kind, value)
    if body is None:
        fuzz.send(kind, body := dumped(value), JSON, packing, body)
    else:
        fuzz.send(kind, PACKINGS[packing](body), PROTOBUF, packing, body)


def as_protobuf(kind: str, value: Value) -> bytes | None:
    """The request as protobuf; None where its shape is broken."""
    try:
        message, _ = otlp_json.read(REQUESTS[kind], value)
    except InvalidInput:
        return None
    return bytes(message.SerializeToString())


def fuzz_with_hypothesis(fuzz: Fuzz, whole: list[tuple[str, Value]], tenth: int, inputs: int) -> None:
    """Real requests with anything that hypothesis thinks of anywhere in them, and bodies that are nothing else."""
    bare = st.tuples(
        st.sampled_from([TRACES, LOGS]), st.binary(max_size=200) | ANYTHING, st.sampled_from([JSON, PROTOBUF])
    )

    @settings(max_examples=inputs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32), ANYTHING, st.booleans(), st.none() | bare)
    def send(seed: int, wrong: Any, as_json: bool, other: Any) -> None:
        chance = random.Random(f"{tenth}/{seed}")
        if other is None or chance.random() < 0.8:
            kind, value = chance.choice(whole)
            send_spoiled(fuzz, kind, value, chance, wrong, as_json)
            return
        kind, body, content_type = other
        fuzz.send(kind, body if isinstance(body, bytes) else dumped(body), content_type)

    send()
