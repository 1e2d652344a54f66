"""Drift: a current window of runs against a reference, what moved, and whose doing that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.evaluate.annotator_drift import annotator_drift
from core.evaluate.drift_checks import Check, Telling, TooFew, check_all
from core.evaluate.drift_measures import AGREES, About, Kind, Side, group_of
from core.measure.standardised import Parts, decompose
from core.records import Outcome
from core.store.catalog import list_agents
from core.store.judgements import schemas_in_use
from core.store.windows import RunBrief, first_and_last, labels_on, runs_between, signals_on, step_counts

LATEST, BEFORE = timedelta(weeks=4), timedelta(weeks=12)
"""The current window ends with the newest run; the reference is what lies before it."""
SHORTEST = timedelta(days=1)
"""Of the current window, where all runs began in less than sixteen weeks: it is the latest quarter of their time."""
MOST_RUNS = 1_000
"""Runs of each window that are looked at, spread over it. Of more, effects alone would tell what matters."""
MOST_STEPS = 20_000
"""Steps of each window that are counted: of longer runs, fewer are looked at."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Window:
    """Runs that began from `start` on and before `end`: `looked_at` of `total`, and their versions, the most frequent
    first."""

    start: datetime
    end: datetime
    total: int
    looked_at: int
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Whose doing it may be that something moved, and why that is said."""

    about: About
    sentence: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Two windows and everything in which they were compared, the largest clear change first.

    `solved` splits the change of the share of solved runs; None where no run has an outcome or there is one group only.
    """

    agent: str | None
    reference: Window
    current: Window
    checks: tuple[Check, ...]
    too_few: tuple[TooFew, ...]
    telling: tuple[Telling, ...]
    solved: Parts | None

    @property
    def drifted(self) -> tuple[Check, ...]:
        """What moved."""
        return tuple(check for check in self.checks if check.drifted)

    @property
    def sentence(self) -> str:
        """The finding in one sentence."""
        moved, now, before = self.drifted, self.current, self.reference
        if not self.checks:
            return f"Too few rows to compare: {now.total:,} runs in the current window and {before.total:,} before it."
        if not moved:
            return f"Nothing moved: none of {len(self.checks)} checks shows a change that matters."
        more = f", and {len(moved) - 1} more" if len(moved) > 1 else ""
        return f"{len(moved)} of {len(self.checks)} checks moved: {told(moved[0])}{more}."

    @property
    def other_version(self) -> bool:
        """Whether a version runs that did not before, or another one runs most."""
        before, now = self.reference.versions, self.current.versions
        return bool(set(now) - set(before)) or now[:1] != before[:1]

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Whose doing it may be, one sentence for each that moved."""
        about = Counter(check.about for check in self.drifted)
        return tuple(Cause(one, _why(self, one)) for one in About if about[one])


def drift(
    session: Session,
    agent: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    annotators: bool = True,
) -> Drift | None:
    """The current window of an agent (None: of all together) against what lies before it.

    The window is `since` to `until`, else the latest four weeks, or the latest quarter where all is younger than
    sixteen; the reference is the twelve weeks before. None where no run says when it began. NotFound for an agent that
    is not here, InvalidInput where `since` is not before `until`.
    """
    if agent is not None and agent not in list_agents(session):
        raise NotFound(f"There is no agent {agent}. Agents come with the runs that are imported.", field="agent")
    span = first_and_last(session, agent)
    if span is None:
        return None
    start, end = current_window(span, since, until)
    schemas = schemas_in_use(session)
    before, reference = read_side(session, agent, start - BEFORE, start)
    after, current = read_side(session, agent, start, end)
    found = check_all(before, after, schemas, annotator_drift(session) if annotators else None)
    return Drift(agent, reference, current, found.checks, found.too_few, found.telling, _solved(before, after))


def current_window(
    span: tuple[datetime, datetime], since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """From when to when, for runs that began within `span`; InvalidInput where nothing lies between."""
    end = until or span[1] + timedelta(microseconds=1)
    start = since or end - min(LATEST, max(SHORTEST, (end - span[0]) / 4))
    if start >= end:
        raise InvalidInput(f"The window begins at {start:%Y-%m-%d %H:%M}, which is not before its end.", field="from")
    return start, end


def read_side(session: Session, agent: str | None, start: datetime, end: datetime) -> tuple[Side, Window]:
    """What is compared of the runs that began from `start` on and before `end`."""
    total, runs = runs_between(session, agent, start, end, MOST_RUNS)
    _, labelled = runs_between(session, agent, start, end, MOST_RUNS, labelled=True)
    counted = thinned(runs, [run.n_steps for run in runs], MOST_STEPS)
    ids, judged = [run.id for run in runs], [run.id for run in labelled]
    versions = tuple(name for name, _ in Counter(run.version for run in runs).most_common())
    side = Side(
        runs,
        counted,
        step_counts(session, [run.id for run in counted]),
        signals_on(session, ids),
        labelled,
        labels_on(session, judged),
        signals_on(session, judged),
    )
    return side, Window(start, end, total, len(runs), versions)


def thinned(items: Sequence[T], sizes: Sequence[int], most: int) -> list[T]:
    """Every item, or every second, third, … so that their sizes add up to about `most`."""
    return list(items[:: max(1, ceil(sum(sizes) / most))])


def told(check: Check) -> str:
    """A check in words: Runs solved 81 % of 120 after 55 % of 210."""
    if check.before is None or check.after is None:
        changed = "changed" if check.drifted else "did not change"
        return f"{check.name} {changed} ({check.n_current:,} runs after {check.n_reference:,})"
    if check.kind is Kind.LENGTH:
        return (
            f"{check.name} {number(check.after)} in the median of {check.n_current:,} after {number(check.before)} "
            f"of {check.n_reference:,}"
        )
    after, before = (f"{100 * value:.0f} %" for value in (check.after, check.before))
    return f"{check.name} {after} of {check.n_current:,} after {before} of {check.n_reference:,}"


def number(value: float) -> str:
    """A length as exact as anybody needs it: 0.0281, 9.59, 1,240."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _solved(before: Side, after: Side) -> Parts | None:
    sides = [_by_group(side.runs) for side in (before, after)]
    if not all(sides) or len({**sides[0], **sides[1]}) < 2:
        return None
    return decompose(*sides)


