"""Items whose answer is known: how one is made, and how people's answers are compared with what is known.

Compared are answers that are equal or not: choices, scales, numbers, sets of categories, and which step is pointed at.
Texts, corrections, words and verdicts on steps are not.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import Choice, LabelSchema, Question
from core.store.gold import put_gold
from core.store.items import DISCARDED, GOLD
from core.store.locks import lock_item
from core.store.people import PersonLine
from core.store.queues import get_queue
from core.store.schemas import get_schema
from core.store.tables import ItemRow
from core.store.work import ORDER, PREFERENCE

SETS = ("multi_choice", "taxonomy")
COMPARED = ("choice", "yes_no", "scale", "number", "step", *SETS)
"""The kinds of questions whose answers are equal or not."""

Marks = Sequence[Mapping[str, Any]]


def comparable(question: Question, answers: Mapping[str, Any], marks: Marks = ()) -> Hashable | None:
    """The answer to a question as it is compared; None where nothing was said. No category at all is an answer."""
    value = answers.get(question.key)
    marked = [mark for mark in marks if mark["question"] == question.key]
    if question.kind in SETS:
        listed = value if isinstance(value, list) else [] if value is None else [value]
        return frozenset(str(one) for one in (*listed, *(mark["value"] for mark in marked)))
    if question.kind == "step":
        return next((str(mark["step_id"]) for mark in marked), None if value is None else str(value))
    if question.kind not in COMPARED or value is None or value == "":
        return None
    if question.kind == "number":
        return float(value) if isinstance(value, (int, float)) else str(value)
    return str(value).lower() if question.kind == "yes_no" else str(value)


def comparable_side(key: str, answers: Mapping[str, Any]) -> Hashable | None:
    """What was said of a pair (PREFERENCE), or of candidates in order (ORDER), as it is compared."""
    value = answers.get(key)
    if key == ORDER and isinstance(value, list):
        return tuple(frozenset(tier) if isinstance(tier, (list, tuple, str)) else tier for tier in value)
    return None if value is None else str(value)


def compared(key: str, question: Question | None, answers: Mapping[str, Any], marks: Marks = ()) -> Hashable | None:
    """The answer under a key, be it a question of a schema or what every pair or ranking asks."""
    return comparable_side(key, answers) if question is None else comparable(question, answers, marks)


def gold_from(
    schema: LabelSchema | None, answers: Mapping[str, Any], marks: Marks = (), asked: Container[str] | None = None
) -> dict[str, Any]:
    """What of an annotation's answers (a pair's: with PREFERENCE, a ranking's: with ORDER) can be known of an item.

    A step pointer is kept as the id of its step, a taxonomy as its categories, wherever they were marked. Of a question
    that is not among those `asked` (None: all were) nothing is known: to say nothing of it is no answer.
    """
    gold: dict[str, Any] = {key: answers[key] for key in (PREFERENCE, ORDER) if answers.get(key)}
    for question in schema.questions if schema is not None else ():
        if asked is not None and question.key not in asked:
            continue
        found = comparable(question, answers, marks)
        if isinstance(found, frozenset):
            gold[question.key] = sorted(found)
        elif found is not None:
            gold[question.key] = found if question.kind == "step" else answers[question.key]
    return gold


def set_gold(session: Session, item: ItemRow, answers: Mapping[str, Any], by: PersonLine) -> None:
    """Let the item's answer be known (question → answer, as `gold_from` makes it): everybody is given it once.

    Raises NotPermitted for others than leads, Conflict for a hidden repeat or a discarded item, InvalidInput for an
    answer that cannot be given or compared.
    """
    _lead(by)
    lock_item(session, item)
    if item.for_person:
        raise Conflict("This is a hidden repeat. Give the item that it repeats a known answer.", field="item")
    if item.state == DISCARDED:
        raise Conflict("This item was taken out of its queue. Bring it back first.", field="item")
    queue = get_queue(session, item.queue_id)
    schema = get_schema(session, queue.schema_id) if queue.schema_id is not None else None
    questions = {question.key: question for question in schema.questions} if schema is not None else {}
    own = {"pair": PREFERENCE, "ranking": ORDER}.get(queue.subject)
    if not answers:
        raise InvalidInput("Answer at least one question whose answers are equal or not.", field="gold")
    for key, value in answers.items():
        if not (_is_choice(value) if key == own == PREFERENCE else key == own or _fits(questions.get(key), value)):
            raise InvalidInput(
                f"The known answer to {key[:60]} cannot be {str(value)[:60]!r} under this queue's questions.", field=key
            )
    put_gold(session, item, answers)


def unset_gold(session: Session, item: ItemRow, by: PersonLine) -> None:
    """Make a gold item ordinary work again: open, or done where enough people have answered it."""
    _lead(by)
    lock_item(session, item)
    if item.state == GOLD:
        put_gold(session, item, None)


def _lead(by: PersonLine) -> None:
    if by.role.value != "lead":
        raise NotPermitted("Only a lead decides which answer is the known one.")


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) and value in {choice.value for choice in Choice}


def _fits(question: Question | None, value: Any) -> bool:
    if question is None or question.kind not in COMPARED:
        return False
    allowed = {option.value for option in question.options}
    if question.kind in SETS:
        return isinstance(value, list) and all(isinstance(one, str) and one in allowed for one in value)
    if question.kind == "yes_no":
        return isinstance(value, bool)
    if question.kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str) and bool(value) and (question.kind == "step" or value in allowed)
