"""Reviewers who work over HTTP as their browsers do, and who remember what the server acknowledged."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.records import Role, Trace
from core.review.queues import enqueue
from core.store.engine import Store, open_store
from core.store.people import person_id
from core.store.trace_writing import insert_traces
from dashboard.identity import COOKIE, cookie_for

Body = dict[str, Any]


def open_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of a data folder, which the settings of this process point at from here on."""
    monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    return open_store(f"sqlite:///{folder / 'loopwright.db'}")


def queue_up(store: Store, traces: list[Trace], names: list[str]) -> list[int]:
    """Store and queue runs, and add annotators: their row ids."""
    with store.session() as session:
        enqueue(session, list(insert_traces(session, traces).traces.values()))
        return [person_id(session, name, Role.ANNOTATOR, active=True) for name in names]


@dataclass
class Reviewer:
    """One person's browser tab. What is in `submitted` and `drafts` was answered with 200; `pending` was only sent."""

    person: int
    pick: random.Random
    submitted: dict[int, Body] = field(default_factory=dict)
    drafts: dict[int, Body] = field(default_factory=dict)
    lessons: set[str] = field(default_factory=set)
    pending: tuple[int, Body] | None = None
    typed: tuple[int, Body] | None = None
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cookies = {COOKIE: cookie_for(self.person)}

    def work(self, url: str, most: int = 10_000, think: Callable[[], None] = lambda: None) -> None:
        """Review until nothing is left, `most` items are submitted, or the server is gone."""
        try:
            with httpx.Client(base_url=url, cookies=self.cookies, timeout=60, trust_env=False) as client:
                self._resend(client)
                while len(self.submitted) < most and self._review(client):
                    think()
        except httpx.TransportError:
            return
        except httpx.HTTPStatusError as error:
            self.wrong.append(f"{error}: {error.response.text}")

    def _resend(self, client: httpx.Client) -> None:
        """What was on its way when the connection broke is sent again; that it counts once is the server's work."""
        if self.pending is not None:
            self._submit(client, *self.pending)

    def _review(self, client: httpx.Client) -> bool:
        answer = _said(client.post("/api/queues/1/next", json={}))
        view = answer["item"]
        if view is None:
            return False
        item = view["item"]
        self._compare(item, view)
        body: Body = {"answers": {}, "marks": [], "corrections": [], "lesson": None}
        for number in range(self.pick.randint(1, 3)):
            body = body | {"answers": {"comment": f"{self.person}/{item}/{number}/{self.pick.random()}"}}
            self._draft(client, item, body, number)
        body = body | {"answers": body["answers"] | {"outcome": self.pick.choice(["solved", "partly", "failed"])}}
        if self.pick.random() < 0.3:
            body = body | {"lesson": {"when": f"item {item}, said {self.person}", "guidance": "look at it again"}}
        self._submit(client, item, body)
        return True

    def _compare(self, item: int, view: Body) -> None:
        """The draft that the server shows is the acknowledged one, or the one that was on its way."""
        if item in self.submitted:
            self.wrong.append(f"item {item} was submitted by {self.person} and is given to them again")
        shown = view["draft"] and view["draft"]["body"]
        known = [self.drafts.get(item), *([self.typed[1]] if self.typed and self.typed[0] == item else [])]
        if shown not in known:
            self.wrong.append(f"item {item} shows the draft {shown}; acknowledged or sent: {known}")

    def _draft(self, client: httpx.Client, item: int, body: Body, revision: int) -> None:
        self.typed = (item, body)
        sent = {"tab": f"tab {self.person}", "revision": revision, "body": body}
        _said(client.put(f"/api/drafts/{item}", json=sent))
        self.drafts[item] = body

    def _submit(self, client: httpx.Client, item: int, body: Body) -> None:
        self.pending = (item, body)
        answer = _said(client.post(f"/api/items/{item}/submit", json={"tab": f"tab {self.person}", "body": body}))
        if answer["revision"] != 1:
            self.wrong.append(f"item {item} sent by {self.person} became revision {answer['revision']}")
        self.submitted[item] = body
        self.drafts.pop(item, None)
        self.pending = None
        if answer["lesson"] is not None:
            self.lessons.add(answer["lesson"])


def _said(response: httpx.Response) -> Body:
    response.raise_for_status()
    answer: Body = response.json()
    return answer
