"""What a reviewer sends, checked against the label schema and the run, and back into what the form shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput
from core.records import Annotation, Choice, Correction, LabelSchema, Mark, Preference, Question, Step
from core.store.content import text_of

LONGEST_TEXT = 200_000

MARKING = ("step", "taxonomy", "span", "step_verdict")
"""The kinds of questions that are answered with marks on steps."""

VERDICTS = ("1", "0", "-1")
"""What a step can be judged as; one that nobody judged has no mark."""

Model = TypeVar("Model", bound=BaseModel)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", str_max_length=LONGEST_TEXT)


class _SentMark(_Sent):
    question: str
    step_id: str
    value: str
    quote: str = ""
    comment: str = ""
    impact: str = ""
    start: int | None = Field(None, ge=0)
    end: int | None = Field(None, ge=0)
    suggested: str = ""


class _SentCorrection(_Sent):
    step_id: str
    corrected: str


class _SentLesson(_Sent):
    when: str = ""
    guidance: str = ""
    avoid: str = ""
    why: str = ""


class _SentReview(_Sent):
    answers: dict[str, Any] = Field(default_factory=dict)
    marks: list[_SentMark] = Field(default_factory=list, max_length=500)
    corrections: list[_SentCorrection] = Field(default_factory=list, max_length=500)
    lesson: _SentLesson | None = None
    active_seconds: float | None = Field(None, ge=0, le=86_400)


class _SentChoice(_Sent):
    choice: str = ""
    reason: str = ""
    confidence: int | None = Field(None, ge=1, le=5)
    answers: dict[str, Any] = Field(default_factory=dict)
    active_seconds: float | None = Field(None, ge=0, le=86_400)


@dataclass(frozen=True, slots=True)
class LessonText:
    """The lesson that was written with a review."""

    when: str
    guidance: str
    avoid: str
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """A submission that may be stored: the annotation, and the lesson to propose, if one was written."""

    annotation: Annotation
    lesson: LessonText | None


def read_review(
    body: Mapping[str, Any],
    schema: LabelSchema,
    trace_uid: str,
    person: str,
    step_of: Callable[[str], Step | None],
    step_id: str = "",
) -> Review:
    """The review that was sent; raises InvalidInput with the question's key as its field.

    `step_of` gives a step of the run by its id, or None; `step_id` is the step that is judged, where one is.
    """
    sent = _parsed(_SentReview, body)
    known = {question.key: question for question in schema.questions}
    answers = _answers(sent.answers, known)
    marks = tuple(_mark(mark, known, step_of) for mark in sent.marks)
    asked = asked_questions(schema, answers, marks)
    answers = {key: value for key, value in answers.items() if key in asked}
    marks = tuple(mark for mark in marks if mark.question in asked)
    corrections = tuple(
        c for c in (_correction(correction, step_of) for correction in sent.corrections) if c is not None
    )
    marked = {mark.question for mark in marks}
    for question in schema.questions:
        if question.required and question.key in asked and question.key not in answers and question.key not in marked:
            raise InvalidInput(f"“{question.title}” needs an answer.", field=question.key)
    annotation = Annotation(
        trace_uid, person, schema.key, answers, marks, corrections, None, sent.active_seconds, step_id=step_id
    )
    return Review(annotation, _lesson(sent.lesson))


def asked_questions(schema: LabelSchema, answers: Mapping[str, Any], marks: Sequence[Mark] = ()) -> set[str]:
    """The keys of the questions that are on the form, given the answers: their conditions hold, and those of these."""
    said: dict[str, set[str]] = {}
    for key, value in answers.items():
        listed = value if isinstance(value, list) else [value]
        said[key] = {str(one).lower() if isinstance(one, bool) else str(one) for one in listed}
    for mark in marks:
        said.setdefault(mark.question, set()).add(mark.value)
    asked: set[str] = set()
    for question in schema.questions:  # a condition is about a question before it
        condition = question.shown_if
        given = said.get(condition.question, set()) if condition and condition.question in asked else set()
        if condition is None or (given & set(condition.values) if condition.values else given):
            asked.add(question.key)
    return asked


def _answers(sent: Mapping[str, Any], known: Mapping[str, Question]) -> dict[str, Any]:
    answers = {key: value for key, value in sent.items() if value not in (None, "", [])}
    for key, value in answers.items():
        if key not in known:
            raise InvalidInput(f"This schema has no question {key}. Reload the page.", field=key)
        _check(known[key], value)
    return answers


def read_choice(
    body: Mapping[str, Any], pair_uid: str, person: str, left: str, schema: LabelSchema | None = None
) -> Preference:
    """The preference that was sent, turned from left and right to the pair's own A and B; `left` is "a" or "b"."""
    sent = _parsed(_SentChoice, body)
    sides = {"left": left, "right": "b" if left == "a" else "a"}
    name, _, strength = sent.choice.partition("_")
    if sent.choice in ("equal", "both_bad"):
        choice = Choice(sent.choice)
    elif name in sides and strength in ("", "much"):
        choice = Choice("_".join(filter(None, (sides[name], strength))))
    else:
        raise InvalidInput("Choose one of the six answers.", field="choice")
    answers = _given_with(schema, sent.answers) if schema is not None else {}
    reason = sent.reason.strip()
    return Preference(pair_uid, person, choice, left, reason, sent.confidence, None, sent.active_seconds, answers)


