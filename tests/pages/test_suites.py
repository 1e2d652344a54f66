"""Suites as leads and annotators meet it: empty, a draft, a frozen one, names of any length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.store.people import add_person
from core.store.suites import Case, draft_of, find_suite, freeze, set_cases
from dashboard import identity
from dashboard.identity import Actor
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import keep, plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_folder(data_dir: Path) -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def draft() -> str:
    """A draft of three of the six tasks that an agent tried."""
    keep(store(), plan({"v1": dict.fromkeys("123456", "s"), "v2": dict.fromkeys("123456", "f")}))
    with store().session() as session:
        set_cases(session, draft_of(session, "small"), [Case(f"shop/{n}", ("late",)) for n in "123"])
    return "small@1"


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=30)
    at.run()
    at.switch_page(str(ROOT / "pages/suites.py"))
    for key, value in address.items():
        at.query_params[key] = value
    return whole(at.run())


def whole(at: AppTest) -> AppTest:
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    kinds = (at.title, at.markdown, at.caption, at.info, at.warning, at.header, at.toast)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def clicked(at: AppTest, key: str) -> AppTest:
    return whole(at.button(key=key).click().run())


def test_an_empty_page_offers_to_make_one_and_so_it_is_made(data_dir: Path) -> None:
    at = opened()
    assert "No suite yet." in words(at)
    assert at.button(key="suites_make").disabled
    whole(at.text_input(key="suites_name").set_value("  returns ").run())
    assert "returns is a draft now." in words(clicked(at, "suites_make"))
    assert at.selectbox(key="suites_suite").value == "returns@1"
    assert "This draft has no task yet." in words(at)
    assert "No run has come in yet" in words(at)


def test_a_name_with_an_at_sign_is_refused_in_words(data_dir: Path) -> None:
    at = opened()
    whole(at.text_input(key="suites_name").set_value("a@b").run())
    assert "without an @" in words(clicked(at, "suites_make"))


def test_a_draft_offers_the_tasks_of_runs_and_is_frozen_and_revised(draft: str) -> None:
    at = opened()
    offered = next(table.value for table in at.dataframe if "In the draft" in table.value.columns)
    assert list(offered["In the draft"]) == ["yes"] * 3 + [""] * 3
    whole(at.text_input(key="suites_words").set_value("shop/5").run())
    offered = next(table.value for table in at.dataframe if "In the draft" in table.value.columns)
    assert list(offered["Solved"]) == ["1 of 2"]
    assert "small@1 is frozen." in words(clicked(at, "suites_freeze"))
    assert not [one for one in at.button if one.key == "suites_save"]
    at.text_input(key="suites_note").set_value("with returns").run()
    assert "small@2 is a draft with the same tasks." in words(clicked(at, "suites_revise"))
    assert at.selectbox(key="suites_suite").value == "small@2"
    assert "Why this revision: with returns" in words(at)
    listed = next(table.value for table in at.dataframe if "Holdout opened" in table.value.columns)
    newer, older = listed["State"]
    assert newer == "draft"
    assert older.startswith("frozen 20")


def test_the_margin_of_a_draft_is_set(draft: str) -> None:
    at = opened()
    at.number_input[0].set_value(2.0).run()
    clicked(at, "suites_set_margin")
    with store().reading() as session:
        assert find_suite(session, "small").margin == 0.02


def test_what_another_froze_meanwhile_is_told_in_words(draft: str) -> None:
    at = opened()
    at.number_input[0].set_value(3.0).run()
    with store().session() as session:
        freeze(session, find_suite(session, "small"))
    assert "is frozen with 3 tasks" in words(clicked(at, "suites_set_margin"))


def test_annotators_read_one_sentence(draft: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with store().session() as session:
        cat = Actor(add_person(session, "cat", Role.ANNOTATOR), "cat", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: cat)
    at = opened()
    assert "Only leads look after suites" in words(at)
    assert not at.dataframe
    assert not at.selectbox


@pytest.mark.parametrize("name", ["**v**<b>1</b>[x](http://y)", "a" * 200, "näme/with ‮ signs"])
def test_names_of_any_kind_are_shown(draft: str, name: str) -> None:
    with store().session() as session:
        set_cases(session, draft_of(session, name), [Case("shop/1", ("**t**", "t" * 300))])
    at = opened(suites_suite=f"{name}@1")
    assert at.selectbox(key="suites_suite").value == f"{name}@1"
    assert "**t**" not in "".join(element.value for element in at.markdown)


def test_a_wrong_address_is_told(draft: str) -> None:
    assert "there is no “none@4”" in words(opened(suites_suite="none@4"))
