"""Agreement from what is stored: PandaLM as published, and each kind of question."""

import pytest

from core.clock import now
from core.errors import InvalidInput, NotFound
from core.evaluate.agreement_json import agreement_json
from core.evaluate.agreement_report import agreement_report
from core.ingest.accept import ImportOptions, import_paths
from core.records import Annotation, LabelSchema, Mark, Option, Question, Role
from core.store.annotations import add_annotation
from core.store.items import NewItem, add_items
from core.store.people import person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.traces import find_trace
from tests.core.evaluate.conftest import keep, run

OPTIONS = tuple(Option(value, value) for value in "abc")
SCHEMA = LabelSchema(
    "kinds",
    1,
    "Kinds",
    (
        Question("outcome", "choice", "Outcome", OPTIONS),
        Question("sure", "yes_no", "Sure?"),
        Question("first", "step", "First mistake"),
        Question("wrong", "taxonomy", "What went wrong", OPTIONS),
        Question("rating", "scale", "Rating", OPTIONS),
        Question("score", "number", "Score"),
        Question("comment", "text", "Comment"),
    ),
)


def say(store, uid, person, answers, marks=(), role=Role.ANNOTATOR, withdrawn=False):
    with store.session() as session:
        schema = (save_schema(session, SCHEMA), "kinds")
        said = Annotation(uid, person, "kinds", answers, tuple(marks))
        who = person_id(session, person, role)
        add_annotation(session, find_trace(session, uid), who, schema, said, now(), withdrawn=withdrawn)


def report(store, **asked):
    with store.reading() as session:
        return agreement_report(session, **asked)


def test_pandalm_as_published(store, real_data):
    import_paths(store, [real_data / "pandalm/testset-v1.json"], ImportOptions())
    (question,) = agreement_json(report(store))["questions"]
    assert (question["key"], question["n_items"], question["n_raters"]) == ("preference", 999, 3)
    assert {raters: round(kappa, 3) for raters, kappa in question["cohen"].items()} == {
        "pandalm-annotator1~pandalm-annotator2": 0.852,
        "pandalm-annotator1~pandalm-annotator3": 0.879,
        "pandalm-annotator2~pandalm-annotator3": 0.862,
    }
    assert round(question["fleiss"], 3) == round(question["krippendorff"], 3) == 0.864
    low, high = question["interval"]
    assert 0.84 < low < 0.864 < high < 0.89


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


def test_people_and_machines_are_apart_and_what_was_withdrawn_does_not_count(store):
    keep(store, [run(uid, "v1", "t", None) for uid in "xy"])
    for uid, judged in (("x", "a"), ("y", "b")):
        for person in ("ann", "bob"):
            say(store, uid, person, {"outcome": "a" if person == "ann" else judged})
        for judge in ("judge-1", "judge-2"):
            say(store, uid, judge, {"outcome": "c"}, role=Role.MACHINE)
    say(store, "y", "bob", {}, withdrawn=True)
    people, machines = report(store, question="outcome"), report(store, question="outcome", raters="machines")
    assert [(found.questions[0].report.n_items, found.raters) for found in (people, machines)] == [
        (1, "people"),
        (2, "machines"),
    ]


def test_one_queue_only(store):
    keep(store, [run(uid, "v1", "t", None) for uid in "xy"])
    for uid in "xy":
        for person in ("ann", "bob"):
            say(store, uid, person, {"outcome": "a"})
    with store.session() as session:
        queue = make_queue(session, "first", "trace", save_schema(session, SCHEMA))
        add_items(session, get_queue(session, queue), [NewItem(find_trace(session, "x"))])
    assert report(store, queue="first", question="outcome").questions[0].report.n_items == 1
    assert report(store, question="outcome").questions[0].report.n_items == 2


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"queue": "nothing"}, NotFound, "no queue nothing"),
        ({"question": "nothing"}, NotFound, "answered are: none"),
        ({"raters": "cats"}, InvalidInput, "people or machines"),
    ],
)
def test_wrong_names_say_what_there_is(store, asked, error, message):
    with pytest.raises(error, match=message):
        report(store, **asked)


def test_without_labels_there_is_nothing_to_report(store):
    assert agreement_json(report(store)) == {
        "queue": None,
        "raters": "people",
        "known_left_out": 0,
        "questions": [],
    }
