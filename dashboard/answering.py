"""How our own routes answer: JSON in, JSON out, one shape for every error, blocking work off the event loop."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from core.errors import Contended, InvalidInput, LoopwrightError, NotFound, NotPermitted, TooLarge
from core.store.content import clean
from dashboard.identity import Actor, actor_from, was_let_go

LARGEST_BODY = 8_000_000
LARGEST_ID = 2**62

Work = Callable[..., Any]


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; times are ISO 8601."""
    body = orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def answer_error(error: LoopwrightError, extra: dict[str, Any] | None = None) -> Response:
    """The one JSON shape of an error."""
    retry = {"Retry-After": "2"} if error.status == 503 else None
    return answer(error.as_json() | (extra or {}), error.status, retry)


def route(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint from a blocking function `work(request, body)`, whose LoopwrightErrors become answers.

    `body` is the JSON object that was sent ({} where there is none). What `work` returns is answered as JSON, unless it
    is a Response already.
    """

    @functools.wraps(work)
    async def endpoint(request: Request) -> Response:
        try:
            if any(isinstance(value, int) and value > LARGEST_ID for value in request.path_params.values()):
                raise NotFound("There is nothing with so large a number.")
            body = await _json_body(request) if request.method in ("POST", "PUT", "DELETE") else {}
            result = await run_in_threadpool(_done, work, request, body)
        except LoopwrightError as error:
            return answer_error(error)
        except ClientDisconnect:
            return Response(status_code=499)
        return result if isinstance(result, Response) else answer(result)

    return endpoint


def _done(work: Work, request: Request, body: dict[str, Any]) -> Any:
    """What the work gives; it is done again where the database let somebody else go on, for then it changed nothing."""
    try:
        return work(request, body)
    except Contended:
        return work(request, body)


async def _json_body(request: Request) -> dict[str, Any]:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise TooLarge(f"A request holds at most {LARGEST_BODY:,} bytes.")
        chunks.append(chunk)
    try:
        body = orjson.loads(b"".join(chunks) or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise InvalidInput("The body has to be a JSON object.")
    try:
        orjson.dumps(body)  # what is kept of it has to be sent back
    except orjson.JSONEncodeError as error:
        raise InvalidInput("The body holds lists or objects inside each other that are nested too deeply.") from error
    return body


def actor_of(request: Request) -> Actor:
    """Who is acting, by the request's cookie; raises NotPermitted when nobody was chosen."""
    actor = actor_from(request.cookies)
    if actor is None and (name := was_let_go(request.cookies)):
        raise NotPermitted(
            f"A lead has made {name} inactive, so nothing can be saved under that name. What you typed is still in "
            "this browser: copy what you need, or ask a lead to make you active again, then submit."
        )
    if actor is None:
        raise NotPermitted("Choose who you are first: open Loopwright and pick your name.")
    return actor


def text_field(body: dict[str, Any], name: str, longest: int = 200) -> str:
    """A required text of the body; raises InvalidInput."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InvalidInput(f"{name} has to be a text of 1 to {longest:,} characters.", field=name)
    return clean(value)


def optional_text(body: dict[str, Any], name: str, longest: int = 200) -> str:
    """A text of the body that may be missing or empty; raises InvalidInput."""
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        raise InvalidInput(f"{name} has to be a text of at most {longest:,} characters.", field=name)
    return clean(value or "")


def truth_field(body: dict[str, Any], name: str) -> bool:
    """A yes or no of the body, no where it is not there; raises InvalidInput."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidInput(f"{name} has to be true or false.", field=name)
    return value is True


def number_in(value: Any, name: str, low: int, high: int, default: int) -> int:
    """A whole number of a query or body, within bounds; raises InvalidInput."""
    if value is None or value == "":
        return default
    try:
        number = int(value)
        if isinstance(value, bool) or (isinstance(value, float) and number != value):
            raise ValueError(value)  # `int` would cut it short
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} has to be a whole number.", field=name) from error
    if not low <= number <= high:
        raise InvalidInput(f"{name} has to lie between {low} and {high:,}.", field=name)
    return number
