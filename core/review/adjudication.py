"""Where people disagree, question by question, largest first; and a lead's decision on it.

An answer is compared as its question means it: choices are the same or not, scales and numbers are near or far, sets
overlap more or less. A category belongs to the step that it was marked on, so the same category on two steps differs.
An order of candidates is compared as a whole, so the pairs that it stands for are no disagreements of their own.
Texts are not compared (no two are the same), but can be resolved, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from sqlalchemy.orm import Session

from core.measure.apart import Apart, Distance, along, apart, overlap, preferred, reordered, rewritten, unequal, within
from core.records import Choice, LabelSchema, Option, Question, QuestionKind
from core.review.answers import asked_questions
from core.store.disagreements import Spoken, positions, spoken_on_pairs, spoken_on_rankings, spoken_on_runs
from core.store.judgements import schemas_in_use
from core.store.resolutions import Resolved, Subject, by_subject, current_resolutions
from core.store.work import ORDER, PREFERENCE

PREFERRED = Question(
    PREFERENCE,
    QuestionKind.CHOICE,
    "Which of the two is better?",
    tuple(
        Option(choice.value, label)
        for choice, label in (
            (Choice.A_MUCH, "A much better"),
            (Choice.A, "A better"),
            (Choice.EQUAL, "Equal"),
            (Choice.B, "B better"),
            (Choice.B_MUCH, "B much better"),
            (Choice.BOTH_BAD, "Both bad"),
        )
    ),
)
"""What every pair asks, as a question; A and B are the pair's own, wherever they stood."""

RANKED = Question(ORDER, QuestionKind.TEXT, "In which order?")
"""What every ranking asks, as a question; an answer is tiers of the ranking's own letters, the best first."""

