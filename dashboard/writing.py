"""Many small writes in one commit: what waits when the writer is free goes into one transaction (group commit).

A commit costs the disk a wait, and a database takes one after the other; twenty senders that share one wait as long as
one. Each is answered after the commit that holds what it sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import sleep
from typing import Generic, TypeVar

from core.errors import LoopwrightError, Unavailable

GATHER, MANY = 0.001, 5
"""Seconds that the writer waits for more after a commit of many requests: who was just answered is about to send."""

Request = TypeVar("Request")
Answer = TypeVar("Answer")

_log = logging.getLogger("loopwright")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Request, Answer]):
    request: Request
    size: int
    answer: asyncio.Future[Answer]


class GroupCommit(Generic[Request, Answer]):
    """One thread that writes for all requests of the process.

    `commit` writes several requests in one transaction and returns an answer for each. About `together` rows go into
    one transaction; past `most` waiting rows a sender is asked to come again.
    """

    def __init__(self, commit: Callable[[Sequence[Request]], Sequence[Answer]], together: int, most: int) -> None:
        self._commit, self._together, self._most = commit, together, most
        self._queue: SimpleQueue[_Waiting[Request, Answer]] = SimpleQueue()
        self._size = 0
        self._thread: Thread | None = None
        self._lock = Lock()

    async def write(self, request: Request, size: int) -> Answer:
        """What `commit` says of a request of `size` rows, after its commit; raises what it raises, or Unavailable."""
        with self._lock:
            if self._size and self._size + size > self._most:
                raise Unavailable("More is waiting to be written than fits. Nothing was kept; send this again.")
            self._size += size
            if self._thread is None:
                self._thread = Thread(target=self._work, name="group commit", daemon=True)
                self._thread.start()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiting(request, size, answer))
        return await answer

    def _work(self) -> None:
        waiting: list[_Waiting[Request, Answer]] = []
        while True:
            many = len(waiting) >= MANY
            waiting = [self._queue.get()]
            size = waiting[0].size
            if many:
                sleep(GATHER)
            with suppress(Empty):
                while size < self._together:
                    waiting.append(self._queue.get_nowait())
                    size += waiting[-1].size
            self._write(waiting)
            with self._lock:
                self._size -= size

    def _write(self, waiting: Sequence[_Waiting[Request, Answer]]) -> None:
        """Commit together; where that fails for another reason than the database's absence, each alone."""
        answers: Sequence[Answer | Exception]
        try:
            answers = self._commit([one.request for one in waiting])
        except Exception as error:  # noqa: BLE001  (whatever it is: each sender has to be told)
            if len(waiting) > 1 and not isinstance(error, Unavailable):
                for one in waiting:
                    self._write([one])
                return
            if not isinstance(error, LoopwrightError):
                _log.error("a request could not be written", exc_info=error)
            answers = [error] * len(waiting)
        # one call for all: each wakes the event loop
        waiting[0].answer.get_loop().call_soon_threadsafe(_tell, waiting, answers)


def _tell(waiting: Sequence[_Waiting[Request, Answer]], answers: Sequence[Answer | Exception]) -> None:
    for one, answer in zip(waiting, answers, strict=True):
        if not one.answer.done():
            one.answer.set_exception(answer) if isinstance(answer, Exception) else one.answer.set_result(answer)
