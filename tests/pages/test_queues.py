"""The Queues page: a lead makes a queue, looks after it and settles what needs attention; annotators see theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.review import desk, queue_changes
from core.review.queue_making import QueuePlan, QueueRules, fill, make
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.review.submitting import submit
from core.store import queues
from core.store.pairs import insert_pairs
from core.store.people import PersonLine, person_id
from core.store.queue_filters import QueueFilter
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, QueueRow
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import run, texts

ROOT = Path(__file__).resolve().parents[2]
SOLVED: dict[str, Any] = {"answers": {"outcome": "solved"}}


@pytest.fixture
def people(data_dir: Path) -> Iterator[dict[str, PersonLine]]:
    """Six runs, of which two failed, and two pairs, in the queues that need no set-up; a lead and two annotators."""
    with process.store().session() as session:
        save_schema(session, RUN_REVIEW)
        runs = [run(f"r{n}", reward=float(n % 3 > 0), version=f"v{n % 2}") for n in range(6)]
        ids = list(insert_traces(session, runs).traces.values())
        add_signals(session, [signal for one in runs for signal in one.signals])
        refresh_outcomes(session, ids)
        enqueue(session, ids, list(insert_pairs(session, [texts("p0"), texts("p1")]).values()))
        roles = {"me": Role.LEAD, "ada": Role.ANNOTATOR, "ben": Role.ANNOTATOR}
        found = {
            name: PersonLine(person_id(session, name, role, True), name, role, True) for name, role in roles.items()
        }
    yield found
    process.close_all()


def drawn(monkeypatch: pytest.MonkeyPatch, who: PersonLine, **address: str) -> AppTest:
    monkeypatch.setattr(identity, "actor_from", lambda cookies: Actor(who.id, who.name, who.role))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page(str(ROOT / "pages" / "queues.py")).run()


def words(page: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "text", "info", "warning", "error", "toast")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind)).replace("\\", "")


def press(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click()
    return page.run()


def made(team: dict[str, PersonLine], name: str = "mine", **rules: Any) -> int:
    with process.store().session() as session:
        plan = QueuePlan(name, "trace", QueueFilter(), "run-review", QueueRules(**rules))
        queue = make(session, plan, team["me"]).id
    fill(process.store(), queue)
    return queue


def test_a_lead_makes_a_queue_of_failures(people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch) -> None:
    page = press(drawn(monkeypatch, people["me"]), "Make a queue")
    assert "**6 runs** would be put in." in words(page)
    page.selectbox(key="queues_new_trace_outcome").select("failed")
    page.run()
    assert "**2 runs** would be put in." in words(page)
    press(page, "Make the queue with 2 runs")
    assert "Give the queue a name" in words(page)
    page.text_input(key="queues_new_name").set_value("new failures")
    page.number_input(key="queues_new_trace_overlap").set_value(2)
    page.toggle(key="queues_new_trace_standing").set_value(True)
    page.selectbox(key="queues_new_trace_order").select("failures")
    press(page.run(), "Make the queue with 2 runs")
    assert "The queue is open, with 2 runs." in words(page)
    assert "outcome failed · asks Run review, version 3 · everybody · 2 reviewers an item · failures first" in words(
        page
    )
    with process.store().reading() as session:
        row = session.scalars(select(QueueRow).where(QueueRow.name == "new failures")).one()
        assert (row.filter, row.overlap, row.standing, row.order) == ({"outcome": "failed"}, 2, True, "failures")
        assert queues.count_queue(session, row).total == 2
    assert [error.value for error in page.exception] == []


@pytest.mark.parametrize(("subject", "fits"), [("step", "24 steps"), ("pair", "2 pairs")])
def test_steps_and_pairs_are_counted_as_they_are_chosen(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch, subject: str, fits: str
) -> None:
    page = press(drawn(monkeypatch, people["me"]), "Make a queue")
    page.segmented_control(key="queues_new_subject").select(subject)
    page.run()
    assert f"**{fits}** would be put in." in words(page)
    page.text_input(key="queues_new_name").set_value("these")
    press(page.run(), f"Make the queue with {fits}")
    assert f"The queue is open, with {fits}." in words(page)


def test_a_queue_that_nobody_could_finish_is_said_to_be_one(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = press(drawn(monkeypatch, people["me"]), "Make a queue")
    page.number_input(key="queues_new_trace_overlap").set_value(4)
    page.run()
    assert "It asks 4 reviewers an item, and 3 people may review it" in words(page)


def test_annotators_see_only_what_is_theirs(people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch) -> None:
    made(people, "for ben", people=(people["ben"].id,))
    page = drawn(monkeypatch, people["ada"], queue="1")
    assert "for ben" not in words(page)
    assert "All runs" in words(page)
    assert "6 runs left for you" in words(page)
    assert [one.label for one in page.button] == []
    assert "for ben" in words(drawn(monkeypatch, people["ben"]))


def test_a_lead_changes_the_rules_pauses_and_archives(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = made(people)
    page = drawn(monkeypatch, people["me"], queue=str(queue))
    page.segmented_control(key="queues_view").select("Rules")
    page.run()
    page.number_input(key=f"queues_rules_{queue}_overlap").set_value(2)
    page.selectbox(key=f"queues_rules_{queue}_order").select("oldest")
    press(page.run(), "Save the rules")
    assert "Saved. Its items are in the new order." in words(page)
    press(page, "Pause")
    assert "The queue is paused." in words(page)
    press(page, "Archive")
    press(page, "Open again")
    with process.store().reading() as session:
        row = queues.get_queue(session, queue)
        assert (row.overlap, row.order, row.state) == (2, "oldest", "open")
        assert row.ranked_at is not None


def test_flags_surplus_and_what_is_discarded_are_settled(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = made(people)
    ada, ben = people["ada"], people["ben"]
    with process.store().session() as session:
        row = queues.get_queue(session, queue)

        def take(who: PersonLine) -> int:
            item = desk.next_item(session, row, who)
            assert item is not None
            return item.id

        late = take(ada)
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
        assert take(ben) == late
        submit(session, late, ben, SOLVED)
        submit(session, late, ada, {"answers": {"outcome": "failed"}})
        first, second = take(ada), take(ben)
        desk.flag(session, first, ada, "It is cut off.")
        desk.flag(session, second, ben, "Whose is this?")
    page = drawn(monkeypatch, people["me"], queue=str(queue))
    page.segmented_control(key="queues_view").select("Needs attention")
    page.run()
    assert "ada: It is cut off." in words(page)
    page.text_input(key=f"queues_why_{first}").set_value("Not whole.")
    page.run()
    page.button(key=f"queues_discard_{first}").click().run()
    page.button(key=f"queues_keep_{second}").click().run()
    assert [page.button(key=f"queues_{deed}_{first}").disabled for deed in ("discard", "keep")] == [True, True]
    assert "Not whole." in words(page)
    assert "ada, just now: Did it solve the task? No" in words(page).replace("**", "")
    press(page, "Let it count")
    assert "The answer of ada counts from now on." in words(page)
    press(page, "Bring it back")
    assert [one.label for one in page.button if one.disabled] == [
        *("Discard for all", "It stays", "Discard for all", "It stays", "Counts now", "Is back"),
    ]
    page.segmented_control(key="queues_view").select("People").run()
    page.segmented_control(key="queues_view").select("Needs attention").run()
    assert "Nothing: no flag is open" in words(page)
    with process.store().reading() as session:
        adopted = session.scalars(select(AnnotationRow).where(AnnotationRow.adopted_by == people["me"].id)).one()
        assert (adopted.person_id, adopted.current) == (ada.id, True)
        assert set(session.scalars(select(ItemRow.flag).where(ItemRow.id == second))) == {""}


def test_people_and_a_release(people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch) -> None:
    queue = made(people)
    with process.store().session() as session:
        assert desk.next_item(session, queues.get_queue(session, queue), people["ada"]) is not None
    page = drawn(monkeypatch, people["me"], queue=str(queue))
    row = page.dataframe[0].value.to_dict("records")[0]
    assert (row["Person"], row["Submitted"], row["Active time an item"]) == ("ada", "0", "not enough data (n 0)")
    assert row["Holds"].startswith("1 until")
    press(page, "Release")
    assert "Others are given now what ada held." in words(page)


def test_a_known_answer_is_made_of_an_annotation(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = made(people)
    with process.store().session() as session:
        item = desk.next_item(session, queues.get_queue(session, queue), people["ada"])
        assert item is not None
        number = item.id
        submit(session, number, people["ada"], SOLVED)
    page = drawn(monkeypatch, people["me"], queue=str(queue))
    page.segmented_control(key="queues_view").select("Known answers")
    page.run()
    offered = [one.replace("\\", "") for one in page.radio[0].options]
    assert offered == ["ada: Did it solve the task? Yes; What went wrong: none", "Entered here"]
    press(page, "Keep as the known answer")
    assert "Did it solve the task? Yes; What went wrong: none" in words(page)
    with process.store().session() as session:
        known = session.get_one(ItemRow, number)
        assert (known.state, (known.gold or {})["outcome"]) == ("gold", "solved")
    press(page, "Ordinary again")
    assert next(one for one in page.button if one.label == "Is ordinary").disabled
    with process.store().reading() as session:
        assert (session.get_one(ItemRow, number).gold, session.get_one(ItemRow, number).state) == (None, "done")


def test_a_discarded_item_is_out_of_what_is_left(
    people: dict[str, PersonLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = made(people)
    with process.store().session() as session:
        item = session.scalars(select(ItemRow.id).where(ItemRow.queue_id == queue)).first()
        queue_changes.discard(session, item or 0, "Twice.", people["me"])
    page = drawn(monkeypatch, people["me"])
    assert "5 runs left for you" in words(page)