_WORDS = (QuestionKind.CHOICE, QuestionKind.YES_NO, QuestionKind.SCALE)
_SETS = (QuestionKind.MULTI_CHOICE, QuestionKind.TAXONOMY, QuestionKind.SPAN, QuestionKind.STEP_VERDICT)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One question about one subject on which the present answers of at least two people differ."""

    subject: Subject
    schema_id: int | None
    schema: str
    question: Question
    apart: Apart
    resolved: Resolved | None

    @property
    def order(self) -> tuple[Any, ...]:
        """The largest first, then the most people apart; the rest in an order that never changes."""
        one = self.subject
        place = (one.trace_id or 0, one.pair_id or 0, one.ranking_id or 0, one.step_id)
        return -self.apart.size, -self.apart.n_apart, self.schema, self.question.key, place


def disagreements(session: Session, queue: int | None = None) -> list[Disagreement]:
    """All questions on which people disagree, resolved or not, largest first; in one queue, or anywhere."""
    return with_resolutions(session, compare(session, queue))


def with_resolutions(session: Session, found: Sequence[Disagreement]) -> list[Disagreement]:
    """The same disagreements with the resolutions that stand now."""
    stand = by_subject(current_resolutions(session))
    rules = (stand.get((one.subject, one.schema, one.question.key)) for one in found)
    return [
        one if one.resolved is ruled is None else replace(one, resolved=ruled)
        for one, ruled in zip(found, rules, strict=True)
    ]


def compare(session: Session, queue: int | None = None) -> list[Disagreement]:
    """All disagreements, largest first, without what was resolved: a second or more over 100,000 annotations.

    Somebody who was not asked a question, or left it empty, is not apart on it; marking nothing is an answer to a
    question that is answered with a set.
    """
    schemas = schemas_in_use(session)
    said: dict[tuple[Subject, str], list[Spoken]] = {}
    on_pairs, on_rankings = spoken_on_pairs(session, queue), spoken_on_rankings(session, queue)
    for one in (*spoken_on_runs(session, queue), *on_pairs, *on_rankings):
        said.setdefault((one.subject, one.schema), []).append(one)
    pointed = {subject.trace_id for (subject, _), given in said.items() if _differ_in_step(given, schemas)}
    places = positions(session, [trace for trace in pointed if trace is not None])
    spans = _spans(said.values(), schemas)
    found = []
    for (subject, schema), given in said.items():
        if given[0].ranking is not None and all(one.ranking == given[0].ranking for one in given):
            continue
        newest = max((one.schema_id or 0 for one in given), default=0)
        for question in questions_of(schemas.get(newest), subject):
            answers = _answers(given, question, schemas)
            if len(answers) < 2 or all(one == answers[0] for one in answers[1:]):
                continue
            how = _distance(question, places.get(subject.trace_id or 0, {}), spans.get((schema, question.key), 0.0))
            far = apart(answers, how)
            if far.n_apart:
                found.append(Disagreement(subject, newest or None, schema, question, far, None))
    return sorted(found, key=lambda one: one.order)


def questions_of(schema: LabelSchema | None, subject: Subject) -> tuple[Question, ...]:
    """What is asked about a subject: the questions of its schema, of a pair or ranking which is better before them."""
    asked = () if schema is None else schema.questions
    if subject.trace_id is not None:
        return asked
    return (PREFERRED if subject.pair_id is not None else RANKED, *asked)


def _answers(given: Sequence[Spoken], question: Question, schemas: Mapping[int, LabelSchema]) -> list[Any]:
    answers = (comparable(one, question, schemas.get(one.schema_id or 0)) for one in given)
    return [answer for answer in answers if answer is not None]


def comparable(said: Spoken, question: Question, schema: LabelSchema | None) -> Any:
    """An answer as it is compared; None where there is none, or nothing to compare."""
    if question is RANKED:
        return said.answers.get(ORDER)
    if question.kind in _WORDS:
        answer = said.answers.get(question.key)
        return None if answer is None else str(answer)
    if question.kind == QuestionKind.CORRECTION:
        return {one["step_id"]: one["corrected"] for one in said.corrections} or None
    if question.kind == QuestionKind.NUMBER:
        answer = said.answers.get(question.key)
        return answer if isinstance(answer, (int, float)) and isfinite(answer) else None
    marks = [mark for mark in said.marks if mark["question"] == question.key]
    if question.kind == QuestionKind.STEP:
        return marks[0]["step_id"] if marks else None
    if question.kind not in _SETS or schema is None or not _asked(said, question, schema):
        return None
    answer = said.answers.get(question.key)
    whole = answer if isinstance(answer, list) else []
    return frozenset([*(("", str(one)) for one in whole), *((one["step_id"], one["value"]) for one in marks)])


def _asked(said: Spoken, question: Question, schema: LabelSchema) -> bool:
    if question.shown_if is None:
        return any(one.key == question.key for one in schema.questions)
    from_marks = {mark["question"]: mark["value"] for mark in said.marks}
    return question.key in asked_questions(schema, {**from_marks, **said.answers})


def _differ_in_step(given: Sequence[Spoken], schemas: Mapping[int, LabelSchema]) -> bool:
    schema = schemas.get(given[0].schema_id or 0)
    for question in () if schema is None else schema.questions:
        if question.kind == QuestionKind.STEP and len(set(_answers(given, question, schemas))) > 1:
            return True
    return False


def _spans(said: Iterable[Sequence[Spoken]], schemas: Mapping[int, LabelSchema]) -> dict[tuple[str, str], float]:
    """(schema, question) → how far apart two numbers can be: by the question's bounds, else by all that were given."""
    given: dict[tuple[str, str], list[float]] = {}
    bounds: dict[tuple[str, str], float] = {}
    for group in said:
        for one in group:
            for question in () if one.schema_id is None else schemas[one.schema_id].questions:
                if question.kind != QuestionKind.NUMBER:
                    continue
                if question.minimum is not None and question.maximum is not None:
                    bounds[one.schema, question.key] = question.maximum - question.minimum
                value = comparable(one, question, None)
                if value is not None:
                    given.setdefault((one.schema, question.key), []).append(value)
    return {key: max(values) - min(values) for key, values in given.items()} | bounds


def _distance(question: Question, places: Mapping[str, int], span: float) -> Distance:
    if question is PREFERRED:
        return preferred
    if question is RANKED:
        return reordered
    if question.kind == QuestionKind.CORRECTION:
        return rewritten
    if question.kind == QuestionKind.STEP:
        return along(sorted(places, key=places.__getitem__))
    if question.kind == QuestionKind.SCALE:
        return along([option.value for option in question.options])
    if question.kind == QuestionKind.NUMBER:
        return within(span)
    return overlap if question.kind in _SETS else unequal
