"""Takes runs back, some at a time: each transaction leaves everything consistent, and what is left can be taken later.

Dataset versions come first, then the runs: cut short in between, the same removal again finds the same runs and ends
what was begun. Words leave the text index's file last.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, Unavailable
from core.ingest.delivery import assemble_due
from core.retract.examples import carry_out, rewrites
from core.retract.radius import counts_json
from core.store.engine import Store
from core.store.mentions import find_mentions, remove_mentions
from core.store.reach import Run, Scope, chosen_runs
from core.store.removal import (
    empty_log,
    log_removal,
    merge_words,
    newest_delivery,
    remove_runs,
    spans_waiting,
    stray,
    zeroed,
)

ROUND = 2_000
"""Runs for which dataset versions and refused records are looked through at once."""

LONGEST_WRITE = 0.2
"""Seconds that one transaction is to take: reviewers wait that long, and no longer, for their own."""

PAUSE = 0.1
"""Seconds between transactions: another process that waits for SQLite looks again after at most so long."""

LONGEST_WAIT = 30.0
"""Seconds that a removal waits for accepted spans to be put into runs."""

SERVER_TIME = 1.0
"""Seconds that a server gets to put them there itself."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Removed:
    """How many of each kind (core.retract.radius.WORDS) went; `more`: there is more to remove. `file_clean` is False
    when SQLite's log could not be cut yet, because somebody was reading."""

    counts: Counter[str]
    more: bool = False
    file_clean: bool = True

    def as_json(self) -> dict[str, Any]:
        """The JSON object of `loopwright remove --yes`."""
        return counts_json(self.counts) | {"file_clean": self.file_clean}


def remove(store: Store, scope: Scope, by: str, reason: str = "", progress: Progress | None = None) -> Removed:
    """Remove all that a scope means and what hangs on it; `by` is a person's name.

    Raises Unavailable, saying how far it came, when the database cannot be used: the same again goes on.
    """
    settle_deliveries(store)
    taking = Taking(store, by, scope.words, reason)
    while True:
        with store.reading() as session:
            runs = chosen_runs(session, scope, ROUND)
        taking.take(runs, scope, progress)
        if len(runs) < ROUND:
            break
    taking.take_stray(scope)
    return taking.end()


class Taking:
    """One removal as it goes on, logged under one number."""

    def __init__(self, store: Store, by: str, what: str, reason: str) -> None:
        self.store, self.by, self.what, self.reason = store, by, what, reason
        self.counts: Counter[str] = Counter()
        self._number: int | None = None

    def take(self, runs: Sequence[Run], scope: Scope, progress: Progress | None = None) -> None:
        """Remove these runs, their rows in dataset versions, and what holds or names them."""
        uids = [run.uid for run in runs]
        with self.store.reading() as session:
            examples = rewrites(session, uids)
            mentions = find_mentions(session, scope, uids)
        self.counts["rows"] += sum(one.rows for one in examples)
        with self.store.session(patient=True) as session, zeroed(session):
            carry_out(session, examples)
            remove_mentions(session, mentions)
            self.counts.update(refusals=len(mentions.refusals), imports=len(mentions.imports))
            self.log(session)
        size, start = 10, 0
        while start < len(runs):
            begin = time.perf_counter()
            try:
                self._batch(runs[start : start + size])
            except Unavailable as error:
                done = self.counts["traces"]
                raise Unavailable(
                    f"{done:,} runs were removed, the others not yet: {error.message} The same again goes on."
                ) from error
            start += size
            if progress is not None:
                progress(self.counts["traces"])
            seconds = max(time.perf_counter() - begin, 0.001)
            size = max(1, min(500, int(size * LONGEST_WRITE / seconds)))
            if start < len(runs):
                time.sleep(PAUSE)

    def _batch(self, runs: Sequence[Run]) -> None:
        before = Counter(self.counts)
        try:
            with self.store.session(patient=True) as session, zeroed(session):
                self.counts.update(remove_runs(session, runs, self.by))
                self.log(session)
        except BaseException:
            self.counts = before
            raise

    def take_stray(self, scope: Scope) -> None:
        """Remove what names a run or a session that is not here."""
        with self.store.session(patient=True) as session, zeroed(session):
            self.counts.update(stray(session, scope, remove=True))
            self.log(session)

    def log(self, session: Session) -> None:
        """Write what has gone up to now; nothing, when nothing has."""
        if any(self.counts.values()):
            self._number = log_removal(session, self._number, self.by, self.what, self.reason, self.counts)

    def end(self, more: bool = False) -> Removed:
        """Make sure that the removed words leave the file; what went."""
        if not any(self.counts.values()):
            return Removed(self.counts, more)
        begin, merging = True, self.counts["steps"] > 0
        while merging:
            with self.store.session(patient=True) as session, zeroed(session):
                merging = merge_words(session, begin)
            begin = False
            time.sleep(PAUSE / 10)
        return Removed(self.counts, more, empty_log(self.store))


def settle_deliveries(store: Store) -> None:
    """Wait until the spans that were accepted up to now stand in runs, putting them there if nobody else does."""
    with store.reading() as session:
        last = newest_delivery(session)
    give_up, before, alone = time.monotonic() + LONGEST_WAIT, 0, False
    while True:
        with store.reading() as session:
            n = spans_waiting(session, last)
        if not n:
            return
        if time.monotonic() > give_up:
            raise Unavailable(f"{n:,} spans are still being read. Nothing was removed; try again in a moment.")
        alone = (alone or n == before) and _assembled(store)
        if not alone:
            before = n
            time.sleep(SERVER_TIME)


def _assembled(store: Store) -> bool:
    try:
        return assemble_due(store) > 0
    except Conflict:
        return False  # another process has just taken them
