"""A lead decides where people disagree: adopts one of their answers, writes another, or takes a decision back.

Every function takes a session of a writing transaction; the caller commits. Nothing that was decided is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.records import LabelSchema, Mark, Question, QuestionKind, Role
from core.review.adjudication import questions_of
from core.review.answers import read_review
from core.review.resolved_orders import read_order, resolve_parts, withdraw_parts
from core.store.history import revisions
from core.store.locks import lock_subjects
from core.store.pairs import pair_row
from core.store.people import PersonLine
from core.store.rankings import ranking_row
from core.store.resolutions import Resolved, Subject, add_resolution, resolution_history
from core.store.schemas import get_schema
from core.store.steps import read_steps
from core.store.traces import trace_row
from core.store.work import ORDER
from core.tasks.outcome import OUTCOME, refresh_outcomes

LONGEST_REASON = 5_000
SUGGESTED = "Took over the suggestion. "
"""Begins the reason of a resolution that is what a machine proposed: accepting a suggestion is recorded (law 4)."""

_EMPTY = (QuestionKind.MULTI_CHOICE, QuestionKind.TAXONOMY, QuestionKind.SPAN, QuestionKind.STEP_VERDICT)
"""Kinds of questions that "nothing" is an answer to."""


def adopt(
    session: Session,
    subject: Subject,
    schema_id: int | None,
    question: str,
    given_id: int,
    lead: PersonLine,
    reason: str = "",
    seen: int | None = None,
) -> Resolved:
    """Let one person's answer (the id of an annotation, preference or order) be the answer, with its marks.

    `seen` is the resolution that stood on the lead's screen: raises Conflict where another stands now, NotPermitted for
    others than leads, InvalidInput where that person left the question empty.
    """
    asked = _asked(session, subject, schema_id, question, lead, seen)
    given = next((one for one in revisions(session, subject) if one.id == given_id), None)
    if given is None or given.subject != subject or given.withdrawn:
        raise NotFound("This answer does not stand any more. Reload the page.", field=question)
    marks, answer = tuple(mark for mark in given.marks if mark.question == question), given.answers.get(question)
    said = given.corrections if asked.kind == QuestionKind.CORRECTION else (answer is not None or marks)
    if not said and asked.kind not in _EMPTY:
        raise InvalidInput(f"{given.person} has not answered “{asked.title}”. Adopt another answer.", field=question)
    return _write(session, subject, schema_id, question, answer, marks, lead, reason, given_id)


def resolve(
    session: Session,
    subject: Subject,
    schema_id: int | None,
    question: str,
    answer: Any,
    marks: Sequence[Mapping[str, Any]],
    lead: PersonLine,
    reason: str = "",
    seen: int | None = None,
) -> Resolved:
    """Write the answer that holds; it is checked as a reviewer's is. `seen` and errors as in `adopt`."""
    asked = _asked(session, subject, schema_id, question, lead, seen)
    if asked.kind in (QuestionKind.CORRECTION, QuestionKind.LESSON):
        raise InvalidInput(f"“{asked.title}” is resolved by adopting what somebody wrote.", field=question)
    if subject.ranking_id is not None and question == ORDER:
        order = read_order(session, subject.ranking_id, answer)
        return _write(session, subject, schema_id, question, order, (), lead, reason, None)
    only = LabelSchema("", 1, "", (replace(asked, required=asked.kind not in _EMPTY, shown_if=None),))
    body = {"answers": {} if answer is None else {question: answer}, "marks": list(marks)}
    trace = "" if subject.trace_id is None else trace_row(session, subject.trace_id).uid
    steps = {} if subject.trace_id is None else {one.step_id: one for one in read_steps(session, subject.trace_id)}
    read = read_review(body, only, trace, lead.name, steps.get, subject.step_id, tuple(steps)).annotation
    return _write(session, subject, schema_id, question, read.answers.get(question), read.marks, lead, reason, None)


def withdraw(session: Session, subject: Subject, resolution_id: int, lead: PersonLine, reason: str = "") -> Resolved:
    """Take a resolution that stands back: the reviewers' answers count again. What was decided stays in the history."""
    _check_lead(lead)
    _keep(session, subject)
    found = next((one for one in resolution_history(session, subject) if one.id == resolution_id), None)
    if found is None or not found.current:
        raise Conflict("This resolution does not stand any more. The page shows what does.")
    made = _write(
        session, found.subject, found.schema_id, found.question, None, (), lead, reason, found.adopted_id, True
    )
    if found.subject.ranking_id is not None and found.question == ORDER:
        withdraw_parts(session, found.id, made)
    return made


def _check_lead(lead: PersonLine) -> None:
    if lead.role is not Role.LEAD:
        raise NotPermitted("Only a lead can resolve where reviewers disagree. Ask one.")


def _asked(
    session: Session, subject: Subject, schema_id: int | None, question: str, lead: PersonLine, seen: int | None
) -> Question:
    _check_lead(lead)
    _keep(session, subject)
    schema = None if schema_id is None else get_schema(session, schema_id)
    asked = next((one for one in questions_of(schema, subject) if one.key == question), None)
    if asked is None:
        raise InvalidInput(f"This schema has no question {question}. Reload the page.", field=question)
    stands = standing(session, subject, "" if schema is None else schema.key, question)
    if stands is not None and stands.id != seen:
        raise Conflict(f"{stands.person} has resolved this in the meantime. Look at their answer first.")
    return asked


def _keep(session: Session, subject: Subject) -> None:
    """Nobody else decides on the subject until this transaction ends; raises NotFound where it was removed."""
    if subject.trace_id is not None:
        lock_subjects(session, traces=[subject.trace_id])
        trace_row(session, subject.trace_id)
    elif subject.pair_id is not None:
        lock_subjects(session, pairs=[subject.pair_id])
        pair_row(session, subject.pair_id)
    elif subject.ranking_id is not None:
        lock_subjects(session, rankings=[subject.ranking_id])
        ranking_row(session, subject.ranking_id)


def standing(session: Session, subject: Subject, schema: str, question: str) -> Resolved | None:
    """The resolution of a question of a subject that stands, if any; of a run or step, under a schema's key."""
    for one in resolution_history(session, subject):
        same = one.subject == subject and one.question == question
        if one.current and same and (subject.trace_id is None or one.schema == schema):
            return one
    return None


def _write(
    session: Session,
    subject: Subject,
    schema_id: int | None,
    question: str,
    answer: Any,
    marks: Sequence[Mark],
    lead: PersonLine,
    reason: str,
    adopted: int | None,
    withdrawn: bool = False,
) -> Resolved:
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"A reason has at most {LONGEST_REASON:,} characters. Shorten it.", field="reason")
    key = "" if schema_id is None else get_schema(session, schema_id).key
    row = add_resolution(
        session, subject, (schema_id, key), question, answer, marks, lead.id, reason, adopted, withdrawn
    )
    if subject.trace_id is not None and question == OUTCOME:
        refresh_outcomes(session, [subject.trace_id])
    made = next(one for one in resolution_history(session, subject) if one.id == row.id)
    if subject.ranking_id is not None and question == ORDER and not withdrawn:
        resolve_parts(session, made)
    return made
