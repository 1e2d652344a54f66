"""How far reviewers agree, question by question, from what they say now; people and machines are never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.measure.agreement import AgreementReport, Coefficient, Level, agreement
from core.records import LabelSchema, Question
from core.store.judgements import Said, answers_by, choices_by, find_queue, schemas_in_use

PREFERENCE = "preference"
"""The question that every pair asks: which side is better."""

_LEVELS: Mapping[str, Level] = {
    "choice": "nominal",
    "yes_no": "nominal",
    "step": "nominal",
    "scale": "ordinal",
    "number": "interval",
    "multi_choice": "sets",
    "taxonomy": "sets",
}
"""How the answers to each kind of question are compared; text, corrections and lessons are not."""


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """One question of one schema ("" for the preference between the sides of a pair)."""

    key: str
    schema: str
    title: str
    level: Level
    report: AgreementReport


@dataclass(frozen=True, slots=True)
class TeamAgreement:
    """All questions that at least one of the raters answered."""

    queue: str
    raters: str
    questions: tuple[QuestionAgreement, ...]

    def as_json(self) -> dict[str, Any]:
        """The contract of `loopwright agreement --json`."""
        return {
            "queue": self.queue or None,
            "raters": self.raters,
            "questions": [_question_json(question) for question in self.questions],
        }


def agreement_report(
    session: Session, queue: str | None = None, question: str | None = None, raters: str = "people"
) -> TeamAgreement:
    """Agreement of "people" (or "machines") on every question, or on one, over all that was judged or over one queue.

    Raises NotFound for a queue or question that nobody answered, InvalidInput for other raters.
    """
    if raters not in ("people", "machines"):
        raise InvalidInput(f"Raters are people or machines, not {raters[:60]!r}.", field="raters")
    row, machines = find_queue(session, queue) if queue else None, raters == "machines"
    schemas = schemas_in_use(session)
    by_question = _ratings(answers_by(session, machines, row), schemas)
    found = [
        QuestionAgreement(asked.key, schema, asked.title, _LEVELS[asked.kind], _agree(asked, ratings))
        for (schema, _), (asked, ratings) in by_question.items()
        if question in (None, asked.key)
    ]
    preferred: dict[Any, dict[str, Any]] = {}
    for pair, person, choice in choices_by(session, machines, row):
        preferred.setdefault(pair, {})[person] = choice.value
    if preferred and question in (None, PREFERENCE):
        title = "Which of the two is better?"
        found.append(QuestionAgreement(PREFERENCE, "", title, "nominal", agreement(preferred)))
    if question is not None and not found:
        known = ", ".join(sorted({key for _, key in by_question} | ({PREFERENCE} if preferred else set())))
        raise NotFound(
            f"No {raters} answered a question {question} (answered are: {known or 'none'}).", field="question"
        )
    return TeamAgreement(queue or "", raters, tuple(found))


Ratings = dict[Any, dict[str, Any]]


def _ratings(
    said: Iterable[Said], schemas: Mapping[int, LabelSchema]
) -> dict[tuple[str, str], tuple[Question, Ratings]]:
    """(schema key, question key) → the question as last asked, and trace → person → answer."""
    found: dict[tuple[str, str], tuple[Question, Ratings]] = {}
    for schema in schemas.values():
        for asked in schema.questions:
            if asked.kind in _LEVELS:
                found[schema.key, asked.key] = (asked, {})
    for one in said:
        schema = schemas[one.schema_id]
        for asked in schema.questions:
            if asked.kind in _LEVELS and (answer := _answer(asked, one)) is not None:
                found[schema.key, asked.key][1].setdefault(one.trace_id, {})[one.person] = answer
    return {key: (asked, ratings) for key, (asked, ratings) in found.items() if ratings}


def _answer(asked: Question, said: Said) -> Any:
    """The answer as agreement compares it; None for none. Marking nothing wrong is an answer: the empty set."""
    if asked.kind in ("taxonomy", "multi_choice"):
        return said.chosen(asked.key)
    if asked.kind == "step":
        return next((mark["step_id"] for mark in said.marks if mark["question"] == asked.key), None)
    answer = said.answers.get(asked.key)
    if asked.kind == "number":
        return answer if isinstance(answer, (int, float)) and isfinite(answer) else None
    return None if answer is None else str(answer)


def _agree(asked: Question, ratings: Ratings) -> AgreementReport:
    if asked.kind != "scale":
        return agreement(ratings, _LEVELS[asked.kind])
    # An older version of the scale may have had other answers; they stand after those of today.
    order = dict.fromkeys(option.value for option in asked.options)
    order |= dict.fromkeys(answer for given in ratings.values() for answer in given.values())
    return agreement(ratings, "ordinal", list(order))


def _question_json(question: QuestionAgreement) -> dict[str, Any]:
    report = question.report
    why = {
        name: value.why
        for name, value in (("fleiss", report.fleiss), ("krippendorff", report.krippendorff))
        if value.why
    }
    return {
        "key": question.key,
        "schema": question.schema or None,
        "level": question.level,
        "n_items": report.n_items,
        "n_raters": report.n_raters,
        "n_answers": report.n_answers,
        "percent": _value(report.percent),
        "cohen": {raters: _value(kappa) for raters, kappa in report.cohen.items()},
        "fleiss": _value(report.fleiss),
        "krippendorff": _value(report.krippendorff),
        "interval": None if report.interval is None else [report.interval.low, report.interval.high],
        "undefined": why,
    }


def _value(coefficient: Coefficient) -> float | None:
    return coefficient.value
