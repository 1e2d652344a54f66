"""The desk's routes for a team: what is loaded ahead, what is held, who was let go, what is voted out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.records import Outcome, Role
from core.review.queues import enqueue
from core.store.items import get_item
from core.store.outcomes import set_outcomes
from core.store.people import add_person, change_person
from core.store.queues import get_queue
from core.store.tables import AnnotationRow, ClaimRow
from core.store.trace_writing import insert_traces
from dashboard import review_api
from dashboard.identity import COOKIE, cookie_for
from dashboard.process import close_all, store
from tests.worlds import run


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    with store().session() as session:
        enqueue(session, list(insert_traces(session, [run("t0"), run("t1")]).traces.values()))
    yield TestClient(Starlette(routes=review_api.ROUTES), base_url="http://127.0.0.1")
    close_all()


def take(api: TestClient) -> dict[str, Any]:
    return api.post("/api/queues/1/next", json={"tab": "a"}).json()


def test_what_is_loaded_ahead_comes_next_without_being_sent_again(api: TestClient) -> None:
    first = take(api)["item"]
    ahead = api.get("/api/queues/1/ahead").json()["item"]
    assert ahead["item"] != first["item"]
    with store().reading() as session:
        assert session.scalar(select(func.count()).select_from(ClaimRow)) == 1, "nobody holds what is loaded ahead"
    sent = {
        "body": {"answers": {"outcome": "solved"}},
        "ahead": {"item": ahead["item"], "n_steps": ahead["facts"]["n_steps"], "version": ahead["schema"]["version"]},
    }
    following = api.post(f"/api/items/{first['item']}/submit", json=sent).json()["next"]["item"]
    assert (following["item"], following["loaded"]) == (ahead["item"], True)
    assert api.get("/api/queues/1/ahead").json() == {"item": None}


def test_an_item_that_grew_since_it_was_loaded_ahead_is_sent_anew(api: TestClient) -> None:
    first, ahead = take(api)["item"], api.get("/api/queues/1/ahead").json()["item"]
    sent = {"body": {"answers": {"outcome": "solved"}}, "ahead": {"item": ahead["item"], "n_steps": 99, "version": 1}}
    following = api.post(f"/api/items/{first['item']}/submit", json=sent).json()["next"]["item"]
    assert following["item"] == ahead["item"]
    assert following["outline"]["steps"]


def test_a_lapsed_hold_says_so_and_its_answer_is_surplus(api: TestClient) -> None:
    item = take(api)["item"]["item"]
    held = api.post(f"/api/items/{item}/hold", json={}).json()
    assert (held["held"], held["note"]) == (True, "")
    with store().session() as session:
        other = add_person(session, "ann", Role.ANNOTATOR)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
    theirs = {"Cookie": f"{COOKIE}={cookie_for(other)}"}
    mine = {"Cookie": f"{COOKIE}={cookie_for(1)}"}
    assert api.post("/api/queues/1/next", json={}, headers=theirs).json()["item"]["item"] == item
    lost = api.post(f"/api/items/{item}/hold", json={}, headers=mine).json()
    assert not lost["held"]
    assert "others have taken it" in lost["note"]
    answer = {"body": {"answers": {"outcome": "solved"}}}
    assert api.post(f"/api/items/{item}/submit", json=answer, headers=theirs).json()["note"] == ""
    late = api.post(f"/api/items/{item}/submit", json=answer, headers=mine)
    assert (late.status_code, "kept beside theirs" in late.json()["note"]) == (200, True)


def test_who_was_made_inactive_is_told_and_nothing_stands_under_another_name(api: TestClient) -> None:
    with store().session() as session:
        ann = add_person(session, "ann", Role.ANNOTATOR)
    theirs = {"Cookie": f"{COOKIE}={cookie_for(ann)}"}
    item = api.post("/api/queues/1/next", json={}, headers=theirs).json()["item"]["item"]
    with store().session() as session:
        change_person(session, ann, active=False)
    for method, path in (
        ("PUT", f"/api/drafts/{item}"),
        ("POST", f"/api/items/{item}/submit"),
        ("POST", f"/api/items/{item}/hold"),
    ):
        refused = api.request(
            method, path, json={"tab": "t", "body": {"answers": {"outcome": "solved"}}}, headers=theirs
        )
        assert (refused.status_code, "A lead has made ann inactive" in refused.text) == (403, True), path
    with store().reading() as session:
        assert session.scalar(select(func.count()).select_from(AnnotationRow)) == 0


def test_votes_take_an_item_out_and_it_stays_out(api: TestClient) -> None:
    with store().session() as session:
        people = [add_person(session, name, Role.ANNOTATOR) for name in ("ann", "bob")]
        get_queue(session, 1).votes_to_discard = 2
        get_queue(session, 1).overlap = 2
    heads = [{"Cookie": f"{COOKIE}={cookie_for(person)}"} for person in people]
    item = api.post("/api/queues/1/next", json={}, headers=heads[0]).json()["item"]
    assert item["queue"]["discard"] == "vote"
    api.get(f"/api/items/{item['item']}", headers=heads[1])
    said = [
        api.post(f"/api/items/{item['item']}/flag", json={"reason": "empty run", "discard": True}, headers=head).json()
        for head in heads
    ]
    assert [one["discarded"] for one in said] == [False, True]
    with store().session() as session:
        row = get_item(session, item["item"])
        assert (row.state, row.discard_reason) == ("discarded", "empty run")
        enqueue(session, [row.trace_id or 0])
        assert get_item(session, item["item"]).state == "discarded"


def test_the_run_that_passed_is_named_after_a_run_that_did_not_is_submitted(api: TestClient) -> None:
    first = take(api)["item"]["item"]
    with store().session() as session:
        mine = get_item(session, first).trace_id or 0
        other = next(trace for trace in (1, 2) if trace != mine)
        set_outcomes(session, {other: (Outcome.SOLVED, "test")})
    failed = {"body": {"answers": {"outcome": "failed"}}}
    said = api.post(f"/api/items/{first}/submit", json=failed).json()
    assert said["passed"] == other
    assert api.post(f"/api/items/{said['next']['item']['item']}/submit", json=failed).json()["passed"] is None


def test_a_run_that_the_person_has_still_to_judge_blind_is_not_named(api: TestClient) -> None:
    with store().session() as session:
        ann = {"Cookie": f"{COOKIE}={cookie_for(add_person(session, 'ann', Role.ANNOTATOR))}"}
    first = api.post("/api/queues/1/next", json={}, headers=ann).json()["item"]["item"]
    with store().session() as session:
        mine = get_item(session, first).trace_id or 0
        set_outcomes(session, {3 - mine: (Outcome.SOLVED, "test")})
    failed = {"body": {"answers": {"outcome": "failed"}}}
    assert api.post(f"/api/items/{first}/submit", json=failed, headers=ann).json()["passed"] is None
