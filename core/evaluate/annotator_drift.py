"""Does a person answer otherwise than they did before, and otherwise than others do on the same weeks?

What a person says in their latest weeks is held against their own earlier ones and against what others said in the
same weeks, answer by answer; so is the active time. Runs differ from week to week: where others changed as well, the
runs may have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from core.measure.intervals import Rate, rate
from core.measure.proportions import ChangeAgainst, benjamini_hochberg, change_against, fisher_exact
from core.measure.ranks import mann_whitney, median
from core.measure.runs import Median
from core.records import Choice, LabelSchema
from core.review.gold import comparable
from core.store.judgements import schemas_in_use
from core.store.people import list_people
from core.store.work import PREFERENCE, Answered, answers_given

LATEST = timedelta(weeks=4)
"""How much of a person's time counts as latest; what lies before is earlier."""
ENOUGH = 10
"""Answers in each of the two times, at the least; fewer show nothing but a reversal."""
ALARM = 0.05
"""The share of false findings among all, at the most, in the long run."""

_RATED = ("choice", "yes_no", "scale")
_STRENGTH = {Choice.A_MUCH: "much better", Choice.B_MUCH: "much better", Choice.A: "better", Choice.B: "better"}


@dataclass(frozen=True, slots=True)
class AnswerDrift:
    """How often a person gave one answer to a question: `before`, and in the weeks from `since` on, `after`.

    The others' shares are over the same weeks, None where they gave fewer than ENOUGH answers; `against` says how much
    more the person changed than they did. `adjusted` is the p of the person's own change and `adjusted_others` that of
    their latest share against the others', both adjusted for all tests that were made.
    """

    person: str
    schema: str
    question: str
    answer: str
    since: date
    before: Rate
    after: Rate
    others_before: Rate | None
    others_after: Rate | None
    against: ChangeAgainst | None
    adjusted: float
    adjusted_others: float | None

    @property
    def changed(self) -> bool:
        """Whether the person's own share changed by more than chance makes in so many tests."""
        return self.adjusted <= ALARM

    @property
    def drifted(self) -> bool | None:
        """Whether they changed and others did not change as much; None where nobody is there to tell it from."""
        if not self.changed or self.against is None:
            return None if self.changed else False
        interval = self.against.interval
        return not interval.low <= 0 <= interval.high


@dataclass(frozen=True, slots=True)
class TimeDrift:
    """The active time of a person on items of one schema ("" for pairs and rankings): before, and from `since` on.

    `longer` is how often a later item took longer than an earlier one (0.5: neither).
    """

    person: str
    schema: str
    since: date
    before: Median
    after: Median
    longer: float
    adjusted: float

    @property
    def changed(self) -> bool:
        """Whether it changed by more than chance makes in so many tests."""
        return self.adjusted <= ALARM


@dataclass(frozen=True, slots=True)
class AnnotatorDrift:
    """Everything that could be tested, the clearest first; `tests` counts all p-values that were adjusted together."""

    answers: tuple[AnswerDrift, ...]
    times: tuple[TimeDrift, ...]
    tests: int


Counts = Counter[str]
Key = tuple[str, str, str]
"""Schema, question and its title."""


def annotator_drift(session: Session) -> AnnotatorDrift:
    """Every person's latest weeks against what was before, over all that people say now."""
    names = {person.id: person.name for person in list_people(session)}
    given, schemas = answers_given(session), schemas_in_use(session)
    answers = list(_answer_tests(_weekly(given, schemas), names))
    times = list(_time_tests(given, schemas, names))
    p_values = [one.adjusted for one in answers] + [one.adjusted for one in times]
    p_values += [one.adjusted_others for one in answers if one.adjusted_others is not None]
    adjusted = iter(benjamini_hochberg(p_values))
    answers = [replace(one, adjusted=next(adjusted)) for one in answers]
    times = [replace(one, adjusted=next(adjusted)) for one in times]
    answers = [one if one.adjusted_others is None else replace(one, adjusted_others=next(adjusted)) for one in answers]
    answers.sort(key=lambda one: (not one.drifted, one.adjusted, one.person, one.question, one.answer))
    times.sort(key=lambda one: (one.adjusted, one.person, one.schema))
    return AnnotatorDrift(tuple(answers), tuple(times), len(p_values))


def _monday(one: Answered) -> date:
    day = one.at.date()
    return day - timedelta(days=day.weekday())


def _since(weeks: Iterable[date]) -> date:
    """The first of a person's latest weeks."""
    return max(weeks) - LATEST + timedelta(weeks=1)


