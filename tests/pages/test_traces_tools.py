"""What stands above the list of runs: saved filters, labels for all of a filter, runs that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.review.bulk import begin_bulk, count_bulk, read_bulk
from core.review.ready_made import RUN_REVIEW
from core.store.people import person_id
from core.store.schemas import newest_schema_id, save_schema
from core.store.tables import AnnotationRow
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.tasks.run_index import sync_runs
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def actor(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actor]:
    """A lead in a world of twenty runs; the odd ones are of v1."""
    with process.store().session() as session:
        insert_traces(session, [run(f"r{n}", f"Order {n}?", version=f"v{n % 2}") for n in range(20)])
        save_schema(session, RUN_REVIEW)
        lead = Actor(person_id(session, "Lea", Role.LEAD, active=True), "Lea", Role.LEAD)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: lead)
    yield lead
    process.close_all()


def drawn(**address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page(str(ROOT / "pages" / "traces.py")).run()


def well(app: AppTest) -> AppTest:
    assert [error.value for error in (*app.exception, *app.error)] == []
    return app


def button(app: AppTest, label: str) -> object:
    return next(one for one in app.button if one.label.startswith(label))


def test_a_bulk_that_was_cut_short_stands_on_the_page_until_it_is_finished(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process.store().session() as session:
        schema = newest_schema_id(session, RUN_REVIEW.key)
        assert schema is not None
        counted = count_bulk(session, TraceFilter(), actor.id, RUN_REVIEW)
        label = read_bulk(RUN_REVIEW, {"outcome": "solved"}, "Lea")
        begin_bulk(session, actor.id, schema, TraceFilter(), label, counted)
    app = well(drawn())
    assert any("running] 0 of 20 runs labelled" in one.value for one in app.markdown), "begun just now, in another tab"
    assert "Finish it" not in {one.label for one in app.button}
    monkeypatch.setattr("core.store.bulk.STILL", timedelta(0))
    app = well(button(app, "Look again").click().run())  # type: ignore[attr-defined]
    assert any("cut short] 0 of 20 runs labelled" in one.value for one in app.markdown)
    button(app, "Finish it").click().run()  # type: ignore[attr-defined]
    assert not any("cut short" in one.value for one in well(app).markdown)
    with process.store().reading() as session:
        assert len(session.scalars(select(AnnotationRow.id).where(AnnotationRow.current)).all()) == 20


def test_runs_that_are_alike_are_listed_or_it_is_said_why_not(actor: Actor) -> None:
    app = well(drawn(like="1"))
    assert any("soon after it is closed" in one.value for one in app.info)
    while sync_runs(process.store(), process.run_index()):
        pass
    app = well(drawn(like="1"))
    assert any("Runs like" in one.value for one in app.markdown)
    assert any("19, best first" in one.value for one in app.caption)
    app = well(drawn(like="1", traces_version="v1"))
    assert any(", best first" in one.value for one in app.caption)
    app = well(drawn(traces_meaning="where is my order"))
    assert any("20, best first" in one.value for one in app.caption)
    app = well(drawn(like="999"))
    assert any("no trace 999" in one.value for one in app.info)
