"""Overlap is exact: fifty people at once over two thousand items that three of them answer each, on both databases.

Some skip, some leave and never come back, some submit after their lease, many submit twice. In the end each item has
three answers that count, of three people; nobody was given one twice, and nobody holds anything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic, sleep
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import func, select, update

from core.clock import now
from core.errors import Unavailable
from core.records import Role
from core.review import desk
from core.review.queues import enqueue
from core.review.submitting import submit
from core.store import queues
from core.store.claims import CLAIMED
from core.store.engine import Store
from core.store.people import PersonLine, person_id
from core.store.tables import AnnotationRow, ClaimRow, DraftRow, ItemRow, QueueRow
from core.store.trace_writing import insert_traces
from tests.e2e.server import Server, start
from tests.prove.reviewers import Reviewer, open_folder, queue_up
from tests.worlds import run

PEOPLE, ITEMS, OVERLAP = 50, 2_000, 3
SERVED = 60
"""Items that are reviewed over HTTP."""

LEASE = timedelta(seconds=6)
LATE = 7.0
"""Seconds that somebody sits over an item who then submits too late."""

LONGEST = 1_500
QUEUE = 1

Result = TypeVar("Result")


@dataclass
class Worker:
    """One person, and what became of what they were given."""

    person: PersonLine
    pick: random.Random
    leaves: int
    given: list[int] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def work(self, store: Store) -> None:
        """Review until nothing is left in the whole queue, or one goes."""
        end = monotonic() + LONGEST
        while monotonic() < end:
            item = _patiently(lambda: self._take(store))
            if item is None:
                if _finished(store):
                    return
                sleep(self.pick.uniform(0.5, 1.5))
                continue
            if item in self.given:
                self.failed.append(f"{self.person.name} was given item {item} twice")
            self.given.append(item)
            if len(self.given) >= self.leaves:
                return  # gone, with the item in hand: its lease lapses
            self._answer(store, item)

    def _take(self, store: Store) -> int | None:
        with store.session() as session:
            item = desk.next_item(session, queues.get_queue(session, QUEUE), self.person)
            return None if item is None else item.id

    def _answer(self, store: Store, item: int) -> None:
        chance = self.pick.random()
        if chance < 0.05 and len(self.skipped) < 40:
            self.skipped.add(item)
            _patiently(lambda: self._skip(store, item))
            return
        if chance > 0.99:
            sleep(LATE)
        for _ in range(2 if self.pick.random() < 0.3 else 1):
            self.notes.append(_patiently(lambda: self._submit(store, item)))

    def _skip(self, store: Store, item: int) -> None:
        with store.session() as session:
            desk.skip(session, item, self.person)

    def _submit(self, store: Store, item: int) -> str:
        body = {"answers": {"outcome": "solved", "comment": f"{self.person.name} on {item}"}}
        with store.session() as session:
            return submit(session, item, self.person, body).note


def _patiently(deed: Callable[[], Result]) -> Result:
    """Do it, again after the database was busy: what was answered with an error changed nothing."""
    for _ in range(20):
        try:
            return deed()
        except Unavailable:
            sleep(0.2)
    return deed()


def _finished(store: Store) -> bool:
    with store.reading() as session:
        return session.scalar(select(func.count()).where(ItemRow.state != "done")) == 0


@pytest.mark.tenth
@pytest.mark.timeout(1_800)
def test_each_item_is_answered_by_exactly_three(
    store: Store, share: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "LEASE", LEASE)
    n = share(ITEMS)
    with store.session() as session:
        traces = insert_traces(session, [run(f"r{number}") for number in range(n)]).traces
        enqueue(session, list(traces.values()))
        session.execute(update(QueueRow).values(overlap=OVERLAP))
        people = [_person(session, number) for number in range(PEOPLE)]
    lot = random.Random(4)
    workers = [
        Worker(person, random.Random(place), lot.randint(1, max(2, n // 40)) if place % 10 == 9 else n + 1)
        for place, person in enumerate(people)
    ]
    _all_at_once([lambda each=each: each.work(store) for each in workers])  # type: ignore[misc]
    assert [problem for each in workers for problem in each.failed] == []
    late = sum(bool(note) for each in workers for note in each.notes)
    _check(store, n, at_least_surplus=0)
    with store.reading() as session:
        surplus = session.scalar(select(func.count()).where(AnnotationRow.place == "surplus"))
        skipped = {(one, each.person.id) for each in workers for one in each.skipped}
        claims = select(ClaimRow.item_id, ClaimRow.person_id).where(ClaimRow.state == "skipped")
        assert {(item, person) for item, person in session.execute(claims)} == skipped
    assert (surplus or 0) <= late <= 2 * (surplus or 0)


@pytest.mark.tenth
@pytest.mark.timeout(600)
def test_late_answers_are_kept_as_surplus_and_never_count(store: Store, share: Callable[[int], int]) -> None:
    """Everybody holds one item whose lease has lapsed; others answer it in full; then all who held it submit."""
    n = max(PEOPLE // OVERLAP, share(200))
    with store.session() as session:
        traces = insert_traces(session, [run(f"r{number}") for number in range(n)]).traces
        enqueue(session, list(traces.values()))
        session.execute(update(QueueRow).values(overlap=OVERLAP))
        people = [_person(session, number) for number in range(PEOPLE)]
    slow, quick = people[: PEOPLE // 2], people[PEOPLE // 2 :]
    held: dict[int, int] = {}
    for person in slow:
        with store.session() as session:
            item = desk.next_item(session, queues.get_queue(session, QUEUE), person)
            assert item is not None
            held[person.id] = item.id
    with store.session() as session:
        session.execute(update(ClaimRow).values(expires_at=now() - timedelta(seconds=1)))
    workers = [Worker(person, random.Random(place + 500), n + 1) for place, person in enumerate(quick)]
    for each in workers:
        each.skipped = set(range(100))  # nobody skips here
    _all_at_once([lambda each=each: each.work(store) for each in workers])  # type: ignore[misc]
    late = [Worker(person, random.Random(0), n + 1) for person in slow]
    notes: list[str] = []
    _all_at_once([lambda each=each: notes.append(each._submit(store, held[each.person.id])) for each in late])  # type: ignore[misc]
    assert all("kept beside" in note for note in notes)
    assert len(notes) == len(slow)
    _check(store, n, at_least_surplus=len(slow))


def _person(session: object, number: int) -> PersonLine:
    name = f"reviewer {number}"
    return PersonLine(person_id(session, name, Role.ANNOTATOR, active=True), name, Role.ANNOTATOR, True)  # type: ignore[arg-type]


def _all_at_once(deeds: list[Callable[[], None]]) -> None:
    together, wrong = Barrier(len(deeds)), []

    def begin(deed: Callable[[], None]) -> None:
        together.wait()
        try:
            deed()
        except Exception as error:  # noqa: BLE001  (a thread's own failure has to reach the test)
            wrong.append(error)

    threads = [Thread(target=begin, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _check(store: Store, n: int, at_least_surplus: int) -> None:
    """What must be true of the database once all is done."""
    with store.session() as session:
        counting = session.execute(
            select(AnnotationRow.item_id, AnnotationRow.person_id).where(AnnotationRow.current)
        ).all()
        assert len(counting) == len(set(counting)) == n * OVERLAP
        per_item = Counter(item for item, _ in counting)
        assert set(per_item.values()) == {OVERLAP}
        assert len(per_item) == n
        states = session.execute(
            select(ItemRow.state, ItemRow.n_done, func.count()).group_by(ItemRow.state, ItemRow.n_done)
        )
        assert [tuple(row) for row in states] == [("done", OVERLAP, n)]
        live = select(func.count()).where(ClaimRow.state == CLAIMED, ClaimRow.expires_at > now())
        assert session.scalar(live) == 0
        said = select(AnnotationRow.item_id, AnnotationRow.person_id, func.count())
        said = said.group_by(AnnotationRow.item_id, AnnotationRow.person_id).having(func.count() > 1)
        assert session.execute(said).all() == [], "the same sent twice adds nothing"
        surplus = select(AnnotationRow.item_id, AnnotationRow.person_id).where(AnnotationRow.place == "surplus")
        apart = session.execute(surplus).all()
        assert len(apart) >= at_least_surplus
        assert not set(apart) & set(counting)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, list[int], Server]]:
    store = open_folder(tmp_path / "data", monkeypatch)
    names = [f"reviewer {n}" for n in range(PEOPLE)]
    people = queue_up(store, [run(f"r{n}") for n in range(SERVED)], names)
    with store.session() as session:
        session.execute(update(QueueRow).values(overlap=OVERLAP))
    server = start("serve", tmp_path / "data", tmp_path / "server.log")
    yield store, people, server
    server.stop()
    store.close()


@pytest.mark.timeout(900)
def test_fifty_browsers_share_a_queue_of_overlap_three(served: tuple[Store, list[int], Server]) -> None:
    store, people, server = served
    reviewers = [Reviewer(person, random.Random(person)) for person in people]

    def browse(each: Reviewer) -> None:
        while not each.wrong and not _finished(store):
            each.work(server.url)
            if not _finished(store):
                sleep(each.pick.uniform(1, 2))  # others are at what is left

    _all_at_once([lambda each=each: browse(each) for each in reviewers])  # type: ignore[misc]
    assert [problem for each in reviewers for problem in each.wrong] == []
    _check(store, SERVED, at_least_surplus=0)
    assert sum(len(each.submitted) for each in reviewers) == OVERLAP * SERVED
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(DraftRow)) == 0
    with httpx.Client(base_url=server.url, trust_env=False, cookies=reviewers[0].cookies) as client:
        told = client.post(f"/api/queues/{QUEUE}/next", json={}).json()
    assert told["item"] is None
    assert told["empty"] == f"All {SERVED} items are done. A lead can put more into the queue."
