"""The routes of the review and compare desks: the next item, drafts, submissions (see core.review.desk)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.routing import Route

from core.errors import Conflict, InvalidInput
from core.memory import lessons as memory
from core.records import Lesson
from core.review import desk
from core.review.drafting import late_draft
from core.review.other_runs import passed_beside
from core.review.submitting import Submitted, current_submission, submit, undo
from core.store import claims, drafts, queues
from core.store.items import get_item
from core.store.people import PersonLine
from core.store.recalls import shown_to
from core.store.schemas import get_schema
from core.store.tables import ItemRow, QueueRow
from core.store.traces import trace_line, trace_row
from dashboard.answering import (
    LARGEST_ID,
    actor_of,
    answer_error,
    number_in,
    optional_text,
    route,
    text_field,
    truth_field,
)
from dashboard.parts.item_view import item_view
from dashboard.process import index_due, store

LONGEST_REASON = 2_000
"""Characters of why an item is flagged."""


ECHO = "The run that you reviewed was given this very lesson, so that it adds no evidence to it."


@dataclass(frozen=True, slots=True)
class Taught:
    """What became of the lesson that was written with a review: its id, why it was not taken, what else is true."""

    lesson: str | None = None
    refused: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The item that a screen has loaded ahead, how many steps its run had then, and the version of its questions."""

    item: int
    n_steps: int
    version: int


def _ahead(body: dict[str, Any]) -> Ahead | None:
    sent = body.get("ahead")
    if not isinstance(sent, dict) or not all(
        isinstance(sent.get(name), int) and 0 <= sent[name] <= LARGEST_ID for name in ("item", "n_steps", "version")
    ):
        return None
    return Ahead(sent["item"], sent["n_steps"], sent["version"])


def _view(session: Session, item: ItemRow, person: PersonLine, ahead: Ahead | None) -> dict[str, Any]:
    """The item, or only its number where the screen has it already, and neither its run nor its questions changed."""
    if ahead is not None and ahead.item == item.id and item.trace_id is not None:
        claim = claims.my_claim(session, item.id, person.id)
        if claim is not None and claim.schema_id is not None:
            now = trace_row(session, item.trace_id).n_steps, get_schema(session, claim.schema_id).version
            if now == (ahead.n_steps, ahead.version):
                return {"item": item.id, "loaded": True, "expires_at": claim.expires_at}
    return item_view(session, item, person)


def _next(session: Session, queue: QueueRow, person: PersonLine, ahead: Ahead | None = None) -> dict[str, Any]:
    item = desk.next_item(session, queue, person, ahead.item if ahead is not None else None)
    return {
        "item": None if item is None else _view(session, item, person, ahead),
        "progress": _progress(session, queue, person),
        "empty": desk.why_empty(session, queue, person) if item is None else None,
    }


def _progress(session: Session, queue: QueueRow, person: PersonLine) -> dict[str, Any]:
    made = queues.progress(session, queue, person.id)
    told = {"done": made.done, "total": made.total, "mine": made.mine}
    return told | {"recent": made.recent, "per_hour": made.per_hour}


def _item_id(request: Request) -> int:
    return int(request.path_params["item"])


def _queue_of(session: Session, request: Request) -> QueueRow:
    return queues.get_queue(session, int(request.path_params["queue"]))


def _editing(body: dict[str, Any]) -> int | None:
    revision = body.get("editing")
    return revision if isinstance(revision, int) else None


def show_ahead(request: Request, body: dict[str, Any]) -> Any:
    """What will most likely come next, to be loaded while the person still reads; nobody holds it yet."""
    person = actor_of(request).person()
    with store().reading() as session:
        queue = _queue_of(session, request)
        item = desk.likely_next(session, queue, person)
        return {"item": None if item is None else item_view(session, item, person)}


