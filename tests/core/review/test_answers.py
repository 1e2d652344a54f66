from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from core.records import Correction, LabelSchema, Mark, Message, Option, Question, ShownIf, Step, StepKind, ToolCall
from core.review.answers import Review, asked_questions, read_choice, read_review, written
from core.review.ready_made import PREFERENCE, PROCESS_REWARD

SAID = "Grüße 👋 – it was sent. It was sent."
STEPS = {
    "u": Step("u", StepKind.USER, output=(Message("user", "Where is it?"),)),
    "a": Step("a", StepKind.LLM, output=(Message("assistant", SAID),)),
    "t": Step("t", StepKind.TOOL, arguments={"order": 7}, result={"state": "sent"}),
    "b": Step("b", StepKind.LLM, output=(Message("assistant", "Bye."),)),
}

YES = Question("sure", "yes_no", "Sure?")


def options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value, value) for value in values)


def reviewed(questions: list[Question], judged: str = "", **body: Any) -> Review:
    schema = LabelSchema("s", 1, "S", tuple(questions))
    return read_review(body, schema, "run", "ada", STEPS.get, judged, list(STEPS))


def refused(questions: list[Question], judged: str = "", **body: Any) -> tuple[str | None, str]:
    with pytest.raises(InvalidInput) as error:
        reviewed(questions, judged, **body)
    return error.value.field, error.value.message


