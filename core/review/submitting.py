"""A person's word on an item: submitted, changed, taken back. Nothing submitted is ever overwritten.

Every function takes a session of a writing transaction; the caller commits, and answers only after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, NotFound, NotPermitted
from core.review import choices, rankings, reviews
from core.review.answers import LessonText
from core.review.desk import claim_item
from core.review.subjects import Asked, Kind, Submission, place_again
from core.store import claims, drafts, queues
from core.store.items import DONE, OPEN, get_item
from core.store.locks import lock_item, lock_subject
from core.store.people import PersonLine
from core.store.revisions import SURPLUS
from core.store.tables import ItemRow, QueueRow

UNDO_DEPTH = 10

KINDS: dict[str, Kind] = {"trace": reviews, "step": reviews, "pair": choices, "ranking": rankings}
"""What reads and stores the answers, by the subject of a queue."""


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


def asked_of(session: Session, item_id: int, person: PersonLine) -> Asked:
    """An item with the person's claim on it; raises NotFound, and NotPermitted for somebody who never had it."""
    item = get_item(session, item_id)
    claim = claims.my_claim(session, item.id, person.id)
    if claim is None:
        raise NotPermitted("This item is not yours: open it from the queue first.")
    return Asked(item, queues.get_queue(session, item.queue_id), person, claim)


def _locked(session: Session, item_id: int, person: PersonLine) -> Asked:
    """The same as it is now, while nobody else answers what the item is about, in whatever queue."""
    item = get_item(session, item_id)
    lock_subject(session, item)
    lock_item(session, item)
    session.expire_all()  # while the lock was waited for others may have answered, or a lead changed the overlap
    return asked_of(session, item_id, person)


def current_submission(session: Session, item: ItemRow, person: PersonLine) -> Submission | None:
    """What the person has said on the item, if anything."""
    try:
        asked = asked_of(session, item.id, person)
    except NotPermitted:
        return None
    return KINDS[asked.queue.subject].said(session, asked)


def submit(
    session: Session, item_id: int, person: PersonLine, body: Mapping[str, Any], editing: int | None = None
) -> Submitted:
    """Store what the person says on the item; the same again adds nothing.

    `editing` is the revision of their own submission that they change. Where enough others answered after the person's
    claim ended, the answer is kept as surplus: it does not count until a lead takes it over. Raises InvalidInput,
    NotPermitted, and Conflict with the code "submitted" when they said something else meanwhile, from another browser.
    """
    asked = _locked(session, item_id, person)
    kind = KINDS[asked.queue.subject]
    answer = kind.read(session, asked, body)
    before = kind.said(session, asked)
    same = before is not None and kind.same(session, asked, answer)
    first = asked.claim.state != claims.SUBMITTED
    if not first and before is not None and not same and editing != before.revision:
        error = Conflict("You submitted this item elsewhere in the meantime. What you typed here is not lost.")
        error.code = "submitted"
        raise error
    place = place_again(asked, before)
    if place is None:
        place = _place(session, asked)
    if before is not None and same:
        row_id, revision, submitted_at, trace_id, lesson = (
            before.row_id, before.revision, before.submitted_at, asked.item.trace_id, getattr(answer, "lesson", None)
        )  # fmt: skip
    else:
        stored = kind.store(session, asked, answer, now(), place)
        row_id, revision, submitted_at = stored.row_id, stored.revision, stored.submitted_at
        trace_id, lesson = stored.trace_id, stored.lesson
    asked.claim.state = claims.SUBMITTED
    drafts.drop_draft(session, item_id, person.id)
    note = ""
    if place == SURPLUS:
        note = "Enough others have answered this item or hold it. Yours is kept beside theirs; a lead can let it count."
    return Submitted(row_id, trace_id, revision, submitted_at, lesson, not same, note)


def _place(session: Session, asked: Asked) -> str:
    """Where a first answer stands: "" if it counts. The item is locked."""
    item = asked.item
    if item.state not in (OPEN, DONE):
        return "" if item.state == "gold" else SURPLUS
    if item.n_done >= asked.queue.overlap:
        return SURPLUS
    if claims.is_live(asked.claim) or claims.is_free(session, item, asked.person.id):
        return ""
    return SURPLUS


def undo(session: Session, queue: QueueRow, person: PersonLine) -> tuple[ItemRow, int]:
    """Withdraw the person's last submission in the queue and give it back as a draft; the item and the withdrawn row.

    Raises NotFound when nothing is left to undo.
    """
    last = queues.submissions(session, queue, person.id, UNDO_DEPTH)
    if not last:
        raise NotFound("There is nothing to undo in this queue.")
    asked = _locked(session, last[0][0], person)
    kind = KINDS[queue.subject]
    before = kind.said(session, asked)
    if before is None:
        raise NotFound("There is nothing to undo in this queue.")
    typed = drafts.get_draft(session, asked.item.id, person.id)
    lesson = typed.body.get("lesson") if typed is not None else None  # one that was not taken stands nowhere else
    kind.withdraw(session, asked, now(), before.place)
    claim_item(session, asked.item, person, queue)
    drafts.put_draft(session, asked.item.id, person.id, "undo", before.body | ({"lesson": lesson} if lesson else {}))
    return asked.item, before.row_id
