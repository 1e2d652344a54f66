"""How the answers to each kind of question are compared."""

import pytest

from core.clock import now
from core.evaluate.agreement_json import agreement_json
from core.measure.agreement import krippendorff_alpha
from core.records import (
    Choice,
    Mark,
    Pair,
    Preference,
)
from core.store.pairs import add_preference, insert_pairs
from core.store.people import person_id
from core.store.schemas import save_schema
from tests.core.evaluate.agreeing import DEEP, SCHEMA, long_run, report, say, verdicts
from tests.core.evaluate.conftest import keep, run


def test_each_kind_of_question_is_compared_as_it_must_be(store):
    keep(store, [run(uid, "v1", f"t/{uid}", None) for uid in "xyz"])
    for uid, score in (("x", 1.0), ("y", 2.0), ("z", 9.0)):
        marks = [Mark("wrong", "0", "a"), Mark("wrong", "0", "a"), Mark("first", "0", "")]
        answers = {"outcome": "a" if uid == "x" else "b", "sure": True, "rating": "c", "score": score, "comment": uid}
        say(store, uid, "ann", answers, marks)
        say(store, uid, "bob", answers | {"wrong": ["a"], "comment": "other", "score": "none" if uid == "z" else score})
    by_key = {question.key: question for question in report(store).questions}
    assert list(by_key) == ["outcome", "sure", "first", "wrong", "rating", "score"]
    assert {key: question.report.n_items for key, question in by_key.items()} == {
        "outcome": 3,
        "sure": 3,
        "first": 0,
        "wrong": 3,
        "rating": 3,
        "score": 2,
    }
    assert by_key["outcome"].report.krippendorff.value == by_key["score"].report.krippendorff.value == 1
    assert by_key["wrong"].report.percent.value == 100
    said = {question["key"]: question for question in agreement_json(report(store))["questions"]}
    assert said["sure"]["krippendorff"] is None
    assert "chance" in said["sure"]["undefined"]["krippendorff"]
    assert said["outcome"]["cohen"] == {"ann~bob": 1.0}


def test_each_step_with_two_verdicts_is_an_item_and_an_unmarked_one_is_none(store):
    keep(store, [long_run(uid) for uid in "xyz"])
    say(store, "x", "ann", {}, verdicts(s0="1", s1="0", s2="-1", s3="1"), schema=DEEP)
    say(store, "x", "bob", {}, verdicts(s0="1", s1="-1", s2="-1"), schema=DEEP)
    say(store, "y", "ann", {}, verdicts(s0="1"), schema=DEEP)
    say(store, "y", "bob", {}, verdicts(s0="0", s5="1"), schema=DEEP)
    (found,) = report(store, question="steps").questions
    numbers = {"x0": (1, 1), "x1": (0, -1), "x2": (-1, -1), "y0": (1, 0)}
    ratings = {item: dict(zip(("ann", "bob"), two, strict=True)) for item, two in numbers.items()}
    assert (found.rated.compared, found.report.n_items, found.report.percent.value) == ("ordinal", 4, 50)
    assert found.report.krippendorff.value == krippendorff_alpha(ratings, "ordinal").value


def test_a_step_that_is_judged_by_itself_is_an_item(store):
    keep(store, [long_run("x")])
    for step, judged in (("s1", ("a", "a")), ("s2", ("a", "b")), ("", ("b", "b"))):
        for person, outcome in zip(("ann", "bob"), judged, strict=True):
            say(store, "x", person, {"outcome": outcome}, step=step)
    (found,) = report(store, question="outcome").questions
    assert (found.report.n_items, found.report.percent.value) == (3, pytest.approx(200 / 3))


def test_pointers_are_also_compared_within_one_step(store):
    keep(store, [long_run(uid) for uid in "xyz"])
    for uid, steps in (("x", ("s1", "s1")), ("y", ("s1", "s2")), ("z", ("s1", "s4"))):
        for person, step in zip(("ann", "bob"), steps, strict=True):
            say(store, uid, person, {}, [Mark("first", step, "")], schema=DEEP)
    (found,) = report(store, question="first").questions
    assert found.report.percent.value == pytest.approx(100 / 3)
    assert (found.near.value, found.near.n_items) == (pytest.approx(200 / 3), 3)


def test_words_are_compared_by_how_far_they_overlap(store):
    keep(store, [long_run(uid) for uid in "xyz"])
    say(store, "x", "ann", {}, [Mark("words", "s1", "", 0, 10)], schema=DEEP)
    say(store, "x", "bob", {}, [Mark("words", "s1", "", 5, 15)], schema=DEEP)
    say(store, "y", "ann", {}, [Mark("words", "s1", "", 0, 10)], schema=DEEP)
    for uid, person in (("y", "bob"), ("z", "ann"), ("z", "bob")):
        say(store, uid, person, {}, schema=DEEP)
    team = report(store, question="words")
    (row,) = agreement_json(team)["questions"]
    assert (row["level"], row["percent"], row["n_items"], row["fleiss"]) == ("spans", 25.0, 2, None)
    assert row["overlap"]["ann~bob"]["percent"] == 25.0
    assert "hardly ever mark the same words by luck" in row["undefined"]["krippendorff"]


def test_what_was_not_asked_was_not_answered_with_nothing(store):
    keep(store, [long_run(uid) for uid in "xy"])
    for uid, failed in (("x", True), ("y", False)):
        for person in ("ann", "bob"):
            say(store, uid, person, {"failed": failed}, schema=DEEP)
    assert report(store, question="wrong").questions[0].report.n_items == 1
    assert report(store, question="failed").questions[0].report.n_items == 2


def test_what_is_asked_beside_a_choice_is_compared_too(store):
    with store.session() as session:
        schema = save_schema(session, SCHEMA)
        pairs = insert_pairs(session, [Pair(f"p{n}", "test", "Which?", "A", "B") for n in range(2)])
        for person, outcome in (("ann", "a"), ("bob", "b")):
            for pair in pairs.values():
                said = Preference("", person, Choice.A, answers={"outcome": outcome})
                add_preference(session, pair, person_id(session, person), said, now(), schema_id=schema)
    found = {one.key: one.report for one in report(store).questions}
    assert {key: one.n_items for key, one in found.items()} == {"outcome": 2, "wrong": 2, "preference": 2}
    assert (found["outcome"].percent.value, found["preference"].percent.value) == (0, 100)
