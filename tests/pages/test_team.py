"""Team as leads and annotators meet it: each person's line, what is hard, who answers otherwise, open comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import now
from core.records import Role
from core.review.gold import set_gold
from core.review.ready_made import RUN_REVIEW
from core.store.comments import Place, add_comment
from core.store.items import NewItem, add_items
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, ItemRow, ResolutionRow
from core.store.trace_writing import insert_traces
from dashboard import identity
from dashboard.identity import Actor
from dashboard.process import close_all, store
from tests.worlds import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def world(data_dir: Path) -> Iterator[None]:
    """Sixty runs over six weeks, judged by ada and ben; of ten the answer is known, and a lead resolved one.

    Ben is right on five of the ten, and from the fourth week on he says "failed" of all.
    """
    with store().session() as session:
        lead = PersonLine(person_id(session, "lead", Role.LEAD, active=True), "lead", Role.LEAD, True)
        schema = save_schema(session, RUN_REVIEW)
        queue = get_queue(session, make_queue(session, "all", "trace", schema, 2))
        traces = list(insert_traces(session, [run(f"t{n:02}") for n in range(60)]).traces.values())
        add_items(session, queue, [NewItem(trace) for trace in traces])
        items = {item.trace_id: item for item in session.query(ItemRow)}
        for name in ("ada", "ben"):
            who = person_id(session, name, active=True)
            for number, trace in enumerate(traces):
                off = name == "ben" and (5 <= number < 10 or number >= 30)
                at = now() - timedelta(days=41 - number * 2 // 3)
                common: dict[str, Any] = {"schema_id": schema, "schema_key": RUN_REVIEW.key, "revision": 1}
                said = {"outcome": "failed" if off else "solved"}
                row = AnnotationRow(trace_id=trace, person_id=who, answers=said, submitted_at=at, **common)
                row.active_seconds, row.item_id = 60.0, items[trace].id
                session.add(row)
        for trace in traces[:10]:
            set_gold(session, items[trace], {"outcome": "solved"}, lead)
        common["at"] = now()
        session.add(
            ResolutionRow(trace_id=traces[40], question="outcome", answer="solved", person_id=lead.id, **common)
        )
        add_comment(session, Place(trace=traces[3]), "2", lead.id, "Is **this** allowed? <b>")
        add_comment(session, Place(trace=traces[3]), "", lead.id, "It is short.")
    yield
    close_all()


def opened(monkeypatch: pytest.MonkeyPatch, name: str, page: str = "team") -> AppTest:
    with store().session() as session:
        role = Role.LEAD if name == "lead" else Role.ANNOTATOR
        actor = Actor(person_id(session, name, role, active=True), name, role)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=60).run()
    at.switch_page(str(ROOT / f"pages/{page}.py")).run()
    assert [error.value for error in at.exception] == []
    return at


def words(at: AppTest) -> str:
    kinds = (at.subheader, at.markdown, at.caption, at.info, at.header)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def table(at: AppTest, column: str) -> dict[str, dict[str, Any]]:
    """The rows of the table with this column, by what stands first in them."""
    found = next(one.value for one in at.dataframe if column in one.value.columns)
    return {row.iloc[0]: row.to_dict() for _, row in found.iterrows()}


def test_a_lead_sees_everybody_and_who_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(monkeypatch, "lead")
    assert "Least often right where the answer is known: ben, 50 % (24 to 76 %, n 10)." in words(at)
    people = table(at, "Known answers")
    assert list(people) == ["ada", "ben"]
    ben = people["ben"]
    assert (ben["Done"], sum(ben["A day"]), len(ben["A day"])) == (60, 39, 28)
    assert ben["Time an item"].strip() == "1.0 min (1.0 to 1.0 min, n 60)"
    assert ben["An active hour"].strip() == "60.0 (60.0 to 60.0, n 60)"
    assert (ben["Known answers"].strip(), ben["Same again"]) == ("50 % (24 to 76 %, n 10)", "none yet")
    assert ben["With the resolution"] == "not enough data (n 1)"
    assert people["ada"]["Known answers"] == "100 % (72 to 100 %, n 10)"
    assert not {"Runs", "Pairs", "Surplus"} & set(ben), (
        "what is the same as another column, or nought for all, is left out"
    )


def test_a_lead_sees_which_question_is_hard_and_who_answers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(monkeypatch, "lead")
    outcome = table(at, "Two differ")["Did it solve the task?"]
    assert outcome["Two differ"] == "60 % (46 to 72 %, n 50)", "the ten items with a known answer are not in it"
    assert outcome["Known answers missed"] == "25 % (11 to 47 %, n 20)"
    assert outcome["Time of the item"] == "60 s (60 to 60 s, n 120)"
    assert "ben answers “Did it solve the task?” with “No”" in words(at)
    assert ", and others do not: " in words(at)
    assert "ada answers" not in words(at)


def test_an_annotator_sees_one_line_and_nothing_that_tells_which_item_was_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = opened(monkeypatch, "ben")
    people = table(at, "Known answers")
    assert list(people) == ["ben"]
    later = "shown once the queue is archived"
    assert (people["ben"]["Known answers"], people["ben"]["Same again"]) == (later, later)
    assert "You have done 60." in words(at)
    said = words(at) + str([one.value.to_dict() for one in at.dataframe])
    for hidden in ("ada, ", "open comment", "Hardest is", "answers “", "Least often"):
        assert hidden not in said
    with store().session() as session:
        get_queue(session, 1).state = "archived"
    assert (
        table(opened(monkeypatch, "ben"), "Known answers")["ben"]["Known answers"].strip() == "50 % (24 to 76 %, n 10)"
    )


def test_open_comments_lead_to_their_step(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(monkeypatch, "lead")
    assert [one.label for one in at.expander if "open" in one.label] == ["2 open comments"]
    said = words(at)
    assert "**lead**: Is **this** allowed? <b>" in said
    assert "Where is my order? · step 3 · just now" in said
    assert "Where is my order? · the whole run · just now" in said
    links = [one.proto.query_string for one in at.get("page_link") if one.proto.label == "Read it there"]
    assert links == ["trace=4&step=3", "trace=4"]


def test_drift_names_who_answers_otherwise_for_leads_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ben answers “Did it solve the task?” with “No”" in words(opened(monkeypatch, "lead", "drift"))
    assert "ben answers" not in words(opened(monkeypatch, "ada", "drift"))
