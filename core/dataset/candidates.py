"""What may become a row, what did, and what was left out: the values that pass through the making of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.records import Correction
from core.store.datasets import PairLine, PairText, RunLine, RunText


class Verdict(StrEnum):
    """What the evidence says of a candidate; only `good`, `a` and `b` can be taught."""

    GOOD = "good"
    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"
    DISPUTED = "disputed"
    FAILED = "failed"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Label:
    """One person's word that a candidate rests on, at the revision that counted; `schema` is empty for a preference.

    `in_bulk` says that it was given to many runs at once.
    """

    person: str
    revision: int
    schema: str = ""
    said: str = ""
    in_bulk: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """A lead's resolution that outranks the labels: at which revision, under which schema ("" for a preference).

    `ranked`: it is part of a resolved order of several candidates.
    """

    person: str
    revision: int
    schema: str
    said: str
    ranked: bool = False


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """What people say of one step: "1", "0", "-1", or "" where they disagree; `people` is how many spoke of it."""

    step_id: str
    verdict: str
    people: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may become a row, and the evidence for it.

    `key` is the same on every database. `at` is when it was first labelled, else when the run started, where that is
    known. `agreement` is the share of the labels that say what the verdict says. `reworked` marks a run in which
    somebody corrected a turn. `ruling` is the resolution that the verdict follows, where there is one. `side` names one
    side of a pair or correction ("a" is the corrected turn) that is judged by itself. `steps` are the judged ones.
    """

    key: str
    source: str
    verdict: Verdict
    runs: tuple[RunLine, ...] = ()
    pair: PairLine | None = None
    correction: Correction | None = None
    task: str = ""
    kept_for: str = ""
    labels: tuple[Label, ...] = ()
    agreement: float | None = None
    outcome_from: str = ""
    at: datetime | None = None
    reworked: bool = False
    ruling: Ruling | None = None
    side: str = ""
    steps: tuple[StepVerdict, ...] = ()

    @property
    def reviewers(self) -> int:
        """How many people stand behind it."""
        return len({label.person for label in self.labels})


@dataclass(frozen=True, slots=True)
class Texts:
    """What some candidates say: the texts of their runs and pairs, by row id."""

    runs: Mapping[int, RunText]
    pairs: Mapping[int, PairText]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a candidate's text cannot be a row: the gate that names it, and the detail."""

    gate: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate with the columns that a trainer reads; they are empty until its text has been read."""

    candidate: Candidate
    columns: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A candidate that was left out, by one gate."""

    candidate: Candidate
    gate: str
    detail: str = ""
