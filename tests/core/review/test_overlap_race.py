"""An overlap that a lead lowers in the same moment in which reviewers submit."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.records import Role
from core.review.queue_changes import change_rules, rules_of
from core.review.submitting import submit
from core.store import queues
from core.store.engine import Store
from core.store.items import get_item
from core.store.people import PersonLine
from core.store.tables import AnnotationRow, QueueRow
from tests.core.review.test_desk import FAILED, SOLVED, person, take, world


def held_by_two(store: Store) -> tuple[int, int, PersonLine, PersonLine]:
    """A queue that asks two reviewers an item, and its only item in the hands of both."""
    queue, _ = world(store, runs=1)
    with store.session() as session:
        session.execute(update(QueueRow).values(overlap=2))
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        assert item is not None
        assert take(session, queue, ben) is item
        return queue, item.id, ada, ben


def ask_for_one(session: Session, queue: int) -> None:
    rules = rules_of(session, queues.get_queue(session, queue))
    change_rules(session, queue, replace(rules, overlap=1), person(session, "lea", Role.LEAD))


def test_who_waited_for_the_change_submits_under_the_new_overlap(store: Store) -> None:
    queue, item, ada, ben = held_by_two(store)
    with store.session() as session:
        submit(session, item, ada, SOLVED)
    notes: list[str] = []

    def late() -> None:
        with store.session() as other:
            notes.append(submit(other, item, ben, FAILED).note)

    with store.session() as session:
        ask_for_one(session, queue)
        waits = Thread(target=late)
        waits.start()
        waits.join(0.5)
        assert notes == []
    waits.join(20)
    with store.reading() as session:
        assert "kept beside" in notes[0]
        places = select(AnnotationRow.current, AnnotationRow.place).order_by(AnnotationRow.id)
        assert [tuple(row) for row in session.execute(places)] == [(True, ""), (False, "surplus")]


def test_an_answer_that_is_being_stored_closes_its_item(store: Store) -> None:
    queue, item, ada, _ = held_by_two(store)

    def lower() -> None:
        with store.session() as other:
            ask_for_one(other, queue)

    with store.session() as session:
        submit(session, item, ada, SOLVED)
        lead = Thread(target=lower)
        lead.start()
        lead.join(0.5)
    lead.join(20)
    with store.reading() as session:
        row = get_item(session, item)
        assert (row.n_done, row.state) == (1, "done")
