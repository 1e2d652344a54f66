from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import InvalidInput
from core.records import LabelSchema, Option, Question, ShownIf
from core.review.ready_made import READY_MADE, RUN_REVIEW
from core.review.schema_changes import changes
from core.review.schema_checks import check_schema, problems

ONE, TWO = Option("one", "One"), Option("two", "Two")
CHOICE = Question("q", "choice", "Which?", (ONE, TWO))


def schema(*questions: Question, **parts: Any) -> LabelSchema:
    return replace(LabelSchema("s", 1, "S", questions), **parts)


def found(given: LabelSchema) -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.place, problem.message) for problem in problems(given)]


@pytest.mark.parametrize("key", list(READY_MADE))
def test_what_ships_has_no_problem(key: str) -> None:
    assert found(READY_MADE[key]) == []


@pytest.mark.parametrize(
    ("question", "place", "says"),
    [
        (replace(CHOICE, key=""), ("key",), "It has none yet."),
        (replace(CHOICE, key="First mistake"), ("key",), "“First mistake” is none."),
        (replace(CHOICE, title=" "), ("title",), "Write the question."),
        (replace(CHOICE, kind="choise"), ("kind",), "There is no kind choise."),
        (replace(CHOICE, options=(ONE,)), ("options",), "It needs at least 2 answers"),
        (replace(CHOICE, kind="taxonomy", options=()), ("options",), "It needs at least 1 answer to"),
        (replace(CHOICE, kind="text"), ("options",), "has no answers to choose"),
        (replace(CHOICE, options=(ONE, ONE)), ("options", 0, "value"), "Two answers have the value one."),
        (replace(CHOICE, options=(ONE, Option("", "Two"))), ("options", 1, "value"), "stored under its value"),
        (replace(CHOICE, options=(ONE, Option("two", ""))), ("options", 1, "label"), "Write what the answer says."),
        (
            replace(CHOICE, options=(ONE, replace(TWO, key="S"))),
            ("options", 1, "key"),
            "S is the desk's own key: skip.",
        ),
        (replace(CHOICE, options=(ONE, replace(TWO, key="1"))), ("options", 1, "key"), "is no letter from a to z"),
        (replace(CHOICE, options=(ONE, replace(TWO, key="ü"))), ("options", 1, "key"), "is no letter from a to z"),
        (replace(CHOICE, kind="taxonomy", options=(replace(ONE, key="x"),)), ("options", 0, "key"), "have no keys"),
        (Question("q", "step_verdict", "Q", (ONE,)), ("options", 0, "value"), "A verdict is 1, 0, -1"),
        (replace(CHOICE, low="bad"), ("low",), "Only a scale"),
        (replace(CHOICE, minimum=1.0), ("minimum",), "Only a number"),
        (
            Question("q", "number", "Q", minimum=2.0, maximum=1.0),
            ("maximum",),
            "The most, 1, is less than the least, 2.",
        ),
        (replace(CHOICE, impact=True), ("impact",), "Only a taxonomy's marks have impact."),
        (replace(CHOICE, cascade=True), ("cascade",), "Only verdicts on steps can cascade."),
        (replace(CHOICE, belongs="step"), ("belongs",), "Only marks, words and categories"),
        (replace(CHOICE, belongs="me"), ("belongs",), "“me” is none of either, step, trace."),
        (replace(CHOICE, shown_if=ShownIf("q")), ("shown_if",), "no question before it has that key"),
        (replace(CHOICE, shown_if=ShownIf("gone")), ("shown_if",), "no question before it has that key"),
    ],
)
def test_each_problem_is_said_at_its_place(question: Question, place: tuple[str | int, ...], says: str) -> None:
    made = found(schema(question))
    assert made[0][0] == ("questions", 0, *place)
    assert says in made[0][1]


def test_letters_and_keys_clash_across_questions() -> None:
    first = replace(CHOICE, options=(replace(ONE, key="y"), TWO))
    second = replace(CHOICE, key="r", kind="multi_choice", options=(ONE, replace(TWO, key="Y")))
    assert found(schema(first, second)) == [
        (("questions", 0, "options", 0, "key"), "Y is the key of two answers. Give one another."),
        (("questions", 1, "options", 1, "key"), "Y is the key of two answers. Give one another."),
    ]
    assert [at for at, _ in found(schema(CHOICE, CHOICE))] == [("questions", 0, "key"), ("questions", 1, "key")]


def test_a_condition_is_about_an_answer_that_the_question_before_has() -> None:
    asked = Question("why", "text", "Why?", shown_if=ShownIf("q", ("two", "three")))
    assert found(schema(CHOICE, asked)) == [(("questions", 1, "shown_if"), "q has no answer three.")]
    sure = Question("sure", "yes_no", "Sure?")
    assert found(schema(sure, replace(asked, shown_if=ShownIf("sure", ("false",))))) == []
    lesson = Question("learn", "lesson", "Lesson")
    assert found(schema(lesson, replace(asked, shown_if=ShownIf("learn")))) == [
        (("questions", 1, "shown_if"), "Nothing can be shown after a lesson."),
    ]


def test_a_schema_with_a_problem_is_refused_by_its_first() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_schema(schema(CHOICE, replace(CHOICE, key="r", options=(ONE, replace(TWO, label="")))))
    assert refused.value.message == "question r, answer two, label: Write what the answer says."
    assert [message for _, message in found(schema(key="", title=""))] == [
        "It has none yet. A key is a short name of small letters, digits, _ and -, such as first_mistake.",
        "Give it a title.",
        "It asks nothing yet. Add a question.",
    ]


def test_what_changed_is_told_in_sentences() -> None:
    text = Question("why", "text", "Why?")
    before = schema(CHOICE, text, guidelines="Be fair.")
    named = replace(CHOICE, required=True, options=(TWO, replace(ONE, label="Uno"), Option("three", "Three")))
    number = Question("n", "number", "How many?", maximum=5.0, shown_if=ShownIf("q", ("one",)))
    assert changes(before, schema(number, named, title="T")) == (
        "The title was “S” and is “T”.",
        "The guidelines were rewritten.",
        "“Why?” is no longer asked.",
        "“How many?” is asked, too.",
        "“Which?”: whether it needs an answer was no and is yes.",
        "“Which?” can be answered with three, too.",
        "“Which?”, answer one: label was “One” and is “Uno”.",
        "“Which?”: the answers stand in another order.",
    )
    assert changes(schema(number), schema(replace(number, maximum=None, shown_if=ShownIf("q")))) == (
        "“How many?”: most was “5” and is not set.",
        "“How many?”: when it is shown was after q = one and is after q.",
    )
    assert changes(before, schema(text, CHOICE, guidelines="Be fair.")) == ("The questions stand in another order.",)
    assert changes(RUN_REVIEW, replace(RUN_REVIEW, version=9, note="again")) == ()
