"""What one person does at the review desk: take the next item, hold it, save a draft, skip, flag.

Every function takes a session of a writing transaction; the caller commits, and answers only after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.review.control_items import due_gold, due_repeat
from core.review.sides import sides
from core.store import claims, drafts, queues
from core.store.content import clean
from core.store.items import DISCARDED, OPEN, discard_item, get_item
from core.store.locks import lock_item
from core.store.people import PersonLine
from core.store.tables import ClaimRow, ItemRow, QueueRow

LEASE = timedelta(minutes=30)
"""How long an item stays with somebody who gives no sign; every saved draft and every sign starts it again."""

LONGEST_DRAFT = 2_000_000


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft after the save, and what another tab of the same person had there before, if it did."""

    revision: int
    saved_at: datetime
    other: dict[str, Any] | None
    other_saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """Whether the item is still kept for the person, until when, and what they should know of it."""

    held: bool
    until: datetime | None
    note: str


def next_item(session: Session, queue: QueueRow, person: PersonLine, wanted: int | None = None) -> ItemRow | None:
    """The item that the person holds, else the next one that needs them, claimed; None when there is none.

    `wanted` is the item that their screen has loaded ahead: it is the next one if it still needs them.
    """
    if queue.state != queues.QUEUE_OPEN or not queues.may_review(session, queue.id, person.id):
        return None
    item = (
        _still_held(session, queue, person)
        or due_gold(session, queue, person.id)
        or due_repeat(session, queue, person.id)
        or _as_shown(session, queue, person, wanted)
        or claims.next_open_item(session, queue, person.id)
    )
    if item is not None:
        claim_item(session, item, person, queue)
    return item


def _still_held(session: Session, queue: QueueRow, person: PersonLine) -> ItemRow | None:
    """The item the person holds; one whose lease ended and that others took meanwhile is theirs no more."""
    while (item := claims.held_item(session, queue.id, person.id)) is not None:
        claim = claims.my_claim(session, item.id, person.id)
        if claim is None or claims.is_live(claim) or claims.is_free(session, item, person.id):
            return item
        claim.state = claims.LAPSED
        session.flush()
    return None


def _as_shown(session: Session, queue: QueueRow, person: PersonLine, wanted: int | None) -> ItemRow | None:
    if wanted is None:
        return None
    item = session.get(ItemRow, wanted)
    ordinary = item is not None and item.queue_id == queue.id and item.state == OPEN and not item.for_person
    if item is None or not ordinary or claims.my_claim(session, wanted, person.id) is not None:
        return None
    return item if claims.is_free(session, item, person.id) else None


def likely_next(session: Session, queue: QueueRow, person: PersonLine) -> ItemRow | None:
    """The run that the person would be given after the one they hold, were it free then; nothing is claimed."""
    if queue.subject not in ("trace", "step") or queue.state != queues.QUEUE_OPEN:
        return None
    return claims.next_in_line(session, queue, person.id) if queues.may_review(session, queue.id, person.id) else None


def why_empty(session: Session, queue: QueueRow, person: PersonLine) -> str:
    """Why there is no next item, in a sentence that is true."""
    if queue.state == queues.PAUSED:
        return "A lead has paused this queue. What you submitted is kept; choose another queue meanwhile."
    if queue.state == queues.ARCHIVED:
        return "This queue is closed. Choose another one."
    if not queues.may_review(session, queue.id, person.id):
        return "This queue is reviewed by others. Choose another one, or ask a lead to add you to it."
    counts = queues.count_queue(session, queue)
    if counts.total == 0:
        return _why_nothing(queue, counts)
    if counts.done == counts.total:
        return f"All {counts.total:,} items are done. A lead can put more into the queue."
    told = f"{counts.done:,} of {counts.total:,} items are done."
    waits = claims.free_again_at(session, queue, person.id)
    if waits is not None:
        return (
            f"{told} Others are at all that is left for you; the first comes back at {waits:%H:%M} UTC at the latest."
        )
    people = queues.n_reviewers(session, queue.id)
    if people < queue.overlap:
        may = f"{people} {'person' if people == 1 else 'people'} may review it"
        return (
            f"{told} You have had all the rest. The queue asks {queue.overlap} reviewers an item and {may}: a lead can "
            "change either on Queues."
        )
    wait = "another reviewer" if queue.overlap == 1 else f"other reviewers, {queue.overlap} an item"
    return f"{told} You have had all the rest: they wait for {wait}."


def _why_nothing(queue: QueueRow, counts: queues.QueueCounts) -> str:
    if counts.discarded:
        n = counts.discarded
        said = "The only item was" if n == 1 else f"All {n:,} items were"
        return f"{said} taken out of this queue. A lead can bring them back on Queues."
    if counts.gold:
        return (
            "This queue holds only items whose answer is known, to check reviewers with. A lead can put more into it."
        )
    if queue.filter:
        later = "What comes in later and fits joins by itself. " if queue.standing else ""
        return f"Nothing fits what this queue was made for yet. {later}A lead can put other things into it on Queues."
    return "Nothing has been put into this queue yet. Import runs on the Traces page, and they will stand here."


