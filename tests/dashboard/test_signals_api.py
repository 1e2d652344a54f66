"""`POST /api/signals`: what it takes, what it says of what it does not take, and whom it lets in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.errors import Conflict, Unavailable
from core.ingest.signals import MOST, meaning
from core.store.policies import REDACTION, set_policy
from core.store.signals import attach_signals
from core.store.tables import AnnotationRow, IntakeRow, RefusalRow, SignalRow, TraceRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from dashboard import signals_api
from dashboard.answering import LARGEST_BODY
from dashboard.gate import Gate
from dashboard.process import close_all, settings, store
from dashboard.writing import GroupCommit
from tests.worlds import run

THUMB = {"trace_id": "a", "name": "thumb", "kind": "explicit", "value": True}


def client(token: str = "", host: str = "127.0.0.1", base_url: str = "http://127.0.0.1") -> TestClient:
    gate = Middleware(Gate, host=host, token=token)
    return TestClient(Starlette(routes=signals_api.ROUTES, middleware=[gate]), base_url=base_url)


@pytest.fixture
def api(data_dir: Path) -> Iterator[TestClient]:
    arrive("a")
    yield client()
    close_all()


def arrive(*uids: str) -> None:
    with store().session() as session:
        ids = insert_traces(session, [run(uid) for uid in uids]).traces
        attach_signals(session, list(ids))
        refresh_outcomes(session, list(ids.values()))


def outcomes() -> dict[str, str]:
    with store().reading() as session:
        return dict(session.execute(select(TraceRow.uid, TraceRow.outcome)).all())


def stored(*columns: str) -> list[Any]:
    with store().reading() as session:
        found = session.execute(select(*(getattr(SignalRow, one) for one in columns)).order_by(SignalRow.id))
        return [tuple(row) if len(columns) > 1 else row[0] for row in found]


def told(accepted: int = 0, waiting: int = 0, repeated: int = 0, *rejected: dict[str, Any]) -> dict[str, Any]:
    return {"accepted": accepted, "waiting": waiting, "repeated": repeated, "rejected": list(rejected)}


def test_a_signal_on_a_trace_that_is_here_and_on_one_that_is_not(api: TestClient) -> None:
    sent = THUMB | {"comment": "kind", "source": "chat", "key": "k1", "at": "2026-09-01T10:00:00+02:00"}
    answer = api.post("/api/signals", json=sent)
    assert (answer.status_code, answer.json()) == (201, told(accepted=1))
    assert outcomes() == {"a": "solved"}
    again = api.post("/api/signals", json=sent)
    assert (again.status_code, again.json()) == (200, told(repeated=1))
    early = THUMB | {"trace_id": "later", "value": "down"}
    for expected in (told(waiting=1), told(repeated=1)):
        answer = api.post("/api/signals", json=early)
        assert (answer.status_code, answer.json()) == (202, expected)
    arrive("later")
    assert outcomes() == {"a": "solved", "later": "failed"}
    columns = ("trace_uid", "kind", "value", "success", "comment", "source")
    assert stored(*columns) == [
        ("a", "explicit", True, True, "kind", "chat"),
        ("later", "explicit", "down", False, "", ""),
    ]
    assert stored("created_at")[0] == datetime(2026, 9, 1, 8, tzinfo=UTC)


def test_a_user_changes_a_thumb(api: TestClient) -> None:
    for value, status in ((True, 201), (False, 201), (False, 200)):
        assert api.post("/api/signals", json=THUMB | {"key": "k", "value": value}).status_code == status
    assert outcomes() == {"a": "failed"}
    assert [(value, at is None) for value, at in stored("value", "replaced_at")] == [(True, False), (False, True)]
    taken = api.post("/api/signals", json=THUMB | {"key": "k", "trace_id": "b"})
    assert (taken.status_code, taken.json()["error"]["field"]) == (409, "key")


@pytest.mark.parametrize("wrapped", [False, True])
def test_of_many_a_bad_one_is_rejected_alone(api: TestClient, wrapped: bool) -> None:
    listed = [
        THUMB | {"key": "1"},
        THUMB | {"kind": "loud"},
        7,
        THUMB | {"key": "1"},
        THUMB | {"trace_id": "later", "key": "2"},
        THUMB | {"trace_id": "b", "key": "1"},
    ]
    answer = api.post("/api/signals", json={"signals": listed} if wrapped else listed)
    assert answer.status_code == 202
    rejected = answer.json()["rejected"]
    assert [(one["index"], one["field"]) for one in rejected] == [(1, "kind"), (2, None), (5, "key")]
    assert answer.json() == told(1, 1, 1, *rejected)
    assert api.post("/api/signals", json=[THUMB | {"key": "1"}, 7]).status_code == 200
    assert api.post("/api/signals", json=[THUMB | {"key": "3"}, 7]).status_code == 201
    with store().reading() as session:
        assert session.scalars(select(RefusalRow.record)).all() == ["signal 2", "signal 3", "signal 2", "signal 2"]
        rows = session.execute(select(IntakeRow.agent, IntakeRow.accepted, IntakeRow.repeated, IntakeRow.rejected))
        sums: dict[str, list[int]] = {}
        for agent, *counts in rows:
            sums[agent] = [a + b for a, b in zip(sums.get(agent, [0, 0, 0]), counts, strict=True)]
    assert sums == {"shop": [2, 2, 0], "": [1, 0, 5]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trace_id": ""}, "trace_id"),
        ({"trace_id": 7}, "trace_id"),
        ({"trace_id": "x" * 201}, "trace_id"),
        ({"trace_id": "a\x00b"}, "trace_id"),
        ({"name": None}, "name"),
        ({"kind": None}, "kind"),
        ({"kind": "thumb"}, "kind"),
        ({"value": None}, "value"),
        ({"value": ""}, "value"),
        ({"value": [1]}, "value"),
        ({"value": 1e300}, "value"),
        ({"value": "x" * 100_001}, "value"),
        ({"success": "yes"}, "success"),
        ({"at": "yesterday"}, "at"),
        ({"at": 1e18}, "at"),
        ({"comment": 3}, "comment"),
        ({"key": "k" * 201}, "key"),
        ({"step_id": 3}, "step_id"),
        ({"sucess": True}, None),
    ],
)
def test_what_is_wrong_is_named(api: TestClient, change: dict[str, Any], field: str | None) -> None:
    answer = api.post("/api/signals", json=THUMB | change)
    assert (answer.status_code, answer.json()["error"].get("field")) == (400, field)
    assert stored("id") == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"text"', b"7", b"[]", b'{"signals": []}', b'{"signals": 1}'])
def test_what_is_no_request(api: TestClient, body: bytes) -> None:
    answer = api.post("/api/signals", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_too_much_at_once(api: TestClient) -> None:
    assert api.post("/api/signals", json=[THUMB] * (MOST + 1)).status_code == 413
    assert api.post("/api/signals", content=b" " * (LARGEST_BODY + 1)).status_code == 413
    answer = api.post("/api/signals", json=[THUMB | {"key": str(n)} for n in range(MOST)])
    assert (answer.status_code, answer.json()) == (201, told(accepted=MOST))


def test_who_may_send(api: TestClient) -> None:
    elsewhere = client().post("/api/signals", json=THUMB, headers={"origin": "http://evil.example"})
    assert (elsewhere.status_code, stored("id")) == (403, [])
    behind = client("s3cret", "0.0.0.0", "http://box.example")
    assert behind.post("/api/signals", json=THUMB).status_code == 401
    bearer = {"authorization": "Bearer s3cret"}
    assert behind.post("/api/signals", json=THUMB, headers=bearer).status_code == 201


def test_secrets_are_replaced_before_they_are_kept(api: TestClient) -> None:
    with store().session() as session:
        set_policy(session, REDACTION, "shop", {"kinds": ["email"]})
    key = "sk-ant-api03-" + "aB3dE5gH7j" * 9
    sent = [
        THUMB | {"comment": f"My key is {key}, write to ada@example.com.", "source": "ada@example.com", "key": "1"},
        {"trace_id": "later", "name": "edit", "kind": "explicit", "value": f"{key} ada@example.com", "key": "2"},
    ]
    assert api.post("/api/signals", json=sent).status_code == 202
    assert not [text for row in stored("value", "comment", "source") for text in row if key in str(text)]
    assert not [text for row in stored("value", "comment", "source") for text in row if "ada@" in str(text)]
    with store().reading() as session:
        assert sum(session.scalars(select(IntakeRow.redacted))) == 5


def test_an_edit_is_no_reviewers_word(api: TestClient) -> None:
    edit = {"trace_id": "a", "step_id": "3", "name": "edit", "kind": "explicit", "value": "It was sent on Monday."}
    assert api.post("/api/signals", json=edit).status_code == 201
    assert outcomes() == {"a": "unknown"}
    with store().reading() as session:
        assert session.scalars(select(AnnotationRow.id)).all() == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("thumb", True, True),
        ("Thumb", "down", False),
        ("thumbs", 1, True),
        ("thumb", 0, False),
        ("thumb", -1, False),
        ("user-feedback", "👎", False),
        ("thumb", "maybe", None),
        ("accepted", True, True),
        ("accepted", False, False),
        ("rephrased", True, False),
        ("rephrased", 2, False),
        ("rephrased", 0, None),
        ("escalated", "to a person", False),
        ("escalated", False, None),
        ("abandoned", "yes", False),
        ("tests", "passed", True),
        ("unit tests", "Failed", False),
        ("validator", False, False),
        ("judge", "correct", True),
        ("LLM-judge", "no", False),
        ("judge", "unsure", None),
        ("reward", 1.0, True),
        ("reward", 0.4, None),
        ("rating", "5/5", True),
        ("rating", "4/5", True),
        ("rating", "3/5", None),
        ("rating", "2 / 5", False),
        ("rating", "1/5", False),
        ("rating", "9/10", True),
        ("stars", "0/5", False),
        ("rating", "7/5", None),
        ("rating", "1/0", None),
        ("rating", 5, None),
        ("time", 0.5, None),
        ("edit", "passed", None),
        ("latency", True, None),
    ],
)
def test_what_a_value_means(name: str, value: bool | float | str, says: bool | None) -> None:
    assert meaning(name, value) is says


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ({"name": "time", "kind": "implicit", "value": 0.4}, "unknown"),
        ({"name": "helpfulness", "kind": "automated", "value": 0.4}, "unknown"),
        ({"name": "reward", "kind": "automated", "value": 0.4}, "partly"),
        ({"name": "rating", "kind": "explicit", "value": 0.4}, "unknown"),
        ({"name": "anything", "kind": "automated", "value": 7, "success": True}, "solved"),
        ({"name": "escalated", "kind": "implicit", "value": True, "step_id": "3"}, "unknown"),
    ],
)
def test_what_it_makes_of_the_run(api: TestClient, sent: dict[str, Any], outcome: str) -> None:
    assert api.post("/api/signals", json={"trace_id": "a"} | sent).status_code == 201
    assert outcomes() == {"a": outcome}


def test_a_judge_comes_last(api: TestClient) -> None:
    judge = {"trace_id": "a", "name": "verdict", "kind": "automated", "value": "pass", "source": "judge: some model"}
    api.post("/api/signals", json=[judge, THUMB | {"value": "down"}])
    assert outcomes() == {"a": "failed"}


def test_while_another_program_holds_the_database_a_sender_is_asked_to_come_again(api: TestClient) -> None:
    with store().engine.connect() as connection:  # the one that the pool will give again
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    holder = sqlite3.connect(settings().database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answer = api.post("/api/signals", json=THUMB)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    holder.execute("ROLLBACK")
    holder.close()
    assert stored("id") == []
    assert api.post("/api/signals", json=THUMB).status_code == 201


def test_a_full_disk_keeps_nothing_half(api: TestClient) -> None:
    with store().engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    listed = [THUMB | {"key": str(n), "comment": "long " * 1_000} for n in range(200)]
    answer = api.post("/api/signals", json=listed)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert (stored("id"), outcomes()) == ([], {"a": "unknown"})
    with store().engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert api.post("/api/signals", json=listed).status_code == 201


def group(commits: list[list[str]], most: int = 1_000) -> GroupCommit[str, str]:
    """A writer that refuses whatever holds "bad" as a whole, and is away for "gone"."""

    def commit(requests: Sequence[str]) -> list[str]:
        commits.append(list(requests))
        if "bad" in requests:
            raise Conflict("bad")
        if "gone" in requests:
            raise Unavailable("gone")
        return [one.upper() for one in requests]

    return GroupCommit(commit, 100, most)


def ask(writer: GroupCommit[str, str], *requests: str) -> list[Any]:
    async def together() -> list[Any]:
        return await asyncio.gather(*(writer.write(one, 1) for one in requests), return_exceptions=True)

    return [str(one) for one in asyncio.run(together())]


def test_one_that_fails_does_not_fail_its_neighbours() -> None:
    commits: list[list[str]] = []
    assert ask(group(commits), "a", "bad", "b") == ["A", "bad", "B"]
    assert [one for one in commits if len(one) == 1][-2:] == [["bad"], ["b"]]


def test_what_waits_is_written_together() -> None:
    commits: list[list[str]] = []
    requests = [str(n) for n in range(60)]
    assert ask(group(commits), *requests) == requests
    assert [one for commit in commits for one in commit] == requests
    assert len(commits) < 30


def test_a_database_that_is_away_is_not_asked_again_for_each() -> None:
    commits: list[list[str]] = []
    said = ask(group(commits), "gone", *"abcdef")
    assert said.count("gone") == sum(len(one) for one in commits if "gone" in one)
    assert len(commits) <= 2


def test_a_sender_is_sent_away_when_too_much_waits() -> None:
    said = ask(group([], most=3), *"abcdef")
    assert said[:3] == ["A", "B", "C"]
    assert said[3:] == ["More is waiting to be written than fits. Nothing was kept; send this again."] * 3
