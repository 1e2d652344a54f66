"""Agreement on Team: judges' words taken together on the page, one question in depth, and who may see what."""

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.evaluate.agreement_json import agreement_json
from core.evaluate.agreement_report import agreement_report
from core.ingest.accept import ImportOptions, import_paths
from core.records import Annotation, Mark, Role
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.people import add_person, person_id
from core.store.schemas import save_schema
from core.store.traces import find_trace
from dashboard import identity
from dashboard.identity import Actor
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import MONDAY, keep, run

ROOT = Path(__file__).parents[2]
WORD = "The judge's own word · judge-verdict"
PASSING = ("satisfied", "satisfactory", "compliant", "correct")


@pytest.fixture(autouse=True)
def own_folder(data_dir):
    yield
    close_all()


@pytest.fixture
def judged(data_dir, real_data):
    folder = real_data / "tau2-bench"
    paths = [folder / "llm-judges-airline", *(folder / "airline-versions").glob("2025-12-02_gpt-4o-azure*")]
    import_paths(store(), paths, ImportOptions())


@pytest.fixture
def labelled(data_dir):
    """Twelve runs, judged by ann and bob over two weeks; they differ on every fourth, and cat judged with ann once."""
    keep(store(), [run(f"r/{n}", "v1", f"t/{n}", None) for n in range(12)])
    with store().session() as session:
        schema = save_schema(session, RUN_REVIEW)
        for n in range(12):
            for person in ("ann", "bob", *(["cat"] if n == 0 else [])):
                outcome = "failed" if n % 2 or (person == "bob" and n % 4 == 0) else "solved"
                marks = (Mark("first_mistake", "0", ""), Mark("went_wrong", "0", "Timeout Issues"))[: 2 * (n % 2)]
                said = Annotation(f"r/{n}", person, "run-review", {"outcome": outcome, "rating": str(n % 5 + 1)}, marks)
                who, trace = person_id(session, person), find_trace(session, f"r/{n}")
                at = MONDAY + timedelta(weeks=n // 6)
                add_annotation(session, trace, who, (schema, "run-review"), said, at)


def opened(**address):
    at = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=60)
    at.run()
    at.switch_page(str(ROOT / "pages/team.py"))
    for key, value in address.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception
    return at


def looking_at(view, question, **address):
    at = opened(team_question=question, **address)
    at.segmented_control(key="team_view").set_value(view).run()
    assert not at.exception, at.exception
    return at


def words(at):
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.header, at.toast)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def table(at, column):
    return next(one.value for one in at.dataframe if column in one.value.columns)


def word_report():
    with store().reading() as session:
        (found,) = agreement_json(agreement_report(session, question="word", raters="machines"))["questions"]
    return found


def test_judges_words_are_taken_together_on_the_page_and_both_figures_are_shown(judged):
    at = looking_at("Words that mean the same", WORD, team_raters="machines")
    rows = table(at, "Fleiss’ κ").set_index("Question")
    assert rows.loc["The judge's own word", "Fleiss’ κ"] == "0.109 (-0.020 to 0.230, n 50)"
    for word in PASSING:
        next(one for one in at.selectbox if one.label == f"{word} counts as").set_value("pass")
    next(button for button in at.button if button.label == "Save what words count as").click().run()
    assert not at.exception, at.exception
    said = words(at)
    assert "“satisfied”" in said
    assert "counted as “pass”" in said
    assert "As answered|0.113 (-0.015 to 0.233, n 50)|0.109 (-0.020 to 0.230, n 50)|50 % (43 to 58 %, n 50)" in said
    assert (
        "With words that mean the same|0.310 (0.138 to 0.469, n 50)|0.307 (0.134 to 0.467, n 50)|73 % (66 to 80" in said
    )
    rows = table(at, "As answered: α").set_index("Question")
    assert rows.loc["The judge's own word", "Fleiss’ κ"] == "0.307 (0.134 to 0.467, n 50)"
    assert rows.loc["The judge's own word", "As answered: α"] == "0.113 (-0.015 to 0.233, n 50)"
    found = word_report()
    assert (round(found["fleiss"], 3), round(found["mapped"]["fleiss"], 3)) == (0.109, 0.307)
    assert found["mapped"]["words"] == dict.fromkeys(sorted(PASSING), "pass")
    next(button for button in at.button if button.label.startswith("Count every word as itself")).click().run()
    assert not at.exception, at.exception
    assert word_report()["mapped"] is None
    assert "counted as “pass”" not in words(at)


def test_one_question_by_answers_and_over_time(labelled):
    at = looking_at("Each answer", "What went wrong · run-review")
    rows = table(at, "Given")
    assert (list(rows["Answer"]), list(rows["Given"]), list(rows["On"])) == (
        ["Timeout Issues"],
        ["12 times"],
        ["6 items"],
    )
    assert list(rows["Krippendorff’s α"]) == ["1.000 (all items alike, n 12)"]
    at = looking_at("Over time", "Did it solve the task? · run-review")
    rows = table(at, "Week of")
    assert list(rows["Week of"]) == ["2026-08-31", "2026-09-07"]
    assert list(rows["Agree"]) == ["72 % (39 to 100 %, n 6)", "83 % (50 to 100 %, n 6)"]


def test_leads_see_every_two_reviewers_and_annotators_only_themselves(labelled, monkeypatch):
    at = looking_at("Each two reviewers", "Did it solve the task? · run-review")
    rows = table(at, "Cohen’s κ").set_index("Reviewers")
    assert list(rows["Items both judged"]) == ["12", "1", "1"]
    assert rows.loc["ann and cat", "Cohen’s κ"] == "not enough data (n 1)"
    with store().session() as session:
        cat = Actor(add_person(session, "dora", Role.ANNOTATOR), "dora", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: cat)
    at = opened(team_question="Did it solve the task? · run-review")
    assert "Nobody has judged the same items as you." in words(at)
    assert "ann" not in str([one.value for one in at.dataframe])
    assert at.segmented_control(key="team_view").options == ["Each two reviewers", "Over time"]


def test_what_changes_is_seen_at_once(labelled):
    at = opened()
    before = table(at, "Krippendorff’s α").set_index("Question").loc["Did it solve the task?", "Krippendorff’s α"]
    with store().session() as session:
        schema = save_schema(session, RUN_REVIEW)
        for n in range(0, 12, 4):
            said = Annotation(f"r/{n}", "bob", "run-review", {"outcome": "solved"})
            trace = find_trace(session, f"r/{n}")
            add_annotation(session, trace, person_id(session, "bob"), (schema, "run-review"), said, MONDAY)
    at.run()
    after = table(at, "Krippendorff’s α").set_index("Question").loc["Did it solve the task?", "Krippendorff’s α"]
    assert before != after == "1.000 (all items alike, n 12)"
