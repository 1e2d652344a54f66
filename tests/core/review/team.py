"""A team that has reviewed some runs and chosen between some pairs, and where its members differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.records import LabelSchema, Option, Question, Role
from core.review import desk
from core.review.submitting import submit
from core.store.engine import Store
from core.store.items import NewItem, add_items
from core.store.pairs import insert_pairs
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import ItemRow
from core.store.trace_writing import insert_traces
from tests.worlds import run, texts

ASKED = LabelSchema(
    "team",
    1,
    "Team",
    (
        Question(
            "outcome",
            "choice",
            "Did it solve the task?",
            (Option("solved", "Yes"), Option("partly", "Partly"), Option("failed", "No")),
            required=True,
        ),
        Question("first", "step", "First mistake"),
        Question("wrong", "taxonomy", "What went wrong", (Option("lie", "Lie"), Option("loop", "Loop"))),
        Question("rating", "scale", "Rating", tuple(Option(str(n), str(n)) for n in range(1, 6))),
        Question("minutes", "number", "Minutes lost", minimum=0, maximum=10),
        Question("fix", "correction", "What should it have said?"),
        Question("why", "text", "Why?"),
    ),
    guidelines="Judge what was done.",
)
CHOSEN = LabelSchema(
    "sides", 1, "Sides", (Question("care", "choice", "With care?", (Option("y", "Yes"), Option("n", "No"))),), "Read."
)


@dataclass(frozen=True)
class Team:
    """Three reviewers and a lead, a blind queue of runs and one of pairs, each item to be answered by three."""

    store: Store
    runs: int
    pairs: int
    lead: PersonLine
    people: Mapping[str, PersonLine]

    def items(self, session: Session, queue: int | None = None) -> list[ItemRow]:
        """The items of a queue in the order in which they were added."""
        wanted = ItemRow.queue_id == (queue or self.runs)
        return session.query(ItemRow).filter(wanted, ItemRow.for_person == 0).order_by(ItemRow.id).all()

    def answer(self, name: str, number: int, body: Mapping[str, Any], queue: int | None = None) -> None:
        """Somebody opens an item and submits."""
        with self.store.session() as session:
            item = self.items(session, queue)[number]
            desk.open_item(session, item.id, self.people[name])
            submit(session, item.id, self.people[name], body)


def outcome(said: str, **more: Any) -> dict[str, Any]:
    """A review with an outcome; `more` are other answers."""
    return {"answers": {"outcome": said, **more}, "active_seconds": 60.0}


def make_team(store: Store, runs: int = 2, pairs: int = 1) -> Team:
    """The team on untouched queues."""
    with store.session() as session:
        traces = insert_traces(session, [run(f"t{n}", f"Question {n}?") for n in range(runs)]).traces
        made = insert_pairs(session, [texts(f"p{n}") for n in range(pairs)])
        of_runs = make_queue(session, "Runs", "trace", save_schema(session, ASKED), overlap=3)
        of_pairs = make_queue(session, "Pairs", "pair", save_schema(session, CHOSEN), overlap=3)
        add_items(session, get_queue(session, of_runs), [NewItem(one) for one in traces.values()])
        add_items(session, get_queue(session, of_pairs), [NewItem(one) for one in made.values()])
        lead = PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)
        people = {
            name: PersonLine(person_id(session, name, active=True), name, Role.ANNOTATOR, True)
            for name in ("ada", "ben", "cem", "dan")
        }
    return Team(store, of_runs, of_pairs, lead, people | {"lea": lead})