def _weekly(given: Iterable[Answered], schemas: Mapping[int, LabelSchema]) -> dict[Key, dict[int, dict[date, Counts]]]:
    """Question → person → week → how often they gave each answer."""
    found: dict[Key, dict[int, dict[date, Counts]]] = {}
    for one in given:
        week = _monday(one)
        for key, answer in _rated(one, schemas):
            found.setdefault(key, {}).setdefault(one.person_id, {}).setdefault(week, Counter())[answer] += 1
    return found


def _rated(one: Answered, schemas: Mapping[int, LabelSchema]) -> Iterator[tuple[Key, str]]:
    """The answers that have a rate. Which side of a pair was preferred has none: its sides are drawn by lot."""
    if (choice := one.answers.get(PREFERENCE)) is not None:
        yield ("", PREFERENCE, "Which of the two is better?"), _STRENGTH.get(choice, str(choice).replace("_", " "))
    schema = schemas.get(one.schema_id) if one.schema_id is not None else None
    for question in schema.questions if schema is not None else ():
        if question.kind in _RATED and (said := comparable(question, one.answers)) is not None:
            labels = {option.value: option.label for option in question.options} | {"true": "yes", "false": "no"}
            yield (schema.key if schema else "", question.key, question.title), labels.get(str(said), str(said))


def _answer_tests(
    weekly: Mapping[Key, Mapping[int, Mapping[date, Counts]]], names: Mapping[int, str]
) -> Iterator[AnswerDrift]:
    """All tests with enough answers; `adjusted` still holds their p as it is."""
    for (schema, _, title), people in weekly.items():
        total: dict[date, Counts] = defaultdict(Counter)
        for weeks in people.values():
            for week, counts in weeks.items():
                total[week].update(counts)
        for person, weeks in people.items():
            since, first, last = _since(weeks), min(weeks), max(weeks)
            before, after = _within(weeks, first, since), _within(weeks, since, last, whole=True)
            if min(before.total(), after.total()) < ENOUGH:
                continue
            earlier = _within(total, first, since) - before
            later = _within(total, since, last, whole=True) - after
            for answer in _told_apart(before, after):
                yield _compared((names[person], schema, title, answer), since, before, after, earlier, later)


def _within(weeks: Mapping[date, Counts], first: date, end: date, whole: bool = False) -> Counts:
    """What was answered from one week up to another; with `whole`, that week too."""
    found: Counts = Counter()
    for week, counts in weeks.items():
        if first <= week < end or (whole and week == end):
            found.update(counts)
    return found


def _told_apart(before: Counts, after: Counts) -> list[str]:
    """The answers to look at: of two, the one that is given more often than before says all that the other does."""
    listed = sorted(before | after)
    if len(listed) == 2:
        return [max(listed, key=lambda answer: after[answer] / after.total() - before[answer] / before.total())]
    return listed if len(listed) > 2 else []


def _compared(
    of: tuple[str, str, str, str], since: date, before: Counts, after: Counts, earlier: Counts, later: Counts
) -> AnswerDrift:
    answer = of[3]
    own = rate(before[answer], before.total()), rate(after[answer], after.total())
    enough = min(earlier.total(), later.total()) >= ENOUGH
    others = [rate(counts[answer], counts.total()) if enough else None for counts in (earlier, later)]
    against, p_others = None, None
    if others[0] is not None and others[1] is not None:
        against = change_against(*own, others[0], others[1])
        p_others = fisher_exact(after[answer], after.total(), later[answer], later.total())
    p = fisher_exact(after[answer], after.total(), before[answer], before.total())
    return AnswerDrift(*of, since, *own, others[0], others[1], against, p, p_others)


def _time_tests(
    given: Sequence[Answered], schemas: Mapping[int, LabelSchema], names: Mapping[int, str]
) -> Iterator[TimeDrift]:
    timed: dict[tuple[int, str], list[tuple[date, float]]] = defaultdict(list)
    for one in given:
        if one.seconds is not None:
            schema = schemas.get(one.schema_id) if one.schema_id is not None else None
            timed[one.person_id, schema.key if schema else ""].append((_monday(one), one.seconds))
    for (person, key), rows in timed.items():
        since = _since(week for week, _ in rows)
        before = [seconds for week, seconds in rows if week < since]
        after = [seconds for week, seconds in rows if week >= since]
        if min(len(before), len(after)) >= ENOUGH:
            test = mann_whitney(after, before)
            yield TimeDrift(names[person], key, since, median(before), median(after), test.larger, test.p_value)
