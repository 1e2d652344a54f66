"""What `loopwright doctor` looks at; every check says what to do when it is not well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import httpx

from core.errors import LoopwrightError
from core.similarity.lock import owner_address
from core.store.run_vectors import n_embedded, n_owing
from core.store.trace_filter import TraceFilter, count_traces
from dashboard.process import lesson_index, settings, store

LOW_DISK = 1_000_000_000


def checks() -> list[dict[str, Any]]:
    """Each check: its name, whether it is well, and the detail in a sentence."""
    return [_look(name, look) for name, look in _CHECKS.items()]


def _look(name: str, look: Callable[[], tuple[bool, str]]) -> dict[str, Any]:
    try:
        ok, detail = look()
    except (LoopwrightError, OSError) as error:
        ok, detail = False, str(error)
    return {"name": name, "ok": ok, "detail": detail}


def _settings() -> tuple[bool, str]:
    chosen = settings()
    return True, f"data in {chosen.folder}; serves on {chosen.host}:{chosen.port}"


def _folder() -> tuple[bool, str]:
    folder = settings().folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK):
        return False, f"{folder} cannot be written: give yourself the right to, or set LOOPWRIGHT_DATA_DIR."
    free = shutil.disk_usage(folder).free
    advice = "" if free > LOW_DISK else " Free some space before anything is lost."
    return free > LOW_DISK, f"{free / 1e9:.1f} GB free at {folder}.{advice}"


def _database() -> tuple[bool, str]:
    with store().reading() as session:
        return True, f"{store().engine.dialect.name}, {count_traces(session, TraceFilter()):,} runs"


def _index() -> tuple[bool, str]:
    address = None if settings().chroma_url else owner_address(settings().folder)
    if address is None:
        lesson_index()
        return True, "verified against the database"
    try:
        answer = httpx.get(f"{address}/readyz", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        return False, f"the server at {address} owns it and does not answer ({error}): start the server again."
    well = answer.status_code in (200, 401)
    return well, f"owned by the server at {address}" + ("" if well else f", which is not ready: {answer.text[:200]}")


def _runs() -> tuple[bool, str]:
    with store().reading() as session:
        owing, there = n_owing(session), n_embedded(session)
    waiting = f"; {owing:,} wait, which a server reads in the background" if owing else ""
    return True, f"{there:,} runs are in it{waiting}"


_CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "settings": _settings,
    "data folder": _folder,
    "database": _database,
    "lesson index": _index,
    "index of runs": _runs,
}
