"""A team that puts candidates in order: three reviewers, a lead, and a queue of rankings under a guideline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import LabelSchema, Option, Question
from core.review import desk
from core.review.submitting import submit
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, candidates, insert_rankings
from core.store.schemas import save_schema
from core.store.tables import PairRow, PreferenceRow
from tests.core.review.team import Team, make_team

ORDERED = LabelSchema(
    "orders", 1, "Orders", (Question("tone", "choice", "Kind?", (Option("y", "Yes"), Option("n", "No"))),), "Read all."
)


def make_ranked(store: Store, size: int = 3, rankings: int = 1) -> tuple[Team, int]:
    """The team and its queue of rankings, each to be ranked by three: answers "one", "two", … made by m0, m1, …"""
    team = make_team(store)
    texts = ("one", "two", "three", "four", "five", "six")[:size]
    with store.session() as session:
        queue = make_queue(session, "Orders", "ranking", save_schema(session, ORDERED), overlap=3)
        made = insert_rankings(
            session,
            [
                NewRanking(
                    f"r{n}",
                    "texts",
                    f"Say it {n}.",
                    tuple(Candidate(f"{t} {n}", name=f"m{i}") for i, t in enumerate(texts)),
                )
                for n in range(rankings)
            ],
        )
        add_items(session, get_queue(session, queue), [NewItem(one) for one in made])
    return team, queue


def rank(team: Team, queue: int, name: str, places: Mapping[str, int], number: int = 0, **more: Any) -> None:
    """Somebody gives each answer ("one", "two", …) its place, wherever it stood for them."""
    with team.store.session() as session:
        item = team.items(session, queue)[number]
        desk.open_item(session, item.id, team.people[name])
        claim = my_claim(session, item.id, team.people[name].id)
        assert claim is not None
        assert item.ranking_id is not None
        texts = {letter: one.text.split()[0] for letter, one in candidates(session, item.ranking_id).items()}
        submit(session, item.id, team.people[name], {"places": [places[texts[one]] for one in claim.left], **more})


def choices(session: Session) -> dict[int, list[str]]:
    """Person → what counts of what they say of each pair, as "better > worse" or "one = other", sorted."""
    query = select(PreferenceRow, PairRow).join(PairRow, PairRow.id == PreferenceRow.pair_id)
    found: dict[int, list[str]] = {}
    for said, pair in session.execute(query.where(PreferenceRow.current)):
        one, other = pair.text_a.split()[0], pair.text_b.split()[0]
        told = f"{one} > {other}" if said.choice == "a" else f"{other} > {one}"
        equal = " = ".join(sorted((one, other)))
        found.setdefault(said.person_id, []).append(equal if said.choice == "equal" else told)
    return {person: sorted(said) for person, said in found.items()}
