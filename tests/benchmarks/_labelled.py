"""A world of a size that a team comes to: the seeded one, many runs more, a thumb on each, and people's labels."""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.ingest.accept import ImportOptions, import_paths
from core.records import Mark, Outcome, Role, Signal, SignalKind
from core.review.pairing import pair_runs
from core.review.ready_made import RUN_REVIEW
from core.store.catalog import list_agents
from core.store.claims import SUBMITTED
from core.store.engine import Store
from core.store.items import DONE
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, TraceRow
from tests.benchmarks._stored import STEPS, grow

SEEDS = Path(__file__).resolve().parents[2] / "seed_data" / "world.jsonl.gz"
PEOPLE, BATCH = 12, 5_000
SECOND = 10
"""Every second run is labelled, and every tenth by two people."""
CATEGORIES = [
    option.value for question in RUN_REVIEW.questions if question.kind == "taxonomy" for option in question.options
]


def fill(store: Store, runs: int) -> None:
    """The seeded world and generated runs until there are `runs`, the same every time."""
    with store.session() as session:
        person_id(session, "me", Role.LEAD, active=True)
    import_paths(store, [SEEDS], ImportOptions())
    with store.session() as session:
        for agent in list_agents(session):
            pair_runs(session, agent, "versions")
    grow(store, runs)
    with store.session() as session:
        people = [person_id(session, f"person {n}", Role.ANNOTATOR, active=True) for n in range(1, PEOPLE + 1)]
        schema = save_schema(session, RUN_REVIEW)
    start = 0
    while True:
        with store.session() as session:
            found = session.execute(
                select(TraceRow.id, TraceRow.uid, TraceRow.started_at, TraceRow.outcome, ItemRow.id.label("item"))
                .join(ItemRow, ItemRow.trace_id == TraceRow.id)
                .where(TraceRow.source == "bench", TraceRow.id > start, ItemRow.for_person == 0)
                .order_by(TraceRow.id)
                .limit(BATCH)
            ).all()
            if not found:
                return
            start = found[-1].id
            add_signals(session, [_thumb(run.uid, run.id % 5 > 0) for run in found])
            _label(session, [run for run in found if run.id % 2 == 0], people, schema)


def _thumb(uid: str, good: bool) -> Signal:
    return Signal(uid, "thumb", SignalKind.EXPLICIT, good, good, key=f"{uid}/thumb")


def _label(session: Session, runs: list[Any], people: list[int], schema: int) -> None:
    said: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    done: list[dict[str, Any]] = []
    for run in runs:
        pick = random.Random(run.id)
        by = pick.sample(people, 2 if run.id % SECOND == 0 else 1)
        for n, person in enumerate(by):
            at = run.started_at + timedelta(days=1, minutes=n)
            given = _answers(pick, run.outcome)
            mine = {"trace_id": run.id, "item_id": run.item, "person_id": person, "submitted_at": at}
            said.append(mine | given | {"schema_id": schema, "schema_key": RUN_REVIEW.key, "revision": 1})
            held = {"item_id": run.item, "person_id": person, "state": SUBMITTED, "schema_id": schema}
            claims.append(held | {"claimed_at": at - timedelta(minutes=2), "expires_at": at})
        done.append({"id": run.item, "state": DONE, "n_done": len(by)})
    session.execute(insert(AnnotationRow), said)
    session.execute(insert(ClaimRow), claims)
    session.execute(update(ItemRow), done)
    of_people = [{"id": run.id, "n_annotations": 1 + (run.id % SECOND == 0), "outcome_from": "people"} for run in runs]
    session.execute(update(TraceRow), of_people)


def _answers(pick: random.Random, outcome: str) -> dict[str, Any]:
    truth = outcome if outcome != Outcome.UNKNOWN and pick.random() < 0.85 else pick.choice(("solved", "failed"))
    marks: list[dict[str, Any]] = []
    if truth != Outcome.SOLVED:
        step = str(pick.randrange(STEPS))
        said = (("first_mistake", ""), ("went_wrong", pick.choice(CATEGORIES[:6])))
        marks = [asdict(Mark(question, step, value)) for question, value in said]
    return {
        "answers": {"outcome": truth, "rating": str(pick.randint(1, 5))},
        "marks": marks,
        "corrections": [],
        "active_seconds": 20.0 + 200 * pick.random(),
    }
