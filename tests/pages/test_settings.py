"""Settings of telemetry: prices, what is replaced, how long runs are kept; decided by leads, seen by all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core.clock import now
from core.errors import InvalidInput, NotPermitted
from core.ingest.leading import decide_redaction, enter_price, forget_price
from core.ingest.prices import default_prices
from core.records import Role
from core.redact import Policy
from core.retract.deciding import Preview, decide_retention, preview
from core.retract.retention import Retention, retentions
from core.store.engine import Store
from core.store.people import person_id
from core.store.policies import policies_of
from core.store.prices import PriceLine, price_rows
from core.store.tables import TraceRow
from core.store.trace_writing import insert_traces
from dashboard import identity, process
from dashboard.identity import Actor
from dashboard.parts.settings_prices import Filled, amount
from dashboard.parts.settings_redaction import sentence
from tests.worlds import START, run

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    """The page as the only lead sees it."""
    process.store()
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    yield app.switch_page(str(ROOT / "pages" / "settings.py"))
    process.close_all()


def words(page: AppTest) -> str:
    kinds = ("markdown", "caption", "code", "info", "warning", "success", "error")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind)).replace("\\", "")


def labelled(page: AppTest, kind: str, label: str) -> object:
    return next(one for one in page.get(kind) if one.label == label)


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(None, "as input"), (0, "$0.00"), (2.5, "$2.50"), (0.15, "$0.15"), (0.028, "$0.028"), (75, "$75.00")],
)
def test_amounts(dollars: float | None, said: str) -> None:
    assert amount(dollars) == said


def test_a_price_needs_a_day_and_two_numbers() -> None:
    given = {"input": 1.0, "output": 0.0, "cached": None, "cache_write": 2.0}
    assert Filled("m", date(2026, 9, 1), given, "ours").line() == PriceLine("m", DAY, 1.0, 0.0, None, 2.0, "ours")
    with pytest.raises(InvalidInput, match="which day"):
        Filled("m", None, given, "").line()
    with pytest.raises(InvalidInput, match="input and output"):
        Filled("m", date(2026, 9, 1), given | {"output": None}, "").line()


def test_a_lead_enters_changes_and_removes_a_price(page: AppTest) -> None:
    page.query_params["settings_model"] = "my-model"
    page.run()
    assert "Calls of my-model have no price." in words(page)
    labelled(page, "number_input", "Input, $ a million").set_value(1.5)
    labelled(page, "number_input", "Output, $ a million").set_value(6.0)
    labelled(page, "button", "Save price").click()
    page.run()
    assert page.exception == []
    assert "The price of my-model is saved." in words(page)
    with process.store().reading() as session:
        (line,) = price_rows(session)
    assert (line.model, line.input, line.output, line.cached) == ("my-model", 1.5, 6.0, None)
    shipped = len(default_prices().prices)
    assert f"1 entered here, {shipped} that ship." in words(page)
    choice = labelled(page, "selectbox", "Begin with")
    choice.select(f"my-model, from {line.since:%Y-%m-%d}")
    page.run()
    labelled(page, "button", "Remove price").click()
    page.run()
    assert "The price of my-model is removed." in words(page)
    with process.store().reading() as session:
        assert price_rows(session) == []


def test_a_price_without_a_number_is_refused_in_words(page: AppTest) -> None:
    page.run()
    labelled(page, "text_input", "Model").set_value("m")
    labelled(page, "button", "Save price").click()
    page.run()
    assert "A price needs at least what input and output cost; 0 is a price." in words(page)


def test_what_is_replaced_is_tried_and_then_decided(page: AppTest) -> None:
    page.run()
    assert "Runs of all others: keys and passwords." in words(page)
    labelled(page, "toggle", "E-mail addresses").set_value(True)
    page.run()
    assert "This would be stored (1 email, 1 key replaced):" in words(page)
    assert "Write to [redacted: email] or +49 30 901820; token=[redacted: key]" in words(page)
    page.button(key="settings_redaction__save").click()
    page.run()
    assert "Saved. From now on: Runs of all others: keys and passwords, e-mail addresses." in words(page)
    with process.store().reading() as session:
        assert policies_of(session, "redaction") == {"": {"kinds": ["email"], "custom": []}}


def test_the_policy_of_an_agent_in_a_sentence() -> None:
    rules = {"kinds": ["iban", "phone"], "custom": [{"name": "booking", "pattern": "[A-Z]{6}"}]}
    assert sentence("shop", rules) == "Runs of shop: keys and passwords, telephone numbers, IBANs, “booking”."


def test_how_long_runs_are_kept_is_decided_after_seeing_what_would_go(page: AppTest) -> None:
    with process.store().session() as session:
        insert_traces(session, [run("old"), run("new", started_at=now())])
        session.execute(update(TraceRow).values(last_arrival_at=START - timedelta(days=400)))
        session.execute(update(TraceRow).where(TraceRow.uid == "old").values(started_at=START - timedelta(days=400)))
    page.session_state["settings_retention_open"] = True
    page.run()
    assert "Runs of all other agents are kept for ever." in words(page)
    labelled(page, "radio", "Keep its runs").set_value("a number of days")
    page.run()
    assert page.exception == []
    assert "The next round would remove for good: 1 run · 4 steps" in words(page)
    page.button(key="settings_retention__save").click()
    page.run()
    said = "Runs of all other agents are removed 90 days after they came, but what was labelled, taught from or "
    assert said + "evaluated on stays." in words(page)
    with process.store().reading() as session:
        assert retentions(session) == [Retention("", 90, True)]


def test_an_annotator_sees_and_decides_nothing(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    with process.store().session() as session:
        actor = Actor(person_id(session, "ada", Role.ANNOTATOR, active=True), "ada", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    page.run()
    assert page.exception == []
    assert "Runs of all others: keys and passwords." in words(page)
    assert {one.label for one in page.button} == {"Add person"}


def test_only_a_lead_decides(store: Store) -> None:
    line = PriceLine("m", DAY, 1, 2)
    with store.session() as session:
        for deed in (
            lambda: enter_price(session, Role.ANNOTATOR, line),
            lambda: forget_price(session, Role.ANNOTATOR, "m", DAY),
            lambda: decide_redaction(session, Role.ANNOTATOR, "", Policy()),
            lambda: decide_retention(session, Role.ANNOTATOR, Retention("", 1)),
        ):
            with pytest.raises(NotPermitted, match="Only a lead"):
                deed()
        assert (price_rows(session), policies_of(session, "redaction"), retentions(session)) == ([], {}, [])


def test_a_preview_counts_what_hangs_on_what_would_go_and_writes_nothing(store: Store) -> None:
    at = START + timedelta(days=100)
    with store.session() as session:
        insert_traces(session, [run("r1", reward=1), run("r2", agent="bank", reward=0)])
        session.execute(update(TraceRow).values(last_arrival_at=START))
        nothing = Preview(Counter(), [], False)
        assert preview(session, Retention("shop", 200), at) == nothing
        found = preview(session, Retention("shop", 10), at)
        assert {name: found.counts[name] for name in ("traces", "steps")} == {"traces": 1, "steps": 4}
        assert (found.titles, found.more) == (["Where is my order?"], False)
        assert preview(session, Retention("", 10), at).counts["traces"] == 2
        assert retentions(session) == []
        decide_retention(session, Role.LEAD, Retention("", 10))
        decide_retention(session, Role.LEAD, Retention("shop", 200))
        assert preview(session, Retention("shop", 200), at).counts["traces"] == 1
        assert preview(session, Retention("shop", 200), at, remove=True).counts["traces"] == 2
        decide_retention(session, Role.LEAD, Retention("shop", None), remove=True)
        assert retentions(session) == [Retention("", 10, False)]
