"""What is sent to the desks' routes and is not what they ask for: answered with a sentence, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.records import LabelSchema, Question
from core.review.queues import enqueue
from core.store.items import NewItem, add_items
from core.store.pairs import insert_pairs
from core.store.queues import get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, insert_rankings
from core.store.schemas import save_schema
from core.store.tables import Base, ItemRow
from core.store.trace_writing import insert_traces
from dashboard import comments_api, http_api, reading_api, review_api, signals_api
from dashboard.process import close_all, store
from tests.worlds import run, texts

ROUTES = (
    *review_api.ROUTES,
    *reading_api.ROUTES,
    *comments_api.ROUTES,
    *signals_api.ROUTES,
    *http_api.ROUTES,
)
RUN, PAIR, RANKING = 1, 2, 3
"""The first item of each queue, in the order in which the queues are made."""


DEEP = "nested deeply"


STRANGE: tuple[Any, ...] = (None, True, -1, 1.5, 2**63, "", "\x00", ["x"], [{}], {"x\x00": "\x00"}, DEEP)

REVIEW: dict[str, Any] = {
    "answers": {"outcome": "solved"},
    "marks": [],
    "corrections": [],
    "lesson": None,
    "active_seconds": 1,
}
MARK = {"question": "first_mistake", "value": "", "step_id": "1", "path": "", "start": None, "end": None, "text": ""}
CHOICE = {"choice": "left", "reason": "", "confidence": 3, "answers": {}, "active_seconds": 1}
ORDER = {"places": [1, 2], "reason": "", "answers": {}, "active_seconds": 1}

SENT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/api/queues/1/next", {"tab": "a"}),
    ("POST", "/api/queues/1/undo", {"tab": "a"}),
    ("POST", f"/api/items/{RUN}/skip", {"tab": "a"}),
    ("POST", f"/api/items/{RUN}/hold", {"tab": "a"}),
    ("POST", f"/api/items/{RUN}/flag", {"reason": "x", "discard": False}),
    ("PUT", f"/api/drafts/{RUN}", {"tab": "a", "revision": 0, "editing": None, "body": REVIEW}),
    (
        "POST",
        f"/api/items/{RUN}/submit",
        {"body": REVIEW | {"marks": [MARK]}, "editing": 1, "ahead": {"item": 1, "n_steps": 4, "version": 1}},
    ),
    ("POST", f"/api/items/{PAIR}/submit", {"body": CHOICE, "editing": 1}),
    ("POST", f"/api/items/{RANKING}/submit", {"body": ORDER, "editing": 1}),
    ("POST", "/api/traces/1/comments", {"text": "why?", "step_id": "1"}),
    ("POST", "/api/pairs/1/comments", {"text": "why?", "step_id": ""}),
    ("POST", "/api/comments/1/reply", {"text": "so"}),
    ("POST", "/api/comments/1/resolve", {"text": "so"}),
    (
        "POST",
        "/api/recall",
        {"agent": "shop", "task": "order", "k": 2, "version": "v1", "run_key": "r", "dry_run": True}
        | {"tool": "look", "tags": ["orders"], "max_tokens": 100, "session_id": "s", "trace_id": "t"},
    ),
    (
        "POST",
        "/api/signals",
        {"trace_id": "t0", "step_id": "1", "name": "thumb", "kind": "explicit", "value": 1, "comment": "", "key": "k"},
    ),
)


@pytest.fixture
def api(data_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LOOPWRIGHT_DATABASE_URL", database_url)
    with store().session() as session:
        traces = insert_traces(session, [run("t0"), run("t1")]).traces
        enqueue(session, list(traces.values())[:1])
        schema = save_schema(session, LabelSchema("why", 1, "Why", (Question("why", "text", "Why?"),)))
        pairs, rankings = (make_queue(session, kind, kind, schema) for kind in ("pair", "ranking"))
        add_items(
            session, get_queue(session, pairs), [NewItem(one) for one in insert_pairs(session, [texts("p")]).values()]
        )
        ranked = NewRanking("r", "test", "Say hello.", (Candidate("Hello."), Candidate("Go away.")))
        add_items(session, get_queue(session, rankings), [NewItem(one) for one in insert_rankings(session, [ranked])])
    client = TestClient(Starlette(routes=ROUTES), base_url="http://127.0.0.1")
    for queue in (1, 2, 3):
        client.post(f"/api/queues/{queue}/next", json={"tab": "a"})
    client.post("/api/traces/1/comments", json={"text": "what?"})
    yield client
    close_all()


def rows() -> dict[str, list[tuple[Any, ...]]]:
    with store().reading() as session:
        return {
            name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in Base.metadata.tables.items()
            if name not in ("intake", "refusal")  # what is refused at the door of signals is written down there
        }


def places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in what is sent: the whole, and each part."""
    yield at
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from places(value, (*at, key))


def with_at(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    changed = dict(body) if isinstance(body, dict) else list(body)
    changed[at[0]] = with_at(body[at[0]], at[1:], value)
    return changed


@pytest.mark.parametrize(("method", "path", "body"), SENT, ids=[f"{path}" for _, path, _ in SENT])
def test_whatever_stands_in_a_field_is_refused_with_a_sentence_or_taken(
    api: TestClient, method: str, path: str, body: dict[str, Any]
) -> None:
    before = rows()
    for at in places(body):
        for value in STRANGE:
            sent = orjson.dumps(with_at(body, at, value)).replace(f'"{DEEP}"'.encode(), b"[" * 900 + b"]" * 900)
            answered = api.request(method, path, content=sent)
            told = (at, str(value)[:40], answered.status_code, answered.text[:200])
            after = rows()
            assert answered.status_code < 500, told
            if answered.status_code >= 400:
                assert answered.json()["error"]["message"], told
                assert after == before, told
            before = after


def test_what_is_far_too_long_is_refused(api: TestClient) -> None:
    for method, path, body in SENT:
        for at in [one for one in places(body) if isinstance(_at(body, one), str)]:
            before = rows()
            answered = api.request(method, path, json=with_at(body, at, "x" * 2_100_000))
            assert answered.status_code in (200, 400, 404, 409, 413), (path, at, answered.text[:200])
            if path.endswith(("/flag", "/comments", "/reply")):
                assert (answered.status_code, rows()) == (400, before), (path, at)


def _at(body: Any, at: tuple[Any, ...]) -> Any:
    return _at(body[at[0]], at[1:]) if at else body


@pytest.mark.parametrize("reason", [["a", "b"], 7, {"x": 1}, True, "", "  ", None, "x" * 2_001])
def test_a_flag_asks_for_a_reason_in_words(api: TestClient, reason: Any) -> None:
    before = rows()
    refused = api.post(f"/api/items/{RUN}/flag", json={"reason": reason, "discard": False})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "reason")
    assert rows() == before


def test_a_second_click_on_flag_says_nothing_twice(api: TestClient) -> None:
    for _ in range(2):
        assert api.post(f"/api/items/{RUN}/flag", json={"reason": "empty run"}).status_code == 200
    with store().reading() as session:
        assert session.scalar(select(ItemRow.flag).where(ItemRow.id == RUN)) == "me: empty run"
