"""What one person does at the review desk: take the next item, save a draft, submit, skip, flag, undo.

Every function takes a session of a writing transaction; the caller commits, and answers only after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.records import Annotation, Choice, Preference, Step
from core.review.answers import LessonText, choice_body, read_choice, read_review, review_body
from core.store import drafts, pairs, queues
from core.store.annotations import add_annotation, current_annotation, says_the_same
from core.store.lessons import proposals_of_review
from core.store.people import PersonLine
from core.store.schemas import get_schema
from core.store.tables import AnnotationRow, ClaimRow, ItemRow, PreferenceRow, QueueRow, TraceRow
from core.store.traces import read_steps, trace_row
from core.tasks.outcome import refresh_outcomes

LEASE = timedelta(minutes=30)
"""How long an item stays with somebody who saves nothing; every saved draft starts it again."""

UNDO_DEPTH = 10
LONGEST_DRAFT = 2_000_000


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft after the save, and what another tab of the same person had there before, if it did."""

    revision: int
    saved_at: datetime
    other: dict[str, Any] | None
    other_saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission as it is stored; `lesson` is what to propose in the same transaction; `note` what else is true."""

    row_id: int
    trace_id: int | None
    revision: int
    submitted_at: datetime
    lesson: LessonText | None
    new: bool
    note: str


def next_item(session: Session, queue: QueueRow, person: PersonLine) -> ItemRow | None:
    """The item that the person holds, else the next one that needs them, claimed; None when there is none."""
    item = _still_held(session, queue, person) or queues.next_open_item(session, queue, person.id)
    if item is not None:
        _claim(session, item, person)
    return item


def _still_held(session: Session, queue: QueueRow, person: PersonLine) -> ItemRow | None:
    """The item the person holds; one whose lease ended and that others took meanwhile is theirs no more."""
    while (item := queues.held_item(session, queue.id, person.id)) is not None:
        claim = queues.my_claim(session, item.id, person.id)
        if claim is None or claim.expires_at > now() or queues.is_free(session, item, person.id):
            return item
        claim.state = queues.LAPSED
        session.flush()
    return None


def why_empty(session: Session, queue: QueueRow, person: PersonLine) -> str:
    """Why there is no next item, in a sentence that is true."""
    progress = queues.progress(session, queue, person.id)
    if progress.total == 0:
        return "Nothing has been put into this queue yet. Import runs on the Traces page, and they will stand here."
    if progress.done == progress.total:
        return f"All {progress.total} items are done. Import more runs on the Traces page."
    return f"{progress.done} of {progress.total} items are done. You have had, or others hold, all the rest."


def open_item(session: Session, item_id: int, person: PersonLine) -> ItemRow:
    """A particular item: one that the person has submitted (to edit it) or, when it is still free, claimed for them.

    Raises Conflict when it is done or held by others.
    """
    item = queues.get_item(session, item_id)
    mine = queues.my_claim(session, item.id, person.id)
    if mine is not None and mine.state == queues.SUBMITTED:
        return item
    if mine is None and item.state != queues.OPEN:
        raise Conflict("Enough people have reviewed this item already. The next one is shown.", field="item")
    if mine is None and not queues.is_free(session, item, person.id):
        raise Conflict("Somebody else is reviewing this item now. The next one is shown.", field="item")
    _claim(session, item, person)
    return item


def _claim(session: Session, item: ItemRow, person: PersonLine) -> None:
    side = "ab"[int(content_hash(["side", item.id, person.id], 8), 16) % 2] if item.pair_id is not None else ""
    queues.claim(session, item.id, person.id, LEASE, side)


def save_draft(
    session: Session, item_id: int, person: PersonLine, tab: str, revision: int, body: dict[str, Any]
) -> SavedDraft:
    """Write what is being typed. Of two tabs the newer wins and what the other had written is kept as a copy.

    A draft that comes after the submission of the same item is kept as a copy and refused with Conflict
    (`field` "submitted"), so that its tab can say so.
    """
    if len(str(body)) > LONGEST_DRAFT:
        raise InvalidInput(f"A draft holds at most {LONGEST_DRAFT:,} characters. Shorten it.", field="body")
    item = queues.get_item(session, item_id)
    claim = queues.my_claim(session, item.id, person.id)
    if claim is None:
        raise NotPermitted("This item is not yours: open it from the queue first.")
    before = drafts.get_draft(session, item.id, person.id)
    foreign = before is not None and before.tab != tab and before.revision != revision and before.body != body
    other = (before.body, before.saved_at) if before is not None and foreign else None
    if other is not None and before is not None:
        drafts.keep_copy(session, item.id, person.id, before.tab, before.body)
    row = drafts.put_draft(session, item.id, person.id, tab, body)
    queues.renew(session, item.id, person.id, LEASE)
    return SavedDraft(row.revision, row.saved_at, other[0] if other else None, other[1] if other else None)


def late_draft(
    session: Session, item_id: int, person: PersonLine, tab: str, body: dict[str, Any], editing: int | None
) -> datetime | None:
    """When the item was submitted while this tab still wrote its first draft of it: the time; what it sent is kept.

    `editing` is the revision of the submission that the tab is changing; None while it writes its first one.
    """
    claim = queues.my_claim(session, item_id, person.id)
    if claim is None or claim.state != queues.SUBMITTED:
        return None
    said = current_submission(session, queues.get_item(session, item_id), person.id)
    if said is None or editing == said.revision:
        return None
    drafts.keep_copy(session, item_id, person.id, tab, body)
    return said.submitted_at


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person has said on an item, as the form shows it."""

    row_id: int
    revision: int
    submitted_at: datetime
    body: dict[str, Any]


