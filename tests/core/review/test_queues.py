"""Queues that a lead makes and looks after: what is refused, what may be changed, what is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import (
    Outcome,
    Role,
)
from core.review import desk, queue_changes
from core.review.orders import reorder
from core.review.queue_making import QueuePlan, QueueRules, make, words_that_tell
from core.review.queues import ALL_RUNS
from core.review.submitting import submit
from core.store import queues
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.items import get_item
from core.store.people import PersonLine, change_person, person_id
from core.store.queue_filters import QueueFilter
from core.store.queue_work import answer_times, discarded_items, flagged_items, surplus_answers, work_in
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, TraceRow
from core.store.traces import trace_line
from tests.core.review.queueing import lead, made, person, plan, six_runs, take
from tests.worlds import START

SOLVED: dict[str, Any] = {"answers": {"outcome": "solved"}}


FAILED: dict[str, Any] = {"answers": {"outcome": "failed"}}


@pytest.fixture
def world(store: Store) -> dict[str, int]:
    return six_runs(store)


@pytest.mark.parametrize(
    ("wanted", "field", "says"),
    [
        (plan(" "), "name", "name"),
        (plan(ALL_RUNS), "name", "already"),
        (plan(subject="session"), "subject", "not of"),
        (plan(questions=None), "questions", "questions"),
        (plan(questions="none"), "questions", "There is no label schema none"),
        (plan(order="informative"), "order", "no order"),
        (plan(overlap=0), "overlap", "1 to 20"),
        (plan(repeat_share=0.6), "repeat_share", "half"),
        (plan(votes_to_discard=-1), "votes_to_discard", "only a lead"),
        (plan(standing=True, most=5), "standing", "largest number"),
        (plan(people=(999,)), "people", "may not act"),
        (plan(outcome="solve"), "outcome", "solved, partly"),
        (plan(subject="step", kind="thought"), "kind", "llm, tool"),
    ],
)
def test_what_cannot_be_a_queue_is_refused(
    store: Store, world: dict[str, int], wanted: QueuePlan, field: str, says: str
) -> None:
    with store.session() as session:
        n = len(queues.list_queues(session))
        with pytest.raises((InvalidInput, Conflict), match=says) as caught:
            make(session, wanted, lead(session))
        assert caught.value.field == field
        assert len(queues.list_queues(session)) == n


def test_only_a_lead_makes_and_changes_queues(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan())
    with store.session() as session:
        ada = person(session, "ada")
        item = session.scalars(select(ItemRow.id)).first() or 0
        for deed in (
            lambda: make(session, plan("hers"), ada),
            lambda: queue_changes.change_rules(session, queue, QueueRules(2), ada),
            lambda: queue_changes.set_state(session, queue, "paused", ada),
            lambda: queue_changes.discard(session, item, "because", ada),
            lambda: queue_changes.restore(session, item, ada),
            lambda: queue_changes.looked_at(session, item, ada),
            lambda: queue_changes.adopt(session, queue, 1, ada),
            lambda: queue_changes.release(session, queue, ada.id, ada),
        ):
            with pytest.raises(NotPermitted, match="Only a lead"):
                deed()


def test_counts_are_of_one_place_and_add_up(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan(overlap=2, votes_to_discard=1))
    with store.session() as session:
        row, lea = queues.get_queue(session, queue), lead(session)
        ada, ben = person(session, "ada"), person(session, "ben")
        done = take(session, queue, ada).id
        submit(session, done, ada, SOLVED)
        assert take(session, queue, ben).id == done
        submit(session, done, ben, SOLVED)
        submit(session, take(session, queue, ada).id, ada, FAILED)
        held = take(session, queue, ada).id
        gone = take(session, queue, ben)  # what ada has answered comes before what she holds
        desk.flag(session, gone.id, ben, "Not for us.")
        queue_changes.discard(session, gone.id, "Not for us.", lea)
        half = take(session, queue, ben)
        desk.flag(session, half.id, ben, "It is cut off.", discard=False)
        counts = queues.count_queue(session, row)
        seen = queues.progress(session, row, ada.id)
        assert (counts.done, counts.in_work, counts.waiting, counts.discarded) == (1, 1, 3, 1)
        assert (counts.total, counts.flagged, counts.gold) == (5, 1, 0)
        assert counts.answers_left == 4 * 2
        assert half.id == held
        assert (seen.done, seen.total, seen.mine) == (counts.done, counts.total, 2)
        assert [queues.left_for(session, row, one.id) for one in (ada, ben)] == [4, 3]
        assert queues.left_for(session, row, person(session, "cem").id) == 4
        row.overlap = 1
        session.flush()
        assert queues.left_for(session, row, person(session, "cem").id) == 3  # ada holds one
        row.overlap = 2
        session.flush()
        assert [(one.item, one.said) for one in flagged_items(session, row, 9)] == [(half.id, "ben: It is cut off.")]
        assert [(one.item, one.said) for one in discarded_items(session, row, 9)] == [(gone.id, "Not for us.")]
        queue_changes.looked_at(session, half.id, lea)
        assert flagged_items(session, row, 9) == []
        said = my_claim(session, half.id, ben.id)
        assert said is not None
        assert (said.reason, said.discard) == ("It is cut off.", False)
        queue_changes.restore(session, gone.id, lea)
        assert queues.count_queue(session, row).total == 6
        work = {one.name: one for one in work_in(session, row)}
        assert (work["ada"].submitted, work["ada"].recent, work["ada"].holds) == (2, 2, 1)
        assert (work["ben"].submitted, work["ben"].skipped, work["ben"].holds, work["ben"].until) == (1, 2, 0, None)
        assert len(answer_times(session, row, START)) == 3


def test_overlap_that_is_changed_opens_and_closes_items(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan())
    with store.session() as session:
        row, lea, ada = queues.get_queue(session, queue), lead(session), person(session, "ada")
        submit(session, take(session, queue, ada).id, ada, SOLVED)
        rules = queue_changes.rules_of(session, row)
        assert queue_changes.change_rules(session, queue, replace(rules, overlap=2), lea) is False
        assert queues.count_queue(session, row).done == 0
        assert queue_changes.change_rules(session, queue, replace(rules, overlap=1, order="failures"), lea) is True
        assert queues.count_queue(session, row).done == 1
    assert reorder(store, queue) > 0
    with store.session() as session:
        open_ones = select(TraceRow.outcome).join(ItemRow, ItemRow.trace_id == TraceRow.id)
        query = open_ones.where(ItemRow.queue_id == queue, ItemRow.state == "open").order_by(ItemRow.rank)
        outcomes = [Outcome(one) for one in session.scalars(query)]
    places = [[Outcome.FAILED, Outcome.PARTLY, Outcome.UNKNOWN, Outcome.SOLVED].index(one) for one in outcomes]
    assert places == sorted(places)


def test_somebody_who_is_taken_off_a_queue_or_made_inactive_lets_go(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
    queue = made(store, plan(people=(ada.id, ben.id)))
    with store.session() as session:
        row, lea = queues.get_queue(session, queue), lead(session)
        hers, his = take(session, queue, ada), take(session, queue, ben)
        rules = queue_changes.rules_of(session, row)
        queue_changes.change_rules(session, queue, replace(rules, people=(ben.id,)), lea)
        assert "reviewed by others" in desk.why_empty(session, row, ada)
        claim = my_claim(session, hers.id, ada.id)
        assert claim is not None
        assert claim.state == "lapsed"
        assert [one.id for one in queues.list_queues(session, "trace", person=ada.id)] == [row.id - 1]
        change_person(session, ben.id, active=False)
        claim = my_claim(session, his.id, ben.id)
        assert claim is not None
        assert claim.state == "lapsed"
        change_person(session, ben.id, active=True)
        assert queues.members(session, queue) == {ben.id}
        # what she had begun is still hers to send
        assert submit(session, hers.id, ada, SOLVED).note == ""


def test_a_surplus_answer_counts_once_a_lead_lets_it(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan())
    with store.session() as session:
        row, lea = queues.get_queue(session, queue), lead(session)
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
        assert take(session, queue, ben).id == item.id
        submit(session, item.id, ben, SOLVED)
        submit(session, item.id, ada, FAILED)
        trace = item.trace_id or 0
        assert (trace_line(session, trace).outcome, trace_line(session, trace).n_annotations) == ("solved", 1)
        [surplus] = surplus_answers(session, row, 9)
        assert (surplus.person, surplus.said, surplus.item) == ("ada", {"outcome": "failed"}, item.id)
        queue_changes.adopt(session, queue, surplus.row, lea)
        assert surplus_answers(session, row, 9) == []
        line, given = trace_line(session, trace), session.get_one(AnnotationRow, surplus.row)
        assert (line.outcome, line.outcome_from, line.n_annotations) == ("unknown", "people disagree", 2)
        assert (given.current, given.place, given.adopted_by) == (True, "", lea.id)
        assert (get_item(session, item.id).n_done, get_item(session, item.id).state) == (2, "done")
        with pytest.raises(Conflict, match="counts already"):
            queue_changes.adopt(session, queue, surplus.row, lea)


def test_an_empty_queue_says_why(store: Store, world: dict[str, int]) -> None:
    nothing = made(store, plan("none", version="v9", standing=True))
    two = made(store, plan("two", version="v2", overlap=3))
    with store.session() as session:
        ada, ben, lea = person(session, "ada"), person(session, "ben"), lead(session)
        change_person(session, person_id(session, "me", Role.LEAD, active=True), active=False)

        def why(queue: int, who: PersonLine) -> str:
            return desk.why_empty(session, queues.get_queue(session, queue), who)

        assert why(nothing, ada) == (
            "Nothing fits what this queue was made for yet. What comes in later and fits joins by itself. A lead can "
            "put other things into it on Queues."
        )
        change_person(session, lea.id, active=True)
        rules = queue_changes.rules_of(session, queues.get_queue(session, two))
        queue_changes.change_rules(session, two, replace(rules, people=(ada.id, ben.id)), lea)
        for who in (ada, ben):
            for _ in range(2):
                submit(session, take(session, two, who).id, who, SOLVED)
        assert why(two, ada) == (
            "0 of 2 items are done. You have had all the rest. The queue asks 3 reviewers an item and 2 people may "
            "review it: a lead can change either on Queues."
        )
        for item in session.scalars(select(ItemRow.id).where(ItemRow.queue_id == two)).all():
            queue_changes.discard(session, item, "Done elsewhere.", lea)
        assert why(two, ada) == "All 2 items were taken out of this queue. A lead can bring them back on Queues."


def test_a_release_frees_what_somebody_holds_in_this_queue_only(store: Store, world: dict[str, int]) -> None:
    one, other = made(store, plan("one")), made(store, plan("other", version="v2"))
    with store.session() as session:
        ada, lea = person(session, "ada"), lead(session)
        first, second = take(session, one, ada), take(session, other, ada)
        assert queue_changes.release(session, one, ada.id, lea) == 1
        states = [my_claim(session, item.id, ada.id) for item in (first, second)]
        assert [claim and claim.state for claim in states] == ["lapsed", "claimed"]


@pytest.mark.parametrize(
    ("name", "wanted", "telling"),
    [
        ("v2 failures", QueueFilter(version="v2", outcome="failed"), "v2"),
        ("New FAILURES", QueueFilter(outcome="failed"), "fail"),
        ("fails to greet", QueueFilter(), ""),
        ("worth a look", QueueFilter(version="v2", outcome="failed"), ""),
    ],
)
def test_a_name_that_tells_of_version_or_outcome_is_noticed(name: str, wanted: QueueFilter, telling: str) -> None:
    assert words_that_tell(name, wanted) == telling
