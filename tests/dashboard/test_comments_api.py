"""The routes of comments: what they answer, and that a refusal says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.ingest.accept import ImportOptions, import_document
from core.record_lines import to_json
from core.records import Role
from core.store.people import add_person
from core.store.queues import list_queues
from dashboard import comments_api
from dashboard.identity import COOKIE, cookie_for
from dashboard.process import close_all, store
from tests.worlds import run, texts


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    world = b"\n".join(orjson.dumps(to_json(one)) for one in (run("t0"), texts("p0")))
    import_document(store(), "world.jsonl", world, ImportOptions())
    yield TestClient(Starlette(routes=comments_api.ROUTES))
    close_all()


def as_somebody(api: TestClient, name: str, role: Role = Role.ANNOTATOR) -> None:
    with store().session() as session:
        api.cookies.set(COOKIE, cookie_for(add_person(session, name, role)))


def said(answer: dict[str, Any]) -> list[tuple[str, str, str, list[str], str | None]]:
    return [
        (one["step_id"], one["person"], one["text"], [reply["text"] for reply in one["replies"]], one["resolved_by"])
        for one in answer["threads"]
    ]


@pytest.mark.parametrize(("about", "step"), [("traces", "2"), ("pairs", "")])
def test_every_change_answers_with_what_stands_now(api: TestClient, about: str, step: str) -> None:
    place = f"/api/{about}/1/comments"
    assert api.get(place).json() == {"me": 1, "threads": []}
    text = "<b>bold</b> \u202eno 🙂"
    answer = api.post(place, json={"text": text, "step_id": step}).json()
    assert said(answer) == [(step, "me", text, [], None)]
    (thread,) = answer["threads"]
    assert thread["may_resolve"]
    replied = api.post(f"/api/comments/{thread['id']}/reply", json={"text": "Yes."}).json()
    assert said(replied) == [(step, "me", text, ["Yes."], None)]
    settled = api.post(f"/api/comments/{thread['id']}/resolve", json={}).json()
    assert said(settled) == [(step, "me", text, ["Yes."], "me")]
    opened = api.post(f"/api/comments/{thread['id']}/reopen", json={}).json()
    assert said(opened) == said(replied) == said(api.get(place).json())


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/api/traces/1/comments", {}, 400, "text"),
        ("POST", "/api/traces/1/comments", {"text": "  "}, 400, "text"),
        ("POST", "/api/traces/1/comments", {"text": ["a"]}, 400, "text"),
        ("POST", "/api/traces/1/comments", {"text": "a", "step_id": 7}, 400, "step_id"),
        ("POST", "/api/traces/1/comments", {"text": "a", "step_id": "none"}, 400, "step_id"),
        ("POST", "/api/traces/99/comments", {"text": "a"}, 404, "trace"),
        ("GET", "/api/pairs/99/comments", None, 404, None),
        ("GET", "/api/traces/1/comments?item=x", None, 400, "item"),
        ("POST", "/api/comments/99/reply", {"text": "a"}, 404, "comment"),
        ("POST", "/api/comments/99/resolve", {}, 404, "comment"),
        ("POST", f"/api/comments/{10**30}/reopen", {}, 404, None),
    ],
)
def test_a_refusal_says_why(api: TestClient, method: str, path: str, body: Any, status: int, field: str | None) -> None:
    answer = api.request(method, path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("field"), error["message"][-1:]) == (status, field, ".")


def test_somebody_else_replies_and_does_not_settle(api: TestClient) -> None:
    api.post("/api/traces/1/comments", json={"text": "By the lead."})
    with store().session() as session:  # so that ada has nothing to judge blind
        for queue in list_queues(session):
            queue.blind = False
    as_somebody(api, "ada")
    (thread,) = api.get("/api/traces/1/comments").json()["threads"]
    assert not thread["may_resolve"]
    assert api.post(f"/api/comments/{thread['id']}/resolve", json={}).status_code == 403
    assert said(api.post(f"/api/comments/{thread['id']}/reply", json={"text": "Seen."}).json()) == [
        ("", "me", "By the lead.", ["Seen."], None)
    ]


def test_blind_means_not_even_a_number(api: TestClient) -> None:
    api.post("/api/traces/1/comments", json={"text": "It failed."})
    as_somebody(api, "ada")
    assert api.get("/api/traces/1/comments").json()["threads"] == []
