"""Our own routes beside the pages: reading runs, recall, who is acting, assets, health."""

from __future__ import annotations

import logging
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from core.errors import LoopwrightError, NotFound
from core.store.hidden import hidden_traces
from core.store.people import get_person
from core.store.steps import outline, read_steps
from core.store.traces import trace_line
from dashboard.answering import actor_of, answer, answer_error, number_in, route
from dashboard.identity import COOKIE, cookie_for
from dashboard.parts.blind_reading import blind_lines, blind_steps
from dashboard.parts.reading import LOOK_BACK, outline_json, steps_json, text_slice
from dashboard.process import lesson_index, store
from dashboard.recalling import recall_lessons
from dashboard.remember import YEAR

_log = logging.getLogger("loopwright")
_COMPONENTS = Path(__file__).resolve().parent / "components"


def is_hidden(session: Session, request: Request, trace: int) -> bool:
    """Whether the one who asks has still to judge the run blind; NotPermitted when nobody says who asks."""
    return bool(hidden_traces(session, actor_of(request).id, [trace]))


def show_outline(request: Request, body: dict[str, Any]) -> Any:
    trace = int(request.path_params["trace"])
    with store().reading() as session:
        trace_line(session, trace)
        lines = outline(session, trace)
        return outline_json(trace, blind_lines(lines) if is_hidden(session, request, trace) else lines)


def show_steps(request: Request, body: dict[str, Any]) -> Any:
    trace = int(request.path_params["trace"])
    start = number_in(request.query_params.get("start"), "start", 0, 10**9, 0)
    count = number_in(request.query_params.get("count"), "count", 1, 200, 40)
    with store().reading() as session:
        total = trace_line(session, trace).n_steps
        before = min(start, LOOK_BACK)
        steps = read_steps(session, trace, start - before, count + before)
        shown = blind_steps(steps) if is_hidden(session, request, trace) else steps
        return steps_json(trace, total, start, shown, before)


def show_text(request: Request, body: dict[str, Any]) -> Any:
    trace, position = int(request.path_params["trace"]), int(request.path_params["position"])
    part = request.query_params.get("part", "")
    start = number_in(request.query_params.get("start"), "start", 0, 10**10, 0)
    count = number_in(request.query_params.get("count"), "count", 1, 1_000_000, 200_000)
    with store().reading() as session:
        steps = read_steps(session, trace, position, 1)
        if is_hidden(session, request, trace):
            steps = blind_steps(steps)
    if not steps:
        raise NotFound(f"Trace {trace} has no step {position}.", field="position")
    return text_slice(steps[0], part, start, count)


def ask_recall(request: Request, body: dict[str, Any]) -> Any:
    return recall_lessons(body)


def choose_person(request: Request, body: dict[str, Any]) -> Response:
    with store().reading() as session:
        person = get_person(session, int(request.path_params["person"]))
    if person is None or not person.active:
        raise NotFound("This person does not work here. Choose another name.")
    wanted = urlsplit(request.query_params.get("next", "/"))
    page = "/" + wanted.path.lstrip("/") + (f"?{wanted.query}" if wanted.query else "")
    response = RedirectResponse(page, 303)
    response.set_cookie(COOKIE, cookie_for(person.id), max_age=YEAR, httponly=True, samesite="lax")
    return response


async def show_asset(request: Request) -> Response:
    name = request.path_params["name"]
    known = {path.name: path for path in _COMPONENTS.iterdir() if path.suffix in (".js", ".css")}
    if name not in known:
        return answer_error(NotFound(f"There is no asset {name}."))
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return FileResponse(known[name], media_type=kind, headers={"Cache-Control": "no-cache"})


async def live(request: Request) -> Response:
    return answer({"status": "ok"})


def ready(request: Request, body: dict[str, Any]) -> Any:
    with store().reading() as session:
        get_person(session, 0)
    lesson_index()
    return {"status": "ok"}


def log_script_error(error: BaseException) -> bool:
    """Say in a sentence what went wrong on a page; the traceback goes to the log, never into a person's face."""
    import streamlit as st

    if isinstance(error, LoopwrightError):
        st.error(error.message, icon=":material/error:")
        return True
    _log.error("a page failed", exc_info=error)
    st.error(
        "This page could not be drawn. What you typed in the desks is saved. Reload the page; if it happens again, the "
        "server's log says why.",
        icon=":material/error:",
    )
    return True


ROUTES = [
    Route("/api/traces/{trace:int}/outline", route(show_outline)),
    Route("/api/traces/{trace:int}/steps", route(show_steps)),
    Route("/api/traces/{trace:int}/steps/{position:int}/text", route(show_text)),
    Route("/api/recall", route(ask_recall), methods=["POST"]),
    Route("/who/{person:int}", route(choose_person)),
    Route("/assets/{name}", show_asset),
    Route("/healthz", live),
    Route("/readyz", route(ready)),
]
