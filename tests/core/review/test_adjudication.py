"""Where people disagree: by question, largest first."""

from __future__ import annotations

import pytest

from core.review.adjudication import disagreements
from core.review.submitting import undo
from core.store.engine import Store
from core.store.queues import get_queue
from tests.core.review.team import Team, make_team, outcome


def found(team: Team, queue: int | None = None) -> list[tuple[str, int, int, float]]:
    with team.store.reading() as session:
        return [
            (one.question.key, one.apart.n_apart, one.apart.n, round(one.apart.size, 3))
            for one in disagreements(session, queue)
        ]


def test_equal_answers_and_lone_ones_are_no_disagreement(store: Store) -> None:
    team = make_team(store)
    team.answer("ada", 0, outcome("solved", why="It did."))
    team.answer("ben", 0, outcome("solved", why="All of it was done."))
    team.answer("cem", 1, outcome("failed"))
    assert found(team) == []


def test_each_kind_of_question_says_how_far_apart_people_are(store: Store) -> None:
    team = make_team(store)
    marks = [
        {"question": "first", "step_id": "1", "value": "first"},
        {"question": "wrong", "step_id": "1", "value": "lie"},
        {"question": "wrong", "step_id": "3", "value": "loop"},
    ]
    fix = {"corrections": [{"step_id": "3", "corrected": "I do not know."}]}
    team.answer("ada", 0, outcome("solved", rating="1", minutes=0) | {"marks": marks} | fix)
    marks = [
        {"question": "first", "step_id": "2", "value": "first"},
        {"question": "wrong", "step_id": "1", "value": "lie"},
    ]
    fix = {"corrections": [{"step_id": "3", "corrected": "It is on its way."}]}
    team.answer("ben", 0, outcome("failed", rating="4", minutes=5) | {"marks": marks} | fix)
    team.answer("cem", 0, outcome("failed", rating="5", minutes=5) | {"marks": marks})
    assert found(team) == [
        ("fix", 1, 2, 0.5),
        # from 4: three places of four, and one
        ("rating", 2, 3, 0.333),
        # one of three is not with the mode: as far, but fewer people
        ("outcome", 1, 3, 0.333),
        # {lie at 1, loop at 3} against {lie at 1}: 1 - 1/2 · 2/3
        ("wrong", 1, 3, 0.222),
        # 5 of ten minutes
        ("minutes", 1, 3, 0.167),
        # one step of the three that lie between the first and the last
        ("first", 1, 3, 0.111),
    ]


def test_the_same_category_on_another_step_differs(store: Store) -> None:
    team = make_team(store)
    for name, step in (("ada", "1"), ("ben", "3")):
        mark = {"question": "wrong", "step_id": step, "value": "lie"}
        team.answer(name, 0, outcome("failed") | {"marks": [mark]})
    assert found(team) == [("wrong", 1, 2, 0.5)]


def test_pairs_are_asked_which_side_is_better_and_a_queue_can_be_looked_at_alone(store: Store) -> None:
    team = make_team(store)
    team.answer("ada", 0, outcome("solved"))
    team.answer("ben", 0, outcome("failed"))
    for name, choice in (("ada", "equal"), ("ben", "both_bad"), ("cem", "equal")):
        team.answer(name, 0, {"choice": choice, "answers": {"care": "y" if name == "ada" else "n"}}, team.pairs)
    assert found(team, team.runs) == [("outcome", 1, 2, 0.5)]
    assert found(team, team.pairs) == [("care", 1, 3, 0.333), ("preference", 1, 3, 0.333)]
    assert len(found(team)) == 3


@pytest.mark.parametrize("withdrawn", [True, False])
def test_what_was_withdrawn_is_no_answer(store: Store, withdrawn: bool) -> None:
    team = make_team(store)
    team.answer("ada", 0, outcome("solved"))
    team.answer("ben", 0, outcome("failed"))
    if withdrawn:
        with store.session() as session:
            undo(session, get_queue(session, team.runs), team.people["ben"])
    assert len(found(team)) == (0 if withdrawn else 1)
