"""Compare: leads make pairs and rankings and read the report; annotators only compare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Choice, Pair, Preference, Role, Task
from core.review.queues import enqueue
from core.store.pairs import import_preferences, insert_pairs
from core.store.people import person_id
from core.store.trace_writing import insert_traces
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import run

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "compare.py")


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    """The page as the only lead sees it."""
    process.store()
    yield AppTest.from_file(PAGE, default_timeout=30)
    process.close_all()


def decided_pairs(n: int) -> None:
    """Pairs of two versions, all won by the new one but two."""
    with process.store().session() as session:
        made = insert_pairs(
            session, [Pair(f"p{i}", "t", f"Task {i}", "x", "yy", name_a="new", name_b="old") for i in range(n)]
        )
        enqueue(session, [], list(made.values()))
        ada = person_id(session, "ada")
        chosen = [Choice.B if i < 2 else Choice.A for i in range(n)]
        given = zip(chosen, made.values(), strict=True)
        import_preferences(session, [(Preference("", "ada", choice, "a"), pair, ada) for choice, pair in given])


def three_runs() -> None:
    with process.store().session() as session:
        runs = [run(f"{version}-1", task=Task("shop/1", "Where?"), version=version) for version in ("v1", "v2", "v3")]
        insert_traces(session, runs)


def test_a_lead_makes_pairs_and_rankings_once(page: AppTest) -> None:
    three_runs()
    page.run()
    page.button("compare_make").click().run()
    assert "1 new pair:" in page.toast[0].value
    page.radio("compare_source").set_value("rank_runs").run()
    page.button("compare_make").click().run()
    assert "1 new ranking:" in page.toast[0].value
    page.button("compare_make").click().run()
    assert "Nothing new" in page.toast[0].value
    queues = page.selectbox("compare_queue").options
    assert [one.partition(" (")[0] for one in queues] == ["All pairs", "All rankings"]


def test_the_report_names_the_version_that_is_preferred(page: AppTest) -> None:
    decided_pairs(60)
    page.run()
    page.segmented_control("compare_view").set_value("Report").run()
    assert not page.exception
    assert any("new is preferred" in one.value for one in page.markdown)
    assert any("60 choices on 60 pairs" in one.value for one in page.caption)
    page.selectbox("compare_raters").set_value("machines").run()
    assert "No machines have compared anything" in page.info[0].value


def test_a_report_on_too_little_says_so(page: AppTest) -> None:
    decided_pairs(3)
    page.run()
    page.segmented_control("compare_view").set_value("Report").run()
    assert not page.exception
    assert "Too few choices" in page.info[0].value


def test_an_annotator_is_offered_neither_report_nor_pairs(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    decided_pairs(9)
    with process.store().session() as session:
        actor = Actor(person_id(session, "ben", Role.ANNOTATOR, active=True), "ben", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    page.query_params["compare_view"] = "Report"
    page.run()
    assert not page.exception
    assert [one.key for one in page.segmented_control] == []
    assert [one.key for one in page.button] == []
    assert not any("choices on" in one.value for one in page.caption)
