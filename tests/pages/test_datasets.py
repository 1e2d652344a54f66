from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.dataset.gates import gates_of
from core.dataset.orders import make_due
from core.records import Role
from core.store.dataset_versions import list_versions
from core.store.people import person_id
from dashboard import identity, process
from dashboard.identity import Actor
from dashboard.parts import dataset_orders
from tests.core.dataset.world import choose, keep, label, said, texts

PAGES = Path(__file__).resolve().parents[2] / "pages"
SCRIPT = f"""
import streamlit as st
st.navigation([st.Page(r"{PAGES}/datasets.py", default=True), st.Page(r"{PAGES}/traces.py")]).run()
"""
EVIL = "<script>alert(1)</script> **bold** ![x](http://example.org/x.png)"


@pytest.fixture(params=[Role.LEAD])
def role(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Role]:
    """Somebody of that role acts."""
    with process.store().session() as session:
        actor = Actor(person_id(session, "ada", request.param, active=True), "ada", request.param)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    yield request.param
    process.close_all()


@pytest.fixture
def world(role: Role) -> None:
    """Two runs of which one succeeded, a correction, and two pairs."""
    with process.store().session() as session:
        keep(session, said("good", f"Is it in stock? {EVIL}", 1), said("bad", "Cancel it, please.", 0))
        label(session, "bad", "rev", "failed", {"3": "I cannot: it is packed already."})
        choose(session, texts("p", "Which way?", "To the left.", "To the right."), "a")
        choose(session, texts("q", "Shall we?", "Yes.", "No."), "equal")


def page(format: str = "") -> AppTest:
    opened = AppTest.from_string(SCRIPT, default_timeout=60)
    if format:
        opened.query_params["format"] = format
    return opened.run()


def text_of(opened: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*opened.text, *opened.code, *opened.caption))


def test_an_empty_page_says_what_will_stand_here(role: Role):
    opened = page()
    assert not opened.exception
    assert "Nothing can be taught yet" in opened.info[0].value


def test_a_lead_sees_gates_rows_and_makes_a_version(world: None):
    opened = page()
    assert not opened.exception
    assert [each.value for each in opened.header][:2] == ["2 rows of 3 candidates", "Rows as the model will see them"]
    for gate in gates_of("sft"):
        assert any(f":gray-badge[{gate.name}]" in each.value for each in opened.markdown)
    opened.button[0].click().run()
    assert "sft 1 is there: 2 rows." in opened.success[0].value
    with process.store().reading() as session:
        assert [(one.dataset, one.number) for one in list_versions(session)] == [("sft", 1)]
    opened.text_input[0].input("../evil").run()
    opened.button[0].click().run()
    assert "cannot name a dataset" in opened.error[0].value


def test_what_was_said_is_shown_as_the_text_it_is(world: None):
    opened = page()
    opened.session_state["datasets_row_sft_2"] = 2
    opened.run()
    assert not opened.exception
    assert f"Is it in stock? {EVIL}" in [each.value for each in opened.text]
    assert not any(
        "<script>" in each.value or "example.org" in each.value for each in (*opened.markdown, *opened.caption)
    )


def test_a_gate_is_switched_off_on_the_page(world: None):
    opened = page("dpo")
    assert opened.header[0].value == "2 rows of 3 candidates"
    assert {each.key for each in opened.toggle} == {
        f"datasets_gate_{name}" for name in ("empty", "identical", "secret", "duplicates")
    }
    opened.toggle(key="datasets_gate_duplicates").set_value(False).run()
    assert not opened.exception


def test_a_wrong_format_in_the_address_shows_the_page(world: None):
    opened = page("sfx")
    assert not opened.exception
    assert opened.segmented_control[0].value == "sft"


@pytest.mark.parametrize("role", [Role.ANNOTATOR], indirect=True)
def test_an_annotator_sees_counts_and_nothing_that_others_said(world: None):
    opened = page()
    assert not opened.exception
    assert opened.header[0].value == "2 rows of 3 candidates"
    assert opened.button[0].disabled
    assert "only leads" in opened.info[0].value
    assert "stock" not in text_of(opened)
    assert all(each.disabled for each in opened.toggle)


def test_a_lead_says_which_labels_count(world: None):
    opened = page("dpo")
    opened.number_input(key="datasets_reviewers").set_value(2).run()
    assert not opened.exception
    assert opened.header[0].value == "0 rows of 3 candidates"
    opened.number_input(key="datasets_reviewers").set_value(1).run()
    opened.multiselect(key="datasets_sources_dpo").set_value(["preference"]).run()
    assert opened.header[0].value == "1 rows of 2 candidates"
    opened.multiselect(key="datasets_sources_dpo").set_value(["trials"]).run()
    assert not opened.exception
    assert "Nothing fits what you chose above" in opened.info[0].value


def test_two_versions_are_compared_on_the_page(world: None):
    opened = page()
    opened.button[0].click().run()
    with process.store().session() as session:
        keep(session, said("late", "This one came later.", 1))
    opened = page()
    opened.button[0].click().run()
    opened.session_state["datasets_compare_open"] = True
    opened.run()
    assert not opened.exception
    assert any("2 rows stayed as they are, 1 came, 0 went, 0 changed." in each.value for each in opened.markdown)


def test_a_large_version_is_looked_at_without_its_texts_and_made_in_the_background(
    world: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dataset_orders, "AT_ONCE", 2)
    opened = page()
    assert not opened.exception
    assert opened.header[0].value == "Up to 2 rows of 3 candidates"
    assert sum(":gray[not asked]" in each.value for each in opened.markdown) == sum(
        gate.reads for gate in gates_of("sft")
    )
    button(opened, "Ask them now").click().run()
    assert opened.header[0].value == "2 rows of 3 candidates"
    button(opened, "Make version").click().run()
    assert not opened.success
    assert button(opened, "Cancel") is not None
    assert make_due(process.store())
    opened.run()
    assert [each.value for each in opened.success] == ["sft 1 is there. Download it below."]
    opened.run()
    assert not opened.success


def test_a_large_version_can_be_cancelled_and_its_name_is_checked_at_once(world: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dataset_orders, "AT_ONCE", 2)
    opened = page()
    opened.text_input[0].set_value("no/name").run()
    button(opened, "Make version").click().run()
    assert "cannot name a dataset" in opened.error[0].value
    opened.text_input[0].set_value("lamps").run()
    button(opened, "Make version").click().run()
    button(opened, "Cancel").click().run()
    assert "lamps was cancelled. Nothing was kept." in [each.value for each in opened.info]
    assert not make_due(process.store())


def button(opened: AppTest, label: str) -> Any:
    return next(each for each in opened.button if each.label == label)
