"""Comments between people: who may read and write which. What others said of a run may say its answer (law 7).

While an annotator has still to judge a run or pair in a blind queue they see what they said themselves and nothing
else, not even that there is more. Leads see everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound, NotPermitted
from core.store.claims import SUBMITTED, my_claim
from core.store.comments import (
    Comment,
    Place,
    add_comment,
    comments_on,
    get_comment,
    last_submission,
    pair_hidden,
    set_resolved,
)
from core.store.hidden import hidden_traces
from core.store.items import get_item
from core.store.pairs import pair_row
from core.store.people import PersonLine
from core.store.queues import get_queue
from core.store.steps import places_of
from core.store.tables import ItemRow
from core.store.traces import trace_row

LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with the replies to it, oldest first."""

    first: Comment
    replies: tuple[Comment, ...]


def threads(session: Session, place: Place, person: PersonLine, item: int | None = None) -> list[Thread]:
    """What the person may read there; `item` is the one that stands on their review desk. Raises NotFound."""
    _there(session, place)
    said: Sequence[Comment] = comments_on(session, place)
    if person.role.value != "lead":
        open_item = _unanswered(session, place, person, item)
        if open_item is not None or _hidden(session, place, person):
            said = [one for one in said if one.person_id == person.id]
        if open_item is not None and open_item.repeat_of is not None:
            # what they said the first time would tell that this is a repeat
            last = last_submission(session, person.id)
            said = [one for one in said if last is None or one.created_at > last]
    replies: dict[int, list[Comment]] = {}
    for one in said:
        if one.reply_to is not None:
            replies.setdefault(one.reply_to, []).append(one)
    return [Thread(one, tuple(replies.get(one.id, ()))) for one in said if one.reply_to is None]


def _hidden(session: Session, place: Place, person: PersonLine) -> bool:
    if place.trace is not None:
        return bool(hidden_traces(session, person.id, [place.trace]))
    return place.pair is not None and pair_hidden(session, person.id, place.pair)


def _unanswered(session: Session, place: Place, person: PersonLine, item: int | None) -> ItemRow | None:
    """The item on the desk, where it is of a blind queue and the person has not answered it; raises InvalidInput."""
    if item is None:
        return None
    row = get_item(session, item)
    if (row.trace_id, row.pair_id) != (place.trace, place.pair):
        raise InvalidInput("This item is of another run. Reload the page.", field="item")
    claim = my_claim(session, item, person.id)
    answered = claim is not None and claim.state == SUBMITTED
    return row if get_queue(session, row.queue_id).blind and not answered else None


def write_comment(session: Session, place: Place, step: str, person: PersonLine, text: str) -> int:
    """Say something about a run, a step of it ("" for none) or a pair; the row id. Raises NotFound, InvalidInput."""
    _there(session, place)
    if step and (place.trace is None or step not in places_of(session, place.trace, {step})):
        raise InvalidInput("This run has no such step. Reload the page.", field="step_id")
    return add_comment(session, place, step, person.id, _words(text))


def reply_to(session: Session, comment: int, person: PersonLine, text: str) -> Comment:
    """Answer a comment that the person may read; the first of its thread. Raises NotFound, InvalidInput."""
    first = _readable(session, comment, person)
    add_comment(session, first.place, first.step, person.id, _words(text), first.id)
    return first


def resolve(session: Session, comment: int, person: PersonLine, resolved: bool) -> Comment:
    """Say that a thread is settled, or open it again; whoever began it may, and leads. The first of the thread."""
    first = _readable(session, comment, person)
    if not may_resolve(first, person):
        raise NotPermitted(f"{first.person} or a lead decides whether this is settled. You can reply to it.")
    set_resolved(session, first.id, person.id if resolved else None)
    return first


def may_resolve(first: Comment, person: PersonLine) -> bool:
    """Whether the person may say that a thread is settled."""
    return person.role.value == "lead" or first.person_id == person.id


def _readable(session: Session, comment: int, person: PersonLine) -> Comment:
    one = get_comment(session, comment)
    wanted = one.reply_to or one.id
    for thread in threads(session, one.place, person):
        if thread.first.id == wanted:
            return thread.first
    raise NotFound("This comment is not here any more. Its run may have been removed.", field="comment")


def _there(session: Session, place: Place) -> None:
    if place.trace is not None:
        trace_row(session, place.trace)
    else:
        pair_row(session, place.pair or 0)


def _words(text: str) -> str:
    said = text.strip()
    if not said:
        raise InvalidInput("Write what you want to say.", field="text")
    if len(said) > LONGEST:
        raise InvalidInput(f"A comment holds at most {LONGEST:,} characters. Shorten it.", field="text")
    return said
