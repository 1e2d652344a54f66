"""The other runs of an item's task: blind before submitting, those that passed after it; and attempts to learn more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.ingest.accept import ImportOptions, import_document
from core.record_lines import to_json
from core.records import Pair, Role, Step, Trace
from core.review.desk import claim_item
from core.store.hidden import hidden_traces
from core.store.items import NewItem, add_items, discard_item, get_item
from core.store.pairs import insert_pairs
from core.store.people import PersonLine, add_person, person_id
from core.store.queues import get_queue, make_queue, members, set_members
from core.store.tables import ItemRow, QueueRow, TraceRow
from dashboard import http_api, reading_api, review_api
from dashboard.identity import COOKIE, actor_from, cookie_for
from dashboard.parts.trace_list import run_rows
from dashboard.parts.trace_view import view_trace
from dashboard.process import close_all, store
from tests.worlds import run, texts

AT = datetime(2026, 9, 2, 10, 0, tzinfo=UTC)
SECRETS = ("secret-model", "v-passes", "v-fails", "solved", "failed", "0.77", "2026-09-02", "reward", "marked-by-judge")
COSTS = ("secret-model", "0.77", "marked-by-judge", "1234.5")
"""What tells the model, the cost and how long it took."""


def telling(uid: str, version: str, reward: float) -> Trace:
    """A run each step of which bears what tells its version: model, cost, tokens, time, attributes, a span's name."""
    told = run(uid, reward=reward, version=version, cost=0.77, agent="shop")
    steps = tuple(told_of(step) for step in told.steps)
    ended = AT + timedelta(seconds=1234.5)
    return replace(told, steps=steps, started_at=AT, ended_at=ended, attributes={"release": version})


def told_of(step: Step) -> Step:
    name = "chat secret-model" if step.kind == "llm" else step.name
    attributes = {"release": "marked-by-judge"}
    return replace(step, name=name, model="secret-model", cost=0.77, started_at=AT, ended_at=AT, attributes=attributes)


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    """Five runs of one task, two of which passed, a run of another task and a pair; two annotators beside the lead."""
    versions = {"t0": ("v-fails", 0.0), "t1": ("v-passes", 1.0), "t2": ("v-passes", 1.0), "t3": ("v-fails", 0.0)}
    world: list[Any] = [telling(uid, *made) for uid, made in versions.items()]
    world += [run("alone", task=None, reward=1.0), texts("p0")]
    lines = b"\n".join(orjson.dumps(to_json(one)) for one in world)
    report = import_document(store(), "world.jsonl", lines, ImportOptions())
    assert report.rejected == []
    with store().session() as session:
        for name in ("ann", "bo"):
            add_person(session, name, Role.ANNOTATOR)
    yield TestClient(Starlette(routes=[*review_api.ROUTES, *reading_api.ROUTES, *http_api.ROUTES]))
    close_all()


def be(api: TestClient, name: str) -> None:
    with store().session() as session:
        api.cookies.set(COOKIE, cookie_for(person_id(session, name)))


def item_of(uid: str, queue: str = "All runs") -> int:
    with store().session() as session:
        query = (
            select(ItemRow.id)
            .join(TraceRow, TraceRow.id == ItemRow.trace_id)
            .join(QueueRow, QueueRow.id == ItemRow.queue_id)
        )
        return session.scalars(query.where(TraceRow.uid == uid, QueueRow.name == queue)).one()


def open_item(api: TestClient, uid: str) -> int:
    item = item_of(uid)
    assert api.get(f"/api/items/{item}").status_code == 200
    return item


def submit(api: TestClient, item: int, outcome: str = "failed") -> None:
    body = {"answers": {"outcome": outcome}, "marks": [], "corrections": [], "lesson": None, "active_seconds": 3}
    answer = api.post(f"/api/items/{item}/submit", json={"tab": "t", "body": body})
    assert answer.status_code == 200, answer.text


