"""An item as the desks show it (the JSON of /api/items): task, run or sides, schema, draft; never its outcome."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from core.records import LabelSchema, Role
from core.review.submitting import current_submission
from core.store import claims, drafts, queues
from core.store.hidden import hidden_traces
from core.store.people import PersonLine
from core.store.schemas import get_schema
from core.store.steps import outline, read_steps
from core.store.tables import ItemRow, QueueRow
from core.store.tasks import task_text
from core.store.traces import TraceLine, trace_line
from dashboard.parts.blind_reading import blind_lines, blind_run, blind_steps
from dashboard.parts.pair_view import FIRST_PAGE, pair_view
from dashboard.parts.ranking_view import ranking_view
from dashboard.parts.reading import outline_json, steps_json
from dashboard.parts.suggestions import suggestions_json
from dashboard.parts.trace_recalls import recalled_json


def item_view(session: Session, item: ItemRow, person: PersonLine) -> dict[str, Any]:
    """Everything the desk needs to show the item at once, in one answer."""
    queue = queues.get_queue(session, item.queue_id)
    claim = claims.my_claim(session, item.id, person.id)
    draft = drafts.get_draft(session, item.id, person.id)
    said = current_submission(session, item, person)
    schema = (claim.schema_id if claim is not None else None) or queue.schema_id
    view: dict[str, Any] = {
        "item": item.id,
        "queue": {
            "id": queue.id,
            "name": queue.name,
            "subject": queue.subject,
            "blind": queue.blind,
            "discard": _discard(queue, person),
        },
        "state": claim.state if claim is not None else claims.CLAIMED,
        "expires_at": claim.expires_at if claim is not None else None,
        "schema": _schema(get_schema(session, schema)) if schema is not None else None,
        "step": item.step_uid,
        "draft": draft and {"revision": draft.revision, "body": draft.body, "saved_at": draft.saved_at},
        "submitted": said and {"revision": said.revision, "submitted_at": said.submitted_at, "body": said.body},
        "pair": None,
    }
    if item.pair_id is not None:
        return view | pair_view(session, item.pair_id, claim.left if claim is not None else "a", item.id)
    if item.ranking_id is not None:
        return view | ranking_view(session, item.ranking_id, claim.left if claim is not None else "", item.id)
    return view | _run(session, item.trace_id or 0, _is_blind(session, item, queue, person, said is not None))


def _is_blind(session: Session, item: ItemRow, queue: QueueRow, person: PersonLine, submitted: bool) -> bool:
    """Whether what tells the run's version is kept from them: here, or because of another queue of theirs."""
    if person.role is Role.LEAD:
        return False
    return (queue.blind and not submitted) or bool(hidden_traces(session, person.id, [item.trace_id or 0]))


def _discard(queue: QueueRow, person: PersonLine) -> str:
    """What the person may do about an item that is worth nobody's time: "decide", "vote" or ""."""
    return "decide" if person.role is Role.LEAD else "vote" if queue.votes_to_discard else ""


def _schema(schema: LabelSchema) -> dict[str, Any]:
    return {
        "key": schema.key,
        "version": schema.version,
        "title": schema.title,
        "guidelines": schema.guidelines,
        "questions": [asdict(question) for question in schema.questions],
    }


def _run(session: Session, trace_id: int, blind: bool) -> dict[str, Any]:
    trace = trace_line(session, trace_id)
    lines = outline(session, trace_id)
    steps = read_steps(session, trace_id, 0, FIRST_PAGE)
    if blind:
        trace, lines, steps = blind_run(trace), blind_lines(lines), blind_steps(steps)
    return {
        "task": {"title": trace.title, "text": task_text(session, trace.task) or trace.title, "key": trace.task},
        "facts": _facts(trace),
        "recalls": {} if blind else recalled_json(session, [trace]),
        "segments": [_segment(trace)],
        "outline": outline_json(trace_id, lines),
        "first": steps_json(trace_id, trace.n_steps, 0, steps),
        # of a longer run the reader asks for them once it is drawn
        "suggestions": suggestions_json(trace_id, steps) if trace.n_steps <= FIRST_PAGE else None,
    }


def _facts(trace: TraceLine) -> dict[str, Any]:
    return {"n_steps": trace.n_steps, "n_errors": trace.n_errors, "seconds": trace.seconds, "cost": trace.cost}


def _segment(trace: TraceLine, title: str = "") -> dict[str, Any]:
    return {"trace": trace.id, "n_steps": trace.n_steps, "title": title}
