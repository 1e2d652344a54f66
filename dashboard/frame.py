"""The HTML that every page begins with: Streamlit's own, told where its server is.

Without that it looks for the server below the page's own address first, and each page begins with two answers of 404.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

_INDEX = Path(streamlit.__file__).resolve().parent / "static" / "index.html"
_PAGES = Path(__file__).resolve().parents[1] / "pages"
_TOLD = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }</script>'
"""The folder that the page's address stands in: right behind a proxy that serves everything under a prefix, too."""


@cache
def _html() -> str:
    return _INDEX.read_text(encoding="utf-8").replace("<head>", f"<head>{_TOLD}", 1)


async def show_frame(request: Request) -> HTMLResponse:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


ROUTES = [Route(f"/{page.stem}", show_frame) for page in sorted(_PAGES.glob("*.py"))]
