"""Sixteen agents ask without a pause while lessons are approved and retired."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

from core.memory.indexer import sync
from core.memory.lessons import retire
from core.memory.recall import RecallRequest, recall
from core.records import Role
from core.similarity.index import TextIndex
from core.store.engine import Store
from tests.core.memory.conftest import People

AGENTS, LESSONS = 16, 15
ASKED = RecallRequest("shop", "a refund is asked for in the shop", run_key="run", k=50, max_tokens=10_000)


def test_no_recall_that_began_after_a_retirement_has_the_lesson(
    store: Store, index: TextIndex, teach: Callable[..., str], people: People
) -> None:
    stop, retired, seen, wrong, recalls = Event(), set[str](), set[str](), list[str](), list[int]()

    def ask() -> None:
        asked = 0
        while not stop.is_set():
            gone = frozenset(retired)
            with store.session() as session:
                found = {lesson.id for lesson, _ in recall(session, index, ASKED, dry_run=asked % 2 == 0).fates}
            wrong.extend(found & gone)
            seen.update(found)
            asked += 1
        recalls.append(asked)

    def work() -> None:
        while not stop.is_set():
            sync(store, index)
            stop.wait(0.05)

    threads = [Thread(target=ask) for _ in range(AGENTS)]
    threads.append(Thread(target=work))
    for thread in threads:
        thread.start()
    waited, taught = [], []
    try:
        for number in range(LESSONS):
            uid = teach(f"a refund is asked for in the shop, case {number}", f"Do what case {number} says.")
            taught.append(uid)
            start = time.monotonic()
            while uid not in seen and time.monotonic() - start < 10:
                time.sleep(0.005)
            waited.append(time.monotonic() - start)
            with store.session() as session:
                retire(session, uid, 2, people.lea, Role.LEAD, "no longer true")
            retired.add(uid)
    finally:
        stop.set()
    for thread in threads:
        thread.join()
    assert seen == set(taught), "each was given while it was active"
    assert sum(recalls) > 10 * LESSONS
    assert wrong == []
    assert sorted(waited)[LESSONS // 2] < 1, "approved is recallable within a second"
