"""The Intake page: its words for every state, what leads and annotators see, and another try of what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import NotPermitted
from core.ingest.delivery import accept, assemble_due
from core.ingest.leading import try_again
from core.ingest.otlp import TRACES, decode
from core.ingest.refused import Replayed
from core.records import Rejected, Role
from core.store.arrivals import Moment, Origin
from core.store.deliveries import Waiting
from core.store.intake import Came, add_refusals
from core.store.people import person_id
from core.store.refusals import refused
from core.store.signals import signals_waiting
from dashboard import identity, process
from dashboard.identity import Actor
from dashboard.parts.intake_arrivals import rate, rows_of_origins, rows_of_time, size, title_of
from dashboard.parts.intake_refusals import OPEN, told
from dashboard.parts.intake_state import State, sentence
from tests.otlp_world import request_of, trace_of

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
GOOD = {"trace_id": "r1", "name": "thumb", "kind": "explicit", "value": True}
ODD = {"trace_id": "r2", "name": "thumb", "kind": "odd", "value": "top secret"}


def state(n: int = 0, lag: float = 0, words: int = 0, spans: int = 0) -> State:
    waiting = Waiting(n, NOON - timedelta(seconds=lag) if n else None)
    origins = [Origin("traces", "shop", Came(spans)), Origin("signals", "shop", Came(9, rejected=2))]
    return State(NOON, waiting, words, 0, 0, origins)


@pytest.mark.parametrize(
    ("shown", "said", "kind"),
    [
        (state(), "No span came in the last hour. Nothing waits.", "in"),
        (state(spans=1), "The 1 span of the last hour is in runs. Nothing waits.", "in"),
        (state(spans=12_340), "All 12,340 spans of the last hour are in runs. Nothing waits.", "in"),
        (
            state(spans=5, words=1_500),
            "All 5 spans of the last hour are in runs. 1,500 steps wait to be found by words.",
            "in",
        ),
        (state(3_120, 4, spans=9), "3,120 spans wait; the oldest for 4.0 s.", "waits"),
        (state(1, 31), "1 span waits; the oldest for 31 s. That is long: the log of the server says why.", "late"),
    ],
)
def test_the_first_line_says_whether_everything_is_in(shown: State, said: str, kind: str) -> None:
    assert sentence(shown) == (said, kind)


def test_what_arrived_in_words_and_rows() -> None:
    moments = [
        Moment(NOON, "signals", Came(20, repeated=3)),
        Moment(NOON, "traces", Came(1_200, rejected=2, size=3_400_000, redacted=5)),
        Moment(NOON + timedelta(minutes=1), "logs", Came(rejected=1)),
    ]
    assert title_of(moments, "last hour") == "1,200 spans, 20 signals arrived in the last hour; 3 rejected"
    assert title_of([], "last day") == "Nothing arrived in the last day"
    empty = dict.fromkeys(("Spans", "Log records", "Signals", "Steps from files", "Repeated", "Replaced", "Bytes"), "")
    assert rows_of_time(moments, hours=False) == [
        {"When (UTC)": "01 Sep, 12:01"} | empty | {"Rejected": "1"},
        {"When (UTC)": "01 Sep, 12:00"}
        | empty
        | {"Spans": "1,200", "Signals": "20", "Repeated": "3", "Rejected": "2", "Replaced": "5", "Bytes": "3.4 MB"},
    ]
    assert rows_of_origins([Origin("traces", "", Came(90, size=20))], timedelta(hours=1)) == [
        {"Agent": "(not said)", "Through": "OTLP spans", "Arrived": "90", "A minute": "1.5"}
        | {"Repeated": "", "Rejected": "", "Replaced": "", "Bytes": "20 B"}
    ]
    assert [rate(n) for n in (0, 0.0333, 4, 12.7, 1204)] == ["", "0.033", "4", "13", "1,204"]
    assert [size(n) for n in (0, 999, 1_500, 2e9)] == ["", "999 B", "1.5 KB", "2.0 GB"]


def test_why_records_are_still_refused() -> None:
    done = Replayed(2, ("span a: it is empty", "span b: it is empty", "span c: no trace id"))
    assert told(done) == ["2 × it is empty", "1 × no trace id"]
    assert told(done, most=1) == ["2 × it is empty", "1 for other reasons"]


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    """The page as the only lead sees it."""
    process.store()
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=20).run()
    yield app.switch_page(str(ROOT / "pages" / "intake.py"))
    process.close_all()


def refuse(*bodies: object, reason: str = "kind has to be explicit") -> None:
    with process.store().session() as session:
        rejected = [Rejected(f"signal {n}", reason, body) for n, body in enumerate(bodies, 1)]
        add_refusals(session, "signals", rejected)


def opened(page: AppTest) -> AppTest:
    """The page with its first reason open."""
    page.run()
    with process.store().reading() as session:
        one = refused(session).reasons[0]
    page.session_state[OPEN] = {f"{one.door}:{one.shape}"}
    return page.run()


def words(page: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "code", "info", "warning", "success", "error")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind))


def test_an_empty_page_says_what_will_stand_here_and_how_to_begin(page: AppTest) -> None:
    page.run()
    assert "Nothing has come in yet" in page.info[0].value
    assert page.code[0].value == "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8501"


def test_spans_on_their_way_and_in_their_runs(page: AppTest) -> None:
    body = request_of(trace_of(1), trace_of(2)).SerializeToString()
    accept(process.store(), TRACES, decode(TRACES, body, False), 1000)
    page.run()
    assert "24 spans wait; the oldest for 0." in words(page)
    assert assemble_due(process.store()) == 24
    page.run()
    assert page.exception == []
    assert "All 24 spans of the last hour are in runs. 24 steps wait to be found by words." in words(page)
    assert {one.label: one.value for one in page.metric} == {
        "Lag": "none",
        "Spans waiting": "0",
        "Steps to index": "24",
        "Open runs": "2",
        "Given up": "0",
        "Signals alone": "0",
    }


def test_a_lead_reads_an_example_and_tries_the_whole_reason_again(page: AppTest) -> None:
    refuse(GOOD, ODD)
    opened(page)
    assert page.exception == []
    assert json.loads(page.code[0].value) == ODD
    next(one for one in page.button if one.label == "Try all 2 again").click()
    page.run()
    assert page.exception == []
    assert "1 of 2 was taken. Still rejected:\n- 1 × kind has to be explicit, implicit or automated" in words(
        page
    ).replace("\\", "")
    with process.store().reading() as session:
        (reason,) = refused(session).reasons
        assert (len(reason.waiting), reason.taken) == (1, 1)
        assert signals_waiting(session, 5)[0] == 1


def test_an_annotator_sees_counts_and_no_record(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(ODD, reason="“top secret” is no value")
    with process.store().session() as session:
        actor = Actor(person_id(session, "ada", Role.ANNOTATOR, active=True), "ada", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    opened(page)
    assert page.exception == []
    assert "top secret" not in words(page)
    assert "Only leads see records as they came" in words(page)
    assert [one.label for one in page.button] == ["Read again"]
    assert "top secret" not in "".join(one.label for one in page.expander)
    with pytest.raises(NotPermitted):
        try_again(process.store(), actor.role, [1])


def test_what_cannot_be_shown_whole_says_so(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.parts.intake_refusals.SHOWN", 2)
    for reason in ("it is empty", "it is too long", "it is odd"):
        refuse(ODD, reason=reason)
    page.run()
    assert "2 of 3 reasons shown, newest first." in words(page)
    next(one for one in page.button if one.label == "Show more reasons").click()
    page.run()
    assert "3 of 3 reasons shown, newest first." in words(page)
