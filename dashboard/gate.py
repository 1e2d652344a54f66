"""What stands in front of every request: the shared access token, and checks of Host and Origin.

Without a token Loopwright only listens on the loopback interface, and a request must name that host (a page elsewhere
cannot reach it by pointing a name of its own at 127.0.0.1). A request that changes something must come from our origin.
"""

from __future__ import annotations

import hmac
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import LoopwrightError, NotPermitted
from dashboard.answering import answer_error

TOKEN_COOKIE = "loopwright_access"
_OPEN = ("/healthz", "/_stcore/health")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = ("GET", "HEAD", "OPTIONS")


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's own."""
    return host.strip("[]").lower() in _LOOPBACK


class Gate:
    """ASGI middleware around everything, websockets included."""

    def __init__(self, app: ASGIApp, host: str, token: str) -> None:
        self.app, self.local, self.token = app, is_loopback(host), token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal: Response | None = None
        error = self._wrong_origin(scope, headers)
        if error is not None:
            refusal = answer_error(error)
        elif self.token and scope["path"] not in _OPEN and not self._knows_token(headers):
            refusal = self._welcome(scope)
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4401, "reason": "not permitted"})

    def _wrong_origin(self, scope: Scope, headers: Headers) -> LoopwrightError | None:
        host = headers.get("host", "")
        if self.local and not self.token and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return NotPermitted(f"This server answers to 127.0.0.1 and localhost, not to {host[:100]}.")
        origin = headers.get("origin")
        if origin and scope.get("method") not in _SAFE and urlsplit(origin).netloc != host:
            return NotPermitted("This request comes from another site.")
        return None

    def _knows_token(self, headers: Headers) -> bool:
        cookie = SimpleCookie(headers.get("cookie", "")).get(TOKEN_COOKIE)
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer.strip() if scheme.lower() == "bearer" else "", cookie.value if cookie else ""]
        return any(hmac.compare_digest(value.encode(), self.token.encode()) for value in given)

    def _welcome(self, scope: Scope) -> Response:
        """Let in who brings the token in the address (and keep it as a cookie); tell others how."""
        asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = dict(asked).get("access_token", "")
        if hmac.compare_digest(given.encode(), self.token.encode()):
            rest = urlencode([pair for pair in asked if pair[0] != "access_token"])
            response = RedirectResponse(f"{scope['path']}?{rest}".rstrip("?"), 303)
            response.set_cookie(TOKEN_COOKIE, self.token, max_age=30 * 86_400, httponly=True, samesite="lax")
            return response
        error = NotPermitted(
            "An access token is needed (LOOPWRIGHT_ACCESS_TOKEN). A program sends the header Authorization: Bearer …; "
            "in a browser, open this address once with ?access_token=… at its end."
        )
        error.status = 401
        return answer_error(error)
