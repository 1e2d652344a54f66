"""Locks are taken in one order: of people who act on the same in one moment some wait, and none is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import now
from core.errors import NotPermitted
from core.review import bulk, choices, desk, requeue, reviews
from core.review.queue_changes import change_rules, rules_of
from core.review.submitting import submit, undo
from core.store import claims, items, requeued
from core.store.engine import Store
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.schemas import get_schema
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, QueueRow, TraceRow
from core.store.trace_filter import TraceFilter
from tests.core.review.team import Team, make_team, outcome

CHOSE_A = {"choice": "left", "answers": {"care": "y"}}


class Meeting:
    """Where two meet before they go on; who waits in vain goes on alone, for then the other waits for a lock."""

    def __init__(self) -> None:
        self._barrier = Barrier(2)

    def __call__(self) -> None:
        with suppress(BrokenBarrierError):
            self._barrier.wait(0.4)

    def before(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        """The deed, done after the other came to it too."""

        def late(*args: Any, **named: Any) -> Any:
            self()
            return deed(*args, **named)

        return late


def both(*deeds: Callable[[], Any]) -> None:
    """Do these at once; what one of them raises is raised."""
    failed: list[BaseException] = []

    def attempt(deed: Callable[[], Any]) -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001  (told to the test)
            failed.append(error)

    threads = [Thread(target=attempt, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []


def second_queue(team: Team, queue: int) -> int:
    """Another queue with the same items under the same questions."""
    with team.store.session() as session:
        first = get_queue(session, queue)
        other = make_queue(session, f"{first.name} again", first.subject, first.schema_id or 0, overlap=first.overlap)
        column = items.SUBJECTS[first.subject]
        subjects = session.scalars(select(column).where(ItemRow.queue_id == queue)).all()
        add_items(session, get_queue(session, other), [NewItem(one) for one in subjects])
        return other


def opened(team: Team, queue: int, number: int, name: str) -> int:
    """Somebody opens an item; its id."""
    with team.store.session() as session:
        return desk.open_item(session, team.items(session, queue)[number].id, team.people[name]).id


def submitting(team: Team, item: int, name: str, body: dict[str, Any]) -> Callable[[], None]:
    def deed() -> None:
        with team.store.session() as session:
            submit(session, item, team.people[name], body)

    return deed


def counts(store: Store) -> list[int]:
    with store.reading() as session:
        return list(session.scalars(select(ItemRow.n_done).order_by(ItemRow.id)))


def test_the_same_run_is_submitted_in_two_queues_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=1, pairs=0)
    other = second_queue(team, team.runs)
    first, second = opened(team, team.runs, 0, "ada"), opened(team, other, 0, "ben")
    monkeypatch.setattr(reviews, "store", Meeting().before(reviews.store))
    both(submitting(team, first, "ada", outcome("solved")), submitting(team, second, "ben", outcome("failed")))
    assert counts(store) == [2, 2]
    with store.reading() as session:
        assert session.scalar(select(TraceRow.n_annotations)) == 2


def test_the_same_pair_is_chosen_between_in_two_queues_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=0, pairs=1)
    other = second_queue(team, team.pairs)
    first, second = opened(team, team.pairs, 0, "ada"), opened(team, other, 0, "ben")
    monkeypatch.setattr(choices, "store", Meeting().before(choices.store))
    both(submitting(team, first, "ada", CHOSE_A), submitting(team, second, "ben", CHOSE_A))
    assert counts(store) == [2, 2]


def test_one_takes_back_what_another_submits_in_another_queue(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=1, pairs=0)
    other = second_queue(team, team.runs)
    team.answer("ada", 0, outcome("solved"))
    second = opened(team, other, 0, "ben")
    meeting = Meeting()
    monkeypatch.setattr(reviews, "store", meeting.before(reviews.store))
    monkeypatch.setattr(items, "_refresh", meeting.before(items._refresh))

    def take_back() -> None:
        with store.session() as session:
            undo(session, get_queue(session, team.runs), team.people["ada"])

    both(take_back, submitting(team, second, "ben", outcome("failed")))
    assert counts(store) == [1, 1]


def test_labels_for_many_runs_and_a_change_of_their_queues_overlap(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = make_team(store, runs=40, pairs=0)
    with store.session() as session:
        session.execute(update(QueueRow).where(QueueRow.id == team.runs).values(overlap=1))
    for number in (0, 1, 2, 20, 39):
        team.answer("ben", number, outcome("solved"))
    with store.session() as session:
        schema = get_queue(session, team.runs).schema_id or 0
        label = bulk.read_bulk(get_schema(session, schema), {"outcome": "failed"}, "ada")
        counted = bulk.count_bulk(session, TraceFilter(), team.people["ada"].id, get_schema(session, schema))
        begun = bulk.begin_bulk(session, team.people["ada"].id, schema, TraceFilter(), label, counted)
    meeting = Meeting()
    monkeypatch.setattr("core.review.bulk.refresh_items", meeting.before(items.refresh_items))
    monkeypatch.setattr("core.review.queue_changes.apply_overlap", meeting.before(items.apply_overlap))

    def give() -> None:
        with store.session() as session:
            bulk.give_some(session, begun, team.people["ada"].id)

    def ask_for_two() -> None:
        with store.session() as session:
            rules = rules_of(session, get_queue(session, team.runs))
            change_rules(session, team.runs, replace(rules, overlap=2), team.lead)

    both(give, ask_for_two)
    assert counts(store) == [int(number in (0, 1, 2, 20, 39)) for number in range(40)]
    with store.reading() as session:
        assert set(session.scalars(select(ItemRow.state))) == {"open"}


def test_items_are_given_out_again_while_one_of_them_is_answered_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = make_team(store, runs=1, pairs=0)
    team.answer("ada", 0, outcome("solved"))
    with store.session() as session:
        schema = get_queue(session, team.runs).schema_id or 0
        key = get_schema(session, schema).key
        requeue.rewrite_guideline(session, schema, "Judge what was said.", {}, "", team.lead)
    meeting = Meeting()
    monkeypatch.setattr(reviews, "store", meeting.before(reviews.store))
    monkeypatch.setattr("core.review.requeue.set_apart", meeting.before(requeued.set_apart))

    def again() -> None:
        with store.session() as session:
            requeue.requeue(session, key, requeue.Which(), team.lead)

    def edit() -> None:
        with suppress(NotPermitted), store.session() as session:  # who comes second has to open the item anew
            submit(session, team.items(session)[0].id, team.people["ada"], outcome("failed"), 1)

    both(again, edit)
    assert counts(store) == [0]
    with store.reading() as session:
        assert list(session.scalars(select(AnnotationRow.current))) in ([False], [False, False])


def test_two_whose_time_ended_save_drafts_of_one_item(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=1, pairs=0)
    item = opened(team, team.runs, 0, "ada")
    opened(team, team.runs, 0, "ben")
    with store.session() as session:
        session.execute(update(ClaimRow).values(expires_at=now() - timedelta(minutes=1)))
    monkeypatch.setattr(claims, "renew", Meeting().before(claims.renew))

    def saving(name: str) -> Callable[[], None]:
        def deed() -> None:
            with store.session() as session:
                desk.save_draft(session, item, team.people[name], "tab", 0, {"answers": {}})

        return deed

    both(saving("ada"), saving("ben"))
