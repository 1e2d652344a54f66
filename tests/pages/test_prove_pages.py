"""Home, Evaluation, Drift and Team as their readers meet them: empty, full, misaddressed, as lead and as annotator."""

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.evaluate.weeks import FEW
from core.records import Annotation, Mark, Role, Split, Task, Version
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.items import NewItem, add_items
from core.store.people import add_person, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.suites import Case, add_tasks, draft_of, find_suite, openings_of, set_cases
from core.store.tables import TaskRow
from core.store.task_splits import set_splits
from core.store.traces import find_trace
from dashboard import identity
from dashboard.identity import Actor
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import MONDAY, keep, plan, run

ROOT = Path(__file__).parents[2]
PAGES = ("home", "evaluation", "drift", "team")


@pytest.fixture(autouse=True)
def own_folder(data_dir):
    yield
    close_all()


@pytest.fixture
def world(data_dir):
    """Two versions of a shop on eight tasks over two weeks; v2 breaks one and fixes two; two people labelled."""
    before = {str(n): "sss" if n < 6 else "fff" for n in range(8)}
    after = before | {"0": "fff", "6": "sss", "7": "ssf"}
    keep(store(), plan({"v1": before, "v2": after}), Version("shop", "v2", base="v1"))
    later = [run(f"w/{n}", "v2", f"shop/{n}", 1.0, MONDAY + timedelta(weeks=1)) for n in range(8)]
    keep(store(), later)
    with store().session() as session:
        schema = save_schema(session, RUN_REVIEW)
        queue = get_queue(session, make_queue(session, "all *runs*", "trace", schema))
        add_items(session, queue, [NewItem(find_trace(session, f"v1/{n}/0")) for n in range(8)])
        for person in ("ann", "bob"):
            who = person_id(session, person)
            for n in range(FEW):
                uid = f"v1/{n}/0"
                outcome = "failed" if person == "bob" and n == 0 else "solved"
                marks = (Mark("went_wrong", "0", "Timeout Issues"),)
                said = Annotation(uid, person, "run-review", {"outcome": outcome}, marks, active_seconds=60.0)
                add_annotation(session, find_trace(session, uid), who, (schema, "run-review"), said, MONDAY)
        add_tasks(session, "small", [session.query(TaskRow).filter_by(key="shop/0").one().id])


def opened(page, **address):
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=30)
    for key, value in address.items():
        at.query_params[key] = value
    at.run()
    if page != "home":
        at.switch_page(str(ROOT / f"pages/{page}.py"))
        for key, value in address.items():
            at.query_params[key] = value
        at.run()
    assert not at.exception, at.exception
    return at


def words(at):
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.header)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("home", "Nothing has come in yet."),
        ("evaluation", "No run has come in yet."),
        ("drift", "No run has come in yet."),
        ("team", "Nothing has been judged by two"),
    ],
)
def test_an_empty_page_says_what_will_stand_here_and_how_to_fill_it(page, said):
    at = opened(page)
    assert said in words(at)
    assert at.get("page_link")


def test_home_names_the_leak_and_the_newest_version(world):
    at = opened("home")
    said = words(at)
    assert (
        at.subheader[0].value.replace("\\", "").endswith("No lesson is active yet: what people say reaches no agent.")
    )
    assert "shop: It cannot be told whether v2 is better or worse than v1" in said.replace("**", "")
    assert next(one.value for one in at.markdown if one.value.startswith("### ")) == "### 56"


def test_evaluation_puts_the_verdict_first_and_links_to_both_runs(world):
    at = opened("evaluation")
    said = words(at)
    assert "It cannot be told whether v2 is better or worse than v1" in at.subheader[0].value.replace("\\", "")
    assert "It broke 1 task and fixed 2." in said
    broken = next(table.value for table in at.dataframe if "Base: v1" in table.value.columns)
    assert list(broken["Task"]) == ["shop/0"]
    # Two reviewers disagree on one run of v1, which leaves its outcome unknown; v2 ran once more in the second week.
    assert list(broken["Solved"]) == ["3 of 3 → 1 of 4"]
    assert broken["Base: v1"][0].startswith("/traces?trace=")
    assert broken["Both runs"][0] == f"{broken['Base: v1'][0]}&beside={broken['Candidate: v2'][0].rpartition('=')[2]}"


def test_a_draft_suite_is_fixed_by_being_compared_on(world):
    at = opened("evaluation", evaluation_suite="small")
    assert "1 task" in words(at)
    with store().reading() as session:
        assert find_suite(session, "small").frozen_at is not None


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("evaluation", {"evaluation_agent": "nobody"}),
        ("evaluation", {"evaluation_candidate": "v9"}),
        ("evaluation", {"evaluation_suite": "none"}),
        ("drift", {"drift_agent": "nobody"}),
        ("team", {"team_queue": "none"}),
        ("team", {"team_raters": "cats"}),
    ],
)
def test_a_wrong_address_shows_the_page_with_a_message(world, page, address):
    at = opened(page, **address)
    (asked,) = address.values()
    assert f"there is no “{asked}”" in words(at)
    assert at.title[0].value == page.capitalize()
    assert at.selectbox


