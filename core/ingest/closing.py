"""Closes traces that are whole: their root has ended and nothing came for a while. Only then are they queued.

A trace whose root never ends (its process was killed) is given up after a longer while and closed as it is.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput
from core.ingest.assemble import derived_task
from core.review.queues import enqueue
from core.store.engine import Store
from core.store.open_traces import OpenTrace, close_traces, due_to_close, set_task, task_of_trace
from core.store.steps import read_steps
from core.store.suites import add_tasks
from core.store.trace_rows import first_said
from core.tasks.outcome import refresh_outcomes

AT_ONCE = 200
LOOKED_AT = 20
"""Steps at the start of a run that are searched for what the person said first."""


def close_due(store: Store, silence: float, give_up: float) -> int:
    """Close traces after `silence` seconds (their root has ended) or `give_up` (it has not); how many were closed."""
    at = now()
    with store.session() as session:
        due = due_to_close(session, at - timedelta(seconds=silence), at - timedelta(seconds=give_up), AT_ONCE)
        for trace in due:
            _settle(session, trace)
        if due:
            ids = [trace.id for trace in due]
            close_traces(session, ids)
            refresh_outcomes(session, ids)
            enqueue(session, ids)
    return len(due)


def _settle(session: Session, trace: OpenTrace) -> None:
    """Say what is known only of a whole run: the task that its first words stand for, and its place in a suite."""
    if trace.derived:
        said = first_said(read_steps(session, trace.id, 0, LOOKED_AT))
        task = derived_task(said)
        if task is not None:
            set_task(session, trace.id, task, said)
    suite, number = trace.attributes.get("loopwright.suite"), task_of_trace(session, trace.id)
    if suite and number is not None:
        try:
            add_tasks(session, str(suite), [number])
        except (Conflict, InvalidInput):
            # a suite that was frozen before this run stays as it is, and a blank name names none
            return
