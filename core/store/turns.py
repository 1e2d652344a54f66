"""Who writes next where there can be one writer: whoever is waited for by a person or an agent, then background work.

SQLite has one writer at a time and lets others ask again after ever longer pauses; inside one process they stand in a
line instead. Background work (`patient`) lets all others go first, and those too that come right after one another, for
up to `PATIENCE`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic, sleep

from core.errors import Unavailable

LONGEST_WAIT = 10.0
"""Seconds that a writer waits for its turn."""

PATIENCE = 0.25
"""Seconds that background work lets a stream of others go first."""

CLOSE_BEHIND = 0.02
"""Seconds after one writer within which the next one is thought to follow."""


class Turns:
    """The line of writers of one process: who came first writes first, and nobody who was just served goes before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._line: deque[Event] = deque()
        self._busy = False
        self._last = 0.0

    @contextmanager
    def taken(self, patient: bool) -> Iterator[None]:
        """Write within this block; raises Unavailable after `LONGEST_WAIT`."""
        self._wait_patiently() if patient else self._wait()
        try:
            yield
        finally:
            self._hand_over(patient)

    def _hand_over(self, patient: bool) -> None:
        with self._lock:
            if not patient:
                self._last = monotonic()
            if self._line:
                self._line.popleft().set()  # it stays busy: the turn is theirs
            else:
                self._busy = False

    def _wait(self) -> None:
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            mine = Event()
            self._line.append(mine)
        if mine.wait(LONGEST_WAIT):
            return
        with self._lock:
            if mine.is_set():  # at the last moment
                return
            self._line.remove(mine)
        raise Unavailable("The database is busy. Nothing was changed; try again in a moment.")

    def _wait_patiently(self) -> None:
        begin = monotonic()
        while True:
            at = monotonic()
            if at - begin > LONGEST_WAIT:
                raise Unavailable("The database is busy with other work.")
            with self._lock:
                follows = at - begin < PATIENCE and at - self._last < CLOSE_BEHIND
                if not self._busy and not follows:
                    self._busy = True
                    return
            sleep(CLOSE_BEHIND / 4)
