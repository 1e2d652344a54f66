"""A guideline is rewritten: its queues ask the new version, and what it affects is given out again, or taken back."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.review import desk
from core.review.adjudication import disagreements
from core.review.requeue import Affected, Which, affected, can_take_back, requeue, rewrite_guideline, take_back
from core.review.submitting import current_submission, submit
from core.store.engine import Store
from core.store.history import revisions
from core.store.items import OPEN
from core.store.queues import get_queue, progress
from core.store.resolutions import Subject
from core.store.schemas import get_schema, newest_schema_id
from core.store.traces import trace_line
from tests.core.review.team import Team, make_team, outcome


def reviewed(store: Store) -> Team:
    """Three runs, each with three answers: the first two with a disagreement, the second with a "partly"."""
    team = make_team(store, runs=3)
    said = [("solved", "failed", "failed"), ("partly", "solved", "solved"), ("solved", "solved", "solved")]
    for number, answers in enumerate(said):
        for name, answer in zip(("ada", "ben", "cem"), answers, strict=True):
            team.answer(name, number, outcome(answer))
    return team


def rewrite(session: Session, team: Team, text: str = "Judge the end state.") -> int:
    schema = get_queue(session, team.runs).schema_id or 0
    return rewrite_guideline(session, schema, text, {"outcome": "By the order."}, "unclear", team.lead).schema_id


def counts(session: Session, team: Team) -> list[tuple[str, int]]:
    return [(item.state, item.n_done) for item in team.items(session)]


def test_a_new_version_is_asked_by_its_queues_and_changes_no_answer(store: Store) -> None:
    team = reviewed(store)
    with store.session() as session:
        before = get_queue(session, team.runs).schema_id or 0
        made = rewrite_guideline(
            session, before, "Judge the end state.", {"outcome": "By the order."}, "unclear", team.lead
        )
        assert (made.version, made.queues) == (2, ("Runs",))
        assert made.changed[0] == "The guidelines were rewritten."
        now = get_schema(session, get_queue(session, team.runs).schema_id or 0)
        assert (now.version, now.guidelines, now.note) == (2, "Judge the end state.", "unclear")
        assert now.questions[0].help == "By the order."
        assert get_schema(session, before).guidelines == "Judge what was done."
        assert counts(session, team) == [("done", 3)] * 3
        with pytest.raises(Conflict, match="newer version"):
            rewrite_guideline(session, before, "Else.", {}, "", team.lead)
        with pytest.raises(InvalidInput, match="Nothing was changed"):
            rewrite_guideline(session, made.schema_id, now.guidelines, {}, "", team.lead)
        with pytest.raises(NotPermitted):
            rewrite_guideline(session, made.schema_id, "Else.", {}, "", team.people["ada"])


@pytest.mark.parametrize(
    ("which", "expected", "states"),
    [
        (Which("outcome"), Affected(2, 6), [("open", 0), ("open", 0), ("done", 3)]),
        (Which("outcome", "partly"), Affected(1, 3), [("done", 3), ("open", 0), ("done", 3)]),
        (Which(), Affected(3, 9), [("open", 0)] * 3),
    ],
)
def test_what_a_guideline_affects_is_counted_first_and_given_out_again(
    store: Store, which: Which, expected: Affected, states: list[tuple[str, int]]
) -> None:
    team = reviewed(store)
    with store.session() as session:
        rewrite(session, team)
        assert affected(session, "team", which) == expected
        assert counts(session, team) == [("done", 3)] * 3
        assert requeue(session, "team", which, team.lead) == expected
        assert counts(session, team) == states
        assert can_take_back(session, "team") == expected
        with pytest.raises(InvalidInput):
            requeue(session, "team", which, team.lead)


def test_before_a_new_version_nothing_is_affected(store: Store) -> None:
    team = reviewed(store)
    with store.session() as session:
        assert affected(session, "team", Which()) == Affected(0, 0)
        with pytest.raises(NotPermitted):
            requeue(session, "team", Which(), team.people["ada"])


def test_the_same_people_answer_again_under_the_new_version_and_their_old_words_stay(store: Store) -> None:
    team = reviewed(store)
    with store.session() as session:
        rewrite(session, team)
        requeue(session, "team", Which("outcome"), team.lead)
        subject = Subject(team.items(session)[0].trace_id)
        assert trace_line(session, subject.trace_id or 0).outcome == "unknown"
        queue = get_queue(session, team.runs)
        given = desk.next_item(session, queue, team.people["ada"])
        assert given is not None
        assert given.id in {item.id for item in team.items(session)[:2]}
        assert progress(session, queue, team.people["ada"].id).mine == 1
    for name in ("ada", "ben", "cem"):
        team.answer(name, 0, outcome("failed"))
    with store.session() as session:
        assert counts(session, team)[0] == ("done", 3)
        assert trace_line(session, subject.trace_id or 0).outcome == "failed"
        assert disagreements(session, team.runs) == []
        told = [(one.person, one.version, one.place, one.current) for one in revisions(session, subject)]
        assert told == [
            ("ada", 1, "requeued", False), ("ben", 1, "requeued", False), ("cem", 1, "requeued", False),
            ("ada", 2, "", True), ("ben", 2, "", True), ("cem", 2, "", True),
        ]  # fmt: skip


def test_a_requeue_is_taken_back_where_nobody_has_answered_since(store: Store) -> None:
    team = reviewed(store)
    with store.session() as session:
        rewrite(session, team)
        requeue(session, "team", Which(), team.lead)
    team.answer("dan", 1, outcome("partly"))
    with store.session() as session:
        assert can_take_back(session, "team") == Affected(2, 6)
        with pytest.raises(NotPermitted):
            take_back(session, "team", team.people["ada"])
        assert take_back(session, "team", team.lead) == Affected(2, 6)
        assert counts(session, team) == [("done", 3), (OPEN, 1), ("done", 3)]
        assert newest_schema_id(session, "team") == get_queue(session, team.runs).schema_id
        subject = Subject(team.items(session)[0].trace_id)
        assert {(one.place, one.current) for one in revisions(session, subject)} == {("", True)}
        # whoever answered has had the item, and is not given it again
        for name in ("ada", "ben", "cem"):
            item = desk.next_item(session, get_queue(session, team.runs), team.people[name])
            assert item is not None
            assert item.id == team.items(session)[1].id
            desk.skip(session, item.id, team.people[name])
        with pytest.raises(Conflict, match="answered anew: 1"):
            take_back(session, "team", team.lead)


def test_an_edit_from_before_does_not_come_back_in_place_of_what_was_set_apart(store: Store) -> None:
    team = make_team(store, runs=1)
    team.answer("ada", 0, outcome("solved"))
    with store.session() as session:
        item = team.items(session)[0]
        submit(session, item.id, team.people["ada"], outcome("failed"), editing=1)
        rewrite(session, team)
        requeue(session, "team", Which(), team.lead)
        assert current_submission(session, team.items(session)[0], team.people["ada"]) is None
        desk.open_item(session, item.id, team.people["ada"])
        assert current_submission(session, team.items(session)[0], team.people["ada"]) is None


def test_choices_on_pairs_are_given_out_again_too(store: Store) -> None:
    team = make_team(store)
    for name, choice in (("ada", "left"), ("ben", "equal"), ("cem", "equal")):
        team.answer(name, 0, {"choice": choice}, team.pairs)
    with store.session() as session:
        schema = get_queue(session, team.pairs).schema_id or 0
        rewrite_guideline(session, schema, "Read both to the end.", {}, "", team.lead)
        assert affected(session, "sides", Which("preference")) == Affected(1, 3)
        requeue(session, "sides", Which("preference"), team.lead)
        (item,) = team.items(session, team.pairs)
        assert (item.state, item.n_done) == (OPEN, 0)
        assert desk.next_item(session, get_queue(session, team.pairs), team.people["ada"]) is not None
        take_back(session, "sides", team.lead)
        (item,) = team.items(session, team.pairs)
        assert (item.state, item.n_done) == ("done", 3)
