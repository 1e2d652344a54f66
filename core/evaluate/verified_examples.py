"""How many examples an agent could be taught with: what the default gates let into `sft`, and how fast more come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Verdict
from core.dataset.definition import define
from core.dataset.selection import select_from
from core.dataset.sources import corrections, runs, verifies
from core.evaluate.drift import LATEST
from core.records import Split
from core.store.readiness import newest_solved, solved_runs, steps_of
from core.store.windows import first_and_last

MOST_READ, LEAST_READ, MOST_STEPS = 300, 150, 5_000
"""How many verified runs and corrected turns are read, the newest ones: three times as many as are needed; of long runs
fewer, but one and a half times as many as are needed."""

WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Examples:
    """What could be taught: `verified` runs and corrected turns, of which the newest `read` were read; of these `rows`
    passed every gate, on so many different `tasks`.

    Of the rows, `by_check` rest on a check alone, `by_one` on one reviewer, `by_several` on more, of whom all agree in
    `agreed`. `recent` verified runs began in the `weeks` up to the newest run (corrections: were written then).
    """

    verified: int
    read: int
    rows: int
    tasks: int
    by_check: int
    by_one: int
    by_several: int
    agreed: int
    recent: int
    weeks: float

    @property
    def whole(self) -> bool:
        """Whether everything was read, so that `rows` and `tasks` are exact; else there are at least so many."""
        return self.read == self.verified

    @property
    def a_week(self) -> float:
        """Rows a week: the recent verified ones, as many of them as of those that were read."""
        return self.recent / self.weeks * self.rows / self.read if self.read and self.weeks else 0.0


def verified_examples(session: Session, agent: str) -> Examples:
    """The examples of one agent as the database stands."""
    span = first_and_last(session, agent)
    since = None if span is None else max(span[0], span[1] - LATEST)
    weeks = 0.0 if span is None or since is None else max(1.0, (span[1] - since) / WEEK)
    good = [one for one in solved_runs(session, agent, since) if verifies(one.outcome_from) and not _kept(one.split)]
    names = {one.outcome_from for one in good}
    ran = runs(session, newest_solved(session, agent, names, MOST_READ)) if names else []
    whole = [one for one in ran if one.verdict is Verdict.GOOD and not one.reworked]
    turns = _corrected(session, agent)
    read = _newest(session, agent, [*whole, *turns])
    found = select_from(session, define("sft"), read)
    taught = found.rows.candidates
    people = [one for one in taught if one.reviewers]
    several = [one for one in people if one.reviewers > 1]
    return Examples(
        verified=sum(one.n for one in good) - (len(ran) - len(whole)) + len(turns),
        read=len(read),
        rows=len(taught),
        tasks=len({one.task or one.key for one in taught}),
        by_check=len(taught) - len(people),
        by_one=len(people) - len(several),
        by_several=len(several),
        agreed=sum(one.agreement == 1 for one in several),
        recent=sum(one.recent for one in good) + _written(turns, since),
        weeks=weeks,
    )


def _kept(split: str) -> bool:
    return split in (Split.VALIDATION, Split.HOLDOUT)


def _corrected(session: Session, agent: str) -> list[Candidate]:
    """The corrected turns of an agent's runs that can be taught."""
    good = [one for one in corrections(session) if one.verdict is Verdict.GOOD and not one.kept_for]
    mine = steps_of(session, agent, {one.runs[0].id for one in good})
    return [one for one in good if one.runs[0].id in mine]


def _newest(session: Session, agent: str, found: Sequence[Candidate]) -> list[Candidate]:
    listed = sorted(found, key=lambda one: (one.at is not None, one.at, one.key), reverse=True)[:MOST_READ]
    sizes = steps_of(session, agent, {one.runs[0].id for one in listed})
    steps = accumulate(sizes[one.runs[0].id] for one in listed)
    return [
        one for n, (one, upto) in enumerate(zip(listed, steps, strict=True)) if n < LEAST_READ or upto <= MOST_STEPS
    ]


def _written(turns: Sequence[Candidate], since: datetime | None) -> int:
    return sum(one.at is not None and since is not None and one.at >= since for one in turns)
