"""Which runs are like one another: the most similar to a run or a text, and those least like what is labelled.

It rests on the index of runs (core.tasks.run_index), one vector a run, made of what a reader of the run sees and of
nothing that a blind reviewer must not know. What the index finds is checked against SQL, so a removed run is never
named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.similarity.embedder import Vector, Vectors
from core.similarity.index import TextIndex
from core.store.run_vectors import labelled_runs, with_vector
from core.store.trace_filter import TraceFilter, trace_ids, traces_among
from core.store.traces import trace_row

LOOKED_THROUGH = 5_000
"""Of the runs nearest to what is asked, how many are looked through for those that a filter lets through."""

PICKS = 20_000_000
"""Of farthest-first order, how many comparisons are made; past them, distance to what is labelled decides."""

AMONG = 20_000
"""Where the filter lets so many runs through, or fewer, these alone are compared."""

_ROWS = 2_048
"""Candidates that are compared at once, so that a hundred thousand of them need no more memory than these."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A run that is like what was asked for; `score` is their similarity, 0..1."""

    trace_id: int
    score: float


def similar_runs(
    session: Session, index: TextIndex | None, like: int | str, n: int, wanted: TraceFilter | None = None
) -> list[Alike]:
    """The `n` runs most like a run (its row id) or a text that the filter lets through, best first; never itself.

    Where the filter lets very many through, those of them are found that are among the 5,000 nearest of all. Raises
    Unavailable without an index, before it is ready and for a run that is not in it yet, NotFound for an unknown run.
    """
    index = _there(index)
    vector = index.vector_of(like) if isinstance(like, str) else _vector(session, index, like)
    wanted = wanted or TraceFilter()
    among, looked_through = None, 2 * n + 20  # one may be removed, or the run itself
    if replace(wanted, blind_for=None) != TraceFilter():
        some = trace_ids(session, wanted, AMONG + 1)
        among = [str(run) for run in some] if len(some) <= AMONG else None
        looked_through = looked_through if among is not None else LOOKED_THROUGH
    scores = {int(hit.id): hit.score for hit in index.nearest(vector, looked_through, among) if int(hit.id) != like}
    there = with_vector(session, list(scores))
    found = set(there) if among is not None else traces_among(session, wanted, there)
    return [Alike(run, score) for run, score in scores.items() if run in found][:n]


def unlike_ranks(session: Session, index: TextIndex | None, candidates: Sequence[int]) -> dict[int, int]:
    """Rank (0 first) of each of these runs (row ids) when those least like what is labelled come first.

    Farthest-first: the first is farthest from every labelled run, the next farthest from those and the first, and so
    on, so that what comes first is unlike what is known and unlike one another. With very many candidates only the
    first ranks are made so; the others stand by their distance to labelled runs and first ranks. Distance is 1 −
    cosine. Runs that are not in the index (open, or not read yet) come last, in the order given; of equal distance,
    the first given is first. Raises Unavailable without an index or before it is ready.
    """
    index = _there(index)
    order = list(dict.fromkeys(candidates))
    vectors = _vectors(session, index, order)
    placed = [run for run in order if run in vectors]
    if placed:
        matrix = np.stack([vectors[run] for run in placed])
        known = _vectors(session, index, labelled_runs(session))
        placed = [placed[row] for row in _farthest_first(matrix, list(known.values()))]
    placed += [run for run in order if run not in vectors]
    return {run: rank for rank, run in enumerate(placed)}


def _there(index: TextIndex | None) -> TextIndex:
    if index is None:
        raise Unavailable(
            "The index of runs belongs to the server that owns the data folder. Ask there, or stop it first."
        )
    return index


def _vector(session: Session, index: TextIndex, run: int) -> Vector:
    trace_row(session, run)
    vector = index.vectors([str(run)]).get(str(run)) if with_vector(session, [run]) else None
    if vector is None:
        raise Unavailable("This run is not in the index of runs yet: it is read soon after it is closed.")
    return vector


def _vectors(session: Session, index: TextIndex, runs: Sequence[int]) -> dict[int, Vector]:
    found = index.vectors([str(run) for run in with_vector(session, runs)])
    return {int(run): vector for run, vector in found.items()}


def _farthest_first(candidates: Vectors, known: Sequence[Vector]) -> list[int]:
    """The rows of `candidates`, farthest first; vectors have length one.

    Where nothing is known it begins with what is least like the middle of all.
    """
    nearest = np.full(len(candidates), -np.inf, dtype=np.float32)  # the cosine with the nearest one known or picked
    others = np.stack(known).T if known else candidates.mean(axis=0)[:, None]
    for start in range(0, len(candidates), _ROWS):
        nearest[start : start + _ROWS] = (candidates[start : start + _ROWS] @ others).max(axis=1)
    left = np.ones(len(candidates), dtype=bool)
    picked: list[int] = []
    for _ in range(min(len(candidates), PICKS // len(candidates) + 1)):
        row = int(np.argmin(np.where(left, nearest, np.inf)))
        near = candidates @ candidates[row]
        nearest = near if not known and not picked else np.maximum(nearest, near)
        picked.append(row)
        left[row] = False
    rest = np.flatnonzero(left)
    return [*picked, *rest[np.argsort(nearest[rest], kind="stable")].tolist()]
