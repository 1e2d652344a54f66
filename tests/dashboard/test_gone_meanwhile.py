"""What people hold is removed, archived or put in another order: they are told in a sentence, and work goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.errors import LoopwrightError
from core.records import LabelSchema, Question, Role
from core.retract import Scope, remove
from core.review import resolving
from core.review.gold import set_gold
from core.review.orders import reorder
from core.review.queue_changes import change_rules, rules_of, set_state
from core.review.queues import enqueue
from core.store.items import NewItem, add_items, get_item
from core.store.people import PersonLine
from core.store.queues import ARCHIVED, get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, insert_rankings
from core.store.resolutions import Subject
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, CommentRow, ItemRow, RankingRow, TraceRow
from core.store.trace_writing import insert_traces
from dashboard import comments_api, http_api, reading_api, review_api
from dashboard.process import close_all, store
from tests.worlds import run

ROUTES = [*review_api.ROUTES, *reading_api.ROUTES, *comments_api.ROUTES, *http_api.ROUTES]
SOLVED = {"body": {"answers": {"outcome": "solved"}}}
LEAD = PersonLine(1, "me", Role.LEAD, True)


@pytest.fixture
def api(data_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LOOPWRIGHT_DATABASE_URL", database_url)
    with store().session() as session:
        enqueue(session, list(insert_traces(session, [run(f"t{n}") for n in range(3)]).traces.values()))
    yield TestClient(Starlette(routes=ROUTES), base_url="http://127.0.0.1")
    close_all()


def take(api: TestClient, queue: int = 1) -> Any:
    return api.post(f"/api/queues/{queue}/next", json={"tab": "a"}).json()["item"]


def uid_of(trace: int) -> str:
    with store().reading() as session:
        return session.get_one(TraceRow, trace).uid


def test_a_run_is_removed_while_somebody_reviews_it(api: TestClient, data_dir: Path) -> None:
    held = take(api)
    item, trace = held["item"], held["segments"][0]["trace"]
    api.post(f"/api/traces/{trace}/comments", json={"text": "why?"})
    remove(store(), Scope(trace=uid_of(trace)), "me")
    for method, path, body in (
        ("POST", f"/api/items/{item}/hold", {}),
        ("PUT", f"/api/drafts/{item}", {"tab": "a", **SOLVED}),
        ("POST", f"/api/items/{item}/submit", SOLVED),
        ("POST", f"/api/items/{item}/skip", {}),
        ("POST", f"/api/items/{item}/flag", {"reason": "gone?"}),
        ("GET", f"/api/items/{item}", {}),
        ("GET", f"/api/traces/{trace}/steps", {}),
        ("GET", f"/api/traces/{trace}/suggestions", {}),
        ("GET", f"/api/traces/{trace}/comments", {}),
        ("POST", f"/api/traces/{trace}/comments", {"text": "still here"}),
        ("POST", "/api/comments/1/reply", {"text": "and this"}),
    ):
        told = api.request(method, path, json=body)
        assert (told.status_code, bool(told.json()["error"]["message"])) == (404, True), (path, told.text)
    assert take(api)["item"] != item
    with store().reading() as session:
        assert session.scalar(select(func.count()).select_from(CommentRow)) == 0


def test_a_run_is_removed_while_a_lead_decides_on_it(api: TestClient, data_dir: Path) -> None:
    held = take(api)
    api.post(f"/api/items/{held['item']}/submit", json=SOLVED)
    trace = held["segments"][0]["trace"]
    with store().reading() as session:
        said = session.scalars(select(AnnotationRow)).one()
    remove(store(), Scope(trace=uid_of(trace)), "me")
    deeds: tuple[Callable[[Any], Any], ...] = (
        lambda session: resolving.adopt(session, Subject(trace), said.schema_id, "outcome", said.id, LEAD),
        lambda session: resolving.resolve(session, Subject(trace), said.schema_id, "outcome", "failed", (), LEAD),
        lambda session: resolving.resolve(session, Subject(pair_id=99), None, "preference", "a", (), LEAD),
        lambda session: resolving.withdraw(session, Subject(trace), 1, LEAD),
    )
    for deed in deeds:
        with pytest.raises(LoopwrightError), store().session() as session:
            deed(session)


def test_a_candidate_is_removed_while_somebody_ranks(api: TestClient, data_dir: Path) -> None:
    with store().session() as session:
        schema = save_schema(session, LabelSchema("why", 1, "Why", (Question("why", "text", "Why?"),)))
        queue = make_queue(session, "Ranked", "ranking", schema)
        ranked = NewRanking("r", "test", "Which?", tuple(Candidate(trace=f"t{n}") for n in range(3)))
        add_items(session, get_queue(session, queue), [NewItem(one) for one in insert_rankings(session, [ranked])])
    item = take(api, queue)["item"]
    remove(store(), Scope(trace="t1"), "me")
    told = api.post(f"/api/items/{item}/submit", json={"body": {"places": [1, 2, 3]}})
    assert told.status_code in (400, 404), told.text
    after = take(api, queue)
    with store().reading() as session:
        left = session.scalar(select(func.count()).select_from(RankingRow))
    assert (after is None) == (left == 0)


def test_a_run_with_a_known_answer_is_removed(api: TestClient, data_dir: Path) -> None:
    with store().session() as session:
        item = session.scalars(select(ItemRow).order_by(ItemRow.id)).first()
        assert item is not None
        set_gold(session, item, {"outcome": "solved"}, LEAD)
        trace = item.trace_id
        get_queue(session, 1).gold_share = 1.0
    held = take(api)
    remove(store(), Scope(trace=uid_of(trace or 0)), "me")
    told = api.post(f"/api/items/{held['item']}/submit", json=SOLVED)
    assert told.status_code == (404 if held["segments"][0]["trace"] == trace else 200)
    assert take(api) is not None


def test_a_queue_is_archived_while_somebody_holds_an_item(api: TestClient) -> None:
    item = take(api)["item"]
    with store().session() as session:
        set_state(session, 1, ARCHIVED, LEAD)
    assert api.post(f"/api/items/{item}/hold", json={}).json()["held"] is True
    assert api.put(f"/api/drafts/{item}", json={"tab": "a", **SOLVED}).status_code == 200
    done = api.post(f"/api/items/{item}/submit", json=SOLVED).json()
    assert (done["note"], done["next"]["item"]) == ("", None)
    assert done["next"]["empty"] == "This queue is closed. Choose another one."
    with store().reading() as session:
        assert get_item(session, item).state == "done"


def test_a_queue_is_put_in_another_order_while_somebody_holds_an_item(api: TestClient) -> None:
    item = take(api)["item"]
    with store().session() as session:
        change_rules(session, 1, replace(rules_of(session, get_queue(session, 1)), order="oldest"), LEAD)
    reorder(store(), 1)
    assert take(api)["item"] == item
    given = {item}
    for _ in range(3):
        following = api.post(f"/api/items/{item}/submit", json=SOLVED).json()["next"]["item"]
        item = following["item"] if following else 0
        given.add(item)
    assert len(given) == 4, "each once, and then none"


def test_a_double_click_on_submit_stores_one_answer(api: TestClient) -> None:
    item = take(api)["item"]
    first, second = (api.post(f"/api/items/{item}/submit", json=SOLVED).json() for _ in range(2))
    assert (first["revision"], second["revision"], first["submitted_at"]) == (1, 1, second["submitted_at"])
    with store().reading() as session:
        assert session.scalar(select(func.count()).select_from(AnnotationRow)) == 1