def open_item(session: Session, item_id: int, person: PersonLine) -> ItemRow:
    """A particular item: one that the person has submitted (to edit it) or, when it is still free, claimed for them.

    Raises Conflict when it is done, discarded or held by others, NotPermitted when its queue is not theirs.
    """
    item = get_item(session, item_id)
    queue = queues.get_queue(session, item.queue_id)
    mine = claims.my_claim(session, item.id, person.id)
    if mine is not None and mine.state == claims.SUBMITTED:
        return item
    if not queues.may_review(session, queue.id, person.id) or item.for_person not in (0, person.id):
        raise NotPermitted("This item is reviewed by others.", field="item")
    if item.state == DISCARDED:
        raise Conflict("This item was taken out of its queue.", field="item")
    if mine is None and item.state != OPEN:
        raise Conflict("Enough people have reviewed this item already.", field="item")
    if not (mine is not None and claims.is_live(mine)) and not claims.is_free(session, item, person.id):
        if mine is not None:  # their time on it ended: what they wrote there is still theirs to read and to send
            mine.state = claims.LAPSED
            return item
        raise Conflict("Somebody else is reviewing this item now.", field="item")
    claim_item(session, item, person, queue)
    return item


def claim_item(session: Session, item: ItemRow, person: PersonLine, queue: QueueRow) -> ClaimRow:
    """Give the item to the person, with its sides in an order that is drawn for them and kept."""
    return claims.claim(session, item.id, person.id, LEASE, sides(session, item, person.id), queue.schema_id)


def hold(session: Session, item_id: int, person: PersonLine) -> Held:
    """The person is still at the item: their claim starts again, or is told to have ended."""
    item = get_item(session, item_id)
    claim = claims.renew(session, item, person.id, LEASE)
    if claim is None:
        raise NotPermitted("This item is not yours: open it from the queue first.")
    if item.state == DISCARDED:
        return Held(False, None, "This item was taken out of its queue. What you wrote is kept; go on to the next.")
    if claim.state == claims.LAPSED:
        note = (
            "Your time on this item ended and others have taken it. You can still submit: your answer is then kept "
            "beside theirs, and a lead decides whether it counts."
        )
        return Held(False, None, note)
    return Held(True, claim.expires_at, "")


def save_draft(
    session: Session, item_id: int, person: PersonLine, tab: str, revision: int, body: dict[str, Any]
) -> SavedDraft:
    """Write what is being typed. Of two tabs the newer wins and what the other had written is kept as a copy.

    A draft that comes after the submission of the same item is kept as a copy and refused with Conflict
    (`field` "submitted"), so that its tab can say so.
    """
    if len(str(body)) > LONGEST_DRAFT:
        raise InvalidInput(f"A draft holds at most {LONGEST_DRAFT:,} characters. Shorten it.", field="body")
    item = get_item(session, item_id)
    claim = claims.lock_claim(session, item.id, person.id)
    if claim is None:
        raise NotPermitted("This item is not yours: open it from the queue first.")
    before = drafts.get_draft(session, item.id, person.id)
    foreign = before is not None and before.tab != tab and before.revision != revision and before.body != body
    other = (before.body, before.saved_at) if before is not None and foreign else None
    if other is not None and before is not None:
        drafts.keep_copy(session, item.id, person.id, before.tab, before.body)
    row = drafts.put_draft(session, item.id, person.id, tab, body)
    claims.renew(session, item, person.id, LEASE)
    return SavedDraft(row.revision, row.saved_at, other[0] if other else None, other[1] if other else None)


def skip(session: Session, item_id: int, person: PersonLine) -> None:
    """Leave the item to others; the person does not get it again, and what they had written is kept."""
    claim = claims.my_claim(session, item_id, person.id)
    if claim is None:
        raise NotFound("This item is not yours to skip.")
    if claim.state != claims.SUBMITTED:
        claim.state = claims.SKIPPED
    session.flush()


def flag(session: Session, item_id: int, person: PersonLine, reason: str, discard: bool = False) -> bool:
    """Skip the item and tell the leads why it should be looked at; whether that took it out of the queue for all.

    With `discard` it is also a vote to take it out: a lead's is enough, of others as many as the queue asks for.
    """
    if not reason.strip():
        raise InvalidInput("Say why this item is flagged, so that a lead can act on it.", field="reason")
    item = get_item(session, item_id)
    lock_item(session, item)
    skip(session, item_id, person)
    said = clean(reason.strip(), 2000)
    line = f"{person.name}: {said}"
    if line not in item.flag.split("\n"):  # a second click says nothing new
        item.flag = "\n".join(filter(None, (item.flag, line)))
    claim = claims.my_claim(session, item_id, person.id)
    if claim is None:
        return False
    claim.discard, claim.reason = claim.discard or discard, said
    session.flush()
    if not discard:
        return False
    needed = queues.get_queue(session, item.queue_id).votes_to_discard
    if person.role.value == "lead" or (needed and claims.discard_votes(session, item.id) >= needed):
        discard_item(session, item, person.id, reason)
        return True
    return False
