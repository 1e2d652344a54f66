"""What the process holds once: settings, the store, the two indexes, and the worker's wake-up call."""

from __future__ import annotations

import contextlib
import secrets
from functools import cache
from pathlib import Path
from threading import Event, Lock

from core.errors import Conflict, Unavailable
from core.memory.arms import Shares
from core.memory.indexer import open_memory
from core.records import Role
from core.settings import Settings, load_settings
from core.similarity.index import TextIndex, open_run_index
from core.store.engine import Store, open_store
from core.store.people import list_people, person_id

spans_due = Event()
"""Set when spans were accepted: the worker puts them into traces at once."""

_opening = Lock()
_stores: dict[str, Store] = {}
_indexes: dict[Path, TextIndex] = {}
_run_indexes: dict[Path, TextIndex] = {}

versions_due = Event()
"""Set when a dataset version was asked for."""

index_due = Event()
"""Set when a lesson changed: the worker brings the index up to date at once instead of at its next round."""


def settings() -> Settings:
    """The settings as they stand in the environment now."""
    return load_settings()


def shares() -> Shares:
    """Which shares of runs go without lessons, for every recall that is not a dry run, and for lift."""
    chosen = settings()
    return Shares(chosen.control_share, chosen.hold_back_share)


def store() -> Store:
    """The store of the process, opened (and migrated, and given its first lead) at the first call."""
    url = settings().database_url
    with _opening:
        if url not in _stores:
            opened = open_store(url)
            with opened.session() as session:
                if not list_people(session, active_only=True):
                    person_id(session, "me", Role.LEAD, active=True)
            _stores[url] = opened
        return _stores[url]


def secret() -> str:
    """The key that signs cookies: made once, kept in the data folder, readable by its owner only."""
    return _secret(settings().folder)


@cache
def _secret(folder: Path) -> str:
    path = folder / "cookie.key"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)  # not renamed: of two made at once the first stays
        draft.unlink()
    return path.read_text()


def lesson_index() -> TextIndex:
    """The index of the process, taken under the data folder's lock and verified at the first call."""
    chosen, opened = settings(), store()
    with _opening:
        if chosen.folder not in _indexes:
            address = f"http://{chosen.host}:{chosen.port}"
            _indexes[chosen.folder] = open_memory(opened, chosen, address)
        return _indexes[chosen.folder]


def run_index() -> TextIndex:
    """The index of runs, which the worker verifies and fills; raises Unavailable where another process owns it."""
    try:
        lesson_index()  # whoever has it has the data folder
    except Conflict as error:
        raise Unavailable(f"Similar runs are looked for by the server that owns them. {error.message}") from error
    chosen = settings()
    with _opening:
        if chosen.folder not in _run_indexes:
            _run_indexes[chosen.folder] = open_run_index(chosen)
        return _run_indexes[chosen.folder]


def close_all() -> None:
    """Give the indexes and their lock, and the database, back."""
    with _opening:
        while _run_indexes:
            _run_indexes.popitem()[1].close()
        while _indexes:
            _indexes.popitem()[1].close()
        while _stores:
            _stores.popitem()[1].close()
