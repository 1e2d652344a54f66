"""Our own routes: what they answer, whom they let in, and that a refusal says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.errors import Conflict
from core.ingest.accept import ImportOptions, import_document
from core.record_lines import to_json
from core.records import Lesson, LessonState, Message, Role, Step, StepKind
from core.store.annotations import annotations_of
from core.store.lessons import list_lessons
from core.store.people import add_person
from core.store.tables import LessonRow
from dashboard import http_api, review_api
from dashboard.gate import Gate
from dashboard.identity import COOKIE, cookie_for
from dashboard.process import close_all, store
from dashboard.remember import Remember
from tests.worlds import run, texts

BIG = "word " * 2_000


def client(token: str = "", host: str = "127.0.0.1", base_url: str = "http://127.0.0.1") -> TestClient:
    gate = Middleware(Gate, host=host, token=token)
    return TestClient(Starlette(routes=[*review_api.ROUTES, *http_api.ROUTES], middleware=[gate]), base_url=base_url)


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    long = Step(
        "0", StepKind.USER, "user", output=(Message("user", BIG + "\x1b[31mend\x1b[0m<script>alert(1)</script>"),)
    )
    lesson = Lesson("l1", "an order was sent", "offer a return", state=LessonState.ACTIVE, person="me", decided_by="me")
    records = [run("t0", reward=1.0), run("t1", steps=(long,)), texts("p0"), lesson]
    import_document(store(), "world.jsonl", b"\n".join(orjson.dumps(to_json(one)) for one in records), ImportOptions())
    yield client()
    close_all()


def take(api: TestClient, number: int = 1) -> dict[str, Any]:
    return api.post(f"/api/queues/{number}/next", json={"tab": "a"}).json()


def test_reading_a_run(api: TestClient) -> None:
    outline = api.get("/api/traces/1/outline").json()
    assert [row[2] for row in outline["steps"]] == ["user", "llm", "tool", "llm"]
    steps = api.get("/api/traces/1/steps?start=2&count=1").json()
    assert (steps["n_steps"], steps["start"], [step["name"] for step in steps["steps"]]) == (4, 2, ["get_order"])
    (step,) = api.get("/api/traces/2/steps").json()["steps"]
    (block,) = [block for block in step["blocks"] if block["total"] > 4_000]
    assert len(block["text"]) == 4_000
    whole = api.get(f"/api/traces/2/steps/0/text?part={block['part']}&start=0&count=100000").json()
    assert whole["text"] == BIG + "end<script>alert(1)</script>"
    assert len(whole["text"]) == whole["total"] == block["total"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/traces/99/outline", 404, "no trace 99"),
        ("/api/traces/1/steps?start=x", 400, "whole number"),
        ("/api/traces/1/steps?count=100000", 400, "between 1 and 200"),
        ("/api/traces/1/steps/9/text?part=x", 404, "no step 9"),
        ("/api/traces/1/steps/0/text?part=nothing", 404, "nothing"),
        ("/api/items/77", 404, "no item 77"),
        ("/api/queues/77/progress", 404, "no queue 77"),
        ("/assets/..%2fapp.py", 404, ""),
        ("/assets/desks.py", 404, "no asset"),
        ("/who/77", 404, "does not work here"),
    ],
)
def test_what_is_not_there_is_said(api: TestClient, path: str, status: int, says: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert says in answer.text


def test_from_the_next_item_to_a_lesson_that_is_recalled(api: TestClient) -> None:
    first = take(api)
    item = first["item"]
    assert (item["state"], item["draft"], first["progress"]) == (
        "claimed",
        None,
        {"done": 0, "total": 2, "mine": 0, "recent": 0, "per_hour": None},
    )
    assert "outcome" not in {key for key in item if key != "schema"}
    draft = {"revision": 0, "tab": "a", "body": {"answers": {"comment": "hm"}}}
    saved = api.put(f"/api/drafts/{item['item']}", json=draft).json()
    assert (saved["revision"], saved["other"]) == (1, None)
    assert take(api)["item"]["draft"]["body"] == draft["body"]
    refused = api.post(f"/api/items/{item['item']}/submit", json={"tab": "a", "body": {}})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "outcome")
    body = {"answers": {"outcome": "solved"}, "lesson": {"when": "a rug is returned", "guidance": "ask for the number"}}
    done = api.post(f"/api/items/{item['item']}/submit", json={"tab": "a", "body": body}).json()
    assert done["next"]["item"]["item"] != item["item"]
    again = api.post(f"/api/items/{item['item']}/submit", json={"tab": "a", "body": body}).json()
    assert (again["revision"], again["lesson"]) == (1, done["lesson"])
    late = api.put(f"/api/drafts/{item['item']}", json=draft)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "submitted")
    with store().reading() as session:
        assert len(annotations_of(session)) == 1
        assert [lesson.when for lesson in list_lessons(session, [LessonState.PROPOSED])] == ["a rug is returned"]
    undone = api.post("/api/queues/1/undo", json={}).json()
    assert undone["item"]["draft"]["body"]["answers"] == {"outcome": "solved"}
    assert undone["item"]["draft"]["body"]["lesson"]["when"] == "a rug is returned"
    with store().reading() as session:
        assert list_lessons(session, [LessonState.PROPOSED]) == []
    assert api.get("/api/queues/1/mine").json() == {"submissions": []}


def test_skip_flag_and_the_end_of_a_queue(api: TestClient) -> None:
    item = take(api)["item"]["item"]
    assert api.post(f"/api/items/{item}/flag", json={"reason": ""}).json()["error"]["field"] == "reason"
    following = api.post(f"/api/items/{item}/flag", json={"reason": "a name"}).json()["next"]["item"]["item"]
    end = api.post(f"/api/items/{following}/skip", json={}).json()["next"]
    assert end["item"] is None
    assert "0 of 2 items are done" in end["empty"]


def test_a_pair_shows_no_names(api: TestClient) -> None:
    view = take(api, 2)["item"]
    assert {view["pair"]["left"]["text"], view["pair"]["right"]["text"]} == {"Hello, p0.", "Go away."}
    assert "polite" not in str(view)
    done = api.post(f"/api/items/{view['item']}/submit", json={"body": {"choice": "right_much"}})
    assert done.status_code == 200


def test_recall_by_http(api: TestClient) -> None:
    answer = api.post(
        "/api/recall", json={"task": "the order was already sent", "agent": "shop", "run_key": "r"}
    ).json()
    assert {"recall_id", "arm", "lessons", "prompt"} <= set(answer)
    dry = api.post("/api/recall", json={"task": "the order was already sent", "dry_run": True}).json()
    assert [lesson["id"] for lesson in dry["lessons"]] == ["l1"]
    for bad in ({}, {"task": ""}, {"task": 7}, {"task": "x", "k": 0}, {"task": "x", "version": 3}):
        assert api.post("/api/recall", json=bad).status_code == 400


@pytest.mark.parametrize("tags", [["Refund", "card"], "card, refund"])
def test_recall_for_a_tool_and_a_kind_of_task(api: TestClient, tags: Any) -> None:
    with store().session() as session:
        session.execute(update(LessonRow).values(tool="issue_refund", tags="refund"))
    asked = {"task": "the order was already sent", "dry_run": True}
    for more, given in (
        ({"tool": "issue_refund", "tags": tags}, 1),
        ({"tool": "read_order"}, 0),
        ({"tags": ["delivery"]}, 0),
        ({"max_tokens": 3}, 0),
        ({}, 1),
    ):
        assert len(api.post("/api/recall", json=asked | more).json()["lessons"]) == given


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("tool", 7, "tool has to be a text of at most 200 characters."),
        ("tags", {"a": 1}, "tags has to be a text of at most 300 characters."),
        ("tags", ["refund, card"], "tags has to be a list of words, or a text with commas between them."),
        ("tags", ["refund", 3], "tags has to be a list of words, or a text with commas between them."),
        ("max_tokens", 0, "max_tokens has to lie between 1 and 100,000."),
        ("max_tokens", "many", "max_tokens has to be a whole number."),
        ("dry_run", "yes", "dry_run has to be true or false."),
    ],
)
def test_what_recall_does_not_take_is_named(api: TestClient, field: str, value: Any, reason: str) -> None:
    answer = api.post("/api/recall", json={"task": "x", field: value})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {"code": "invalid", "field": field, "message": reason},
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"'])
def test_a_body_that_is_no_object_is_refused(api: TestClient, body: bytes) -> None:
    answer = api.post("/api/recall", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_a_body_that_is_too_large(api: TestClient) -> None:
    assert api.post("/api/recall", content=b" " * 9_000_000).status_code == 413


def test_somebody_else_answers_as_themselves(api: TestClient) -> None:
    with store().session() as session:
        ada = add_person(session, "ada", Role.ANNOTATOR)
    assert api.post("/api/queues/1/next", json={"tab": "a"}).status_code == 403
    chosen = api.get(f"/who/{ada}?next=https://elsewhere.example/x", follow_redirects=False)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/x")
    assert take(api)["item"] is not None
    api.cookies.clear()
    api.cookies.set(COOKIE, cookie_for(ada)[:-2] + "xx")
    assert api.post("/api/queues/1/next", json={"tab": "a"}).status_code == 403


def test_without_a_token_only_this_machine_is_answered(api: TestClient) -> None:
    assert client().get("/healthz").status_code == 200
    assert client().get("/healthz", headers={"host": "evil.example"}).status_code == 403
    assert (
        client().post("/api/recall", json={"task": "x"}, headers={"origin": "http://evil.example"}).status_code == 403
    )
    own = {"origin": "http://127.0.0.1", "host": "127.0.0.1"}
    assert client().post("/api/recall", json={"task": "x"}, headers=own).status_code == 200


def test_with_a_token_everything_asks_for_it(api: TestClient) -> None:
    behind = client("s3cret", "0.0.0.0", "http://box.example")
    assert behind.get("/healthz").status_code == 200
    assert behind.get("/readyz").status_code == 401
    assert behind.get("/readyz", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert behind.get("/readyz", headers={"authorization": "s3cret"}).status_code == 401
    assert behind.get("/readyz", headers={"authorization": "Bearer s3cret"}).status_code == 200
    assert behind.get("/readyz", headers={"authorization": "bearer s3cret"}).status_code == 200
    assert "Authorization: Bearer" in behind.post("/v1/traces").json()["error"]["message"]
    linked = behind.get("/traces?trace=3&access_token=s3cret", follow_redirects=False)
    assert linked.headers["location"] == "/traces?trace=3"
    behind.cookies.clear()
    welcome = behind.get("/readyz?access_token=s3cret", follow_redirects=False)
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/readyz")
    assert behind.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/traces/99999999999999999999999/outline", "/api/traces/1/steps/9223372036854775807/text?part=result"]
)
def test_a_number_that_no_database_holds(api: TestClient, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_only_person_is_remembered_when_a_second_one_comes(api: TestClient) -> None:
    page = Starlette(routes=[*review_api.ROUTES, *http_api.ROUTES], middleware=[Middleware(Remember)])
    browser = TestClient(page, base_url="http://127.0.0.1")
    assert "set-cookie" not in browser.get("/healthz").headers
    assert "set-cookie" in browser.get("/healthz", headers={"accept": "text/html"}).headers
    with store().session() as session:
        add_person(session, "ada", Role.ANNOTATOR)
    assert browser.post("/api/queues/1/next", json={"tab": "a"}).status_code == 200


def test_two_names_that_differ_by_case_are_one(api: TestClient) -> None:
    with store().session() as session:
        add_person(session, "ada", Role.ANNOTATOR)
        with pytest.raises(Conflict, match="already somebody"):
            add_person(session, " Ada ", Role.ANNOTATOR)
