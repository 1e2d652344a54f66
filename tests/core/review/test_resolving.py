"""A lead decides: what stands then, what it changes, and that nothing said is lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.review.adjudication import disagreements
from core.review.resolving import adopt, resolve, standing, withdraw
from core.store.engine import Store
from core.store.history import revisions
from core.store.resolutions import Subject, resolution_history
from core.store.traces import trace_line
from tests.core.review.team import Team, make_team, outcome


def split(store: Store) -> Team:
    """Ada and ben differ on the first run; on the pair, too."""
    team = make_team(store)
    marks = [{"question": "wrong", "step_id": "3", "value": "lie", "comment": "No such order."}]
    team.answer("ada", 0, outcome("failed") | {"marks": marks})
    team.answer("ben", 0, outcome("solved"))
    for name, choice in (("ada", "left"), ("ben", "equal")):
        team.answer(name, 0, {"choice": choice}, team.pairs)
    return team


def place(session: Session, team: Team) -> tuple[Subject, int, dict[str, int]]:
    """The first run, the version of its questions, and who gave which answer."""
    given = revisions(session, Subject(team.items(session)[0].trace_id))
    return given[0].subject, given[0].schema_id or 0, {one.person: one.id for one in given}


def ended(session: Session, subject: Subject) -> tuple[str, str]:
    line = trace_line(session, subject.trace_id or 0)
    return line.outcome, line.outcome_from


def test_an_adopted_answer_decides_the_outcome_until_it_is_taken_back(store: Store) -> None:
    team = split(store)
    with store.session() as session:
        subject, schema, given = place(session, team)
        assert ended(session, subject) == ("unknown", "people disagree")
        made = adopt(session, subject, schema, "outcome", given["ada"], team.lead, " The order does not exist. ")
        assert (made.answer, made.adopted_id, made.person, made.reason, made.revision) == (
            "failed", given["ada"], "lea", "The order does not exist.", 1,
        )  # fmt: skip
        assert ended(session, subject) == ("failed", "resolution")
        # what reviewers say later does not move it
    team.answer("cem", 0, outcome("solved"))
    with store.session() as session:
        assert ended(session, subject) == ("failed", "resolution")
        withdraw(session, subject, made.id, team.lead, "Too early.")
        assert ended(session, subject) == ("solved", "people")
        told = [(one.revision, one.withdrawn, one.current, one.reason) for one in resolution_history(session, subject)]
        assert told == [(1, False, False, "The order does not exist."), (2, True, False, "Too early.")]
        with pytest.raises(Conflict):
            withdraw(session, subject, made.id, team.lead)


def test_adopting_takes_the_marks_of_the_question(store: Store) -> None:
    team = split(store)
    with store.session() as session:
        subject, schema, given = place(session, team)
        made = adopt(session, subject, schema, "wrong", given["ada"], team.lead)
        assert [(mark.step_id, mark.value, mark.comment) for mark in made.marks] == [("3", "lie", "No such order.")]
        # ben marked nothing: that is an answer to this question, and none to one about a step
        made = adopt(session, subject, schema, "wrong", given["ben"], team.lead, seen=made.id)
        assert (made.marks, made.adopted_id, made.revision) == ((), given["ben"], 2)
        with pytest.raises(InvalidInput, match="ben has not answered “First mistake”"):
            adopt(session, subject, schema, "first", given["ben"], team.lead)


@pytest.mark.parametrize(
    ("question", "answer", "marks", "stored"),
    [
        ("outcome", "partly", [], "partly"),
        ("rating", "3", [], "3"),
        ("minutes", 2.5, [], 2.5),
        ("why", "Half of it was done.", [], "Half of it was done."),
        ("first", None, [{"question": "first", "step_id": "2", "value": "first"}], None),
        ("wrong", None, [{"question": "wrong", "step_id": "2", "value": "loop"}], None),
        ("wrong", ["lie"], [], ["lie"]),
        ("wrong", None, [], None),
    ],
)
def test_a_written_answer_is_checked_as_a_reviewers_is(
    store: Store, question: str, answer: Any, marks: list[dict[str, str]], stored: Any
) -> None:
    team = split(store)
    with store.session() as session:
        subject, schema, _ = place(session, team)
        made = resolve(session, subject, schema, question, answer, marks, team.lead, "So it is.")
        assert (made.answer, made.adopted_id) == (stored, None)
        assert [(mark.step_id, mark.value) for mark in made.marks] == [(m["step_id"], m["value"]) for m in marks]


@pytest.mark.parametrize(
    ("question", "answer", "marks"),
    [
        ("outcome", "perfect", []),
        ("outcome", None, []),
        ("minutes", 11, []),
        ("rating", "6", []),
        ("first", None, [{"question": "first", "step_id": "99", "value": "first"}]),
        ("wrong", None, [{"question": "wrong", "step_id": "2", "value": "theft"}]),
        ("fix", "Something else.", []),
        ("none", "x", []),
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_nothing_is_written(
    store: Store, question: str, answer: Any, marks: list[dict[str, str]]
) -> None:
    team = split(store)
    with store.session() as session:
        subject, schema, _ = place(session, team)
        with pytest.raises(InvalidInput):
            resolve(session, subject, schema, question, answer, marks, team.lead)
        assert resolution_history(session, subject) == []


def test_only_leads_decide_and_of_two_the_second_is_told(store: Store) -> None:
    team = split(store)
    with store.session() as session:
        subject, schema, given = place(session, team)
        for decide in (
            lambda: adopt(session, subject, schema, "outcome", given["ada"], team.people["ada"]),
            lambda: resolve(session, subject, schema, "outcome", "solved", [], team.people["ada"]),
        ):
            with pytest.raises(NotPermitted):
                decide()
        made = resolve(session, subject, schema, "outcome", "solved", [], team.lead)
        with pytest.raises(NotPermitted):
            withdraw(session, subject, made.id, team.people["ada"])
        with pytest.raises(Conflict, match="lea has resolved this in the meantime"):
            adopt(session, subject, schema, "outcome", given["ada"], team.lead)
        assert standing(session, subject, "team", "outcome") == made


def test_an_answer_to_something_else_cannot_be_adopted(store: Store) -> None:
    team = split(store)
    team.answer("ada", 1, outcome("partly"))
    with store.session() as session:
        subject, schema, _ = place(session, team)
        other = revisions(session, Subject(team.items(session)[1].trace_id))[0]
        with pytest.raises(NotFound):
            adopt(session, subject, schema, "outcome", other.id, team.lead)


def test_a_pair_is_resolved_too_and_is_told_as_resolved(store: Store) -> None:
    team = split(store)
    with store.session() as session:
        subject = Subject(pair_id=team.items(session, team.pairs)[0].pair_id)
        given = {one.person: one for one in revisions(session, subject)}
        schema = given["ada"].schema_id
        made = adopt(session, subject, schema, "preference", given["ada"].id, team.lead)
        assert made.answer == given["ada"].answers["preference"]
        resolve(session, subject, schema, "preference", "both_bad", [], team.lead, seen=made.id)
        (stood,) = disagreements(session, team.pairs)
        assert stood.resolved is not None
        assert (stood.resolved.answer, stood.resolved.revision) == ("both_bad", 2)
