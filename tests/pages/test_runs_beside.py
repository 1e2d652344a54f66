"""Two runs beside each other on Traces: what broke and what it did before, with the words where it cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.review.ready_made import RUN_REVIEW
from core.store.items import NewItem, add_items
from core.store.people import add_person
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.traces import find_trace
from dashboard import identity
from dashboard.identity import Actor
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import keep, plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def runs(data_dir: Path) -> Iterator[tuple[int, int]]:
    """A run of v1 that solved a task, and one of v2 that did not."""
    keep(store(), plan({"v1": {"1": "sf", "2": "s"}, "v2": {"1": "f", "2": "s"}}))
    with store().reading() as session:
        yield find_trace(session, "v1/1/0"), find_trace(session, "v2/1/0")
    close_all()


def opened(**address: object) -> AppTest:
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=30).run()
    at.switch_page(str(ROOT / "pages/traces.py"))
    for key, value in address.items():
        at.query_params[key] = str(value)
    at.run()
    assert not at.exception, at.exception
    return at


def said_at(at: AppTest, name: str) -> str:
    """What the address says, which AppTest gives as a text or as a list of one."""
    value = at.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def words(at: AppTest) -> str:
    kinds = (at.title, at.markdown, at.caption, at.info, at.warning)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def test_both_stand_with_their_outcomes_and_the_other_trials(runs: tuple[int, int]) -> None:
    before, after = runs
    at = opened(trace=before, beside=after)
    assert ["solved" in words(at), "failed" in words(at)] == [True, True]
    (trials,) = at.selectbox  # v2 ran the task once
    assert trials.options == ["trial 0, solved", "trial 1, failed"]
    trials.select_index(1).run()
    assert said_at(at, "trace") not in ("", str(before))
    assert said_at(at, "beside") == str(after)
    at.button(key="traces_alone_beside").click().run()
    assert not at.exception
    assert "beside" not in at.query_params
    assert said_at(at, "trace") == str(after)


def test_runs_of_two_tasks_are_told_apart(runs: tuple[int, int]) -> None:
    with store().reading() as session:
        another = find_trace(session, "v2/2/0")
    assert "different tasks" in words(opened(trace=runs[0], beside=another))


@pytest.mark.parametrize("beside", ["999999", "abc", "", "²", "9" * 400])
def test_a_run_that_is_not_there_leads_to_the_list(runs: tuple[int, int], beside: str) -> None:
    at = opened(trace=runs[0], beside=beside)
    assert "There is no" in words(at)
    assert at.title[0].value == "Traces"


def test_whoever_judges_one_of_them_blind_sees_neither(runs: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    with store().session() as session:
        cat = Actor(add_person(session, "cat", Role.ANNOTATOR), "cat", Role.ANNOTATOR)
        queue = get_queue(session, make_queue(session, "runs", "trace", save_schema(session, RUN_REVIEW)))
        add_items(session, queue, [NewItem(runs[1])])
    monkeypatch.setattr(identity, "actor_from", lambda cookies: cat)
    said = words(opened(trace=runs[0], beside=runs[1]))
    assert "still to judge one of these runs" in said
    assert "failed" not in said
