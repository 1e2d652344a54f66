"""A person who answers otherwise than before is found, and one whose runs changed, or whom nobody can tell, is not."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from scipy import stats
from sqlalchemy.orm import Session

from core.evaluate.annotator_drift import ENOUGH, AnnotatorDrift, annotator_drift
from core.records import Choice, LabelSchema, Option, Preference, Question
from core.store.engine import Store
from core.store.pairs import add_preference, insert_pairs
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow
from core.store.trace_writing import insert_traces
from tests.worlds import run, texts

MONDAY = datetime(2026, 8, 31, 12, tzinfo=UTC)
SCHEMA = LabelSchema(
    "check",
    1,
    "Check",
    (
        Question("end", "choice", "How did it end?", (Option("good", "Good"), Option("bad", "Bad"))),
        Question("safe", "yes_no", "Was it safe?"),
        Question("note", "text", "Note"),
    ),
)
Plan = Callable[[int, int], str]
"""(week, number within it) → good or bad."""


def work(
    session: Session,
    people: dict[str, Plan],
    weeks: int = 8,
    each: int = 20,
    seconds: Callable[[int], float] | None = None,
) -> None:
    """Everybody judges the same runs, so many a week, as their plan says."""
    traces = list(insert_traces(session, [run(f"t{n}") for n in range(weeks * each)]).traces.values())
    schema = save_schema(session, SCHEMA)
    for name, plan in people.items():
        who = person_id(session, name)
        for number, trace in enumerate(traces):
            week, place = divmod(number, each)
            answers = {"end": plan(week, place), "safe": True, "note": f"{name} {number}"}
            at, time = MONDAY + timedelta(weeks=week), seconds(week) if seconds else None
            said = {"answers": answers, "active_seconds": time, "submitted_at": at, "revision": 1}
            session.add(AnnotationRow(trace_id=trace, person_id=who, schema_id=schema, schema_key="check", **said))


def share(of_ten: int) -> Plan:
    """So many of ten are bad."""
    return lambda week, place: "bad" if place % 10 < of_ten else "good"


def turned(before: int, after: int, week: int = 4) -> Plan:
    return lambda at, place: share(before if at < week else after)(at, place)


def found(store: Store) -> AnnotatorDrift:
    with store.reading() as session:
        return annotator_drift(session)


def test_who_says_bad_twice_as_often_while_others_do_not_has_drifted(store: Store) -> None:
    with store.session() as session:
        work(session, {"ada": turned(3, 7), "ben": share(3), "cem": share(3)})
    drift = found(store)
    first = drift.answers[0]
    assert (first.person, first.question, first.answer, first.since) == (
        "ada",
        "How did it end?",
        "Bad",
        (MONDAY + timedelta(weeks=4)).date(),
    )
    assert (first.before.successes, first.before.n, first.after.successes, first.after.n) == (24, 80, 56, 80)
    assert first.others_before is not None
    assert first.others_after is not None
    assert (first.others_before.successes, first.others_before.n) == (48, 160)
    assert (first.others_after.successes, first.others_after.n) == (48, 160)
    assert first.drifted
    p = stats.fisher_exact([[56, 24], [24, 56]]).pvalue
    # three people, each against themselves and against the others; one answer of two that are given. All said "safe"
    assert drift.tests == 6
    # and it is the second smallest: the share against the others' is the smallest
    assert first.adjusted == pytest.approx(p * 6 / 2)
    assert [(one.person, one.changed, one.drifted) for one in drift.answers[1:]] == [
        ("ben", False, False),
        ("cem", False, False),
    ]


def test_where_others_change_as_well_nobody_has_drifted(store: Store) -> None:
    with store.session() as session:
        work(session, {"ada": turned(3, 7), "ben": turned(3, 7), "cem": turned(3, 7)})
    assert [(one.changed, one.drifted) for one in found(store).answers] == [(True, False)] * 3


def test_one_alone_can_change_but_it_cannot_be_told_why(store: Store) -> None:
    with store.session() as session:
        work(session, {"ada": turned(3, 7)})
    (only,) = found(store).answers
    assert (only.changed, only.drifted, only.against, only.adjusted_others) == (True, None, None, None)


def test_too_few_answers_are_not_looked_at(store: Store) -> None:
    with store.session() as session:
        work(session, {"ada": turned(0, 10), "ben": share(0)}, each=2)
    assert found(store) == AnnotatorDrift((), (), 0), f"{ENOUGH} are asked for, 8 given"


def test_people_who_never_change_are_seldom_accused(store: Store) -> None:
    """Twelve people who answer by lot, the same lot all along: at 5 % false findings of all, none should stand here."""
    lot = random.Random(3)
    by_lot: Plan = lambda week, place: "bad" if lot.random() < 0.4 else "good"  # noqa: E731
    with store.session() as session:
        work(session, {f"p{n}": by_lot for n in range(12)}, each=10)
    drift = found(store)
    assert drift.tests == 24
    assert [one for one in drift.answers if one.changed] == []


def test_time_that_grows_is_found(store: Store) -> None:
    with store.session() as session:
        work(session, {"ada": share(3)}, seconds=lambda week: 30.0 + week if week < 4 else 60.0 + week)
    (time,) = found(store).times
    assert (time.person, time.schema, time.before.value, time.after.value) == ("ada", "check", 31.5, 65.5)
    assert (time.longer, time.changed) == (1.0, True)


def test_the_strength_of_choices_is_looked_at_and_their_side_is_not(store: Store) -> None:
    with store.session() as session:
        pairs = list(insert_pairs(session, [texts(f"p{n}") for n in range(80)]).values())
        for name in ("ada", "ben"):
            who = person_id(session, name)
            for number, pair in enumerate(pairs):
                week = number // 10
                choice = (Choice.A, Choice.B)[number % 2]
                if name == "ada" and week >= 4:
                    choice = Choice.BOTH_BAD
                add_preference(session, pair, who, Preference("", name, choice), MONDAY + timedelta(weeks=week))
    answers = found(store).answers
    assert [(one.person, one.answer, one.drifted) for one in answers] == [("ada", "both bad", True)]
