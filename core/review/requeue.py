"""The guideline is unclear: a lead rewrites it as a new version, and gives out again what it affects.

Every function takes a session of a writing transaction; the caller commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.records import Role
from core.review.adjudication import disagreements
from core.review.schema_changes import changes
from core.store.locks import lock_subjects
from core.store.people import PersonLine
from core.store.requeued import Answered, answered_before, move_queues, put_back, set_apart, taken_back
from core.store.schemas import get_schema, newest_schema_id, save_next
from core.tasks.outcome import refresh_outcomes

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Which:
    """What a new guideline affects: all answers given before it; with `question`, the items on which people differ on
    it; with `value` too, the items on which anybody answered it so."""

    question: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """What would be given out again: so many items, with so many answers of people."""

    items: int
    answers: int


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new version of a schema (row id), what was changed, and the queues that ask it now."""

    schema_id: int
    version: int
    changed: tuple[str, ...]
    queues: tuple[str, ...]


def rewrite_guideline(
    session: Session, schema_id: int, guidelines: str, helps: Mapping[str, str], note: str, lead: PersonLine
) -> Rewritten:
    """Save a schema's new guidelines and help texts (question → text) as its next version, and let its queues ask it.

    `schema_id` is the version that the lead edited: raises Conflict where a newer one was saved meanwhile, InvalidInput
    where nothing was changed. Answers under older versions stay as they are.
    """
    _check_lead(lead)
    before = get_schema(session, schema_id)
    if newest_schema_id(session, before.key) != schema_id:
        raise Conflict(f"A newer version of {before.title} was saved in the meantime. Look at it first.")
    if len(guidelines) > LONGEST or any(len(text) > LONGEST for text in helps.values()):
        raise InvalidInput(f"Guidelines have at most {LONGEST:,} characters. Shorten them.", field="guidelines")
    questions = tuple(replace(one, help=helps.get(one.key, one.help).strip()) for one in before.questions)
    after = replace(before, guidelines=guidelines.strip(), questions=questions)
    made = changes(before, after)
    if not made:
        raise InvalidInput("Nothing was changed: write what was unclear.", field="guidelines")
    after = replace(after, version=before.version + 1, note=note.strip()[:2000])
    saved = save_next(session, after, lead.id)
    return Rewritten(saved, after.version, made, tuple(move_queues(session, after.key, saved)))


def affected(session: Session, schema: str, which: Which) -> Affected:
    """How much would be given out again; shown before anything is done."""
    found = _chosen(session, schema, which)
    return Affected(len({one.subject for one in found}), len(found))


def requeue(session: Session, schema: str, which: Which, lead: PersonLine) -> Affected:
    """Give out again what the newest version of a schema affects. The answers given before stay, and count no more.

    The same people may get the items again. Raises InvalidInput where nothing is affected.
    """
    _check_lead(lead)
    found = _kept(session, lambda: _chosen(session, schema, which))
    if not found:
        raise InvalidInput("Nothing is affected: no answer was given under an older version of these guidelines.")
    set_apart(session, schema, found)
    _refresh(session, found)
    return Affected(len({one.subject for one in found}), len(found))


def can_take_back(session: Session, schema: str) -> Affected:
    """What a re-queue could still be taken back of: items that nobody has answered since."""
    found, _ = taken_back(session, schema)
    return Affected(len({one.subject for one in found}), len(found))


def take_back(session: Session, schema: str, lead: PersonLine) -> Affected:
    """Let answers that were set apart count again, of all items that nobody has answered since.

    Raises Conflict where there is none. The schema's new version stays, and its queues go on asking it.
    """
    _check_lead(lead)
    found = _kept(session, lambda: taken_back(session, schema)[0])
    if not found:
        late = taken_back(session, schema)[1]
        told = f"Items answered anew: {late:,}, all there are" if late else "Nothing of it was given out again"
        raise Conflict(f"{told}: there is nothing to take back.")
    put_back(session, schema, found)
    _refresh(session, found)
    return Affected(len({one.subject for one in found}), len(found))


def _chosen(session: Session, schema: str, which: Which) -> list[Answered]:
    """The answers under older versions, on the items that are affected."""
    newest = newest_schema_id(session, schema)
    if newest is None:
        raise NotFound(f"There is no label schema {schema}.")
    given = answered_before(session, schema, newest)
    if not which.question:
        return given
    if which.value:
        wanted = {one.subject for one in given if which.value in _values(one, which.question)}
    else:
        wanted = {
            one.subject
            for one in disagreements(session)
            if one.question.key == which.question and _is_of(session, one.schema, one.schema_id, schema)
        }
    return [one for one in given if one.subject in wanted]


def _kept(session: Session, choose: Callable[[], list[Answered]]) -> list[Answered]:
    """What is chosen, chosen again once nobody else can answer the same any more."""
    about = [one.subject for one in choose()]
    lock_subjects(
        session,
        {one.trace_id for one in about if one.trace_id is not None},
        {one.pair_id for one in about if one.pair_id is not None},
        {one.ranking_id for one in about if one.ranking_id is not None},
    )
    session.expire_all()
    locked = set(about)
    return [one for one in choose() if one.subject in locked]


def _is_of(session: Session, key: str, schema_id: int | None, schema: str) -> bool:
    return key == schema if key or schema_id is None else get_schema(session, schema_id).key == schema


def _values(answered: Answered, question: str) -> set[str]:
    answer = answered.answers.get(question)
    listed = answer if isinstance(answer, list) else [] if answer is None else [answer]
    said = {str(one).lower() if isinstance(one, bool) else str(one) for one in listed}
    return said | {mark["value"] for mark in answered.marks if mark["question"] == question}


def _refresh(session: Session, answered: Sequence[Answered]) -> None:
    refresh_outcomes(session, [one.subject.trace_id for one in answered if one.subject.trace_id is not None])


def _check_lead(lead: PersonLine) -> None:
    if lead.role is not Role.LEAD:
        raise NotPermitted("Only a lead can change guidelines and give items out again. Ask one.")
