"""The same answers for every run of a filter: counted first, given in batches, taken back in one go.

A run that the person has labelled already stays as it is, and one that they have still to judge blind is left out.
Every function takes a session of a writing transaction and does one batch; the caller commits each, and goes on while
it is told to. Cut short anywhere, the bulk says how far it came and can be finished or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import Annotation, LabelSchema, Question
from core.review.answers import asked_questions, read_review
from core.store import bulk as store
from core.store.bulk import BulkCount, BulkLine
from core.store.items import refresh_items
from core.store.schemas import get_schema
from core.store.tables import ItemRow
from core.store.trace_filter import TraceFilter
from core.tasks.outcome import refresh_outcomes

AT_ONCE = 100
"""Runs that are labelled in one transaction: short ones, for others wait for their turn to write."""

KINDS = ("yes_no", "choice", "multi_choice", "scale", "number", "text")
"""The kinds of questions that can be answered for many runs at once, beside a taxonomy that belongs to the run."""


def answerable(question: Question) -> bool:
    """Whether one answer to the question can be given to many runs: it points at no step of them."""
    return question.kind in KINDS or (question.kind == "taxonomy" and question.belongs == "trace")


def why_not(schema: LabelSchema) -> str:
    """Why a schema cannot be answered for many runs at once, in a sentence; "" when it can."""
    needed = [one.title for one in schema.questions if one.required and not answerable(one) and one.shown_if is None]
    if needed:
        return f"“{needed[0]}” must be answered, and asks for a place in each run: label these runs one by one."
    if not any(answerable(one) for one in schema.questions):
        return "Each of its questions asks for a place in a run: label these runs one by one."
    return ""


def read_bulk(schema: LabelSchema, answers: Mapping[str, Any], person: str) -> Annotation:
    """The label that all runs get; raises InvalidInput with the question's key as its field."""
    known = {one.key: one for one in schema.questions}
    for key in answers:
        if key in known and not answerable(known[key]):
            raise InvalidInput(f"“{known[key].title}” asks for a place in each run.", field=key)
    annotation = read_review({"answers": dict(answers)}, schema, "", person, lambda step: None).annotation
    if not annotation.answers:
        raise InvalidInput("Answer at least one question.", field=next(iter(asked_questions(schema, {})), ""))
    return annotation


def count_bulk(session: Session, wanted: TraceFilter, person: int, schema: LabelSchema) -> BulkCount:
    """What a bulk label would do, to be told before it is done."""
    return store.count_for_bulk(session, wanted, person, schema.key)


def begin_bulk(
    session: Session, person: int, schema_id: int, wanted: TraceFilter, annotation: Annotation, counted: BulkCount
) -> int:
    """Write down what is about to be done for the runs that were counted; the bulk's row id."""
    if not counted.runs:
        raise InvalidInput("There is no run to label: you have labelled all that fit.", field="filter")
    kept = {"runs": wanted.as_json(), "up_to": counted.up_to}
    return store.open_bulk(session, person, schema_id, kept, annotation.answers, counted.runs, now())


def give_some(session: Session, bulk: int, person: int) -> bool:
    """Label the next runs of a bulk; False when all are. Raises NotPermitted for another's, Conflict for one undone."""
    line = _mine(session, bulk, person)
    if line.undone_at is not None:
        raise Conflict("These labels have been taken back meanwhile.")
    wanted = replace(TraceFilter.from_json(line.filter["runs"]), blind_for=person)
    most = min(AT_ONCE, line.n - line.given)
    runs = (
        store.next_for_bulk(session, wanted, person, line.schema_key, int(line.filter["up_to"]), most) if most else []
    )
    if not runs:
        store.close_bulk(session, bulk, line.given)
        return False
    label = read_bulk(get_schema(session, line.schema_id), line.answers, "")
    if store.label_runs(session, bulk, person, (line.schema_id, line.schema_key), runs, label, now()):
        _settle(session, runs)
    return True


def undo_some(session: Session, bulk: int, person: int) -> bool:
    """Take back the next labels of a bulk; False when none stands. What was changed by hand since stays."""
    line = _mine(session, bulk, person)
    store.mark_undone(session, bulk, now())
    runs = store.standing_runs(session, bulk, AT_ONCE)
    if not runs:
        return False
    schema = (line.schema_id, line.schema_key)
    if store.label_runs(session, bulk, person, schema, runs, Annotation("", "", ""), now(), withdrawn=True):
        _settle(session, runs)
    return True


def _mine(session: Session, bulk: int, person: int) -> BulkLine:
    store.lock_bulk(session, bulk)
    line = store.bulk_line(session, bulk)
    if line.person != person:
        raise NotPermitted("These labels are somebody else's: only who gave them can go on, or take them back.")
    return line


def _settle(session: Session, runs: list[int]) -> None:
    refresh_outcomes(session, runs)
    refresh_items(session, ItemRow.trace_id, runs)