def test_drift_shows_weeks_and_says_when_nothing_stands_out(world):
    assert "Too few rows to compare" in words(opened("drift"))
    at = opened("drift", drift_agent="shop", drift_view="Week by week")
    assert "Solved: 100 % in the week of 07 Sep" in words(at)
    table = next(table.value for table in at.dataframe if "Solved" in table.value.columns)
    assert list(table["Week of"]) == ["2026-08-31", "2026-09-07"]
    assert "Timeout Issues" in words(at)


def test_guards_of_an_agent_stand_on_drift_each_with_what_to_do(world):
    at = opened("drift", drift_agent="shop", drift_view="Guards")
    said = words(at)
    assert "guards" in said
    for guard in ("Forgetting", "Reward hacking", "Contamination", "Leakage", "Open loop"):
        assert f"**{guard}**" in said
    assert "Keep some tasks of a suite for holdout." in said


def test_drift_of_runs_without_a_time_says_so():
    keep(store(), [run("1", "v1", "t", 1.0, None)])
    assert "do not say when they began" in words(opened("drift"))


def test_evaluation_of_guessed_tasks_says_why_there_is_no_comparison():
    keep(store(), [run("1", "v1", Task("guess/1", derived=True), 1.0)])
    assert "name no task" in words(opened("evaluation"))


def test_team_shows_agreement_with_n_and_what_each_did(world):
    at = opened("team")
    tables = [table.value for table in at.dataframe]
    agreement = next(table for table in tables if "Krippendorff’s α" in table.columns)
    work = next(table for table in tables if "Name" in table.columns)
    row = agreement.set_index("Question").loc["Did it solve the task?"]
    assert (row["Items"], row["Agree"], row["Raters"]) == ("5", "80 % (40 to 100 %, n 5)", "2")
    assert list(work["Name"]) == ["ann", "bob"]
    assert work["Time an item"][0].strip() == "1.0 min (no interval, n 5)"
    assert "α is undefined" in words(at)


def test_an_annotator_sees_no_outcome_of_a_task_and_only_their_own_work(world, monkeypatch):
    with store().session() as session:
        cat = Actor(add_person(session, "cat", Role.ANNOTATOR), "cat", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: cat)
    at = opened("evaluation")
    assert "Only leads compare versions" in words(at)
    assert not [table for table in at.dataframe if "Task" in table.value.columns]
    assert "shop/0" not in str([table.value for table in at.dataframe])
    at = opened("team")
    assert "You have not submitted anything yet." in words(at)
    assert "ann" not in str([table.value.get("Name") for table in at.dataframe])


@pytest.mark.parametrize("page", PAGES)
def test_names_that_others_wrote_are_text(page):
    bad = "**v**<b>1</b>[x](http://y)"
    results = [run(f"{version}/{n}", version, f"a/{n}", 1.0, agent=bad) for version in (bad, "w") for n in range(6)]
    keep(store(), results)
    at = opened(page)
    assert "**v**" not in "".join(element.value for kind in (at.markdown, at.subheader) for element in kind)


def test_another_agent_has_its_own_versions(world):
    keep(store(), [run(f"o/{v}/{n}", v, f"b/{n}", 1.0, agent="other") for v in ("x1", "x2") for n in range(6)])
    at = opened("evaluation", evaluation_agent="shop", evaluation_base="v2", evaluation_candidate="v1")
    assert "v1 is" in words(at) or "whether v1 is" in words(at)
    at.selectbox(key="evaluation_agent").set_value("other").run()
    assert not at.exception
    assert [at.selectbox(key=f"evaluation_{side}").value for side in ("base", "candidate")] == ["x1", "x2"]
    assert "x2 is better or worse than x1" in words(at)


def test_a_holdout_is_opened_with_a_reason_and_compared_alone(world):
    with store().session() as session:
        set_cases(session, draft_of(session, "kept"), [Case(f"shop/{n}", ("all",)) for n in range(4)])
        set_splits(session, {"shop/0": Split.HOLDOUT})
    at = opened("evaluation", evaluation_suite="kept")
    assert "1 task of the holdout, which is closed" in words(at)
    assert any("Tag" in table.value.columns for table in at.dataframe)
    button = next(one for one in at.button if one.label == "Open the holdout")
    assert button.disabled
    at.text_input(key="evaluation_holdout_reason").set_value("The release.").run()
    next(one for one in at.button if one.label == "Open the holdout").click().run()
    assert not at.exception
    assert "on the holdout alone" in words(at)
    with store().reading() as session:
        assert [(one.by, one.reason) for one in openings_of(session, "kept")] == [("me", "The release.")]
    next(one for one in at.button if one.label == "Close it").click().run()
    assert "1 task of the holdout, which is closed" in words(at)
