"""Answers that stand apart and never count, single steps, hidden repeats, known answers; and who must not see what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.records import Role
from core.review import desk
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW, TRAIL
from core.review.submitting import current_submission, submit, undo
from core.store import queues
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.hidden import hidden_traces
from core.store.items import GOLD, NewItem, add_items, get_item
from core.store.pairs import insert_pairs, preferences_of
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue, set_members
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, PreferenceRow, QueueRow
from core.store.trace_writing import insert_traces
from core.store.traces import trace_line
from tests.worlds import run, texts

SOLVED: dict[str, Any] = {"answers": {"outcome": "solved"}}
FAILED: dict[str, Any] = {"answers": {"outcome": "failed"}}


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def runs(session: Session, n: int) -> list[int]:
    return list(insert_traces(session, [run(f"t{number}") for number in range(n)]).traces.values())


def queue_of(session: Session, subject: str, new: list[NewItem], name: str = "q") -> QueueRow:
    schema = save_schema(session, RUN_REVIEW) if subject != "pair" else None
    queue = get_queue(session, make_queue(session, name, subject, schema))
    assert add_items(session, queue, new) == len(new)
    assert add_items(session, queue, new) == 0
    return queue


def take(session: Session, queue: QueueRow, who: PersonLine) -> ItemRow:
    item = desk.next_item(session, queue, who)
    assert item is not None
    return item


def test_surplus_counts_nowhere_and_can_be_changed_and_taken_back(store: Store) -> None:
    with store.session() as session:
        queue = queue_of(session, "trace", [NewItem(one) for one in runs(session, 1)])
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
        take(session, queue, ben)
        submit(session, item.id, ben, SOLVED)
        assert hidden_traces(session, ada.id, [item.trace_id or 0]), "they may still submit, and are to do it blind"
        assert "does not count" not in submit(session, item.id, ben, SOLVED).note
        assert "lead can let it count" in submit(session, item.id, ada, FAILED).note
        assert (item.n_done, item.state) == (1, "done")
        assert [(given.person, given.answers["outcome"]) for given in annotations_of(session)] == [("ben", "solved")]
        assert trace_line(session, item.trace_id or 0).outcome == "solved"
        assert queues.progress(session, queue, ada.id).mine == 1
        said = current_submission(session, item, ada)
        assert said is not None
        assert (said.place, said.body["answers"]) == ("surplus", {"outcome": "failed"})
        submit(session, item.id, ada, {"answers": {"outcome": "partly"}}, editing=said.revision)
        assert len(annotations_of(session)) == 1
        undo(session, queue, ada)
        assert current_submission(session, item, ada) is None
        assert (item.n_done, item.state) == (1, "done")
        rows = session.execute(select(AnnotationRow.person_id, AnnotationRow.place).order_by(AnnotationRow.id)).all()
        assert [tuple(row) for row in rows] == [(ben.id, ""), *[(ada.id, "surplus")] * 3]


def test_a_lapsed_claim_on_an_item_that_is_still_free_counts(store: Store) -> None:
    with store.session() as session:
        queue = queue_of(session, "trace", [NewItem(one) for one in runs(session, 1)])
        ada = person(session, "ada")
        item = take(session, queue, ada)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at, state="lapsed"))
        assert submit(session, item.id, ada, SOLVED).note == ""
        assert (item.n_done, item.state) == (1, "done")


def test_while_another_holds_the_last_place_a_late_answer_is_surplus(store: Store) -> None:
    with store.session() as session:
        queue = queue_of(session, "trace", [NewItem(one) for one in runs(session, 1)])
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
        assert take(session, queue, ben).id == item.id
        assert not desk.hold(session, item.id, ada).held
        submit(session, item.id, ada, FAILED)
        assert (item.n_done, item.state) == (0, "open")
        submit(session, item.id, ben, SOLVED)
        assert (item.n_done, item.state) == (1, "done")


def test_steps_of_one_run_are_items_of_their_own_and_say_nothing_of_the_run(store: Store) -> None:
    with store.session() as session:
        (trace,) = runs(session, 1)
        queue = queue_of(session, "step", [NewItem(trace, step) for step in ("1", "3")])
        ada = person(session, "ada")
        first = take(session, queue, ada)
        submit(session, first.id, ada, FAILED)
        assert trace in hidden_traces(session, ada.id, [trace])
        second = take(session, queue, ada)
        assert {first.step_uid, second.step_uid} == {"1", "3"}
        submit(session, second.id, ada, SOLVED)
        assert hidden_traces(session, ada.id, [trace]) == set()
        assert desk.next_item(session, queue, ada) is None
        said = {given.step_id: given.answers["outcome"] for given in annotations_of(session)}
        assert said == {first.step_uid: "failed", second.step_uid: "solved"}
        assert trace_line(session, trace).outcome == "unknown"


@pytest.mark.parametrize("subject", ["trace", "pair"])
def test_a_hidden_repeat_is_recorded_and_counts_nowhere(store: Store, subject: str) -> None:
    with store.session() as session:
        if subject == "trace":
            new = [NewItem(one) for one in runs(session, 12)]
        else:
            new = [NewItem(one) for one in insert_pairs(session, [texts(f"p{n}") for n in range(12)]).values()]
        queue = queue_of(session, subject, new)
        queue.repeat_share = 0.5
        ada = person(session, "ada")
        lefts: dict[int, str] = {}
        repeats = []
        while (item := desk.next_item(session, queue, ada)) is not None:
            assert desk.next_item(session, queue, ada) is item, "asking again draws nothing new"
            lefts[item.id] = session.scalars(select(ClaimRow.left).where(ClaimRow.item_id == item.id)).one()
            if item.repeat_of is not None:
                repeats.append((item.id, item.repeat_of))
            held = [item.trace_id] if item.trace_id is not None else []
            assert hidden_traces(session, ada.id, held) == set(held), "the second time as blind as the first"
            answer = SOLVED if subject == "trace" else {"choice": "left"}
            submit(session, item.id, ada, answer)
            assert hidden_traces(session, ada.id, held) == set()
        assert repeats
        assert len({first for _, first in repeats}) == len(repeats)
        assert queues.progress(session, queue, ada.id).total == 12
        assert queues.progress(session, queue, ada.id).mine == 12 + len(repeats)
        counted = annotations_of(session) if subject == "trace" else preferences_of(session)
        assert len(counted) == 12
        label: Any = AnnotationRow if subject == "trace" else PreferenceRow
        apart = session.execute(select(label.item_id, label.current).where(label.place == "repeat")).all()
        assert [tuple(row) for row in apart] == [(item, False) for item, _ in repeats]
        if subject == "pair":
            assert all(lefts[item] != lefts[first] for item, first in repeats), "a repeat swaps the sides"
        undo(session, queue, ada)
        assert len(annotations_of(session) if subject == "trace" else preferences_of(session)) >= 11


def test_everybody_gets_an_item_with_a_known_answer_once_and_it_is_never_done(store: Store) -> None:
    with store.session() as session:
        queue = queue_of(session, "trace", [NewItem(one) for one in runs(session, 6)])
        known = session.scalars(select(ItemRow).order_by(ItemRow.rank).limit(2)).all()
        for item in known:
            item.state, item.gold = GOLD, {"outcome": "failed"}
        queue.gold_share = 0.9
        session.flush()
        gold = {item.id for item in known}
        given = {}
        for name in ("ada", "ben"):
            who, given[name] = person(session, name), []
            while (item := desk.next_item(session, queue, who)) is not None:
                submit(session, item.id, who, SOLVED)
                given[name].append(item.id)
        assert all(gold <= set(items) and len(items) == len(set(items)) for items in given.values())
        assert sorted(one for items in given.values() for one in items if one not in gold) == sorted(
            session.scalars(select(ItemRow.id).where(ItemRow.state == "done"))
        )
        assert {get_item(session, one).state for one in gold} == {GOLD}
        assert queues.progress(session, queue, 0).total == 4


def test_a_queue_of_others_gives_nothing_and_hides_nothing(store: Store) -> None:
    with store.session() as session:
        traces = runs(session, 1)
        queue = queue_of(session, "trace", [NewItem(traces[0])])
        ada, ben = person(session, "ada"), person(session, "ben")
        assert hidden_traces(session, ben.id, traces) == set(traces)
        set_members(session, queue.id, [ada.id])
        assert desk.next_item(session, queue, ben) is None
        assert "reviewed by others" in desk.why_empty(session, queue, ben)
        assert hidden_traces(session, ben.id, traces) == set()
        assert hidden_traces(session, ada.id, traces) == set(traces)
        queue.state = "paused"
        assert desk.next_item(session, queue, ada) is None
        assert "paused" in desk.why_empty(session, queue, ada)


def test_a_run_stays_hidden_while_another_blind_queue_asks_other_questions_of_it(store: Store) -> None:
    with store.session() as session:
        traces = runs(session, 1)
        enqueue(session, traces)
        ada = person(session, "ada")
        first = take(session, session.scalars(select(QueueRow)).one(), ada)
        submit(session, first.id, ada, SOLVED)
        assert hidden_traces(session, ada.id, traces) == set()
        queue = get_queue(session, make_queue(session, "trail", "trace", save_schema(session, TRAIL)))
        add_items(session, queue, [NewItem(traces[0])])
        assert hidden_traces(session, ada.id, traces) == set(traces)
