"""Reviews of runs and of single steps: what a person answers under a label schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Annotation
from core.review.answers import LessonText, Review, read_review, review_body
from core.review.subjects import Asked, Stored, Submission
from core.store.annotations import add_annotation, said_annotation, says_the_same
from core.store.items import refresh_items
from core.store.lessons import proposals_of_review
from core.store.schemas import get_schema
from core.store.steps import read_steps
from core.store.tables import AnnotationRow, ItemRow
from core.store.traces import trace_row
from core.tasks.outcome import refresh_outcomes


def read(session: Session, asked: Asked, body: Mapping[str, Any]) -> Review:
    """The review that was sent; raises InvalidInput with the question's key as its field."""
    trace = trace_row(session, _trace(asked))
    steps = {step.step_id: step for step in read_steps(session, trace.id)}
    schema = get_schema(session, asked.schema_id)
    return read_review(body, schema, trace.uid, asked.person.name, steps.get, asked.item.step_uid, list(steps))


def said(session: Session, asked: Asked) -> Submission | None:
    """The person's current review of the item, if there is one."""
    row = _row(session, asked)
    if row is None:
        return None
    body = review_body(
        {
            "answers": row.answers,
            "marks": row.marks,
            "corrections": row.corrections,
            "active_seconds": row.active_seconds,
        },
        _lesson_of(session, row.id),
    )
    return Submission(row.id, row.revision, row.submitted_at, row.place, body)


def same(session: Session, asked: Asked, answer: Review) -> bool:
    """Whether the review says nothing new."""
    row = _row(session, asked)
    return row is not None and says_the_same(row, answer.annotation)


def store(session: Session, asked: Asked, answer: Review, at: datetime, place: str) -> Stored:
    """Write a review, and bring the run's outcome and its items in line."""
    row = _write(session, asked, answer.annotation, at, place)
    return Stored(row.id, row.trace_id, row.revision, row.submitted_at, answer.lesson)


def withdraw(session: Session, asked: Asked, at: datetime, place: str) -> None:
    """Take the person's review back."""
    empty = Annotation("", asked.person.name, "", step_id=asked.item.step_uid)
    _write(session, asked, empty, at, place, withdrawn=True)


def _row(session: Session, asked: Asked) -> AnnotationRow | None:
    key = get_schema(session, asked.schema_id).key
    return said_annotation(session, _trace(asked), asked.item.step_uid, asked.person.id, key, asked.repeat)


def _write(
    session: Session, asked: Asked, annotation: Annotation, at: datetime, place: str, withdrawn: bool = False
) -> AnnotationRow:
    trace, schema = _trace(asked), asked.schema_id
    row = add_annotation(
        session,
        trace,
        asked.person.id,
        (schema, get_schema(session, schema).key),
        annotation,
        at,
        asked.item.id,
        asked.blind,
        withdrawn,
        place,
    )
    refresh_outcomes(session, [trace])
    refresh_items(session, ItemRow.trace_id, [trace])
    return row


def _trace(asked: Asked) -> int:
    if asked.item.trace_id is None:
        raise NotFound("The run of this item has been removed.", field="item")
    return asked.item.trace_id


def _lesson_of(session: Session, annotation: int) -> LessonText | None:
    """The lesson that was written with a review and still waits for a lead."""
    for line in proposals_of_review(session, annotation):
        return LessonText(line.when, line.guidance, line.avoid, line.why)
    return None
