"""Background work of the process: lessons and runs into Chroma, spans into traces, words into the text index, old runs
away.

Each kind of work has a thread of its own, so that a slow one never holds up another; the database says what is due, and
a thread that another process was quicker than finds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from core.clock import now
from core.dataset.orders import make_due
from core.errors import LoopwrightError
from core.evaluate.rolled_weeks import add_up
from core.ingest.closing import close_due
from core.ingest.delivery import assemble_due
from core.memory.indexer import sync
from core.retract import apply_retention
from core.store.text_search import index_due as index_words
from core.tasks.run_index import sync_runs
from dashboard.alarms import watch_guards
from dashboard.process import index_due, lesson_index, run_index, settings, spans_due, store, versions_due
from dashboard.queue_ordering import orders_due, renew_orders

WORDS_AT_ONCE = 500
"""Steps that are brought into the text index in one transaction: short ones, so that a reviewer never waits long."""

_log = logging.getLogger("loopwright")


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done when `due` is set and otherwise every `every` seconds; True means that there is more to do."""

    name: str
    work: Callable[[], bool]
    every: float
    due: Event


def index_lessons() -> bool:
    """Bring the lesson index up to date."""
    sync(store(), lesson_index())
    return False


def index_runs() -> bool:
    """Bring closed runs into the index of runs."""
    return sync_runs(store(), run_index())


def put_spans() -> bool:
    """Put accepted spans into traces, and close traces that are whole."""
    if assemble_due(store()):
        words_due.set()
        return True
    chosen = settings()
    return close_due(store(), chosen.trace_silence, chosen.trace_give_up) > 0


def put_words() -> bool:
    """Bring stored steps into the text index."""
    with store().session(patient=True) as session:
        return index_words(session, WORDS_AT_ONCE) > 0


def remove_overdue() -> bool:
    """Remove runs that are past the time that a lead has set, some at a time."""
    return apply_retention(store(), now()).more


def make_versions() -> bool:
    """Make the dataset versions that were asked for."""
    return make_due(store())


def add_up_weeks() -> bool:
    """Add up a week of an agent that has very many runs."""
    return add_up(store(), now())


words_due, runs_due, removal_due = Event(), Event(), Event()
guards_due, weeks_due = Event(), Event()

JOBS = (
    Job("the lesson index", index_lessons, 1.0, index_due),
    Job("putting spans into traces", put_spans, 1.0, spans_due),
    Job("the text index", put_words, 2.0, words_due),
    Job("the order of queues", renew_orders, 60.0, orders_due),
    Job("the index of runs", index_runs, 5.0, runs_due),
    Job("dataset versions", make_versions, 5.0, versions_due),
    Job("adding up weeks", add_up_weeks, 60.0, weeks_due),
    Job("the guards", watch_guards, 900.0, guards_due),
    Job("the removal of old runs", remove_overdue, 3600.0, removal_due),
)


class Worker:
    """The threads of all jobs."""

    def __init__(self) -> None:
        self._stopping = Event()
        self._threads = [Thread(target=self._run, args=(job,), name=job.name, daemon=True) for job in JOBS]

    def start(self) -> None:
        """Take the index (verified, rebuilt where in doubt) and begin."""
        lesson_index()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the rounds at hand and end."""
        self._stopping.set()
        for job in JOBS:
            job.due.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    def _run(self, job: Job) -> None:
        while not self._stopping.is_set():
            job.due.wait(job.every)
            job.due.clear()
            try:
                while job.work() and not self._stopping.is_set():
                    pass
            except LoopwrightError as error:
                _log.warning("%s is behind: %s", job.name, error)
                self._stopping.wait(job.every)
