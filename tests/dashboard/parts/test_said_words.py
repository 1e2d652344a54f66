"""What was answered in the words of its questions, and the titles of the items that it was answered on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.review.ready_made import RUN_REVIEW
from core.store.engine import Store
from core.store.items import GOLD, NewItem, add_items
from core.store.pairs import insert_pairs
from core.store.queue_gold import gold_items
from core.store.queues import get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, insert_rankings
from core.store.schemas import get_schema, save_schema
from core.store.tables import ItemRow
from core.store.trace_writing import insert_traces
from core.store.work import ORDER, PREFERENCE
from dashboard.parts.said_words import in_words
from tests.worlds import run, texts

NAMED = (Candidate("Hello.", name="polite"), Candidate("Good day."), Candidate("Go away.", name="rude"))


@pytest.mark.parametrize(
    ("subject", "answers", "title", "told"),
    [
        (
            "trace",
            {"went_wrong": [], "outcome": "partly", "first_mistake": "3"},
            "Where is my order?",
            "Did it solve the task? Partly; First mistake: step 4; What went wrong: none",
        ),
        ("step", {"outcome": "failed"}, "Step 3 · Where is my order?", "Did it solve the task? No"),
        ("pair", {PREFERENCE: "a_much"}, "Say hello.", "Which of the two is better? A much better"),
        ("ranking", {ORDER: [["c"], ["a", "b"]]}, "Say hello.", "1. rude, 2. polite and Good day."),
    ],
)
def test_known_answers_are_told_with_titles(
    store: Store, subject: str, answers: dict[str, Any], title: str, told: str
) -> None:
    with store.session() as session:
        (trace,) = insert_traces(session, [run("r0")]).traces.values()
        (pair,) = insert_pairs(session, [texts("p0")]).values()
        (ranking,) = insert_rankings(session, [NewRanking("k0", "test", "Say hello.", NAMED)])
        of = {"pair": pair, "ranking": ranking}.get(subject, trace)
        schema = None if subject in ("pair", "ranking") else save_schema(session, RUN_REVIEW)
        queue = get_queue(session, make_queue(session, "known", subject, schema))
        add_items(session, queue, [NewItem(of, "2" if subject == "step" else "")])
        item = session.scalars(select(ItemRow)).one()
        item.state, item.gold = GOLD, answers
        session.flush()
        (one,) = gold_items(session, queue, 9)
        asked = get_schema(session, schema) if schema is not None else None
        assert (one.title, in_words(session, asked, one.item, one.answers)) == (title, told)
