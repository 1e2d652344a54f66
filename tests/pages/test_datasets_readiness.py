"""The sentence on Datasets that says whether fine-tuning is worthwhile yet, and its three answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.store.people import person_id
from dashboard import identity, process
from dashboard.identity import Actor
from tests.core.dataset.world import keep, said

PAGES = Path(__file__).resolve().parents[2] / "pages"
SCRIPT = f"""
import streamlit as st
others = [st.Page(r"{PAGES}/traces.py"), st.Page(r"{PAGES}/lessons.py")]
st.navigation([st.Page(r"{PAGES}/datasets.py", default=True), *others]).run()
"""
EVIL = "**shop** :fire: [x](http://example.org)"


@pytest.fixture(params=[Role.LEAD])
def role(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Role]:
    """Somebody of that role acts, on one run each of two agents."""
    with process.store().session() as session:
        actor = Actor(person_id(session, "reviewer-1", request.param, active=True), "reviewer-1", request.param)
        keep(session, said("one", "Is it in stock?", 1), said("two", "Cancel it, please.", 1, agent=EVIL))
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    yield request.param
    process.close_all()


def page(**address: str) -> AppTest:
    opened = AppTest.from_string(SCRIPT, default_timeout=60)
    opened.session_state["datasets_readiness"] = True
    for name, value in address.items():
        opened.query_params[name] = value
    return opened.run()


def sentence(opened: AppTest) -> str:
    return str(opened.expander[0].label)


def text_of(opened: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*opened.markdown, *opened.subheader, *opened.caption))


def test_a_lead_reads_the_sentence_and_its_three_answers(role: Role) -> None:
    opened = page(datasets_agent="shop")
    assert not opened.exception
    assert sentence(opened).startswith(
        "**Is fine-tuning shop worthwhile yet?** Not yet\\: nobody can tell whether the task"
    )
    for title in ("Is its work stable?", "Are there enough examples?", "Would it save context?"):
        assert f"**{title}**" in text_of(opened)
    assert [each.value for each in opened.subheader][:3] == ["unknown", "1 of 100 examples", "unknown"]
    assert "What lessons teach it without any training" in text_of(opened)


def test_another_agent_is_chosen_and_its_name_is_shown_as_it_is(role: Role) -> None:
    opened = page()
    assert opened.selectbox(key="datasets_agent").value == EVIL
    assert "\\*\\*shop\\*\\*" in sentence(opened)
    opened.selectbox(key="datasets_agent").select("shop").run()
    assert not opened.exception
    assert sentence(opened).startswith("**Is fine-tuning shop worthwhile yet?**")


def test_an_address_that_names_nobody_is_answered_in_words(role: Role) -> None:
    opened = page(datasets_agent="eve")
    assert not opened.exception
    assert "there is no “eve” here" in opened.warning[0].value


@pytest.mark.parametrize("role", [Role.ANNOTATOR], indirect=True)
def test_an_annotator_is_told_nothing_of_how_runs_came_out(role: Role) -> None:
    opened = page()
    assert not opened.exception
    assert not any("fine-tuning" in each.label for each in opened.expander)