def mark(question: str, step: str = "a", value: str = "", **more: Any) -> dict[str, Any]:
    return {"question": question, "step_id": step, "value": value, **more}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (YES, True),
        (Question("q", "choice", "Q", options("a", "b")), "b"),
        (Question("q", "scale", "Q", options("1", "2")), "2"),
        (Question("q", "scale", "Q", options("1", "2")), 2),
        (Question("q", "multi_choice", "Q", options("a", "b")), ["b", "a"]),
        (Question("q", "taxonomy", "Q", options("a", "b")), ["a"]),
        (Question("q", "number", "Q", minimum=0, maximum=1), 0.5),
        (Question("q", "text", "Q"), "  as it was typed "),
    ],
)
def test_an_answer_that_fits_is_kept_as_it_is(question: Question, answer: object) -> None:
    assert reviewed([question], answers={question.key: answer}).annotation.answers == {question.key: answer}


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        (YES, "yes", "“Sure?” cannot be answered with 'yes'"),
        (Question("q", "choice", "Q", options("a", "b")), "c", "cannot be answered with 'c'"),
        (Question("q", "choice", "Q", options("True", "b")), True, "cannot be answered with 'True'"),
        (Question("q", "choice", "Q", options("a", "b")), ["a"], "cannot be answered"),
        (Question("q", "multi_choice", "Q", options("a", "b")), ["a", "a"], "cannot be answered"),
        (Question("q", "multi_choice", "Q", options("a", "b")), "a", "cannot be answered"),
        (Question("q", "number", "Q", minimum=1, maximum=5), 6, "takes 1 to 5."),
        (Question("q", "number", "Q", minimum=1), 0, "takes at least 1."),
        (Question("q", "number", "Q"), True, "cannot be answered"),
        (Question("q", "number", "Q"), "5", "cannot be answered"),
        (Question("q", "text", "Q"), "x" * 200_001, "takes at most 200,000 characters."),
        (Question("q", "taxonomy", "Q", options("a"), belongs="step"), ["a"], "marked on steps, not on the whole run"),
        (Question("q", "step_verdict", "Q"), "1", "cannot be answered"),
        (Question("q", "span", "Q"), "words", "cannot be answered"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_at_its_question(question: Question, answer: object, says: str) -> None:
    field, message = refused([question], answers={question.key: answer})
    assert field == question.key
    assert says in message


def test_what_is_not_on_the_form_is_not_kept() -> None:
    questions = [
        YES,
        Question("why", "text", "Why?", required=True, shown_if=ShownIf("sure", ("false",))),
        Question("how", "taxonomy", "How?", options("a"), shown_if=ShownIf("why")),
        Question("fix", "correction", "Fix?", shown_if=ShownIf("sure", ("false",))),
        Question("learn", "lesson", "Lesson", shown_if=ShownIf("sure", ("false",))),
        Question("word", "span", "Word", shown_if=ShownIf("sure", ("false",))),
    ]
    body: dict[str, Any] = {
        "marks": [mark("how", value="a"), mark("word", quote="x")],
        "corrections": [{"step_id": "a", "corrected": "No."}],
        "lesson": {"when": "w", "guidance": "g"},
    }
    hidden = reviewed(questions, answers={"sure": True, "why": 7}, **body)
    assert (hidden.annotation.answers, hidden.annotation.marks, hidden.annotation.corrections, hidden.lesson) == (
        *({"sure": True}, (), (), None),
    )
    body["marks"] = body["marks"][:1]
    shown = reviewed(questions, answers={"sure": False, "why": "because"}, **body)
    assert shown.annotation.answers == {"sure": False, "why": "because"}
    assert [one.value for one in shown.annotation.marks] == ["a"]
    assert shown.annotation.corrections == (Correction("a", SAID, "No."),)
    assert shown.lesson is not None
    assert refused(questions, answers={"sure": False}) == ("why", "“Why?” needs an answer.")


def test_a_question_is_asked_by_marks_too_and_only_while_its_condition_is_asked() -> None:
    schema = LabelSchema(
        *("s", 1, "S"),
        (
            YES,
            Question("bad", "taxonomy", "Bad", options("a", "b"), shown_if=ShownIf("sure", ("true",))),
            Question("more", "text", "More", shown_if=ShownIf("bad", ("b",))),
        ),
    )
    assert asked_questions(schema, {"sure": True, "bad": ["b"]}) == {"sure", "bad", "more"}
    assert asked_questions(schema, {"sure": True}, [("bad", "b")]) == {"sure", "bad", "more"}
    assert asked_questions(schema, {"sure": True}, [("bad", "a")]) == {"sure", "bad"}
    assert asked_questions(schema, {"sure": False, "bad": ["b"]}) == {"sure"}


@pytest.mark.parametrize("kind", ["correction", "lesson"])
def test_a_correction_or_lesson_that_is_needed_counts_as_an_answer(kind: str) -> None:
    question = Question("q", kind, "Q", required=True)
    sent: dict[str, Any] = {
        "corrections": [{"step_id": "a", "corrected": "No."}],
        "lesson": {"when": "w", "guidance": "g"},
    }
    wanted = {"correction": "corrections", "lesson": "lesson"}[kind]
    assert reviewed([question], **{wanted: sent[wanted]})
    assert refused([question]) == ("q", "“Q” needs an answer.")
    assert refused([YES], **{wanted: sent[wanted]}) == (kind, f"This schema asks for no {kind}. Reload the page.")


def test_a_text_of_spaces_is_no_answer() -> None:
    assert refused([Question("q", "text", "Q", required=True)], answers={"q": " \n"}) == ("q", "“Q” needs an answer.")


SPAN = Question("w", "span", "Words")


@pytest.mark.parametrize(
    ("start", "end", "quote", "kept"),
    [
        (6, 7, "👋", (6, 7)),
        (10, 22, "it was sent.", (10, 22)),
        (23, 35, "It was sent.", (23, 35)),
        (12, 16, "sent", (17, 21)),  # off by some: the nearest place that has the words
        (34, 38, "sent", (30, 34)),
        (900, 904, "sent", (30, 34)),
    ],
)
def test_words_stand_where_the_step_has_them(start: int, end: int, quote: str, kept: tuple[int, int]) -> None:
    (got,) = reviewed([SPAN], marks=[mark("w", start=start, end=end, quote=quote)]).annotation.marks
    assert (got.start, got.end) == kept
    assert SAID[kept[0] : kept[1]] == quote


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"start": 0, "end": 4, "quote": "nobody said this"}, "points at words that this step does not say"),
        ({"start": 4, "end": 4, "quote": "x"}, "points at no words"),
        ({"quote": "sent"}, "points at no words"),
        ({"start": 0, "end": 4}, "points at no words"),
    ],
)
def test_words_that_are_not_there_are_refused(more: dict[str, Any], says: str) -> None:
    field, message = refused([SPAN], marks=[mark("w", **more)])
    assert field == "w"
    assert says in message


def test_the_written_text_is_what_was_said_else_called_else_given_else_returned() -> None:
    call = Step("c", StepKind.LLM, output=(Message("assistant", "", tool_calls=(ToolCall("1", "f", {"a": 1}),)),))
    assert [written(STEPS["a"]), written(call), written(STEPS["t"])] == [
        SAID,
        'f({\n  "a": 1\n})',
        '{\n  "order": 7\n}',
    ]
    assert written(Step("r", StepKind.TOOL, result="done")) == "done"


