"""Keeps the index of runs what SQL says: some runs at a time, closed ones only, and nothing of a run that was removed.

It is filled in the background and answers meanwhile with what it has; `n_owing` (core.store.run_vectors) says how many
runs it still waits for.
"""

from __future__ import annotations

import logging

from core.errors import Unavailable
from core.similarity.index import Entry, TextIndex
from core.store.content import step_from_row
from core.store.engine import Store
from core.store.run_vectors import (
    OwingRun,
    embedded_runs,
    forget_vectors,
    mark_embedded,
    n_embedded,
    runs_owing_vector,
    steps_at_ends,
)
from core.tasks.run_text import FIRST_STEPS, LAST_STEPS, RECIPE, run_text

AT_ONCE = 250
"""Runs that are written in one round: of few at once, Chroma would mostly be busy with beginning and ending."""

_READ_AT_ONCE = 25
"""Runs whose steps are held at once, for one may have megabytes."""

MOSTLY_RIGHT = 0.01
"""The share of runs whose vectors may be missing for these alone to be made again; past it, all are."""

_log = logging.getLogger("loopwright")


def sync_runs(store: Store, index: TextIndex) -> bool:
    """Bring some runs into the index (verified first where it is not); True while there is more to do.

    When nothing is owed, runs that were removed are let go. Raises Unavailable while the index cannot be used; what is
    owed stays owed.
    """
    with index.writing:
        if not index.ready:
            verify_runs(store, index)
        with store.session(patient=True) as session:  # patient: only when nobody else writes, spans least of all
            owed = runs_owing_vector(session, AT_ONCE)
        if not owed:
            _let_go(store, index)
            return False
        index.upsert(_entries(store, owed))
        with store.session(patient=True) as session:
            mark_embedded(session, owed)
        return len(owed) == AT_ONCE


def verify_runs(store: Store, index: TextIndex) -> None:
    """Compare what a query really finds with what SQL says it must, and make again what differs; all, where it is much.

    What is to be made again is owed from here on: the index answers at once with what it has.
    """
    with index.writing:
        with store.reading() as session:
            wanted = {str(run): _stamp(n) for run, n in embedded_runs(session).items()}
        try:
            found = index.contents()
        except Unavailable as error:
            if not index.owned:
                raise
            _log.warning("%s", error)
            found = {}
        wrong = [run for run, stamp in wanted.items() if found.get(run) != stamp]
        if len(wrong) > MOSTLY_RIGHT * len(wanted) or (found and not wanted):
            rebuild_runs(store, index)
            return
        with store.session() as session:
            forget_vectors(session, [int(run) for run in wrong])
        index.delete([run for run in found if run not in wanted])
        index.ready = True


def rebuild_runs(store: Store, index: TextIndex) -> None:
    """Begin the index anew: it is empty, and every run is owed."""
    with index.writing:
        with store.session() as session:
            forget_vectors(session)
        index.rebuild([])
        index.ready = True
        _log.info("the index of runs is made anew")


def _let_go(store: Store, index: TextIndex) -> None:
    """Take out the vectors of runs that are no longer stored."""
    with store.reading() as session:
        if index.count() == n_embedded(session):
            return
        kept = {str(run) for run in embedded_runs(session)}
    listed = index.ids()
    index.delete(sorted(listed - kept))
    with store.session(patient=True) as session:
        forget_vectors(session, [int(run) for run in kept - listed])


def _entries(store: Store, runs: list[OwingRun]) -> list[Entry]:
    entries = []
    for start in range(0, len(runs), _READ_AT_ONCE):
        some = runs[start : start + _READ_AT_ONCE]
        with store.reading() as session:
            steps = steps_at_ends(session, some, FIRST_STEPS, LAST_STEPS)
            texts = [run_text([step_from_row(row) for row in steps[run.id]]) for run in some]
        entries += [Entry(str(run.id), text, _stamp(run.n_steps)) for run, text in zip(some, texts, strict=True)]
    return entries


def _stamp(n_steps: int) -> str:
    return f"{RECIPE}:{n_steps}"
