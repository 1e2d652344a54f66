"""A small world that datasets are made from: runs with rewards, labels, corrections, and pairs with choices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.dataset.writing import contents
from core.records import Annotation, Choice, Correction, Pair, Preference, Role, Task, Trace
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.dataset_versions import DatasetVersion, get_version
from core.store.engine import Store
from core.store.pairs import add_preference, insert_pairs
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.store.traces import find_trace
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run


def keep(session: Session, *traces: Trace) -> None:
    """Store runs with their signals and outcomes."""
    inserted = insert_traces(session, traces)
    add_signals(session, [signal for trace in traces for signal in trace.signals])
    refresh_outcomes(session, list(inserted.traces.values()))


def said(uid: str, words: str, reward: float | None = None, **fields: Any) -> Trace:
    """A run of its own task in which the user says something that no other run's user says."""
    return run(uid, words, reward, **({"task": Task(f"shop/{uid}", words)} | fields))


def label(
    session: Session,
    uid: str,
    person: str,
    outcome: str = "",
    corrected: dict[str, str] | None = None,
    minutes: int = 0,
    role: Role = Role.ANNOTATOR,
) -> None:
    """Somebody reviews a run: its outcome, and step id → the text that should have stood there."""
    corrections = tuple(Correction(step, "", text) for step, text in (corrected or {}).items())
    answers = {"outcome": outcome} if outcome else {}
    trace = find_trace(session, uid)
    assert trace is not None
    annotation = Annotation(uid, person, RUN_REVIEW.key, answers, corrections=corrections)
    schema = (save_schema(session, RUN_REVIEW), RUN_REVIEW.key)
    at = START + timedelta(days=1, minutes=minutes)
    add_annotation(session, trace, person_id(session, person, role), schema, annotation, at)
    refresh_outcomes(session, [trace])


def files(store: Store, version: DatasetVersion) -> dict[str, bytes]:
    """The files of a version, as they stand in the database now."""
    with store.reading() as session:
        now = get_version(session, version.dataset, version.number)
        return {name: b"".join(chunks) for name, chunks in contents(session, now)}


def choose(session: Session, pair: Pair, *choices: Choice | str, role: Role = Role.ANNOTATOR) -> None:
    """Store a pair on which people choose, one after the other."""
    row_id = insert_pairs(session, [pair])[pair.pair_id]
    for number, choice in enumerate(choices):
        name = f"{role}-{number}"
        preference = Preference(pair.pair_id, name, Choice(choice))
        at = START + timedelta(days=1, minutes=number)
        add_preference(session, row_id, person_id(session, name, role), preference, at)


def texts(uid: str, prompt: str, a: str, b: str, **fields: Any) -> Pair:
    """A pair of two texts."""
    return Pair(uid, "test", prompt, a, b, **fields)


def reasons(found: Sequence[Any]) -> dict[str, str]:
    """Candidate's key → the gate that stopped it."""
    return {each.candidate.key: each.gate for each in found}
