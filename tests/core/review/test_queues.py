"""Queues that a lead makes: what is let in, in which order, what joins later, what may be changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import (
    Annotation,
    Choice,
    Outcome,
    Pair,
    Preference,
    Role,
    Signal,
    SignalKind,
    Step,
    StepKind,
    Trace,
)
from core.review import desk, queue_changes
from core.review.orders import Rankers, Renewal, doubt, reorder
from core.review.queue_making import Filled, QueuePlan, QueueRules, fill, make, words_that_tell
from core.review.queues import ALL_RUNS, enqueue
from core.review.ready_made import RUN_REVIEW
from core.review.submitting import submit
from core.store import queues
from core.store.annotations import add_annotation
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.items import add_items, get_item
from core.store.pairs import add_preference, insert_pairs
from core.store.people import PersonLine, change_person, person_id
from core.store.queue_filters import Fit, QueueFilter, count_fitting, fitting
from core.store.queue_work import answer_times, discarded_items, flagged_items, surplus_answers, work_in
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, QueueRow, TraceRow
from core.store.text_search import index_due
from core.store.trace_writing import insert_traces
from core.store.traces import trace_line
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run, texts

SOLVED: dict[str, Any] = {"answers": {"outcome": "solved"}}
FAILED: dict[str, Any] = {"answers": {"outcome": "failed"}}


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def lead(session: Session) -> PersonLine:
    return person(session, "lea", Role.LEAD)


def arrive(session: Session, runs: list[Trace]) -> dict[str, int]:
    """Store runs as an import does, without their words in the index yet."""
    made = insert_traces(session, runs).traces
    add_signals(session, [signal for one in runs for signal in one.signals])
    refresh_outcomes(session, list(made.values()))
    enqueue(session, list(made.values()))
    return made


def plan(name: str = "mine", subject: str = "trace", questions: str | None = "run-review", **more: Any) -> QueuePlan:
    rules = {key: more.pop(key) for key in list(more) if key in QueueRules.__slots__}
    return QueuePlan(name, subject, QueueFilter(**more), questions, QueueRules(**rules))


def made(store: Store, wanted: QueuePlan, rankers: Rankers = Rankers()) -> int:
    with store.session() as session:
        queue = make(session, wanted, lead(session)).id
    fill(store, queue)
    if rankers != Rankers():
        reorder(store, queue, rankers)
    return queue


def in_order(store: Store, queue: int) -> list[str]:
    """The runs of a queue as they are given out, a step with its id."""
    with store.reading() as session:
        query = select(TraceRow.uid, ItemRow.step_uid).join(ItemRow, ItemRow.trace_id == TraceRow.id)
        rows = session.execute(query.where(ItemRow.queue_id == queue).order_by(ItemRow.rank, ItemRow.id))
        return [f"{uid}{'/' * bool(step)}{step}" for uid, step in rows]


@pytest.fixture
def world(store: Store) -> dict[str, int]:
    """Six runs: r0 and r3 failed, r1 and r4 solved, r2 and r5 say nothing; r4 and r5 are of v2."""
    broken = Step("2", StepKind.TOOL, "get_order", call_id="c1", arguments={}, error="no such order")
    with store.session() as session:
        save_schema(session, RUN_REVIEW)
        runs = [
            run(
                f"r{n}",
                said=f"Where is parcel number{n}?",
                reward=None if n % 3 == 2 else float(n % 3),
                version="v1" if n < 4 else "v2",
                started_at=START + timedelta(hours=n),
            )
            for n in range(6)
        ]
        runs[3] = replace(runs[3], steps=(*runs[3].steps[:2], broken, runs[3].steps[3]))
        return arrive(session, runs)


@pytest.mark.parametrize(
    ("wanted", "let_in"),
    [
        ({}, "012345"),
        ({"version": "v2"}, "45"),
        ({"outcome": "failed"}, "03"),
        ({"outcome": "failed", "version": "v2"}, ""),
        ({"signal": "reward"}, "0134"),
        ({"signal": "reward", "says": True}, "14"),
        ({"labelled": True}, ""),
        ({"since": START + timedelta(hours=2), "until": START + timedelta(hours=4)}, "23"),
        ({"text": "number5"}, "5"),
        ({"text": "parcel numb"}, "012345"),
        ({"agent": "another"}, ""),
        ({"most": 2}, "45"),
        ({"most": 9}, "012345"),
    ],
)
def test_a_filter_lets_runs_in_and_counts_them(
    store: Store, world: dict[str, int], wanted: dict[str, Any], let_in: str
) -> None:
    with store.session() as session:
        index_due(session, 1_000)
        asked = QueueFilter(**wanted)
        assert QueueFilter.from_json(asked.as_json()) == asked
        assert fitting(session, "trace", asked) == [Fit(world[f"r{n}"]) for n in let_in]
        assert count_fitting(session, "trace", asked) == len(let_in)


@pytest.mark.parametrize(
    ("wanted", "let_in"),
    [
        ({"kind": "tool"}, [(n, "2") for n in range(6)]),
        ({"kind": "tool", "failed": True}, [(3, "2")]),
        ({"kind": "tool", "failed": False, "version": "v2"}, [(4, "2"), (5, "2")]),
        ({"name": "get_order", "outcome": "failed"}, [(0, "2"), (3, "2")]),
        ({"words": "number1"}, [(1, "0")]),
        ({"words": "sent", "text": "number1"}, [(1, "2"), (1, "3")]),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_filter_lets_steps_in(
    store: Store, world: dict[str, int], wanted: dict[str, Any], let_in: list[tuple[int, str]], indexed: bool
) -> None:
    with store.session() as session:
        if indexed:
            index_due(session, 1_000)
        among = None if indexed else list(world.values())
        found = fitting(session, "step", QueueFilter(**wanted), among)
    assert found == [Fit(world[f"r{n}"], step) for n, step in let_in]


def test_a_filter_lets_pairs_in(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        runs = Pair("runs", "runs", "Which?", trace_a="r0", trace_b="r4")
        ids = insert_pairs(session, [texts("p0"), texts("p1"), runs])
        ada = person(session, "ada")
        add_preference(session, ids["p1"], ada.id, Preference("", "ada", Choice.A), START)
        by = {"source": "runs", "agent": "shop", "version": "polite", "undecided": True}
        asked = [QueueFilter(**{name: value}) for name, value in by.items()]
        found = [[one.subject for one in fitting(session, "pair", each)] for each in asked]
        assert [count_fitting(session, "pair", each) for each in asked] == [1, 1, 2, 2]
    p0, p1, of_runs = (ids[name] for name in ("p0", "p1", "runs"))
    assert found == [[of_runs], [of_runs], [p0, p1], [p0, of_runs]]


def test_a_sample_is_drawn_by_the_seed_and_drawn_again_is_the_same(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan(most=3, sample=True, seed=1))
    first = sorted(in_order(store, queue))
    assert len(first) == 3
    assert fill(store, queue) == Filled(3, 0)
    samples = {
        tuple(sorted(in_order(store, made(store, plan(f"q{n}", most=3, sample=True, seed=n))))) for n in range(9)
    }
    assert len(samples) > 2


def test_filling_again_adds_nothing_and_another_filter_adds_the_rest(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan(outcome="failed"))
    assert sorted(in_order(store, queue)) == ["r0", "r3"]
    assert fill(store, queue) == Filled(2, 0)
    assert fill(store, queue, QueueFilter(version="v1")) == Filled(4, 2)
    assert sorted(in_order(store, queue)) == ["r0", "r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("order", "wanted"),
    [("oldest", ["r0", "r1", "r2", "r3", "r4", "r5"]), ("failures", ["r0|r3", "r2|r5", "r1|r4"])],
)
def test_the_order_of_runs(store: Store, world: dict[str, int], order: str, wanted: list[str]) -> None:
    found = in_order(store, made(store, plan(order=order)))
    for group in wanted:
        names = group.split("|")
        assert sorted(found[: len(names)]) == names
        found = found[len(names) :]


def test_steps_that_ended_in_an_error_come_first(store: Store, world: dict[str, int]) -> None:
    found = in_order(store, made(store, plan(subject="step", kind="tool", order="failures")))
    assert found[:2] == ["r3/2", "r0/2"]


def test_the_seed_decides_a_random_order(store: Store, world: dict[str, int]) -> None:
    orders = [in_order(store, made(store, plan(f"q{n}", seed=n))) for n in range(6)]
    assert all(sorted(order) == sorted(world) for order in orders)
    assert len(set(map(tuple, orders))) > 3


def judged(session: Session, trace: str, value: float | bool, by: str = "judge") -> None:
    success = value if isinstance(value, bool) else None
    add_signals(session, [Signal(trace, by, SignalKind.AUTOMATED, value, success, source="judge", key=f"{trace}{by}")])


def test_doubt_is_uncertainty_and_disagreement(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        for trace, values in {"r0": [True, False], "r1": [0.5, 0.5], "r2": [True, True], "r3": [0.9]}.items():
            for n, value in enumerate(values):
                judged(session, trace, value, f"judge {n}")
        machine = person(session, "a model", Role.MACHINE)
        add_annotation(
            session, world["r4"], machine.id, (1, "run-review"), Annotation("", "", "", {"outcome": "partly"}), START
        )
        known = doubt(session, list(world.values()))
    by_hand = {"r0": 0.0, "r1": 0.5, "r2": 1.0, "r3": 0.9, "r4": 0.5}
    assert {name: round(known[world[name]], 9) for name in by_hand} == by_hand
    assert world["r5"] not in known


def test_least_certain_first_is_renewed_when_a_judge_speaks_and_only_then(store: Store, world: dict[str, int]) -> None:
    with store.session() as session:
        judged(session, "r3", 0.9)
    queue, renewal = made(store, plan(order="uncertain")), Renewal()
    assert in_order(store, queue)[0] == "r3"
    assert [renewal.renew(store), renewal.renew(store)] == [1, 0]
    with store.session() as session:
        judged(session, "r5", 0.5)
    assert [renewal.renew(store), renewal.renew(store)] == [1, 0]
    assert in_order(store, queue)[:2] == ["r5", "r3"]
    with store.session() as session:
        assert queues.get_queue(session, queue).ranked_at is not None


def test_what_ranks_by_likeness_orders_the_runs_it_knows_and_then_the_rest(store: Store, world: dict[str, int]) -> None:
    wanted = {world["r4"]: 0, world["r1"]: 1}
    rankers = Rankers(unlike=lambda session, queue, subjects: {one: wanted[one] for one in subjects if one in wanted})
    queue = made(store, plan(order="unlike"), rankers)
    assert in_order(store, queue)[:2] == ["r4", "r1"]
    assert "unlike" not in Rankers().offered("trace")
    assert "unlike" in rankers.offered("trace")
    assert rankers.offered("pair") == ("random", "oldest")


def test_what_comes_later_and_fits_joins_a_standing_queue(store: Store, world: dict[str, int]) -> None:
    standing = made(store, plan("new failures", outcome="failed", standing=True))
    words = made(store, plan("about refunds", text="refund", standing=True))
    steps = made(store, plan("tools", "step", kind="tool", version="v3", standing=True))
    paused = made(store, plan("paused", standing=True, version="v3"))
    closed = made(store, plan("closed", standing=True, version="v3"))
    once = made(store, plan("once", outcome="failed"))
    with store.session() as session:
        queue_changes.set_state(session, paused, "paused", lead(session))
        queue_changes.set_state(session, closed, "archived", lead(session))
        with pytest.raises(Conflict, match="archived in the meantime"):
            queue_changes.set_state(session, closed, "paused", lead(session))
        arrive(session, [run("n0", "I want a refund.", 0.0, version="v3"), run("n1", reward=1.0, version="v3")])
        everything = queues.get_queue(session, queues.find_named(session, ALL_RUNS) or 0)
        assert (everything.standing, everything.filter) == (True, {})
        assert queues.count_queue(session, everything).total == 8
    assert sorted(in_order(store, standing)) == ["n0", "r0", "r3"]
    assert in_order(store, words) == ["n0"]
    assert sorted(in_order(store, steps)) == ["n0/2", "n1/2"]
    assert sorted(in_order(store, paused)) == ["n0", "n1"]
    assert in_order(store, closed) == []
    assert sorted(in_order(store, once)) == ["r0", "r3"]


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


def take(session: Session, queue: int, who: PersonLine) -> ItemRow:
    item = desk.next_item(session, queues.get_queue(session, queue), who)
    assert item is not None
    return item


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


def test_an_item_that_was_discarded_stays_out_when_it_is_added_again(store: Store, world: dict[str, int]) -> None:
    queue = made(store, plan())
    with store.session() as session:
        item = session.scalars(select(ItemRow).where(ItemRow.queue_id == queue)).first()
        assert item is not None
        queue_changes.discard(session, item.id, "Twice.", lead(session))
    assert fill(store, queue).added == 0
    with store.reading() as session:
        assert queues.count_queue(session, queues.get_queue(session, queue)).discarded == 1


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


def test_a_standing_queue_reads_its_filter_once_whatever_comes(store: Store, world: dict[str, int]) -> None:
    """Adding what is there already adds nothing, also through the door that every import goes through."""
    with store.session() as session:
        assert enqueue(session, list(world.values())) == 0
        row = session.scalars(select(QueueRow).where(QueueRow.name == ALL_RUNS)).one()
        assert add_items(session, row, []) == 0


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
