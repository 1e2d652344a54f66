"""The routes of comments on runs, steps and pairs: read them, say something, reply, settle a thread, open it again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.routing import Route

from core.review.comments import LONGEST, may_resolve, reply_to, resolve, threads, write_comment
from core.store.comments import Comment, Place
from core.store.people import PersonLine
from dashboard.answering import actor_of, number_in, route, text_field
from dashboard.process import store

_LARGEST_ITEM = 2**62


def _place(request: Request) -> Place:
    return Place(request.path_params.get("trace"), request.path_params.get("pair"))


def _item(request: Request) -> int | None:
    """The item on the desk; None elsewhere."""
    return number_in(request.query_params.get("item"), "item", 0, _LARGEST_ITEM, 0) or None


def _shown(session: Session, place: Place, person: PersonLine, item: int | None) -> dict[str, Any]:
    found = threads(session, place, person, item)
    return {
        "me": person.id,
        "threads": [
            _said(one.first)
            | {
                "step_id": one.first.step,
                "may_resolve": may_resolve(one.first, person),
                "resolved_by": one.first.resolved_by or None,
                "resolved_at": one.first.resolved_at,
                "replies": [_said(reply) for reply in one.replies],
            }
            for one in found
        ],
    }


def _said(one: Comment) -> dict[str, Any]:
    return {"id": one.id, "person": one.person, "text": one.text, "created_at": one.created_at}


def show_comments(request: Request, body: dict[str, Any]) -> Any:
    person = actor_of(request).person()
    with store().reading() as session:
        return _shown(session, _place(request), person, _item(request))


def post_comment(request: Request, body: dict[str, Any]) -> Any:
    person, text = actor_of(request).person(), text_field(body, "text", LONGEST)
    step = text_field(body, "step_id") if body.get("step_id") else ""
    with store().session() as session:
        write_comment(session, _place(request), step, person, text)
        return _shown(session, _place(request), person, _item(request))


def post_reply(request: Request, body: dict[str, Any]) -> Any:
    person, text = actor_of(request).person(), text_field(body, "text", LONGEST)
    with store().session() as session:
        first = reply_to(session, int(request.path_params["comment"]), person, text)
        return _shown(session, first.place, person, _item(request))


def post_resolve(request: Request, body: dict[str, Any]) -> Any:
    return _settle(request, True)


def post_reopen(request: Request, body: dict[str, Any]) -> Any:
    return _settle(request, False)


def _settle(request: Request, resolved: bool) -> dict[str, Any]:
    person = actor_of(request).person()
    with store().session() as session:
        first = resolve(session, int(request.path_params["comment"]), person, resolved)
        return _shown(session, first.place, person, _item(request))


ROUTES = [
    Route(f"/api/{kind}/comments", route(work), methods=[method])
    for kind in ("traces/{trace:int}", "pairs/{pair:int}")
    for method, work in (("GET", show_comments), ("POST", post_comment))
] + [
    Route("/api/comments/{comment:int}/reply", route(post_reply), methods=["POST"]),
    Route("/api/comments/{comment:int}/resolve", route(post_resolve), methods=["POST"]),
    Route("/api/comments/{comment:int}/reopen", route(post_reopen), methods=["POST"]),
]
