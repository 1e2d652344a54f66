"""What was answered on an item of a queue, in the words of its questions: for known answers and surplus ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.records import LabelSchema, Question, QuestionKind
from core.review.adjudication import PREFERRED
from core.review.history import answer_text, step_name
from core.store.disagreements import positions
from core.store.items import get_item
from core.store.rankings import candidates
from core.store.work import ORDER
from dashboard.parts.numbers import clipped

LONGEST = 400


def in_words(session: Session, schema: LabelSchema | None, item: int, answers: Mapping[str, Any]) -> str:
    """Each question with its answer, in the order in which they are asked; "" for none.

    Steps are counted as people count them, candidates of a ranking go by their names.
    """
    row = get_item(session, item)
    places = positions(session, [row.trace_id])[row.trace_id] if row.trace_id is not None else {}
    told = [
        f"{_asked(question)} {_answered(question, answers[question.key], places)}"
        for question in (PREFERRED, *(schema.questions if schema is not None else ()))
        if question.key in answers
    ]
    if ORDER in answers and row.ranking_id is not None:
        told.insert(0, _order(session, row.ranking_id, answers[ORDER]))
    return clipped("; ".join(told), LONGEST)


def _asked(question: Question) -> str:
    title = question.title or question.key
    return title if title.endswith("?") else f"{title}:"


def _answered(question: Question, answer: Any, places: Mapping[str, int]) -> str:
    if question.kind == QuestionKind.STEP and isinstance(answer, str):
        return step_name(answer, places)
    if isinstance(answer, list):
        return ", ".join(answer_text(question, one, (), places) for one in answer) or "none"
    return answer_text(question, answer, (), places) or "nothing"


def _order(session: Session, ranking: int, tiers: Any) -> str:
    """1. gpt and claude, 2. llama"""
    known = candidates(session, ranking)

    def named(letter: str) -> str:
        one = known.get(letter)
        return (clipped(one.name or one.text, 40) if one is not None else "") or letter.upper()

    return ", ".join(f"{place}. {' and '.join(map(named, tier))}" for place, tier in enumerate(tiers, 1))
