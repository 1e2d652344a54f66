"""How far reviewers agree, question by question, from what they say now; people and machines are never mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.evaluate.answers_compared import PREFERENCE, Rated, Unit, rated_questions
from core.measure.agreement import (
    AgreementReport,
    CategoryAgreement,
    Coded,
    Coefficient,
    agreement_of,
    category_agreement,
    code,
    percent_and_alpha,
)
from core.measure.closeness import CHANCE, Overlap, percent_within, span_agreement
from core.measure.dawid_skene import FEWEST_RATERS, Consensus, consensus
from core.store.answer_words import LONGEST, Words, answer_words
from core.store.judgements import Judged, choices_by, find_queue, judged_by, schemas_in_use, step_positions

WEEKS_AT_MOST = 26
"""What spans more weeks is shown by month."""

MOST_TEXTS = 40
"""A text question with more different answers is one of free text, in which no words recur."""


@dataclass(frozen=True)
class QuestionAgreement:
    """One question: how far reviewers agree as they answered, and where `words` mean the same also as they count.

    `near` is, for a question that points at a step, the percent of pairs at most one step apart. `n_known` answers on
    items whose answer is known are left out: who makes such items picks clear ones, and everybody answers them.
    """

    rated: Rated = field(repr=False)
    report: AgreementReport
    words: Words
    mapped: AgreementReport | None
    near: Coefficient | None
    overlap: Overlap | None

    @property
    def key(self) -> str:
        return self.rated.key

    @property
    def schema(self) -> str:
        return self.rated.schema

    @property
    def title(self) -> str:
        return self.rated.title

    @property
    def best(self) -> AgreementReport:
        """What to read: the figures with the words that mean the same, where there are such."""
        return self.mapped or self.report

    @property
    def counted(self) -> Rated:
        """The answers behind `best`."""
        return self.rated.mapped(self.words) if self.words else self.rated


@dataclass(frozen=True)
class Period:
    """Agreement on what was answered for the last time in a week (from Monday) or a month."""

    start: date
    percent: Coefficient
    krippendorff: Coefficient


@dataclass(frozen=True)
class Details:
    """What one question has to say: each two raters, each category, how it went over time."""

    report: AgreementReport
    categories: tuple[CategoryAgreement, ...]
    by: str
    """"week" or "month"."""
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class TeamAgreement:
    """All questions that at least one of the raters answered.

    `n_known` answers are left out, because they were given to items whose answer is known. `texts` are questions that
    were answered in their raters' own words: they can be compared once somebody says which words mean the same.
    """

    queue: str
    raters: str
    n_known: int
    questions: tuple[QuestionAgreement, ...]
    texts: tuple[QuestionAgreement, ...]


def agreement_report(
    session: Session, queue: str | None = None, question: str | None = None, raters: str = "people"
) -> TeamAgreement:
    """Agreement of "people" (or "machines") on every question, or on one, over all that was judged or over one queue.

    Only what counts now is looked at: no surplus, no repeat, nothing withdrawn or given under guidelines that changed
    since. Raises NotFound for a queue or question that nobody answered, InvalidInput for other raters.
    """
    if raters not in ("people", "machines"):
        raise InvalidInput(f"Raters are people or machines, not {raters[:60]!r}.", field="raters")
    row, machines = find_queue(session, queue) if queue else None, raters == "machines"
    choices = choices_by(session, machines, row)
    compared = [one for one in choices if not one.known]
    n_known = len(choices) - len(compared)

    def ordinary() -> Iterator[Judged]:
        nonlocal n_known
        for one in judged_by(session, machines, row):
            if one.known:
                n_known += 1
            else:
                yield one

    all_words = answer_words(session)
    all_rated = rated_questions(ordinary(), compared, schemas_in_use(session))
    texts = [one for one in all_rated if one.kind == "text" and (one.schema, one.key) not in all_words]
    found = [one for one in all_rated if one.kind != "text" or (one.schema, one.key) in all_words]
    asked = [rated for rated in found if question in (None, rated.key)]
    if question is not None and not asked:
        known = ", ".join(sorted({rated.key for rated in found})) or "none"
        raise NotFound(f"No {raters} answered a question {question} (answered are: {known}).", field="question")
    questions = (_question(session, rated, all_words.get((rated.schema, rated.key), {})) for rated in asked)
    few = (one for one in texts if _few_words(one))
    return TeamAgreement(
        *(queue or "", raters, n_known, tuple(questions)), tuple(_question(session, one, {}) for one in few)
    )


def details_of(question: QuestionAgreement) -> Details:
    """All that there is to say of one question, with the words that mean the same where there are such."""
    rated = question.counted
    by, periods = _over_time(rated)
    if question.overlap is not None:
        return Details(question.report, (), by, periods)
    coded = _coded(rated)
    values = coded.values
    if rated.compared == "sets":
        values = tuple(dict.fromkeys(one for value in values for one in sorted(value)))
    given = [*(one for one in rated.options if one in values), *(one for one in values if one not in rated.options)]
    # of two answers that exclude each other, either against the other is the question itself
    told_apart = rated.mappable and (rated.compared == "sets" or len(given) > 2)
    return Details(
        agreement_of(coded, rated.level),
        tuple(category_agreement(coded, rated.level, given)) if told_apart else (),
        by,
        periods,
    )


def has_consensus(question: QuestionAgreement) -> bool:
    """Whether three or more gave single answers to it: not numbers, sets, steps or spans."""
    named = question.rated.kind in ("choice", "text", "yes_no", "scale", "step_verdict", PREFERENCE)
    return named and question.best.n_raters >= FEWEST_RATERS


def consensus_of(question: QuestionAgreement) -> Consensus | None:
    """What is most likely right on each item that two or more answered; None without `has_consensus`."""
    if not has_consensus(question):
        return None
    return consensus({unit: given for unit, given in question.counted.ratings.items() if len(given) > 1})


def _few_words(rated: Rated) -> bool:
    """Whether a text question was answered with words that recur, and by two raters somewhere."""
    if not any(len(given) > 1 for given in rated.ratings.values()):
        return False
    distinct = {answer for given in rated.ratings.values() for answer in given.values()}
    return len(distinct) <= MOST_TEXTS and all(len(text) <= LONGEST for text in distinct)


def _question(session: Session, rated: Rated, words: Words) -> QuestionAgreement:
    if rated.compared == "spans":
        overlap = span_agreement(rated.ratings)
        return QuestionAgreement(rated, _report_of(overlap), {}, None, None, overlap)
    report = _agree(rated)
    mapped = _agree(rated.mapped(words)) if words else None
    near = _near(session, rated) if rated.kind == "step" else None
    return QuestionAgreement(rated, report, words, mapped, near, None)


def in_full(rated: Rated) -> AgreementReport:
    """Every coefficient with its interval, those of each two raters too."""
    return agreement_of(_coded(rated), rated.level)


def _agree(rated: Rated) -> AgreementReport:
    return agreement_of(_coded(rated), rated.level, sure_pairs=False)


def _coded(rated: Rated) -> Coded:
    return code(rated.ratings, rated.level, rated.order(), _trace if rated.kind == "step_verdict" else None)


def _report_of(overlap: Overlap) -> AgreementReport:
    """The overlap of words in the place of percent; the coefficients that correct for chance do not apply."""
    n = overlap.percent.n_items
    none = Coefficient(None, n, overlap.percent.why or CHANCE)
    pairs = {name: Coefficient(None, pair.n_items, CHANCE) for name, pair in overlap.pairs.items()}
    return AgreementReport(n, overlap.n_raters, overlap.n_answers, overlap.percent, pairs, none, none)


def _near(session: Session, rated: Rated) -> Coefficient:
    """The percent of pairs whose steps are the same or stand next to each other in the run."""
    apart = {unit: given for unit, given in rated.ratings.items() if len(set(given.values())) > 1}
    places = step_positions(session, ((_trace(unit), step) for unit, given in apart.items() for step in given.values()))
    positions: dict[Unit, dict[str, float]] = {}
    for unit, given in rated.ratings.items():
        if unit in apart:
            known = {who: places.get((_trace(unit), step)) for who, step in given.items()}
            positions[unit] = {who: place for who, place in known.items() if place is not None}
        else:
            positions[unit] = dict.fromkeys(given, 0)
    return percent_within(positions)


def _trace(unit: Unit) -> Any:
    return unit[0] if isinstance(unit, tuple) else unit


def _over_time(rated: Rated) -> tuple[str, tuple[Period, ...]]:
    """The weeks or months in which items were answered for the last time, in order."""
    twice = {unit: given for unit, given in rated.ratings.items() if len(given) > 1}
    if not twice:
        return "week", ()
    weeks = {_monday(rated.latest[unit]) for unit in twice}
    by = "week" if (max(weeks) - min(weeks)).days <= 7 * WEEKS_AT_MOST else "month"
    parts: dict[date, dict[Unit, Any]] = {}
    for unit, given in twice.items():
        at = rated.latest[unit]
        parts.setdefault(_monday(at) if by == "week" else at.date().replace(day=1), {})[unit] = given
    return by, tuple(_period(rated, start, parts[start]) for start in sorted(parts))


def _monday(at: datetime) -> date:
    return date.fromordinal(at.date().toordinal() - at.weekday())


def _period(rated: Rated, start: date, ratings: Mapping[Unit, Any]) -> Period:
    if rated.compared == "spans":
        overlap = span_agreement(ratings)
        return Period(start, overlap.percent, Coefficient(None, overlap.percent.n_items, CHANCE))
    part = replace(rated, ratings=dict(ratings), latest={})
    return Period(start, *percent_and_alpha(_coded(part), rated.level))
