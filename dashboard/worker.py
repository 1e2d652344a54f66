"""Background work of the process that owns the index: lessons into Chroma within a second of their approval."""

from __future__ import annotations

import logging
from threading import Event, Thread

from core.errors import LoopwrightError
from core.memory.indexer import sync
from dashboard.process import index_due, lesson_index, store

ROUND = 1.0
"""Seconds between two looks at the outbox when nobody wakes the worker."""

_log = logging.getLogger("loopwright")


class Worker:
    """One thread that brings the index up to date, at once when told and every second otherwise."""

    def __init__(self) -> None:
        self._stopping = Event()
        self._thread = Thread(target=self._work, name="loopwright-worker", daemon=True)

    def start(self) -> None:
        """Take the index (verified, rebuilt where in doubt) and begin."""
        lesson_index()
        self._thread.start()

    def stop(self) -> None:
        """Finish the round at hand and end."""
        self._stopping.set()
        index_due.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _work(self) -> None:
        while not self._stopping.is_set():
            index_due.wait(ROUND)
            index_due.clear()
            try:
                sync(store(), lesson_index())
            except LoopwrightError as error:
                _log.warning("the lesson index is behind: %s", error)
