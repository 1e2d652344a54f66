"""MCP: the two tools as an agent calls them, on a running server, and what an agent's own word is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound
from core.ingest.accept import ImportOptions, import_document
from core.record_lines import to_json
from core.records import Lesson, LessonState, LoggedRecall, Signal, SignalKind
from core.store.engine import open_store
from core.store.recalls import list_recalls, log_recall
from core.store.signals import add_signals, signals_of
from core.store.traces import find_trace, trace_line
from core.tasks.outcome import refresh_outcomes
from dashboard.mcp_tools import report_outcome
from dashboard.process import close_all, store
from tests.e2e.server import Server, start
from tests.worlds import run

TOKEN = "open sesame"
LESSON = Lesson("l1", "an order was sent", "offer a return", state=LessonState.ACTIVE, person="me", decided_by="me")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mcp")
    opened = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    import_document(
        opened, "world.jsonl", b"\n".join(orjson.dumps(to_json(one)) for one in (run("t0"), LESSON)), ImportOptions()
    )
    opened.close()
    served = start("serve", folder, folder / "log", LOOPWRIGHT_ACCESS_TOKEN=TOKEN)
    yield served
    served.stop()


def call(server: Server, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """What the tools answer, in one connection: what they give, or the text of the error."""

    async def calls_() -> list[Any]:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
        ):
            answers = [await client.call_tool(name, given) for name, given in calls]
            return [one.content[0].text if one.is_error else one.structured_content for one in answers]

    return asyncio.run(calls_())


def test_an_agent_is_given_lessons_and_says_how_it_went(server: Server) -> None:
    asked = {
        "task": "the order was already sent",
        "run_key": "run-1",
        "trace_id": "t0",
        "tool": "ship",
        "tags": ["orders"],
    }
    given, told, again = call(
        server,
        ("recall_lessons", asked),
        ("report_outcome", {"run_key": "run-1", "success": 0.5, "comment": "half of it"}),
        ("report_outcome", {"run_key": "run-1", "success": 0.5, "comment": "half of it"}),
    )
    assert ([one["id"] for one in given["lessons"]], given["arm"]) == (["l1"], "memory")
    assert "> Do: offer a return" in given["prompt"]
    assert (told, again) == ({"trace_id": "t0", "state": "accepted"}, {"trace_id": "t0", "state": "repeated"})
    [by_recall] = call(server, ("report_outcome", {"recall_id": given["recall_id"], "success": True}))
    assert by_recall == {"trace_id": "t0", "state": "accepted"}
    opened = open_store(f"sqlite:///{server.data_dir / 'loopwright.db'}")
    with opened.reading() as session:
        [logged] = list_recalls(session, 5)
        line = trace_line(session, find_trace(session, "t0") or 0)
    opened.close()
    assert (logged.recall_id, logged.tool, logged.trace_id) == (given["recall_id"], "ship", "t0")
    assert (line.outcome, line.outcome_from) == ("solved", "agent's own word: outcome")


@pytest.mark.parametrize(
    ("tool", "given", "reason"),
    [
        ("recall_lessons", {"task": " "}, "task has to be a text of 1 to 100,000 characters."),
        ("recall_lessons", {"task": "x", "k": 0}, "greater than or equal to 1"),
        ("recall_lessons", {"task": "x", "tags": ["a, b"]}, "tags has to be a list of words"),
        ("report_outcome", {"success": True}, "Name the run"),
        ("report_outcome", {"success": 7, "trace_id": "t0"}, "between 0 and 1"),
        ("report_outcome", {"success": True, "recall_id": "never"}, "It is not known which run this was."),
    ],
)
def test_what_cannot_be_done_is_told(server: Server, tool: str, given: dict[str, Any], reason: str) -> None:
    [told] = call(server, (tool, given))
    assert reason in told


def test_the_door_is_guarded_like_every_other(server: Server) -> None:
    def knock(**headers: str) -> int:
        return httpx2.post(f"{server.url}/mcp", json={}, headers=headers).status_code

    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert knock() == 401
    assert knock(**bearer, Origin="http://evil.example") == 403
    assert knock(**bearer) == 400


def test_without_a_token_another_host_is_refused(tmp_path: Path) -> None:
    served = start("serve", tmp_path / "data", tmp_path / "log")
    try:
        answer = httpx2.post(f"{served.url}/mcp", json={}, headers={"Host": "evil.example"})
        assert answer.status_code == 403
    finally:
        served.stop()


@pytest.fixture
def world(data_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOOPWRIGHT_DATABASE_URL", database_url)
    import_document(store(), "w.jsonl", b"\n".join(orjson.dumps(to_json(run(one))) for one in "ab"), ImportOptions())
    with store().session() as session:
        log_recall(session, LoggedRecall("r1", "x", "memory", now(), run_key="k", trace_id="a"))
        log_recall(session, LoggedRecall("r2", "x", "memory", now(), run_key="k", trace_id="b"))
        log_recall(session, LoggedRecall("r3", "x", "memory", now(), run_key="later"))
    yield
    close_all()


def outcome(uid: str) -> tuple[str, str]:
    with store().reading() as session:
        line = trace_line(session, find_trace(session, uid) or 0)
        return line.outcome, line.outcome_from


@pytest.mark.usefixtures("world")
def test_an_agents_own_word_counts_only_while_nothing_else_was_said() -> None:
    report_outcome(True, recall_id="r1")
    assert outcome("a") == ("solved", "agent's own word: outcome")
    for said in (
        Signal("a", "judge", SignalKind.AUTOMATED, False, False, source="llm judge"),
        Signal("a", "escalated", SignalKind.IMPLICIT, True, False),
    ):
        with store().session() as session:
            add_signals(session, [said])
            refresh_outcomes(session, [find_trace(session, "a") or 0])
        assert outcome("a")[0] == "failed"
    assert outcome("a") == ("failed", "user's behaviour: escalated")


@pytest.mark.usefixtures("world")
def test_a_report_that_changes_replaces_and_one_run_has_one_key() -> None:
    assert [report_outcome(one, run_key="k")["state"] for one in (True, False, False)] == [
        *("accepted", "accepted", "repeated"),
    ]
    assert (outcome("a")[0], outcome("b")[0]) == ("unknown", "failed")  # of two runs with a key, the newest
    with store().reading() as session:
        number = find_trace(session, "b") or 0
        [said] = signals_of(session, [number])[number]
    assert (said.key, said.value, said.kind) == ("agent's own word/b", False, SignalKind.AUTOMATED)
    report_outcome(True, trace_id="a", key="mine")
    with pytest.raises(Conflict):
        report_outcome(True, trace_id="b", key="mine")


@pytest.mark.usefixtures("world")
def test_a_run_that_nobody_knows_yet() -> None:
    for named in ({"recall_id": "r3"}, {"run_key": "later"}, {"run_key": "no such"}):
        with pytest.raises(NotFound):
            report_outcome(True, **named)
    with pytest.raises(InvalidInput):
        report_outcome(float("nan"), run_key="k")
    assert report_outcome(True, trace_id="c") == {"trace_id": "c", "state": "waiting"}
