"""Every route of the desks and the reader asks who is there, and says so to nobody in particular."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from core.records import Role
from core.review.queues import enqueue
from core.store.people import add_person
from core.store.trace_writing import insert_traces
from dashboard import comments_api, http_api, reading_api, review_api
from dashboard.identity import COOKIE, cookie_for
from dashboard.process import close_all, store
from tests.worlds import run

OF_PEOPLE = [
    *review_api.ROUTES,
    *reading_api.ROUTES,
    *comments_api.ROUTES,
    *(route for route in http_api.ROUTES if route.path.startswith("/api/traces/")),
]


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    with store().session() as session:
        enqueue(session, list(insert_traces(session, [run("t0")]).traces.values()))
        add_person(session, "ann", Role.ANNOTATOR)
    yield TestClient(Starlette(routes=OF_PEOPLE), base_url="http://127.0.0.1")
    close_all()


@pytest.mark.parametrize("route", OF_PEOPLE, ids=[f"{min(route.methods or ())} {route.path}" for route in OF_PEOPLE])
def test_nobody_in_particular_is_told_nothing(api: TestClient, route: Route) -> None:
    path = re.sub(r"\{[^}]*\}", "1", route.path)
    for cookie in ("", "forged", cookie_for(99)):
        refused = api.request(min(route.methods or {"GET"}), path, headers={"Cookie": f"{COOKIE}={cookie}"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_permitted"), refused.text
        assert "Choose who you are" in refused.json()["error"]["message"]


@pytest.mark.parametrize("part", ["outline", "steps", "steps/0/text?part=output.0.content", "suggestions"])
def test_who_says_who_they_are_reads(api: TestClient, part: str) -> None:
    read = api.get(f"/api/traces/1/{part}", headers={"Cookie": f"{COOKIE}={cookie_for(1)}"})
    assert read.status_code in (200, 404), read.text
