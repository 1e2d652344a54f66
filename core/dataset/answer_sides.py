"""Answers that are judged by themselves, good or bad: the sides of pairs and of corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Verdict
from core.dataset.sources import corrections, preferences

_SIDES = {
    Verdict.A: (Verdict.GOOD, Verdict.FAILED),
    Verdict.B: (Verdict.FAILED, Verdict.GOOD),
    Verdict.GOOD: (Verdict.GOOD, Verdict.FAILED),  # of a correction: the corrected turn, the original
    Verdict.BOTH_BAD: (Verdict.FAILED, Verdict.FAILED),
}
"""What a verdict about two says of each; any other says the same of both (a tie, nothing)."""


def sides(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Both sides of every pair and of every corrected step (of these runs), each a candidate of its own."""
    return [*_apart(preferences(session, among)), *_apart(corrections(session, among))]


def _apart(found: Iterable[Candidate]) -> Iterator[Candidate]:
    for one in found:
        verdicts = _SIDES.get(one.verdict, (one.verdict, one.verdict))
        for side, verdict in zip("ab", verdicts, strict=True):
            yield replace(one, key=f"{one.key}:{side}", verdict=verdict, side=side)