def current_submission(session: Session, item: ItemRow, person: int) -> Submission | None:
    """The person's current submission on the item, if there is one."""
    if item.pair_id is not None:
        row = pairs.current_preference(session, item.pair_id, person)
        if row is None:
            return None
        body = choice_body(row.choice, row.left, row.reason, row.confidence, row.active_seconds)
        return Submission(row.id, row.revision, row.submitted_at, body)
    queue = queues.get_queue(session, item.queue_id)
    given = current_annotation(session, _trace(item), person, get_schema(session, _schema_id(queue)).key)
    if given is None:
        return None
    body = review_body(
        {
            "answers": given.answers,
            "marks": given.marks,
            "corrections": given.corrections,
            "active_seconds": given.active_seconds,
        },
        _lesson_of(session, given.id),
    )
    return Submission(given.id, given.revision, given.submitted_at, body)


def _lesson_of(session: Session, annotation: int) -> LessonText | None:
    """The lesson that was written with a review and still waits for a lead."""
    for line in proposals_of_review(session, annotation):
        return LessonText(line.when, line.guidance, line.avoid, line.why)
    return None


def submit(
    session: Session, item_id: int, person: PersonLine, body: Mapping[str, Any], editing: int | None = None
) -> Submitted:
    """Store what the person says on the item; the same again adds nothing.

    `editing` is the revision of their own submission that they change. Raises InvalidInput, NotPermitted, and Conflict
    with the code "submitted" when they said something else on it meanwhile, from another browser.
    """
    item = queues.get_item(session, item_id)
    claim = queues.my_claim(session, item.id, person.id)
    if claim is None:
        raise NotPermitted("This item is not yours: open it from the queue first.")
    queue = queues.get_queue(session, item.queue_id)
    surplus = claim.state != queues.SUBMITTED and item.state == queues.DONE
    blind = queue.blind and person.role.value == "annotator"
    at = now()
    lesson = None
    if item.pair_id is not None:
        pair = pairs.pair_row(session, item.pair_id)
        preference = read_choice(body, pair.uid, person.name, claim.left or "a")
        before = pairs.current_preference(session, pair.id, person.id)
        same = before is not None and _says(preference) == (before.choice, before.reason, before.confidence)
        _refuse_unseen(claim, before, same, editing)
        row: Any = before if same else pairs.add_preference(session, pair.id, person.id, preference, at, item.id, blind)
        queues.refresh_items(session, "pair", [pair.id])
    else:
        trace = trace_row(session, _trace(item))
        schema = get_schema(session, _schema_id(queue))
        review = read_review(body, schema, trace.uid, person.name, _steps_by_id(session, trace).get)
        lesson = review.lesson
        was = current_annotation(session, trace.id, person.id, schema.key)
        same = was is not None and says_the_same(was, review.annotation)
        _refuse_unseen(claim, was, same, editing)
        key = (_schema_id(queue), schema.key)
        row = was if same else add_annotation(session, trace.id, person.id, key, review.annotation, at, item.id, blind)
        refresh_outcomes(session, [trace.id])
        queues.refresh_items(session, "trace", [trace.id])
    claim.state = queues.SUBMITTED
    drafts.drop_draft(session, item.id, person.id)
    note = "Enough others had answered this item in the meantime; your answer is kept beside theirs." if surplus else ""
    return Submitted(row.id, item.trace_id, row.revision, row.submitted_at, lesson, not same, note)


