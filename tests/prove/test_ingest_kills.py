"""A server that is killed while spans come in has lost none that it acknowledged, and kept none twice (law 2)."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.ingest.otlp import REQUESTS
from core.store.content import step_from_row
from core.store.deliveries import deliveries_waiting, read_deliveries
from core.store.dialect import is_postgresql
from core.store.engine import Store
from core.store.open_traces import n_open
from core.store.tables import ItemRow, RefusalRow, StepRow, TraceRow
from core.store.text_search import n_waiting
from tests.e2e.server import Server, start
from tests.otlp_world import BEGIN, SECOND
from tests.prove.senders import TOOL, Agent, Span, Spans, spans_by_id, word_of

KILLS = 25
AGENTS = 4
PATIENCE = 120
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.tenth
@pytest.mark.timeout(3_600)
def test_a_kill_loses_no_span_that_was_acknowledged(store: Store, tmp_path: Path, share: Callable[[int], int]) -> None:
    kills = share(KILLS)
    chance = random.Random(2026)
    agents = [Agent(n, random.Random(n)) for n in range(AGENTS)]
    checked: set[tuple[str, str]] = set()
    for _ in range(kills):
        server = begin(store, tmp_path)
        threads = [Thread(target=each.work, args=(server.url,)) for each in agents]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 3))
        server.kill()
        for thread in threads:
            thread.join()
        assert [each.wrong for each in agents if each.wrong or each.refused] == []
        assert (missing := acknowledged(agents).keys() - kept(store)) == set(), f"{len(missing)} spans are lost"
        if chance.random() < 0.5:
            server = begin(store, tmp_path)
            drain(store)
            server.kill()
            check(store, agents, checked)
    server = begin(store, tmp_path)
    for each in agents:
        each.finish(server.url)
    drain(store)
    server.stop()
    check(store, agents, checked)
    whole(store, acknowledged(agents))
    assert not any(each.pending for each in agents)
    assert any(each.repeated for each in agents)  # what an exporter sends again was tried
    assert len(checked) > 200 * kills  # something was at stake


def begin(store: Store, folder: Path) -> Server:
    url = store.engine.url.render_as_string(hide_password=False)
    settings = {"LOOPWRIGHT_DATABASE_URL": url, "LOOPWRIGHT_TRACE_SILENCE": "1"}
    return start("serve", folder / "data", folder / "server.log", **settings)


def acknowledged(agents: Iterable[Agent]) -> Spans:
    return {key: span for each in agents for key, span in each.acknowledged.items()}


def kept(store: Store) -> set[tuple[str, str]]:
    """The spans that stand in traces or wait for that."""
    with store.reading() as session:
        stored = select(TraceRow.uid, StepRow.uid).join(TraceRow, TraceRow.id == StepRow.trace_id)
        found = {(trace, step) for trace, step in session.execute(stored)}
        for delivery in read_deliveries(session, 10**9):
            request: Any = REQUESTS[delivery.door].FromString(delivery.body)
            spans = [span for outer in request.resource_spans for inner in outer.scope_spans for span in inner.spans]
            assert len(spans) == delivery.n
            found |= {(span.trace_id.hex(), span.span_id.hex()) for span in spans}
    return found


def drain(store: Store) -> None:
    """Wait until nothing waits: no request, no step for the text index, and no run whose root has ended is open."""
    deadline = time.monotonic() + PATIENCE
    ended = select(func.count()).where(TraceRow.root_ended, TraceRow.closed_at.is_(None))
    left: tuple[int, ...] = (1,)
    while any(left):
        assert time.monotonic() < deadline, f"spans, steps for the text index and runs still waiting: {left}"
        time.sleep(0.2)
        with store.reading() as session:
            left = (deliveries_waiting(session).n, n_waiting(session), session.scalar(ended) or 0)


def check(store: Store, agents: list[Agent], checked: set[tuple[str, str]]) -> None:
    """Each span is there once, as it was sent and to be found by its word; a request without an answer whole or not."""
    known = acknowledged(agents)
    sent = known | {key: span for each in agents for key, span in spans_by_id(each.pending).items()}
    columns = select(TraceRow.uid, StepRow.uid, StepRow.id).join(TraceRow, TraceRow.id == StepRow.trace_id)
    with store.reading() as session:
        rows = [((trace, step), number) for trace, step, number in session.execute(columns)]
        ids = dict(rows)
        assert len(ids) == len(rows), f"{len(rows) - len(ids)} steps are there twice"
        assert known.keys() <= ids.keys() <= sent.keys()
        for each in agents:
            assert len({key in ids for key in spans_by_id(each.pending)}) <= 1
        assert session.scalar(select(func.count()).select_from(RefusalRow)) == 0
        words = indexed(session)
        new = [key for key in ids if key not in checked]
        for begin_at in range(0, len(new), 500):
            some = new[begin_at : begin_at + 500]
            query = select(StepRow).where(StepRow.id.in_([ids[key] for key in some]))
            stored = {row.id: told(row) for row in session.scalars(query)}
            for key in some:
                assert stored[ids[key]] == expected(sent[key]), key
                assert words.pop(word_of(sent[key])) == ids[key], key
    checked.update(new)


def indexed(session: Any) -> dict[str, int]:
    """Our words in the text index → the step that the word is found in."""
    if is_postgresql(session):
        words = "SELECT word, step_id FROM step_text, unnest(tsvector_to_array(body)) AS word"
        return dict(session.execute(text(f"{words} WHERE word ~ '^w[0-9a-f]{{16}}$'")).all())
    session.execute(
        text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab('main', 'step_text', 'instance')")
    )
    return dict(session.execute(text("SELECT term, doc FROM temp.words WHERE term GLOB 'w????????????????'")).all())


def told(row: StepRow) -> dict[str, Any]:
    """What a stored step says, as `expected` has it."""
    step = step_from_row(row)
    said = {
        "input": [(one.role, one.content) for one in step.input],
        "output": [(one.role, one.content) for one in step.output],
        "arguments": step.arguments,
        "result": step.result,
        "call": step.call_id,
        "tokens": step.tokens_in,
    }
    place = {"parent": step.parent_id, "name": step.name, "begin": step.started_at, "end": step.ended_at}
    return place | {key: value for key, value in said.items() if value}


def expected(span: Span) -> dict[str, Any]:
    """What a span of tests.otlp_world says, read from its own attributes."""
    said = span["attributes"]
    place = {
        "parent": span["parent"].hex() if "parent" in span else None,
        "name": span["name"],
        "begin": EPOCH + timedelta(microseconds=span["start"] // 1000),
        "end": EPOCH + timedelta(microseconds=max(span["start"], span.get("end", BEGIN + SECOND)) // 1000),
    }
    if TOOL in said:
        call = {"arguments": json.loads(said["gen_ai.tool.call.arguments"]), "call": said["gen_ai.tool.call.id"]}
        return place | {"name": said[TOOL]} | call | {"result": json.loads(said["gen_ai.tool.call.result"])}
    if "gen_ai.input.messages" in said:
        sides = {side: json.loads(said[f"gen_ai.{side}.messages"]) for side in ("input", "output")}
        return (
            place
            | {"tokens": said["gen_ai.usage.input_tokens"]}
            | {
                side: [(one["role"], one["parts"][0]["content"]) for one in messages]
                for side, messages in sides.items()
            }
        )
    return place


def whole(store: Store, spans: Spans) -> None:
    """Each run is closed and stands in the queue once, with all its steps counted."""
    n_items = select(func.count()).where(ItemRow.trace_id == TraceRow.id).scalar_subquery()
    per_run: dict[str, int] = {}
    for trace, _ in spans:
        per_run[trace] = per_run.get(trace, 0) + 1
    with store.reading() as session:
        rows = session.execute(select(TraceRow.uid, TraceRow.n_steps, TraceRow.n_indexed, n_items)).all()
        assert n_open(session) == 0
    assert {uid: tuple(facts) for uid, *facts in rows} == {uid: (n, n, 1) for uid, n in per_run.items()}
