"""Writes down who somebody is while only one person could be, so that adding a second one does not throw them out."""

from __future__ import annotations

from http.cookies import SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.identity import COOKIE, actor_from, cookie_for

YEAR = 365 * 86_400


class Remember:
    """ASGI middleware: a page that is loaded without a name gets the cookie of the only person there is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_nameless_page(scope):
            await self.app(scope, receive, send)
            return
        actor = await run_in_threadpool(actor_from, {})

        async def send_with_name(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200 and actor is not None:
                cookie = SimpleCookie({COOKIE: cookie_for(actor.id)})
                cookie[COOKIE].update({"path": "/", "max-age": YEAR, "httponly": True, "samesite": "lax"})
                MutableHeaders(scope=message).append("set-cookie", cookie[COOKIE].OutputString())
            await send(message)

        await self.app(scope, receive, send_with_name)


def _is_nameless_page(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and COOKIE not in headers.get("cookie", "")
