"""The one process: Streamlit's app, our routes beside it, the guards in front, and the background work."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

import core
import dashboard
from dashboard import comments_api, dataset_api, http_api, mcp_api, otlp_api, reading_api, review_api, signals_api
from dashboard.gate import Gate
from dashboard.process import close_all, settings, store
from dashboard.remember import Remember
from dashboard.worker import Worker

HERE = Path(__file__).resolve().parent

if Path(core.__file__).resolve().parents[1] != Path(dashboard.__file__).resolve().parents[1]:
    raise ImportError(
        f"core comes from {core.__file__} and dashboard from {dashboard.__file__}: another package has one of these "
        "names. Install Loopwright into an environment of its own."
    )


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the store and the index before the first request; close them after the last."""
    worker = Worker()
    await run_in_threadpool(store)
    await run_in_threadpool(worker.start)
    # What was loaded stays: to look through it for garbage again and again would stop everybody for a tenth of a second
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        await mcp_api.DOOR.close()
        await run_in_threadpool(worker.stop)
        await run_in_threadpool(close_all)


def make_app() -> st.App:
    """The ASGI application."""
    chosen = settings()
    return st.App(
        str(HERE / "app.py"),
        routes=[
            *review_api.ROUTES,
            *reading_api.ROUTES,
            *comments_api.ROUTES,
            *dataset_api.ROUTES,
            *otlp_api.ROUTES,
            *signals_api.ROUTES,
            *mcp_api.ROUTES,
            *http_api.ROUTES,
        ],
        middleware=[
            Middleware(Gate, host=chosen.host, token=chosen.access_token.get_secret_value()),
            Middleware(Remember),
        ],
        lifespan=lifespan,
        on_script_error=http_api.log_script_error,
    )
