"""The MCP server at `/mcp`: the tools of mcp_tools.py, in this process and behind the same guards as every route."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import Contended, LoopwrightError
from dashboard.mcp_tools import recall_lessons, report_outcome

ABOUT = """\
Loopwright keeps lessons that people wrote and approved after reading earlier runs. Call recall_lessons with the task
before you start, and again with `tool` before a step that cannot be undone; call report_outcome at the end."""


class McpDoor:
    """An ASGI application. What it needs is imported, which takes a second, when the first agent comes."""

    def __init__(self) -> None:
        self._opening: asyncio.Task[ASGIApp] | None = None
        self._running: asyncio.Task[None] | None = None
        self._end = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        app = await asyncio.shield(self._opening)
        await app(scope, receive, send)

    async def _open(self) -> ASGIApp:
        server, app = await run_in_threadpool(_make_server)
        ready = asyncio.Event()
        self._running = asyncio.create_task(self._run(server, ready))
        await ready.wait()
        return app

    async def _run(self, server: Any, ready: asyncio.Event) -> None:
        """What an MCP server begins it has to end in the same task."""
        async with server.session_manager.run():
            ready.set()
            await self._end.wait()

    async def close(self) -> None:
        """End it; it can be opened anew."""
        self._end.set()
        if self._running is not None:
            await self._running
        self.__init__()  # type: ignore[misc]


def _make_server() -> tuple[Any, ASGIApp]:
    from mcp.server import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

    logging.getLogger("mcp").setLevel(logging.WARNING)  # it logs what agents send
    server = MCPServer("Loopwright", instructions=ABOUT, log_level="WARNING")
    for work in (recall_lessons, report_outcome):
        server.tool()(_tool(work))
    app = server.streamable_http_app(
        json_response=True,
        stateless_http=True,  # any process behind a load balancer may answer
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # dashboard/gate.py does
    )
    return server, app


def _tool(work: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """A tool from a blocking function, whose LoopwrightErrors are told to the agent."""

    @functools.wraps(work)
    async def tool(**given: Any) -> dict[str, Any]:
        from mcp.server.mcpserver.exceptions import ToolError

        try:
            return await run_in_threadpool(_done, work, given)
        except LoopwrightError as error:
            raise ToolError(error.message) from error

    return tool


def _done(work: Callable[..., dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    try:
        return work(**given)
    except Contended:
        return work(**given)


DOOR = McpDoor()

ROUTES = [Route("/mcp", DOOR)]
