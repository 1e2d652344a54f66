"""What a machine would take for right where three or more people answered: a suggestion, never a label (law 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.measure.dawid_skene import consensus
from core.measure.majority import majority
from core.records import LabelSchema, Question, QuestionKind
from core.review.adjudication import comparable, questions_of
from core.store.disagreements import Spoken, spoken_on_pairs, spoken_on_rankings, spoken_on_runs
from core.store.judgements import schemas_in_use
from core.store.resolutions import Subject

FEWEST = 3
"""People who answered the item; with fewer nobody can be told to be the one who errs."""
FEWEST_ITEMS = 50
"""Items from which error rates of people are learned; from fewer they come out far too sure, and the majority is asked.
"""

_NAMED = (QuestionKind.CHOICE, QuestionKind.YES_NO, QuestionKind.SCALE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An answer and what it rests on, in words; `answer` is as an annotation holds it."""

    answer: Any
    because: str


def suggestion(session: Session, subject: Subject, schema: LabelSchema | None, question: str) -> Suggestion | None:
    """The consensus of those who answered a question of a subject, of choices and scales; None where there is none.

    From fifty items on, each person's errors are learned from all that two people answered (Dawid and Skene); before
    that it is the answer that more than half gave.
    """
    asked = next((one for one in questions_of(schema, subject) if one.key == question), None)
    if asked is None or asked.kind not in _NAMED:
        return None
    spoken = spoken_on_pairs if subject.pair_id is not None else spoken_on_rankings
    given = spoken_on_runs(session) if subject.trace_id is not None else spoken(session)
    key = "" if subject.trace_id is None or schema is None else schema.key
    ratings = _ratings([one for one in given if one.schema == key], asked, schemas_in_use(session))
    mine = ratings.get(subject, {})
    if len(mine) < FEWEST:
        return None
    values = {str(one.answers[question]): one.answers[question] for one in given if question in one.answers}
    if len(ratings) >= FEWEST_ITEMS:
        found = consensus(ratings)
        best = found.answers[subject]
        if not found.why and best in mine.values():
            likely = found.probabilities[subject][best]
            n = len({person for said in ratings.values() for person in said})
            sure = "over 99 %" if likely > 0.99 else f"{likely * 100:.0f} %"
            because = f"{sure} likely by Dawid and Skene, from {len(ratings):,} items and {n} people"
            return Suggestion(values[best], because)
    most = majority(mine.values())
    if most is None:
        return None
    return Suggestion(values[most], f"what {list(mine.values()).count(most)} of {len(mine)} people said")


def _ratings(given: list[Spoken], asked: Question, schemas: Mapping[int, LabelSchema]) -> dict[Subject, dict[str, Any]]:
    ratings: dict[Subject, dict[str, Any]] = {}
    for one in given:
        answer = comparable(one, asked, schemas.get(one.schema_id or 0))
        if answer is not None:
            ratings.setdefault(one.subject, {})[one.person] = answer
    return ratings
