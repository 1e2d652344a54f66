"""Pairs that nobody compared: a run that solved its task beside one that failed at the same task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Verdict
from core.dataset.sources import runs
from core.store.datasets import guessed_tasks

TRIALS = "trials"
"""The source of such pairs: their direction comes from outcomes, and no person looked at both sides."""


def trials(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Each solved run of a task with a failed one (of these), in the order of their keys; every run stands in one pair
    at most.

    Tasks that were only guessed from a run's first message are left out: their runs may have been asked other things.
    """
    guessed = guessed_tasks(session)
    by_task: dict[str, list[Candidate]] = {}
    for one in runs(session, among):
        if one.task and one.task not in guessed and one.verdict in (Verdict.GOOD, Verdict.FAILED):
            by_task.setdefault(one.task, []).append(one)
    return [pair for task in sorted(by_task) for pair in _pairs(by_task[task])]


def _pairs(of_task: list[Candidate]) -> Iterator[Candidate]:
    ordered = sorted(of_task, key=lambda one: one.key)
    good = [one for one in ordered if one.verdict is Verdict.GOOD]
    bad = [one for one in ordered if one.verdict is Verdict.FAILED]
    for better, worse in zip(good, bad, strict=False):
        (a,), (b,) = better.runs, worse.runs
        yield Candidate(
            key=f"trials:{a.uid}:{b.uid}",
            source=TRIALS,
            verdict=Verdict.A,
            runs=(a, b),
            task=better.task,
            kept_for=better.kept_for,
            labels=(*better.labels, *worse.labels),
            outcome_from=", ".join(dict.fromkeys((better.outcome_from, worse.outcome_from))),
            at=min((one.at for one in (better, worse) if one.at is not None), default=None),
        )