def test_others_are_letters_with_steps_and_nothing_that_tells_their_version(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    answer = api.get(f"/api/items/{item}/others").json()
    assert [run["title"] for run in answer["runs"]] == ["Run A", "Run B", "Run C"]
    assert answer["submitted"] is False
    told = orjson.dumps(answer).decode()
    for one in answer["runs"]:
        for path in ("outline", "steps", "steps?start=2&count=1", "steps/1/text?part=output.0.call.0", "suggestions"):
            got = api.get(f"/{one['base']}/{path}")
            assert got.status_code == 200, (path, got.text)
            told += got.text
    # what a run said of itself is read as it was said: the answer of `run` names its run
    assert [secret for secret in SECRETS if secret in told] == []
    steps = api.get(f"/{answer['runs'][0]['base']}/steps").json()["steps"]
    assert [step["kind"] for step in steps] == ["user", "llm", "tool", "llm"]
    assert {(step["seconds"], step["cost"], step["tokens_in"], step["model"], step["at"]) for step in steps} == {
        (None, None, None, "", None)
    }
    for hidden in ("attributes", "nothing"):
        assert api.get(f"/{answer['runs'][0]['base']}/steps/1/text?part={hidden}").status_code == 404


PARTS = ("outline", "steps", "steps?start=2&count=1", "steps/1/text?part=output.0.call.0", "suggestions")


def told_of_the_run(api: TestClient, item: int) -> str:
    """All that the desk and the reader are sent of an item's run, and what Traces shows of it to the one who asks."""
    answer = api.get(f"/api/items/{item}")
    trace = answer.json()["segments"][0]["trace"]
    texts = [answer.text, *(api.get(f"/api/traces/{trace}/{part}").text for part in PARTS)]
    person = actor_from({COOKIE: str(api.cookies.get(COOKIE))})
    assert person is not None
    with store().reading() as session:
        view = view_trace(session, trace, None, person.id)
    listed = run_rows([view.line], view.hidden) + run_rows([view.line], view.hidden, of_one_task=True)
    about = (view.reader, view.costs, view.unpriced, view.attributes, view.signals, listed)
    return "".join((*texts, repr(about), repr((view.line.seconds, view.line.cost, view.line.tokens_in))))


def test_the_run_under_review_tells_neither_model_nor_cost_nor_time_before_submitting(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    told = told_of_the_run(api, item)
    assert [secret for secret in COSTS if secret in told] == []
    view = api.get(f"/api/items/{item}").json()
    assert view["facts"] == {"n_steps": 4, "n_errors": 0, "seconds": None, "cost": None}
    trace = view["segments"][0]["trace"]
    for part in ("attributes", "nothing"):
        assert api.get(f"/api/traces/{trace}/steps/1/text?part={part}").status_code == 404
    assert api.get(f"/api/traces/{trace}/steps/1/text?part=output.0.call.0").status_code == 200
    be(api, "me")  # a lead knows it anyway
    assert [secret for secret in COSTS if secret not in told_of_the_run(api, item_of("t1"))] == []
    be(api, "ann")
    submit(api, item)
    assert [secret for secret in COSTS if secret not in told_of_the_run(api, item)] == []
    assert api.post("/api/queues/1/undo", json={}).status_code == 200
    assert [secret for secret in COSTS if secret in told_of_the_run(api, item)] == []


def test_what_is_loaded_ahead_is_blind_as_well(api: TestClient) -> None:
    be(api, "ann")
    open_item(api, "t0")
    ahead = api.get("/api/queues/1/ahead")
    assert ahead.json()["item"]["item"] != item_of("t0")
    assert [secret for secret in COSTS if secret in ahead.text] == []


def test_of_a_run_whose_version_is_known_to_all_nothing_is_hidden(api: TestClient) -> None:
    with store().session() as session:
        get_queue(session, 1).blind = False
    be(api, "ann")
    assert [secret for secret in COSTS if secret not in told_of_the_run(api, open_item(api, "t0"))] == []


def test_nobody_reads_a_run_without_saying_who_they_are(api: TestClient) -> None:
    be(api, "ann")
    trace = api.get(f"/api/items/{open_item(api, 't0')}").json()["segments"][0]["trace"]
    api.cookies.clear()
    for part in PARTS[:4]:
        assert api.get(f"/api/traces/{trace}/{part}").status_code == 403, part


def test_a_run_that_is_asked_about_again_is_blind_while_it_is_held(api: TestClient) -> None:
    be(api, "ann")
    first = open_item(api, "t0")
    submit(api, first)
    with store().session() as session:
        trace, ann = get_item(session, first).trace_id or 0, person_id(session, "ann")
        queue = get_queue(session, 1)
        again = ItemRow(queue_id=1, trace_id=trace, for_person=ann, repeat_of=first, step_uid="")
        session.add(again)
        session.flush()
        repeat = again.id
        assert hidden_traces(session, ann, [trace]) == set()
        claim_item(session, again, PersonLine(ann, "ann", Role.ANNOTATOR, True), queue)
        session.flush()
        assert hidden_traces(session, ann, [trace]) == {trace}
        assert hidden_traces(session, person_id(session, "bo"), [trace]) == set()
    assert [secret for secret in COSTS if secret in told_of_the_run(api, repeat)] == []
    submit(api, repeat)
    assert [secret for secret in COSTS if secret not in told_of_the_run(api, repeat)] == []


def test_the_letters_stay_and_there_is_nothing_under_others(api: TestClient) -> None:
    be(api, "ann")
    first = open_item(api, "t0")
    assert api.get(f"/api/items/{first}/others").json() == api.get(f"/api/items/{first}/others").json()
    assert api.get(f"/api/items/{first}/others/D/steps").status_code == 404
    assert api.get(f"/api/items/{first}/others/a/outline").status_code == 404


def test_which_run_passed_is_refused_before_submitting_and_after_taking_it_back(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    refused = api.get(f"/api/items/{item}/passed")
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        403,
        "Which run passed is shown once you have submitted this item.",
    )
    be(api, "me")  # a lead at the desk is blind, too
    assert api.get(f"/api/items/{item}/passed").status_code == 403
    be(api, "ann")
    submit(api, item)
    assert api.get(f"/api/items/{item}/passed").status_code == 200
    assert api.post("/api/queues/1/undo", json={}).status_code == 200
    assert api.get(f"/api/items/{item}/passed").status_code == 403
    assert api.get(f"/api/items/{item}/others").json()["submitted"] is False


def test_a_run_that_one_has_still_to_judge_is_not_named_as_one_that_passed(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    submit(api, item)
    assert api.get(f"/api/items/{item}/passed").json() == {"runs": []}  # t1 and t2 wait for ann, blind
    submit(api, open_item(api, "t1"), "solved")
    (passed,) = api.get(f"/api/items/{item}/passed").json()["runs"]
    assert passed["title"] == "Solved · v-passes"
    with store().session() as session:
        set_members(session, 1, [person_id(session, "bo")])
        assert members(session, 1)
    assert len(api.get(f"/api/items/{item}/passed").json()["runs"]) == 2  # t2 is bo's alone to judge now


def test_another_blind_queue_hides_a_passed_run_as_well(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    submit(api, item)
    for uid in ("t1", "t2"):
        submit(api, open_item(api, uid), "solved")
    assert len(api.get(f"/api/items/{item}/passed").json()["runs"]) == 2
    known = item_of("t1")
    with store().session() as session:
        schema = get_queue(session, 1).schema_id
        asked = session.scalars(select(ItemRow.trace_id).where(ItemRow.id == known)).one()
        other = make_queue(session, "Again", "step", schema)
        add_items(session, get_queue(session, other), [NewItem(asked, "3")])
    assert [run["title"] for run in api.get(f"/api/items/{item}/passed").json()["runs"]] == ["Solved · v-passes"]


def test_nobody_looks_through_an_item_that_is_not_theirs(api: TestClient) -> None:
    be(api, "ann")
    item = open_item(api, "t0")
    be(api, "bo")
    for path in (
        "others",
        "passed",
        "others/A/steps",
        "others/A/outline",
        "others/A/suggestions",
        "others/A/steps/1/text",
    ):
        assert api.get(f"/api/items/{item}/{path}").status_code == 403, path
    for path in ("others", "passed"):
        assert api.get(f"/api/items/999/{path}").status_code == 404


def test_a_run_without_a_task_and_a_discarded_item_have_no_others(api: TestClient) -> None:
    be(api, "ann")
    assert api.get(f"/api/items/{open_item(api, 'alone')}/others").json()["runs"] == []
    item = open_item(api, "t0")
    with store().session() as session:
        discard_item(session, get_item(session, item), 1, "broken")
    assert len(api.get(f"/api/items/{item}/others").json()["runs"]) == 3


def test_suggestions_of_a_run_are_told_and_an_unknown_run_is_refused(api: TestClient) -> None:
    be(api, "ann")
    assert api.get("/api/traces/1/suggestions").json() == {"trace": 1, "n": 0, "suggestions": []}
    assert api.get("/api/traces/999/suggestions").status_code == 404


def test_the_desk_is_sent_the_suggestions_of_a_short_run_with_it(api: TestClient) -> None:
    be(api, "ann")
    view = api.get(f"/api/items/{open_item(api, 't0')}").json()
    assert view["suggestions"] == {"trace": view["segments"][0]["trace"], "n": 0, "suggestions": []}


def test_the_runs_of_a_pair_stand_under_letters_and_say_nothing_of_their_version(api: TestClient) -> None:
    with store().session() as session:
        queue = get_queue(session, make_queue(session, "runs beside runs", "pair", None))
        made = insert_pairs(session, [Pair("p", "test", "Which is better?", trace_a="t0", trace_b="t1")])
        add_items(session, queue, [NewItem(one) for one in made.values()])
        number = queue.id
    be(api, "ann")
    view = api.post(f"/api/queues/{number}/next", json={}).json()["item"]
    base = f"api/items/{view['item']}/sides/"
    assert [view["pair"][side]["segment"]["base"] for side in ("left", "right")] == [f"{base}A", f"{base}B"]
    told = orjson.dumps(view).decode()
    for letter in "AB":
        for part in ("outline", "steps", "steps/1/text?part=output.0.call.0", "suggestions"):
            answer = api.get(f"/{base}{letter}/{part}")
            assert answer.status_code == 200
            told += answer.text
    assert [secret for secret in SECRETS if secret in told] == []
    assert api.get(f"/{base}C/outline").status_code == 404
    be(api, "bo")
    assert api.get(f"/{base}A/outline").status_code == 403
