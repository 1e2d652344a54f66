"""Every page draws for every role, on an empty folder and on the seeded world, also when its address is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.store.people import person_id
from dashboard import identity, process
from dashboard.identity import Actor
from dashboard.serving import fill_if_empty

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with the seeded world in it."""
    folder = tmp_path_factory.mktemp("seeded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOPWRIGHT_DATA_DIR", str(folder))
        fill_if_empty()
        process.close_all()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["empty", "seeded"])
def folder(request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "seeded":
        monkeypatch.setenv("LOOPWRIGHT_DATA_DIR", str(request.getfixturevalue("seeded")))
    yield request.param
    process.close_all()


@pytest.fixture(params=list(Role)[:2])
def role(request: pytest.FixtureRequest, folder: str, monkeypatch: pytest.MonkeyPatch) -> Role:
    name = "me" if request.param is Role.LEAD else "ada"
    with process.store().session() as session:
        actor = Actor(person_id(session, name, request.param, active=True), name, request.param)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: actor)
    return request.param


def drawn(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.run()
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    return app


@pytest.mark.parametrize("page", PAGES)
def test_a_page_draws(page: str, role: Role) -> None:
    app = drawn(page)
    assert [error.value for error in app.exception] == []
    assert [error.value for error in app.error] == []


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("traces", {"trace": "999999"}),
        ("traces", {"trace": "abc"}),
        ("traces", {"trace": "1", "step": "999999"}),
        ("traces", {"trace": "1", "beside": "999999"}),
        ("suites", {"suites_suite": "<b>@0"}),
        ("review", {"item": "999999"}),
        ("traces", {"trace": "1", "step": "9" * 5000}),
        ("review", {"item": "abc", "review_queue": "77"}),
        ("review", {"item": "99999999999999999999"}),
        ("review", {"item": "²"}),
        ("queues", {"queue": "99999999999999999999"}),
        ("queues", {"queue": "abc"}),
        ("adjudicate", {"run": "99999999999999999999", "question": "<b>", "schema": "x"}),
        ("compare", {"item": "-1"}),
        ("evaluation", {"evaluation_agent": "nobody", "evaluation_base": "v0"}),
        ("drift", {"drift_agent": "nobody"}),
        ("team", {"team_queue": "none"}),
    ],
)
def test_a_wrong_address_still_shows_the_page(page: str, address: dict[str, str], role: Role) -> None:
    app = drawn(page, **address)
    assert [error.value for error in app.exception] == []
    assert [error.value for error in app.error] == []


def test_without_a_choice_one_is_asked_who_one_is(folder: str) -> None:
    with process.store().session() as session:
        person_id(session, "ada", active=True)
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    assert [title.value for title in app.title] == ["Who are you?"]
    assert "ada" in app.get("html")[0].body
