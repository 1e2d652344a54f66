"""How each person reviews, and how each question is to answer: amounts, time, and answers against what is known.

People only. A share whose answers are several an item counts items as clusters (`run_share`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlalchemy.orm import Session

from core.measure.intervals import Mean, Rate
from core.measure.pace import per_hour
from core.measure.ranks import median
from core.measure.runs import Median, run_share
from core.records import LabelSchema, Question, Role
from core.review.answers import asked_questions
from core.review.gold import COMPARED, compared
from core.store.gold import Known, Resolved, known_answers, resolutions_that_stand
from core.store.judgements import schemas_in_use
from core.store.work import ORDER, PREFERENCE, Answered, Subject, Work, answers_given, work_done

SIDES = {PREFERENCE: "Which of the two is better?", ORDER: "In which order?"}

Asked = tuple[str, str]
"""A question: the key of its schema ("" for what every pair or ranking asks) and its own."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person. A share is None where there is nothing to tell it from.

    `resolved`: of their answers to what a lead has resolved, those that equal the resolution (not a lead's own).
    `gold`: of the known answers on the items they had, those that they gave; None for leads, who see them. `same`: of
    their answers on items they were asked twice, those they gave again.
    """

    work: Work
    time: Median | None
    pace: Mean | None
    resolved: Rate | None
    gold: Rate | None
    gold_by_question: Mapping[Asked, Rate]
    same: Rate | None


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question. `blank` is over the answers in which it was asked, `disagree` over every two answers on one item.

    Items whose answer is known are not in `disagree`: everybody answers those, and clear ones are picked.
    `time` is the active time of whole items on which it was answered, for the time of one question is not known.
    """

    schema: str
    key: str
    title: str
    answered: int
    items_twice: int
    disagree: Rate | None
    blank: Rate | None
    gold_error: Rate | None
    time: Median | None


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody who did anything, and every question that people answered, the one they disagree on most first."""

    reviewers: tuple[Reviewer, ...]
    questions: tuple[QuestionLine, ...]
    titles: Mapping[Asked, str]


@dataclass(slots=True)
class _Tally:
    """Right answers and all of them, by item."""

    items: dict[Hashable, list[int]] = field(default_factory=dict)

    def add(self, item: Hashable, right: bool) -> None:
        counts = self.items.setdefault(item, [0, 0])
        counts[0] += right
        counts[1] += 1

    def rate(self) -> Rate | None:
        return run_share([(right, n) for right, n in self.items.values()]) if self.items else None


def team(session: Session, only: int | None = None) -> Team:
    """How everybody reviews; `only` one person, as they may see it themselves.

    They learn nothing of gold items and repeats of queues that are not archived (law 7), and nothing of questions.
    """
    work = [one for one in work_done(session) if one.role is not Role.MACHINE and only in (None, one.person_id)]
    schemas = schemas_in_use(session)
    given = [one for one in answers_given(session) if only in (None, one.person_id)]
    leads = {one.person_id for one in work if one.role is Role.LEAD}
    closed = only is not None
    known = known_answers(session, closed)
    right = _against_gold(given, known, schemas, leads)
    resolved = _against_resolutions(given, resolutions_that_stand(session), schemas)
    again = [one for one in answers_given(session, True, closed) if only in (None, one.person_id)]
    same = _against_oneself(given, again, schemas)
    by_person: dict[int, _Tally] = defaultdict(_Tally)
    by_question: dict[tuple[int, Asked], _Tally] = defaultdict(_Tally)
    errors: dict[Asked, _Tally] = defaultdict(_Tally)
    for person, asked, item, correct in right:
        by_person[person].add(item, correct)
        by_question[person, asked].add(item, correct)
        errors[asked].add(item, not correct)
    reviewers = [
        Reviewer(
            one,
            median(one.seconds) if one.seconds else None,
            per_hour(one.seconds),
            resolved[one.person_id].rate() if one.person_id in resolved else None,
            by_person[one.person_id].rate() if one.person_id in by_person else None,
            {
                asked: rate
                for (person, asked), tally in by_question.items()
                if person == one.person_id and (rate := tally.rate()) is not None
            },
            same[one.person_id].rate() if one.person_id in same else None,
        )
        for one in work
    ]
    lines = () if only is not None else _lines(given, schemas, errors, {one.subject for one in known})
    titles = {(schema.key, asked.key): asked.title for schema in schemas.values() for asked in schema.questions}
    titles |= {("", key): title for key, title in SIDES.items()}
    return Team(tuple(reviewers), lines, titles)


def _schema(one: Answered, schemas: Mapping[int, LabelSchema]) -> LabelSchema | None:
    return schemas.get(one.schema_id) if one.schema_id is not None else None


def _questions(one: Answered, schemas: Mapping[int, LabelSchema]) -> Iterable[tuple[Asked, Question | None]]:
    """What is compared of an answer: what its pair or ranking asks, and the questions of its schema."""
    for key in SIDES:
        if key in one.answers:
            yield ("", key), None
    schema = _schema(one, schemas)
    for question in schema.questions if schema is not None else ():
        if question.kind in COMPARED:
            yield (schema.key if schema else "", question.key), question


def _by_schema(one: Answered, schemas: Mapping[int, LabelSchema]) -> tuple[Subject, str]:
    """What a known answer is known of: a run or step under one schema's questions, a pair or ranking under any."""
    schema = _schema(one, schemas)
    return one.subject, schema.key if schema is not None and one.subject.kind == "trace" else ""


def _against_gold(
    given: Sequence[Answered], gold: Sequence[Known], schemas: Mapping[int, LabelSchema], leads: set[int]
) -> list[tuple[int, Asked, Subject, bool]]:
    """(person, question, item, right) for each known answer that somebody who is no lead had; blank is not right."""
    known = {(one.subject, one.schema): one.answers for one in gold}
    found = []
    for one in given:
        answers = known.get(_by_schema(one, schemas)) if one.person_id not in leads else None
        for asked, question in _questions(one, schemas) if answers else ():
            if answers is not None and asked[1] in answers:
                truth = compared(asked[1], question, answers)
                said = compared(asked[1], question, one.answers, one.marks)
                found.append((one.person_id, asked, one.subject, said == truth))
    return found


def _against_resolutions(
    given: Sequence[Answered], resolutions: Sequence[Resolved], schemas: Mapping[int, LabelSchema]
) -> dict[int, _Tally]:
    """Person → their answers that equal the resolution; not those of the lead who resolved it, nor blank ones."""
    known: dict[tuple[Subject, str], list[Resolved]] = defaultdict(list)
    for resolution in resolutions:
        known[resolution.subject, resolution.schema].append(resolution)
    found: dict[int, _Tally] = defaultdict(_Tally)
    for one in given:
        there = known.get(_by_schema(one, schemas), ())
        questions = {asked[1]: question for asked, question in _questions(one, schemas)} if there else {}
        for resolution in there:
            key = resolution.question
            if key not in questions or resolution.by == one.person_id:
                continue
            truth = compared(key, questions[key], {key: resolution.answer}, resolution.marks)
            said = compared(key, questions[key], one.answers, one.marks)
            if truth is not None and said is not None:
                found[one.person_id].add(one.subject, said == truth)
    return found


def _against_oneself(
    given: Sequence[Answered], again: Sequence[Answered], schemas: Mapping[int, LabelSchema]
) -> dict[int, _Tally]:
    """Person → their answers to hidden repeats that equal those before; not where those were changed since."""
    first = {(one.person_id, *_by_schema(one, schemas)): one for one in given}
    found: dict[int, _Tally] = defaultdict(_Tally)
    for one in again:
        before = first.get((one.person_id, *_by_schema(one, schemas)))
        if before is None or before.revision > one.revision:
            continue
        for asked, question in _questions(one, schemas):
            said = compared(asked[1], question, before.answers, before.marks)
            repeated = compared(asked[1], question, one.answers, one.marks)
            if said is not None or repeated is not None:
                found[one.person_id].add(one.subject, said == repeated)
    return found


def _lines(
    given: Sequence[Answered],
    schemas: Mapping[int, LabelSchema],
    errors: Mapping[Asked, _Tally],
    known: set[Subject],
) -> tuple[QuestionLine, ...]:
    answers: dict[Asked, dict[Subject, list[Hashable]]] = defaultdict(lambda: defaultdict(list))
    blank: dict[Asked, _Tally] = defaultdict(_Tally)
    seconds: dict[Asked, list[float]] = defaultdict(list)
    titles: dict[Asked, str] = {}
    for one in given:
        schema = _schema(one, schemas)
        marked = [(str(mark["question"]), str(mark["value"])) for mark in one.marks]
        shown = asked_questions(schema, one.answers, marked) if schema is not None else set()
        for asked, question in _questions(one, schemas):
            if question is not None and question.key not in shown:
                continue
            titles[asked] = question.title if question is not None else SIDES[asked[1]]
            said = compared(asked[1], question, one.answers, one.marks)
            blank[asked].add(one.subject, said is None)
            if said is not None:
                answers[asked][one.subject].append(said)
                if one.seconds is not None:
                    seconds[asked].append(one.seconds)
    lines = []
    for asked, items in answers.items():
        twice = [said for item, said in items.items() if len(said) > 1 and item not in known]
        pairs = [[one != other for one, other in combinations(said, 2)] for said in twice]
        clusters = [(sum(each), len(each)) for each in pairs]
        lines.append(
            QuestionLine(
                *asked,
                titles[asked],
                sum(len(said) for said in items.values()),
                len(clusters),
                run_share(clusters) if clusters else None,
                blank[asked].rate(),
                errors[asked].rate() if asked in errors else None,
                median(seconds[asked]) if seconds[asked] else None,
            )
        )
    return tuple(sorted(lines, key=lambda line: -line.disagree.value if line.disagree else 1.0))
