"""What a reviewer sends, checked against the label schema and the run, and back into what the form shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput
from core.records import Annotation, Choice, Correction, LabelSchema, Preference, Question
from core.review.marks import LONGEST_TEXT, SentMark, StepOf, read_marks
from core.review.marks import written as written

Model = TypeVar("Model", bound=BaseModel)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", str_max_length=LONGEST_TEXT)


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
    marks: list[SentMark] = Field(default_factory=list, max_length=2_000)
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
    step_of: StepOf,
    step_id: str = "",
    order: Sequence[str] = (),
) -> Review:
    """The review that was sent; raises InvalidInput with the question's key as its field.

    `step_of` gives a step of the run by its id, or None; `step_id` is the step that is judged, where one is; `order`
    are the ids of the run's steps as they are read. Of a question that is not on the form nothing is kept.
    """
    sent = _parsed(_SentReview, body)
    known = {question.key: question for question in schema.questions}
    given = _given(sent.answers)
    said = {question.key for question in schema.questions if _is_written(question, sent)}
    asked = asked_questions(schema, given, [(mark.question, mark.value) for mark in sent.marks])
    answers = _answers(given, known, asked)
    sent_marks = [mark for mark in sent.marks if mark.question in asked or mark.question not in known]
    marks = read_marks(sent_marks, known, step_of, step_id, order)
    corrections = _corrections(sent, schema, asked, step_of, step_id)
    lesson = _lesson(sent.lesson) if _asks(schema, asked, "lesson", bool(sent.lesson)) else None
    answered = {*answers, *said, *(mark.question for mark in marks)}
    _check_needed(schema, asked, answered)
    annotation = Annotation(
        trace_uid, person, schema.key, answers, marks, corrections, None, sent.active_seconds, step_id=step_id
    )
    return Review(annotation, lesson)


def asked_questions(
    schema: LabelSchema, answers: Mapping[str, Any], marked: Iterable[tuple[str, str]] = ()
) -> set[str]:
    """The keys of the questions that are on the form: their conditions hold, and those of the questions they are about.

    `marked` are the (question, value) of marks.
    """
    said: dict[str, set[str]] = {}
    for key, value in answers.items():
        listed = value if isinstance(value, list) else [value]
        said[key] = {str(one).lower() if isinstance(one, bool) else str(one) for one in listed}
    for key, value in marked:
        said.setdefault(key, set()).add(value)
    asked: set[str] = set()
    for question in schema.questions:  # a condition is about a question before it
        condition = question.shown_if
        given = said.get(condition.question, set()) if condition and condition.question in asked else set()
        if condition is None or (given & set(condition.values) if condition.values else given):
            asked.add(question.key)
    return asked


def _given(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered at all: an empty text or list is no answer."""
    return {key: value for key, value in sent.items() if value not in (None, "", []) and not _is_blank(value)}


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _answers(given: Mapping[str, Any], known: Mapping[str, Question], asked: Collection[str]) -> dict[str, Any]:
    for key, value in given.items():
        if key not in known:
            raise InvalidInput(f"This schema has no question {key}. Reload the page.", field=key)
        if key in asked:
            _check(known[key], value)
    return {key: value for key, value in given.items() if key in asked}


def _check_needed(schema: LabelSchema, asked: Collection[str], answered: Collection[str]) -> None:
    for question in schema.questions:
        if question.required and question.key in asked and question.key not in answered:
            raise InvalidInput(f"“{question.title}” needs an answer.", field=question.key)


def _is_written(question: Question, sent: _SentReview) -> bool:
    if question.kind == "correction":
        return bool(sent.corrections)
    return question.kind == "lesson" and sent.lesson is not None and bool(sent.lesson.when.strip())


def _asks(schema: LabelSchema, asked: Collection[str], kind: str, sent: bool) -> bool:
    """Whether the form has a question of a kind now; raises InvalidInput for one that the schema never asks."""
    keys = [question.key for question in schema.questions if question.kind == kind]
    if sent and not keys:
        raise InvalidInput(f"This schema asks for no {kind}. Reload the page.", field=kind)
    return any(key in asked for key in keys)


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
    given = _given(sent)
    asked = asked_questions(schema, given)
    answers = _answers(given, {question.key: question for question in schema.questions}, asked)
    _check_needed(schema, asked, answers)
    return answers


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
        good = isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value) in allowed
    elif question.kind in ("multi_choice", "taxonomy"):
        good = isinstance(value, list) and all(isinstance(one, str) and one in allowed for one in value)
        good = good and len(set(value)) == len(value)
    elif question.kind == "number":
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
        if good and not (-inf if question.minimum is None else question.minimum) <= value <= (
            inf if question.maximum is None else question.maximum
        ):
            raise InvalidInput(f"“{question.title}” takes {_bounds(question)}.", field=question.key)
    elif question.kind in ("text", "step"):
        good = isinstance(value, str)
        if good and len(value) > LONGEST_TEXT:
            raise InvalidInput(f"“{question.title}” takes at most {LONGEST_TEXT:,} characters.", field=question.key)
    else:
        good = False
    if good and question.kind == "taxonomy" and question.belongs == "step":
        raise InvalidInput(f"“{question.title}” is marked on steps, not on the whole run.", field=question.key)
    if not good:
        raise InvalidInput(
            f"“{question.title}” cannot be answered with {str(value)[:60]!r}. Choose one of its answers.",
            field=question.key,
        )


def _bounds(question: Question) -> str:
    low, high = question.minimum, question.maximum
    if low is None or high is None:
        return f"at least {low:g}" if high is None else f"at most {high:g}"
    return f"{low:g} to {high:g}"


def _corrections(
    sent: _SentReview, schema: LabelSchema, asked: Collection[str], step_of: StepOf, judged: str
) -> tuple[Correction, ...]:
    """The corrections that change something."""
    if not _asks(schema, asked, "correction", bool(sent.corrections)):
        return ()
    field = next(question.key for question in schema.questions if question.kind == "correction")
    made = []
    for one in sent.corrections:
        step = step_of(one.step_id)
        if step is None:
            raise InvalidInput("A correction points at a step that this run does not have.", field=field)
        if judged and one.step_id != judged:
            raise InvalidInput("Only the step to judge is corrected here.", field=field)
        original = written(step)
        if one.corrected.strip() not in ("", original.strip()):
            made.append(Correction(one.step_id, original, one.corrected))
    return tuple(made)


def _lesson(sent: _SentLesson | None) -> LessonText | None:
    if sent is None or not any((sent.when.strip(), sent.guidance.strip(), sent.avoid.strip(), sent.why.strip())):
        return None
    if not sent.when.strip() or not sent.guidance.strip():
        missing = "when it applies" if not sent.when.strip() else "what to do then"
        raise InvalidInput(f"The lesson does not say {missing}. Write it, or empty the lesson.", field="lesson")
    return LessonText(sent.when.strip(), sent.guidance.strip(), sent.avoid.strip(), sent.why.strip())
