"""Who writes next where there can be one writer: whoever is waited for by a person or an agent, then background work.

SQLite has one writer at a time and lets others ask again after ever longer pauses; inside one process they stand in a
line instead. Background work (`patient`) lets all others go first, and those too that come right after one another, for
up to `PATIENCE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from core.errors import Unavailable

LONGEST_WAIT = 10.0
"""Seconds that a writer waits for its turn."""

PATIENCE = 0.25
"""Seconds that background work lets a stream of others go first."""

CLOSE_BEHIND = 0.02
"""Seconds after one writer within which the next one is thought to follow."""


class Turns:
    """The line of writers of one process."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._busy = False
        self._waiting = 0
        self._last = 0.0

    @contextmanager
    def taken(self, patient: bool) -> Iterator[None]:
        """Write within this block; raises Unavailable after `LONGEST_WAIT`."""
        with self._changed:
            self._wait_patiently() if patient else self._wait()
            self._busy = True
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                if not patient:
                    self._last = monotonic()
                self._changed.notify_all()

    def _wait(self) -> None:
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: not self._busy, LONGEST_WAIT):
                raise Unavailable("The database is busy. Nothing was changed; try again in a moment.")
        finally:
            self._waiting -= 1

    def _wait_patiently(self) -> None:
        begin = monotonic()
        while True:
            at = monotonic()
            if at - begin > LONGEST_WAIT:
                raise Unavailable("The database is busy with other work.")
            follows = at - begin < PATIENCE and at - self._last < CLOSE_BEHIND
            if not self._busy and not self._waiting and not follows:
                return
            self._changed.wait(CLOSE_BEHIND / 4)