def take_next(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().session() as session:
        return _next(session, _queue_of(session, request), person)


def show_item(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().session() as session:
        return item_view(session, desk.open_item(session, _item_id(request), person), person)


def put_draft(request: Request, body: dict[str, Any]) -> Any:
    person, tab = actor_of(request).person(), text_field(body, "tab", 64)
    sent = body.get("body")
    if not isinstance(sent, dict):
        raise InvalidInput("A draft is an object.", field="body")
    revision = number_in(body.get("revision"), "revision", 0, 2**31, 0)
    editing = _editing(body)
    with store().session() as session:
        ended = late_draft(session, _item_id(request), person, tab, sent, editing)
        saved = None if ended else desk.save_draft(session, _item_id(request), person, tab, revision, sent)
    if saved is None:
        error = Conflict("This item was submitted in the meantime. What you typed here is kept as a copy.")
        error.code = "submitted"
        return answer_error(error, {"submitted_at": ended})
    other = None if saved.other is None else {"body": saved.other, "saved_at": saved.other_saved_at}
    return {"revision": saved.revision, "saved_at": saved.saved_at, "other": other}


def post_submission(request: Request, body: dict[str, Any]) -> Any:
    person, sent = actor_of(request).person(), body.get("body")
    if not isinstance(sent, dict):
        raise InvalidInput("A submission is an object.", field="body")
    with store().session() as session:
        item = get_item(session, _item_id(request))
        queue = item.queue_id
        done = submit(session, item.id, person, sent, _editing(body))
        taught = _propose(session, item, done, person)
    # the answer is given after the commit, and the next item is claimed in a transaction of its own
    with store().session() as session:
        passed = None if done.trace_id is None else passed_beside(session, done.trace_id, person)
        following = _next(session, queues.get_queue(session, queue), person, _ahead(body))
    if taught.lesson is not None:
        index_due.set()
    return {
        "submitted_at": done.submitted_at,
        "revision": done.revision,
        "lesson": taught.lesson,
        "lesson_refused": taught.refused,
        "lesson_note": taught.note,
        "note": done.note,
        "passed": passed,
        "next": following,
    }


def _propose(session: Session, item: ItemRow, done: Submitted, person: PersonLine) -> Taught:
    """Propose the lesson of a review; one that is refused waits as a draft of the item, so that it can be edited."""
    if done.lesson is None or done.trace_id is None:
        return Taught()
    trace = trace_line(session, done.trace_id)
    said = current_submission(session, item, person)
    body = said.body if said is not None else {}
    step = next((mark["step_id"] for mark in body.get("marks", []) if mark["question"] == "first_mistake"), "")
    text = done.lesson
    words = {"when": text.when, "guidance": text.guidance, "avoid": text.avoid, "why": text.why}
    lesson = Lesson("", **words, agent=trace.agent, evidence=((trace.uid, step),))  # type: ignore[arg-type]
    try:
        uid = memory.propose_once(session, lesson, person.id, done.row_id)
    except InvalidInput as error:
        drafts.put_draft(session, item.id, person.id, "lesson", body | {"lesson": words})
        return Taught(refused=error.message)
    return Taught(uid, note=ECHO if shown_to(session, uid, [trace.uid]) else "")


def skip(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().session() as session:
        item = get_item(session, _item_id(request))
        desk.skip(session, item.id, person)
        return {"next": _next(session, queues.get_queue(session, item.queue_id), person)}


def flag(request: Request, body: dict[str, Any]) -> Any:
    person, discard = actor_of(request).person(), truth_field(body, "discard")
    reason = optional_text(body, "reason", LONGEST_REASON)
    with store().session() as session:
        item = get_item(session, _item_id(request))
        queue = item.queue_id
        gone = desk.flag(session, item.id, person, reason, discard)
    # in a transaction of its own, as after a submission: two who flag the last two items would wait for each other
    with store().session() as session:
        return {"discarded": gone, "next": _next(session, queues.get_queue(session, queue), person)}


def hold(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().session() as session:
        held = desk.hold(session, _item_id(request), person)
    return {"held": held.held, "until": held.until, "note": held.note}


def post_undo(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().session() as session:
        item, withdrawn = undo(session, _queue_of(session, request), person)
        if item.trace_id is not None:
            memory.withdraw_proposals(session, withdrawn, person.id)
        return {"item": item_view(session, item, person)}


def mine(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().reading() as session:
        found = queues.submissions(session, _queue_of(session, request), person.id, 50)
    return {"submissions": [{"item": item, "title": title, "submitted_at": at} for item, title, at in found]}


def show_progress(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().reading() as session:
        return _progress(session, _queue_of(session, request), person)


ROUTES = [
    Route("/api/queues/{queue:int}/next", route(take_next), methods=["POST"]),
    Route("/api/queues/{queue:int}/ahead", route(show_ahead)),
    Route("/api/queues/{queue:int}/undo", route(post_undo), methods=["POST"]),
    Route("/api/queues/{queue:int}/mine", route(mine)),
    Route("/api/queues/{queue:int}/progress", route(show_progress)),
    Route("/api/items/{item:int}", route(show_item)),
    Route("/api/items/{item:int}/submit", route(post_submission), methods=["POST"]),
    Route("/api/items/{item:int}/skip", route(skip), methods=["POST"]),
    Route("/api/items/{item:int}/flag", route(flag), methods=["POST"]),
    Route("/api/items/{item:int}/hold", route(hold), methods=["POST"]),
    Route("/api/drafts/{item:int}", route(put_draft), methods=["PUT", "POST"]),
]