@pytest.mark.parametrize(
    ("question", "marks", "says"),
    [
        (Question("q", "step", "Q"), [mark("q", "a"), mark("q", "b")], "takes one mark; 2 are set"),
        (Question("q", "step", "Q", belongs="step"), [mark("q", "a"), mark("q", "a")], "marks one step twice"),
        (Question("q", "step_verdict", "Q"), [mark("q", "a", "1"), mark("q", "a", "0")], "marks one step twice"),
        (Question("q", "step_verdict", "Q"), [mark("q", "a", "2")], "has no answer '2'"),
        (Question("q", "step_verdict", "Q"), [mark("q", "a", "")], "has no answer ''"),
        (Question("q", "taxonomy", "Q", options("a"), belongs="trace"), [mark("q", "a", "a")], "of the whole run"),
        (Question("q", "taxonomy", "Q", options("a")), [mark("q", "z", "a")], "a step that this run does not have"),
        (Question("q", "taxonomy", "Q", options("a")), [mark("q", "a", "a", impact="BIG")], "Impact is low, medium"),
        (
            Question("q", "span", "Q", belongs="trace"),
            [mark("q", "a", start=10, end=12, quote="it"), mark("q", "b", start=0, end=3, quote="Bye")],
            "takes one mark",
        ),
        (YES, [mark("sure", "a")], "no question sure to mark steps with"),
        (YES, [mark("gone", "a")], "no question gone to mark steps with"),
    ],
)
def test_marks_that_cannot_be_are_refused(question: Question, marks: list[dict[str, Any]], says: str) -> None:
    assert says in refused([question], marks=marks)[1]


def test_marks_that_belong_to_steps_are_as_many_as_there_are() -> None:
    question = Question("q", "step", "Q", belongs="step")
    assert len(reviewed([question], marks=[mark("q", "a"), mark("q", "b")]).annotation.marks) == 2
    (kept,) = reviewed([question], marks=[mark("q", "a", suggested="first error")]).annotation.marks
    assert kept == Mark("q", "a", "", suggested="first error")


def test_after_the_first_bad_step_of_a_cascade_all_are_bad() -> None:
    (steps, *_) = PROCESS_REWARD.questions
    sound = [mark("steps", "a", "1"), mark("steps", "b", "-1")]
    body = {"marks": [mark("steps", "a", "-1"), mark("steps", "b", "0")]}
    assert [one.value for one in reviewed([steps], marks=sound).annotation.marks] == ["1", "-1"]
    field, message = refused([steps], **body)
    assert field == "steps"
    assert message.startswith("“How good is each step?”: step 4 comes after the first −1 and is judged 0. Judge it −1")
    loose = Question("steps", "step_verdict", "Steps")
    assert [one.value for one in reviewed([loose], **body).annotation.marks] == ["-1", "0"]


def test_an_item_that_is_a_step_is_judged_at_that_step() -> None:
    verdict, failures = Question("v", "step_verdict", "V"), Question("f", "taxonomy", "F", options("x"))
    pointer, fix = Question("p", "step", "P"), Question("c", "correction", "C")
    questions = [verdict, failures, pointer, fix]
    sound = [mark("v", "b", "1"), mark("f", "b", "x"), mark("p", "a")]
    review = reviewed(questions, "b", marks=sound, corrections=[{"step_id": "b", "corrected": "Goodbye."}])
    assert review.annotation.step_id == "b"
    assert len(review.annotation.marks) == 3
    assert (
        refused(questions, "b", marks=[mark("v", "a", "1")])[1] == "“V” is asked of the step to judge, not of others."
    )
    assert refused(questions, "b", marks=[mark("f", "a", "x")])[0] == "f"
    assert refused(questions, "b", corrections=[{"step_id": "a", "corrected": "No."}]) == (
        *("c", "Only the step to judge is corrected here."),
    )


def test_the_reasons_of_a_choice_are_checked_against_the_schema() -> None:
    body = {"choice": "left", "answers": {"reasons": ["clear", "tone"]}}
    assert read_choice(body, "p", "ada", "b", PREFERENCE).answers == {"reasons": ["clear", "tone"]}
    with pytest.raises(InvalidInput, match="cannot be answered"):
        read_choice({"choice": "left", "answers": {"reasons": ["lucky"]}}, "p", "ada", "b", PREFERENCE)