def _refuse_unseen(
    claim: ClaimRow, before: AnnotationRow | PreferenceRow | None, same: bool, editing: int | None
) -> None:
    if claim.state == queues.SUBMITTED and before is not None and not same and editing != before.revision:
        error = Conflict("You submitted this item elsewhere in the meantime. What you typed here is not lost.")
        error.code = "submitted"
        raise error


def _says(preference: Preference) -> tuple[str, str, int | None]:
    return preference.choice.value, preference.reason, preference.confidence


def _steps_by_id(session: Session, trace: TraceRow) -> dict[str, Step]:
    return {step.step_id: step for step in read_steps(session, trace.id)}


def skip(session: Session, item_id: int, person: PersonLine) -> None:
    """Leave the item to others; the person does not get it again, and what they had written is kept."""
    claim = queues.my_claim(session, item_id, person.id)
    if claim is None:
        raise NotFound("This item is not yours to skip. The next one is shown.")
    if claim.state != queues.SUBMITTED:
        claim.state = queues.SKIPPED
    session.flush()


def flag(session: Session, item_id: int, person: PersonLine, reason: str) -> None:
    """Skip the item and tell the leads why it should be looked at."""
    if not reason.strip():
        raise InvalidInput("Say why this item is flagged, so that a lead can act on it.", field="reason")
    item = queues.get_item(session, item_id)
    item.flag = "\n".join(filter(None, (item.flag, f"{person.name}: {reason.strip()[:2000]}")))
    skip(session, item_id, person)


def undo(session: Session, queue: QueueRow, person: PersonLine) -> tuple[ItemRow, int]:
    """Withdraw the person's last submission in the queue and give it back as a draft; the item and the withdrawn row.

    Raises NotFound when nothing is left to undo.
    """
    last = queues.submissions(session, queue, person.id, UNDO_DEPTH)
    if not last:
        raise NotFound("There is nothing to undo in this queue.")
    item = queues.get_item(session, last[0][0])
    said = current_submission(session, item, person.id)
    if said is None:
        raise NotFound("There is nothing to undo in this queue.")
    at = now()
    if item.pair_id is not None:
        row = pairs.current_preference(session, item.pair_id, person.id)
        if row is not None:
            empty = Preference("", person.name, Choice(row.choice), row.left)
            pairs.add_preference(session, item.pair_id, person.id, empty, at, item.id, withdrawn=True)
        queues.refresh_items(session, "pair", [item.pair_id])
    else:
        schema_id = _schema_id(queue)
        key = (schema_id, get_schema(session, schema_id).key)
        add_annotation(
            session, _trace(item), person.id, key, Annotation("", person.name, key[1]), at, item.id, withdrawn=True
        )
        refresh_outcomes(session, [_trace(item)])
        queues.refresh_items(session, "trace", [_trace(item)])
    _claim(session, item, person)
    drafts.put_draft(session, item.id, person.id, "undo", said.body)
    return item, said.row_id


def _trace(item: ItemRow) -> int:
    if item.trace_id is None:
        raise NotFound("The run of this item has been removed. The next item is shown.", field="item")
    return item.trace_id


def _schema_id(queue: QueueRow) -> int:
    if queue.schema_id is None:
        raise NotFound(f"The queue {queue.name} has no label schema. A lead can choose one on Settings.")
    return queue.schema_id
