"""Twenty people at the desk of one server at once: nobody is given another's item, and the counts are true."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import httpx
import pytest
from sqlalchemy import func, select

from core.store.engine import Store
from core.store.tables import AnnotationRow, ItemRow
from tests.e2e.server import Server, start
from tests.prove.reviewers import Reviewer, open_folder, queue_up
from tests.worlds import run

PEOPLE = 20
ITEMS = 90  # not so many that each gets five: at the end, some must be told that nothing is left


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, list[int], Server]]:
    store = open_folder(tmp_path / "data", monkeypatch)
    people = queue_up(store, [run(f"r{n}") for n in range(ITEMS)], [f"reviewer {n}" for n in range(PEOPLE)])
    server = start("serve", tmp_path / "data", tmp_path / "server.log")
    yield store, people, server
    server.stop()
    store.close()


def test_twenty_at_once_share_a_queue(world: tuple[Store, list[int], Server]) -> None:
    store, people, server = world
    reviewers = [Reviewer(person, random.Random(person)) for person in people]
    together = Barrier(PEOPLE)

    def review(each: Reviewer) -> None:
        together.wait()
        each.work(server.url, think=lambda: time.sleep(each.pick.uniform(0, 0.05)))

    threads = [Thread(target=review, args=(each,)) for each in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [problem for each in reviewers for problem in each.wrong] == []
    taken = [item for each in reviewers for item in each.submitted]
    assert len(taken) == len(set(taken)) == ITEMS
    with store.reading() as session:
        stored = session.execute(select(AnnotationRow.item_id, AnnotationRow.person_id, AnnotationRow.answers)).all()
        states = session.execute(select(ItemRow.state, ItemRow.n_done, func.count()).group_by(ItemRow.state)).all()
    said = {(item, each.person): body["answers"] for each in reviewers for item, body in each.submitted.items()}
    assert {(item, person): answers for item, person, answers in stored} == said
    assert len(stored) == ITEMS
    assert [tuple(row) for row in states] == [("done", 1, ITEMS)]
    for each in reviewers:
        with httpx.Client(base_url=server.url, trust_env=False, cookies=each.cookies) as client:
            told = client.get("/api/queues/1/progress").json()
        assert (told["done"], told["total"], told["mine"]) == (ITEMS, ITEMS, len(each.submitted))


def test_twenty_at_once_hold_twenty_items(world: tuple[Store, list[int], Server]) -> None:
    _, people, server = world
    together, held = Barrier(PEOPLE), []

    def take(each: Reviewer) -> None:
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False, cookies=each.cookies) as client:
            together.wait()
            answers = [client.post("/api/queues/1/next", json={}).json()["item"]["item"] for _ in range(3)]
        held.append(set(answers))

    threads = [Thread(target=take, args=(Reviewer(person, random.Random(person)),)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(items) == 1 for items in held), "who asks again is given the item they hold"
    assert len(set.union(*held)) == PEOPLE
