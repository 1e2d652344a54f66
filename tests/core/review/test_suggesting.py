"""What a machine would take for right: the majority, or from many items on, who errs how often."""

from __future__ import annotations

from core.review.suggesting import FEWEST_ITEMS, Suggestion, suggestion
from core.store.engine import Store
from core.store.queues import get_queue
from core.store.resolutions import Subject
from core.store.schemas import get_schema
from tests.core.review.team import Team, make_team, outcome


def asked(team: Team, number: int, question: str = "outcome") -> Suggestion | None:
    with team.store.reading() as session:
        schema = get_schema(session, get_queue(session, team.runs).schema_id or 0)
        return suggestion(session, Subject(team.items(session)[number].trace_id), schema, question)


def test_the_majority_of_three_is_suggested_and_of_two_nothing(store: Store) -> None:
    team = make_team(store)
    team.answer("ada", 0, outcome("solved"))
    team.answer("ben", 0, outcome("solved"))
    assert asked(team, 0) is None
    team.answer("cem", 0, outcome("failed"))
    assert asked(team, 0) == Suggestion("solved", "what 2 of 3 people said")
    assert asked(team, 0, "why") is None
    assert asked(team, 1) is None


def test_without_a_majority_nothing_is_suggested(store: Store) -> None:
    team = make_team(store)
    for name, said in zip(("ada", "ben", "cem"), ("solved", "partly", "failed"), strict=True):
        team.answer(name, 0, outcome(said))
    assert asked(team, 0) is None


def test_from_many_items_on_whoever_errs_less_weighs_more(store: Store) -> None:
    team = make_team(store, runs=FEWEST_ITEMS)
    for number in range(FEWEST_ITEMS):
        right = "solved" if number % 2 else "failed"
        for name in ("ada", "ben", "cem"):
            wrong = (name != "ada" and number in (0, 7)) or (name == "cem" and number % 3 == 0)
            team.answer(name, number, outcome({"solved": "failed", "failed": "solved"}[right] if wrong else right))
    made = asked(team, 3)
    assert made is not None
    assert made.answer == "solved"
    assert f"from {FEWEST_ITEMS} items and 3 people" in made.because
