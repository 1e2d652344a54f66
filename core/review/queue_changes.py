"""What a lead changes of a queue that is there: its rules, its state, its items; never what it is about."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput
from core.review.queue_making import QueueRules, check_rules, only_lead
from core.store.claims import let_go
from core.store.items import apply_overlap, bring_back, discard_item, get_item
from core.store.locks import lock_item
from core.store.people import PersonLine
from core.store.queue_filters import QueueFilter
from core.store.queues import ARCHIVED, PAUSED, QUEUE_OPEN, get_queue, members, set_members
from core.store.surplus import adopt_answer
from core.store.tables import QueueRow
from core.tasks.outcome import refresh_outcomes

STATES = {QUEUE_OPEN: "open a queue", PAUSED: "pause a queue", ARCHIVED: "archive a queue"}


def rules_of(session: Session, queue: QueueRow) -> QueueRules:
    """The rules of a queue as they stand."""
    return QueueRules(
        queue.overlap,
        queue.blind,
        queue.order,
        queue.seed,
        queue.standing,
        tuple(sorted(members(session, queue.id))),
        queue.repeat_share,
        queue.gold_share,
        queue.votes_to_discard,
    )


def change_rules(session: Session, queue: int, rules: QueueRules, by: PersonLine) -> bool:
    """Give a queue other rules; whether it has to be put in order anew (core.review.orders.reorder).

    Who may not review it any more lets go of what they hold; what they wrote is kept, and may still be submitted.
    Raises NotPermitted, InvalidInput.
    """
    only_lead(by, "change a queue")
    row = get_queue(session, queue)
    before = rules_of(session, row)
    if rules == before:
        return False
    check_rules(session, row.subject, rules, QueueFilter.from_json(row.filter))
    row.overlap, row.blind, row.standing = rules.overlap, rules.blind, rules.standing
    row.order, row.seed = rules.order, rules.seed
    row.repeat_share, row.gold_share, row.votes_to_discard = (
        *(rules.repeat_share, rules.gold_share, rules.votes_to_discard),
    )
    set_members(session, queue, rules.people)
    session.flush()
    if rules.overlap != before.overlap:
        apply_overlap(session, row)  # before claims are touched: who submits locks the item first, then their claim
    if rules.people:
        for person in set(before.people) - set(rules.people):
            let_go(session, person, queue)
    return (rules.order, rules.seed) != (before.order, before.seed)


def set_state(session: Session, queue: int, state: str, by: PersonLine) -> None:
    """Pause a queue (nothing more is given out), resume it, or archive it (nothing more joins it, either).

    Raises NotPermitted, and Conflict for one to be paused that somebody archived in the meantime.
    """
    if state not in STATES:
        raise InvalidInput(f"A queue is {', '.join(STATES)}, not {state}.", field="state")
    only_lead(by, STATES[state])
    row = get_queue(session, queue)
    if state == PAUSED and row.state == ARCHIVED:
        raise Conflict("This queue was archived in the meantime. Open it again first.", field="state")
    row.state = state
    session.flush()


def discard(session: Session, item: int, reason: str, by: PersonLine) -> None:
    """Take an item out of its queue for all; that settles its flags, too."""
    only_lead(by, "discard an item for all")
    row = get_item(session, item)
    lock_item(session, row)
    discard_item(session, row, by.id, reason)
    row.flag = ""
    session.flush()


def restore(session: Session, item: int, by: PersonLine) -> None:
    """Bring a discarded item back."""
    only_lead(by, "bring an item back")
    row = get_item(session, item)
    lock_item(session, row)
    bring_back(session, row)


def looked_at(session: Session, item: int, by: PersonLine) -> None:
    """The item stays: its flags need nobody's attention any more. What was said is kept with the claims."""
    only_lead(by, "settle a flag")
    get_item(session, item).flag = ""
    session.flush()


def adopt(session: Session, queue: int, answer: int, by: PersonLine) -> None:
    """Let a surplus answer (row id of what people say in this queue) count; raises Conflict where it cannot."""
    only_lead(by, "let a surplus answer count")
    trace = adopt_answer(session, get_queue(session, queue), answer, by.id)
    if trace is not None:
        refresh_outcomes(session, [trace])


def release(session: Session, queue: int, person: int, by: PersonLine) -> int:
    """Let others have what somebody holds in a queue; how many items that was. Their text is kept."""
    only_lead(by, "release what somebody holds")
    return let_go(session, person, queue)
