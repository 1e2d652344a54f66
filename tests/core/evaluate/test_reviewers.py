"""How people review, against what is known: gold, resolutions, and what they said themselves before."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput, NotPermitted
from core.evaluate.reviewers import Reviewer, team
from core.measure.intervals import wilson
from core.records import Annotation, LabelSchema, Option, Question, Role, ShownIf
from core.review import desk
from core.review.gold import gold_from, set_gold, unset_gold
from core.review.submitting import submit
from core.store.annotations import add_annotation
from core.store.control_items import add_repeat
from core.store.engine import Store
from core.store.items import GOLD, NewItem, add_items, get_item
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import ItemRow, ResolutionRow
from core.store.trace_writing import insert_traces
from core.store.work import work_done
from tests.worlds import run

OUTCOME = Question("verdict", "choice", "Did it?", (Option("yes", "Yes"), Option("no", "No")), required=True)
WHY = Question(
    "why", "multi_choice", "Why not?", (Option("a", "A"), Option("b", "B")), shown_if=ShownIf("verdict", ("no",))
)
FIRST = Question("first", "step", "First mistake")
NOTE = Question("note", "text", "Anything else?")
SCHEMA = LabelSchema("check", 1, "Check", (OUTCOME, WHY, FIRST, NOTE))


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def world(session: Session, runs: int, overlap: int = 3) -> list[ItemRow]:
    """A queue with these runs; its items in the order of the runs."""
    traces = list(insert_traces(session, [run(f"t{n:02}") for n in range(runs)]).traces.values())
    queue = get_queue(session, make_queue(session, "all", "trace", save_schema(session, SCHEMA), overlap))
    add_items(session, queue, [NewItem(trace) for trace in traces])
    return sorted(session.query(ItemRow).all(), key=lambda item: traces.index(item.trace_id))


def says(session: Session, item: ItemRow, who: PersonLine, outcome: str, **more: Any) -> None:
    """Take the item and answer it, in a minute."""
    desk.claim_item(session, item, who, get_queue(session, item.queue_id))
    submit(
        session, item.id, who, {"answers": {"verdict": outcome} | more.pop("answers", {}), "active_seconds": 60} | more
    )


def pointing_at(step: str) -> list[dict[str, str]]:
    return [{"question": "first", "step_id": step, "value": ""}]


def line(session: Session, who: PersonLine, only: int | None = None) -> Reviewer:
    return next(one for one in team(session, only).reviewers if one.work.person_id == who.id)


def test_what_can_be_known_is_what_is_equal_or_not() -> None:
    marks = [
        {"question": "first", "step_id": "2", "value": ""},
        {"question": "elsewhere", "step_id": "3", "value": "x"},
    ]
    answers = {"verdict": "no", "why": ["b", "a"], "note": "It guessed."}
    assert gold_from(SCHEMA, answers, marks) == {"verdict": "no", "why": ["a", "b"], "first": "2"}
    assert gold_from(SCHEMA, {"verdict": "yes"}) == {"verdict": "yes", "why": []}
    assert gold_from(SCHEMA, {"verdict": "yes"}, asked={"verdict"}) == {"verdict": "yes"}  # an older version's answer
    assert gold_from(None, {"preference": "a_much", "order": []}) == {"preference": "a_much"}


def test_an_item_becomes_gold_and_ordinary_again(store: Store) -> None:
    with store.session() as session:
        lead, ada = person(session, "lead", Role.LEAD), person(session, "ada")
        done, fresh = world(session, 2, overlap=1)
        says(session, done, ada, "yes")
        for item in (done, fresh):
            set_gold(session, item, {"verdict": "no", "first": "2"}, lead)
        assert [(item.state, item.gold) for item in (done, fresh)] == [(GOLD, {"verdict": "no", "first": "2"})] * 2
        for item in (done, fresh):
            unset_gold(session, item, lead)
        assert [(item.state, item.gold) for item in (done, fresh)] == [("done", None), ("open", None)]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "gold"),
        ({"verdict": "perhaps"}, "verdict"),
        ({"why": "a"}, "why"),
        ({"note": "any"}, "note"),
        ({"preference": "a"}, "preference"),
        ({"verdict": "no", "else": "a"}, "else"),
    ],
)
def test_a_known_answer_has_to_be_one_that_can_be_given(store: Store, answers: dict[str, Any], field: str) -> None:
    with store.session() as session:
        (item,) = world(session, 1)
        with pytest.raises(InvalidInput) as error:
            set_gold(session, item, answers, person(session, "lead", Role.LEAD))
        assert (error.value.field, item.state) == (field, "open")


def test_only_leads_know_answers_and_neither_of_repeats_nor_of_what_is_out(store: Store) -> None:
    with store.session() as session:
        lead, ada = person(session, "lead", Role.LEAD), person(session, "ada")
        one, two = world(session, 2)
        for act in (lambda: set_gold(session, one, {"verdict": "no"}, ada), lambda: unset_gold(session, one, ada)):
            with pytest.raises(NotPermitted):
                act()
        says(session, one, ada, "yes")
        repeat = add_repeat(session, one.id, ada.id)
        assert repeat is not None
        with pytest.raises(Conflict, match="hidden repeat"):
            set_gold(session, repeat, {"verdict": "no"}, lead)
        desk.claim_item(session, two, lead, get_queue(session, two.queue_id))
        desk.flag(session, two.id, lead, "empty", discard=True)
        with pytest.raises(Conflict, match="Bring it back first"):
            set_gold(session, get_item(session, two.id), {"verdict": "no"}, lead)


def test_people_are_judged_by_what_gold_holds_and_by_nothing_else(store: Store) -> None:
    with store.session() as session:
        lead, ada, ben = person(session, "lead", Role.LEAD), person(session, "ada"), person(session, "ben")
        items = world(session, 4)
        set_gold(session, items[0], {"verdict": "no", "first": "2"}, lead)
        set_gold(session, items[1], {"verdict": "no", "why": ["a", "b"]}, lead)
        set_gold(session, items[2], {"verdict": "yes"}, lead)
        says(session, items[0], ada, "no", answers={"why": ["a"]}, marks=pointing_at("2"))  # both right; why not asked
        says(session, items[1], ada, "no", answers={"why": ["b", "a"]})  # both right
        says(session, items[2], ada, "no")  # wrong
        says(session, items[0], ben, "no", marks=pointing_at("3"))  # the wrong step
        says(session, items[1], ben, "no")  # no reason given: wrong
        says(session, items[3], ben, "no")  # no gold
        says(session, items[0], lead, "yes")
    with store.reading() as session:
        a, b, boss = (line(session, who) for who in (ada, ben, lead))
        by_question = {key: (one.successes, one.n) for (_, key), one in a.gold_by_question.items()}
        hard = {one.key: one for one in team(session).questions}
    assert (a.gold.successes, a.gold.n, a.gold.tasks) == (4, 5, 3)
    assert by_question == {"verdict": (2, 3), "first": (1, 1), "why": (1, 1)}
    assert a.gold_by_question["check", "verdict"].interval == wilson(2, 3)
    assert (b.gold.successes, b.gold.n) == (2, 4)
    assert boss.gold is None, "a lead sees the known answers"
    assert {key: (one.gold_error.successes, one.gold_error.n) for key, one in hard.items()} == {
        "verdict": (1, 5),
        "first": (1, 2),
        "why": (1, 2),
    }


def test_agreement_with_the_resolution_leaves_out_the_lead_who_wrote_it(store: Store) -> None:
    with store.session() as session:
        lead, ada, ben = person(session, "lead", Role.LEAD), person(session, "ada"), person(session, "ben")
        one, two, _ = world(session, 3)
        for item in (one, two):
            says(session, item, ada, "no", answers={"why": ["a"]}, marks=pointing_at("2"))
            says(session, item, ben, "yes")
            says(session, item, lead, "no")
        common = {"schema_key": "check", "revision": 1, "person_id": lead.id, "at": now()}
        resolved = [
            ResolutionRow(trace_id=one.trace_id, question="verdict", answer="no", **common),
            ResolutionRow(trace_id=one.trace_id, question="why", answer=["a", "b"], **common),
            ResolutionRow(trace_id=one.trace_id, question="first", marks=pointing_at("2"), **common),
            ResolutionRow(trace_id=two.trace_id, question="verdict", answer="yes", **common),
            ResolutionRow(trace_id=two.trace_id, question="why", answer=["a"], withdrawn=True, **common),
            ResolutionRow(trace_id=two.trace_id, question="note", answer="text", **common),
            ResolutionRow(trace_id=two.trace_id, question="first", answer="2", **common | {"current": False}),
        ]
        session.add_all(resolved)
    with store.reading() as session:
        a, b, boss = (line(session, who) for who in (ada, ben, lead))
    assert (a.resolved.successes, a.resolved.n, a.resolved.tasks) == (2, 4, 2)
    assert (b.resolved.successes, b.resolved.n, b.resolved.tasks) == (1, 3, 2), "what ben left blank is no answer"
    assert boss.resolved is None


def test_saying_the_same_again_is_told_from_hidden_repeats(store: Store) -> None:
    with store.session() as session:
        ada = person(session, "ada")
        items = world(session, 3)
        for item, again in zip(items, ("yes", "no", "no"), strict=True):
            says(session, item, ada, "yes")
            repeat = add_repeat(session, item.id, ada.id)
            assert repeat is not None
            says(session, repeat, ada, again)
        # changed after the repeat: nothing can be told from this one any more
        submit(session, items[2].id, ada, {"answers": {"verdict": "no"}}, editing=1)
    with store.reading() as session:
        found = line(session, ada)
    # each with the choice and with the reasons: none where it was "yes", none given where it was "no"
    assert (found.same.successes, found.same.n, found.same.tasks) == (3, 4, 2)
    assert found.work.done == 6, "a repeat counts as any submission, or its count would give it away"


def test_one_learns_of_gold_and_repeats_once_the_queue_is_archived(store: Store) -> None:
    with store.session() as session:
        lead, ada = person(session, "lead", Role.LEAD), person(session, "ada")
        one, two = world(session, 2)
        set_gold(session, one, {"verdict": "no"}, lead)
        says(session, one, ada, "no")
        says(session, two, ada, "no")
        repeat = add_repeat(session, two.id, ada.id)
        assert repeat is not None
        says(session, repeat, ada, "no")
        queue = one.queue_id
    with store.session() as session:
        for_leads, own = line(session, ada), team(session, ada.id)
        assert (for_leads.gold.n, for_leads.same.n) == (1, 2)
        assert [(each.work.person, each.gold, each.gold_by_question, each.same) for each in own.reviewers] == [
            ("ada", None, {}, None)
        ]
        assert own.questions == ()
        get_queue(session, queue).state = "archived"
    with store.reading() as session:
        own = line(session, ada, ada.id)
    assert (own.gold.n, own.same.n) == (1, 2)


def test_the_work_of_each_is_counted_once(store: Store) -> None:
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        items = world(session, 8, overlap=1)
        for item in items[:5]:
            says(session, item, ada, "yes")
        submit(session, items[0].id, ada, {"answers": {"verdict": "no"}, "active_seconds": 90}, editing=1)
        queue = get_queue(session, items[0].queue_id)
        for item in items[5:7]:
            desk.claim_item(session, item, ada, queue)
        desk.skip(session, items[5].id, ada)
        desk.flag(session, items[6].id, ada, "empty\nben: no\nada: again")
        desk.claim_item(session, items[0], ben, queue)
        submit(session, items[0].id, ben, {"answers": {"verdict": "no"}})
        machine = person_id(session, "judge", Role.MACHINE)
        said = Annotation("", "judge", "check", {"verdict": "no"})
        add_annotation(session, items[7].trace_id or 0, machine, (queue.schema_id or 0, "check"), said, now())
    with store.reading() as session:
        works = {one.person: one for one in work_done(session)}
        found = team(session)
    assert list(works) == ["ada", "ben", "judge"]
    a, b = works["ada"], works["ben"]
    assert (a.runs, a.steps, a.pairs, a.rankings, a.surplus, a.skipped, a.flagged) == (5, 0, 0, 0, 0, 2, 1)
    assert sorted(a.seconds) == [60, 60, 60, 60, 90]
    assert sum(a.days.values()) == 5
    assert (b.done, b.surplus, b.skipped, b.flagged) == (0, 1, 0, 0)
    assert [one.work.person for one in found.reviewers] == ["ada", "ben"]
    assert (found.reviewers[0].pace.value, found.reviewers[0].time.value) == (pytest.approx(3600 / 66), 60)


def test_how_hard_a_question_is(store: Store) -> None:
    with store.session() as session:
        people = [person(session, name) for name in ("ada", "ben", "cem")]
        one, two = world(session, 2)
        for who, outcome in zip(people, ("yes", "yes", "no"), strict=True):
            says(session, one, who, outcome)
        says(session, two, people[0], "no", answers={"why": ["a"]}, marks=pointing_at("1"))
    with store.reading() as session:
        hard = {line.key: line for line in team(session).questions}
    outcome, first, why = hard["verdict"], hard["first"], hard["why"]
    assert (outcome.disagree.successes, outcome.disagree.n, outcome.items_twice, outcome.answered) == (2, 3, 1, 4)
    assert (outcome.blank.successes, outcome.blank.n) == (0, 4)
    assert (first.blank.successes, first.blank.n, first.disagree) == (3, 4, None)
    assert (why.answered, why.blank.n) == (2, 2), "it was asked where the outcome was no"
    assert "note" not in hard
    assert outcome.time.n == 4