def _by_group(runs: Sequence[RunBrief]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for run in runs:
        if run.outcome != Outcome.UNKNOWN:
            solved, n = found.get(group_of(run), (0, 0))
            found[group_of(run)] = (solved + (run.outcome == Outcome.SOLVED), n + 1)
    return found


def _why(found: Drift, about: About) -> str:
    moved = {check.about for check in found.drifted}
    first = told(next(check for check in found.drifted if check.about is about))
    before, now = found.reference.versions, found.current.versions
    if about is About.TRAFFIC:
        return f"Other work comes in: {first}."
    if about is About.AGENT:
        if found.other_version:
            ran = f"{listed(now)}; before: {listed(before)}"
            return f"Another version runs ({ran}): {first}."
        if About.TRAFFIC in moved:
            return f"The versions are the same, so it may follow from the other work: {first}.{_parts(found.solved)}"
        return f"The work and the versions are the same: look at the model behind it, its tools and its data. {first}."
    if about is About.JUDGE:
        if any(check.name.endswith(AGREES) for check in found.drifted):
            return f"An automated check no longer judges as people do, or does so again: {first}."
        if moved & {About.TRAFFIC, About.AGENT, About.LABELS, About.USERS}:
            return f"Automated checks find otherwise, as follows from what else moved: {first}."
        return f"An automated check judges otherwise, and nothing else moved: look at the check. {first}."
    if about is About.USERS:
        return f"Users say otherwise: {first}."
    if about is About.LABELS:
        doubt = " Annotators changed, too, so it may be they." if About.ANNOTATORS in moved else ""
        return f"People mark other things as wrong: {first}.{doubt}"
    return f"Annotators answer otherwise: {first}."


def _parts(solved: Parts | None) -> str:
    if solved is None:
        return ""
    mix, within = (f"{100 * part:+.0f}" for part in (solved.mix, solved.within))
    return f" Of the change in solved runs {mix} points come from other work, {within} from the same work."


def listed(names: Sequence[str]) -> str:
    """Up to three names, and how many more."""
    shown = [*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else list(names)
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown) or "none"