def _given_with(schema: LabelSchema, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered beside a choice."""
    answers = _answers(sent, {question.key: question for question in schema.questions})
    asked = asked_questions(schema, answers)
    for question in schema.questions:
        if question.required and question.key in asked and question.key not in answers:
            raise InvalidInput(f"“{question.title}” needs an answer.", field=question.key)
    return {key: value for key, value in answers.items() if key in asked}


def review_body(annotation: Mapping[str, Any], lesson: LessonText | None = None) -> dict[str, Any]:
    """The form's body of a stored annotation (its answers, marks, corrections, active_seconds)."""
    corrections = [{"step_id": c["step_id"], "corrected": c["corrected"]} for c in annotation["corrections"]]
    return {
        "answers": dict(annotation["answers"]),
        "marks": [dict(mark) for mark in annotation["marks"]],
        "corrections": corrections,
        "lesson": None if lesson is None else {key: getattr(lesson, key) for key in LessonText.__slots__},
        "active_seconds": annotation["active_seconds"],
    }


def choice_body(
    choice: str,
    left: str,
    reason: str,
    confidence: int | None,
    seconds: float | None,
    answers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The form's body of a stored preference, turned back to left and right."""
    side, _, strength = choice.partition("_")
    if choice in ("equal", "both_bad"):
        shown = choice
    else:
        shown = "_".join(filter(None, ("left" if side == (left or "a") else "right", strength)))
    return {
        "choice": shown,
        "reason": reason,
        "confidence": confidence,
        "answers": dict(answers or {}),
        "active_seconds": seconds,
    }


def written(step: Step) -> str:
    """The text of a step that a correction replaces: what was said, else what was called or returned."""
    said = "\n".join(message.content for message in step.output if message.content)
    calls = "\n".join(
        f"{call.name}({text_of(call.arguments)})" for message in step.output for call in message.tool_calls
    )
    return said or calls or text_of(step.arguments) or text_of(step.result)


def _parsed(model: type[Model], body: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{where}: {first['msg']}", field=str(first["loc"][0]) if first["loc"] else None) from error


def _check(question: Question, value: Any) -> None:
    allowed = {option.value for option in question.options}
    if question.kind == "yes_no":
        good = isinstance(value, bool)
    elif question.kind in ("choice", "scale"):
        good = str(value) in allowed
    elif question.kind in ("multi_choice", "taxonomy"):
        good = isinstance(value, list) and all(isinstance(one, str) and one in allowed for one in value)
    elif question.kind == "number":
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
        if good and not (-inf if question.minimum is None else question.minimum) <= value <= (
            inf if question.maximum is None else question.maximum
        ):
            raise InvalidInput(f"“{question.title}” takes {_bounds(question)}.", field=question.key)
    else:
        good = isinstance(value, str)
    if not good:
        raise InvalidInput(
            f"“{question.title}” cannot be answered with {str(value)[:60]!r}. Choose one of its answers.",
            field=question.key,
        )


def _mark(sent: _SentMark, questions: Mapping[str, Question], step_of: Callable[[str], Step | None]) -> Mark:
    question = questions.get(sent.question)
    if question is None or question.kind not in MARKING or question.belongs == "trace":
        raise InvalidInput(
            f"This schema has no question {sent.question} to mark steps with. Reload the page.", field=sent.question
        )
    if step_of(sent.step_id) is None:
        raise InvalidInput(f"“{question.title}” points at a step that this run does not have.", field=question.key)
    if question.options and sent.value not in {option.value for option in question.options}:
        raise InvalidInput(f"“{question.title}” has no answer {sent.value[:60]!r}.", field=question.key)
    if sent.impact not in ("", "LOW", "MEDIUM", "HIGH"):
        raise InvalidInput("Impact is low, medium or high.", field=question.key)
    if question.kind == "span" and (sent.start is None or sent.end is None or sent.start >= sent.end or not sent.quote):
        raise InvalidInput(f"“{question.title}” points at no words. Select them again.", field=question.key)
    return Mark(
        sent.question,
        sent.step_id,
        sent.value,
        sent.start,
        sent.end,
        sent.quote,
        sent.comment,
        sent.impact,
        sent.suggested[:40],
    )


def _bounds(question: Question) -> str:
    low, high = question.minimum, question.maximum
    if low is None or high is None:
        return f"at least {low:g}" if high is None else f"at most {high:g}"
    return f"{low:g} to {high:g}"


def _correction(sent: _SentCorrection, step_of: Callable[[str], Step | None]) -> Correction | None:
    step = step_of(sent.step_id)
    if step is None:
        raise InvalidInput("A correction points at a step that this run does not have.", field="correction")
    original = written(step)
    return (
        None if sent.corrected.strip() in ("", original.strip()) else Correction(sent.step_id, original, sent.corrected)
    )


def _lesson(sent: _SentLesson | None) -> LessonText | None:
    if sent is None or not any((sent.when.strip(), sent.guidance.strip(), sent.avoid.strip(), sent.why.strip())):
        return None
    if not sent.when.strip() or not sent.guidance.strip():
        missing = "when it applies" if not sent.when.strip() else "what to do then"
        raise InvalidInput(f"The lesson does not say {missing}. Write it, or empty the lesson.", field="lesson")
    return LessonText(sent.when.strip(), sent.guidance.strip(), sent.avoid.strip(), sent.why.strip())
