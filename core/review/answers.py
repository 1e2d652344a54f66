"""What a reviewer sends, checked against the label schema and the run, and back into what the form shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput
from core.records import Annotation, Choice, Correction, LabelSchema, Mark, Preference, Question, Step
from core.store.content import text_of

LONGEST_TEXT = 200_000

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
    body: Mapping[str, Any], schema: LabelSchema, trace_uid: str, person: str, step_of: Callable[[str], Step | None]
) -> Review:
    """The review that was sent; raises InvalidInput with the question's key as its field.

    `step_of` gives a step of the run by its id, or None.
    """
    sent = _parsed(_SentReview, body)
    questions = {question.key: question for question in schema.questions}
    answers = {key: value for key, value in sent.answers.items() if value not in (None, "", [])}
    for key, value in answers.items():
        if key not in questions:
            raise InvalidInput(f"This schema has no question {key}. Reload the page.", field=key)
        _check(questions[key], value)
    marks = tuple(_mark(mark, questions, step_of) for mark in sent.marks)
    corrections = tuple(
        c for c in (_correction(correction, step_of) for correction in sent.corrections) if c is not None
    )
    marked = {mark.question for mark in marks}
    for question in schema.questions:
        if question.required and question.key not in answers and question.key not in marked:
            raise InvalidInput(f"“{question.title}” needs an answer.", field=question.key)
    annotation = Annotation(trace_uid, person, schema.key, answers, marks, corrections, None, sent.active_seconds)
    return Review(annotation, _lesson(sent.lesson))


def read_choice(body: Mapping[str, Any], pair_uid: str, person: str, left: str) -> Preference:
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
    return Preference(pair_uid, person, choice, left, sent.reason.strip(), sent.confidence, None, sent.active_seconds)


def review_body(annotation: Mapping[str, Any], lesson: LessonText | None = None) -> dict[str, Any]:
    """The form's body of a stored annotation (its answers, marks, corrections, active_seconds)."""
    corrections = [{"step_id": c["step_id"], "corrected": c["corrected"]} for c in annotation["corrections"]]
    keys = ("question", "step_id", "value", "quote", "comment", "impact")
    return {
        "answers": dict(annotation["answers"]),
        "marks": [{key: mark[key] for key in keys} for mark in annotation["marks"]],
        "corrections": corrections,
        "lesson": None if lesson is None else {key: getattr(lesson, key) for key in LessonText.__slots__},
        "active_seconds": annotation["active_seconds"],
    }


def choice_body(choice: str, left: str, reason: str, confidence: int | None, seconds: float | None) -> dict[str, Any]:
    """The form's body of a stored preference, turned back to left and right."""
    side, _, strength = choice.partition("_")
    if choice in ("equal", "both_bad"):
        shown = choice
    else:
        shown = "_".join(filter(None, ("left" if side == (left or "a") else "right", strength)))
    return {"choice": shown, "reason": reason, "confidence": confidence, "active_seconds": seconds}


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
    allowed = {option[0] for option in question.options}
    if question.kind == "yes_no":
        good = isinstance(value, bool)
    elif question.kind in ("choice", "scale"):
        good = str(value) in allowed
    elif question.kind in ("multi_choice", "taxonomy"):
        good = isinstance(value, list) and all(isinstance(one, str) and one in allowed for one in value)
    elif question.kind == "number":
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        good = isinstance(value, str)
    if not good:
        raise InvalidInput(
            f"“{question.title}” cannot be answered with {str(value)[:60]!r}. Choose one of its answers.",
            field=question.key,
        )


def _mark(sent: _SentMark, questions: Mapping[str, Question], step_of: Callable[[str], Step | None]) -> Mark:
    question = questions.get(sent.question)
    if question is None or question.kind not in ("step", "taxonomy", "span", "step_verdict"):
        raise InvalidInput(
            f"This schema has no question {sent.question} to mark steps with. Reload the page.", field=sent.question
        )
    if step_of(sent.step_id) is None:
        raise InvalidInput(f"“{question.title}” points at a step that this run does not have.", field=question.key)
    if question.options and sent.value not in {option[0] for option in question.options}:
        raise InvalidInput(f"“{question.title}” has no answer {sent.value[:60]!r}.", field=question.key)
    if sent.impact not in ("", "LOW", "MEDIUM", "HIGH"):
        raise InvalidInput("Impact is low, medium or high.", field=question.key)
    return Mark(sent.question, sent.step_id, sent.value, None, None, sent.quote, sent.comment, sent.impact)


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
