"""Where evidence disagrees: told in words of one run, and found among all by the database, the same way."""

from __future__ import annotations

from core.records import Outcome, Role, Signal, SignalKind
from core.review.ready_made import RUN_REVIEW
from core.review.resolving import resolve
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.people import PersonLine, person_id
from core.store.resolutions import Subject
from core.store.schemas import newest_schema_id
from core.store.signals import add_signals, signals_of
from core.store.trace_filter import TraceFilter, trace_ids
from core.store.traces import find_trace, trace_line
from core.tasks.outcome import contradictions, refresh_outcomes
from tests.core.dataset.world import keep, label, said

EXPECTED = {
    "agrees": (),
    "nobody": (),
    "graded": (),
    "label": ("automated check reward: failure",),
    "thumb": ("user's judgement thumb: failure",),
    "judge": ("judge's opinion llm_judge: success",),
    "people": ("ann: solved", "bob: failed"),
    "majority": ("cid: failed",),
    "resolved": ("ann: solved",),
}


def fill(store: Store) -> None:
    with store.session() as session:
        rewards = {"agrees": 1, "label": 0, "thumb": 1, "judge": 0, "resolved": None}
        keep(session, *(said(uid, f"Where is {uid}?", rewards.get(uid)) for uid in EXPECTED))
        label(session, "agrees", "ann", "solved")
        label(session, "label", "ann", "solved")
        for person, outcome in (("ann", "solved"), ("bob", "failed")):
            label(session, "people", person, outcome)
        for person, outcome in (("ann", "solved"), ("bob", "solved"), ("cid", "failed")):
            label(session, "majority", person, outcome)
        label(session, "resolved", "ann", "solved")
        label(session, "agrees", "a-model", "failed", role=Role.MACHINE)
        add_signals(
            session,
            [
                Signal("thumb", "thumb", SignalKind.EXPLICIT, "down", False),
                Signal("judge", "llm_judge", SignalKind.AUTOMATED, 0.9, True),
                Signal("graded", "score", SignalKind.AUTOMATED, 0.4, source="benchmark"),
                Signal("agrees", "step check", SignalKind.AUTOMATED, False, False, step_id="3"),
            ],
        )
        lead = PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)
        of = Subject(find_trace(session, "resolved"))
        resolve(session, of, newest_schema_id(session, RUN_REVIEW.key), "outcome", "failed", [], lead)
        refresh_outcomes(session, trace_ids(session, TraceFilter()))


def test_what_says_otherwise_is_named_and_found(store: Store) -> None:
    fill(store)
    with store.reading() as session:
        found = {}
        for uid in EXPECTED:
            row = find_trace(session, uid)
            assert row is not None
            outcome = Outcome(trace_line(session, row).outcome)
            found[uid] = contradictions(outcome, annotations_of(session, [row]), signals_of(session, [row])[row])
        assert found == EXPECTED
        listed = trace_ids(session, TraceFilter(contradicted=True))
        assert {trace_line(session, row).uid for row in listed} == {uid for uid, against in EXPECTED.items() if against}
    assert TraceFilter(contradicted=True).tells
    assert TraceFilter.from_json(TraceFilter(contradicted=True).as_json()) == TraceFilter(contradicted=True)
