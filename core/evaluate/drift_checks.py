"""What is compared of two windows of runs, check by check; each is tested, and all p-values are adjusted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.evaluate.annotator_drift import AnnotatorDrift
from core.evaluate.drift_measures import SOLVED, About, Kind, Measure, Side, measures, members
from core.measure.intervals import Interval, z_score
from core.measure.proportions import benjamini_hochberg, cohens_h
from core.measure.ranks import median
from core.measure.two_samples import Blocks, Difference, energy_test, mean_differences
from core.records import LabelSchema
from core.similarity.embedder import default_embedder
from core.store.windows import RunBrief

ALARM = 0.05
"""The share of false findings among all that are named, at the most; of looks at which nothing changed, the share in
which anything is."""
FEWEST = 20
"""Runs (labelled runs, answers) in each window, at the least, and tasks that they are of; else "too few rows"."""
MOST_TEXTS = 400
"""Tasks of each window whose texts are held against each other."""
TELLING = 5

LEAST = {Kind.SHARE: 0.2, Kind.LENGTH: 0.1, Kind.TEXT: 0.005}
"""Effects below these matter to nobody, however many rows show them: Cohen's h ("small": 50 against 60 %, 2 against
6 %; Cohen 1988, Statistical Power Analysis, ch. 6), how much more often than half a later run is longer, and the
coefficient of the energy test (a fifth of airline tasks replaced by a shop's: 0.008; a tenth: 0.002)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing in the current window against the reference.

    `before` and `after` are shares, or medians of a length; None for texts. `statistic` is the difference of shares,
    how much more often than half a later run is longer, or the energy coefficient; `effect` the same, but Cohen's h of
    shares. `interval` is of the difference of shares at 95 %: 1.96 standard deviations of what exchanging labels gives
    to either side. `p_adjusted` is Benjamini and Hochberg's over all checks of the look.
    """

    name: str
    about: About
    kind: Kind
    before: float | None
    after: float | None
    statistic: float
    effect: float
    p_value: float
    n_reference: int
    n_current: int
    interval: Interval | None = None
    p_adjusted: float = 1.0

    @property
    def clear(self) -> bool:
        """Whether chance makes no such change in so many checks."""
        return self.p_adjusted <= ALARM

    @property
    def drifted(self) -> bool:
        """Whether it changed clearly, and enough to matter."""
        return self.clear and abs(self.effect) >= LEAST[self.kind]


@dataclass(frozen=True, slots=True)
class TooFew:
    """What could not be checked, and how many rows there were."""

    name: str
    n_reference: int
    n_current: int


@dataclass(frozen=True, slots=True)
class Telling:
    """A run that tells the windows apart: its text is far nearer to its own window than to the other."""

    trace_id: int
    text: str
    current: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """All checks, what could not be checked, and where texts moved, the runs that tell the windows apart."""

    checks: tuple[Check, ...]
    too_few: tuple[TooFew, ...]
    telling: tuple[Telling, ...]


def check_all(before: Side, after: Side, schemas: Mapping[int, LabelSchema], people: AnnotatorDrift | None) -> Checked:
    """Every check that has rows enough: what moved first, the outcome before all, then by the size of the change."""
    found = measures(before, after, schemas)
    few = [one for one in found if not _enough(one)]
    checks = _tested([one for one in found if _enough(one)])
    text, telling = _texts(before.runs, after.runs)
    checks += [*text, *_annotators(people)]
    adjusted = benjamini_hochberg([one.p_value for one in checks])
    checks = [replace(one, p_adjusted=p) for one, p in zip(checks, adjusted, strict=True)]
    checks.sort(
        key=lambda one: (
            not one.drifted,
            one.name != SOLVED,
            not one.clear,
            -round(abs(one.effect) / LEAST[one.kind], 6),
        )
    )
    too_few = [TooFew(one.name, members(one.before), members(one.after)) for one in few]
    if not text:
        too_few.append(TooFew("What is asked", len(before.runs), len(after.runs)))
    moved = any(one.kind is Kind.TEXT and one.drifted for one in checks)
    return Checked(tuple(checks), tuple(too_few), telling if moved else ())


def _enough(measure: Measure) -> bool:
    sides = (measure.before, measure.after)
    return all(members(rows) >= FEWEST and len({cluster for cluster, _, _ in rows}) >= FEWEST for rows in sides)


def _tested(of: Sequence[Measure]) -> list[Check]:
    if not of:
        return []
    return [_check(measure, found) for measure, found in zip(of, mean_differences(_blocks(of)), strict=True)]


def _blocks(of: Sequence[Measure]) -> Blocks:
    """One block for the runs of a task in a window, whatever is measured of them."""
    places: dict[tuple[bool, int], int] = {}
    rows: list[tuple[int, int, float, int]] = []
    for column, measure in enumerate(of):
        ranks = _ranks(measure) if measure.kind is Kind.LENGTH else None
        for late, side in ((False, measure.before), (True, measure.after)):
            for cluster, value, n in side:
                place = places.setdefault((late, cluster), len(places))
                rows.append((place, column, ranks[value] if ranks else value, n))
    sums, counts = np.zeros((2, len(places), len(of)))
    at = ([place for place, *_ in rows], [column for _, column, *_ in rows])
    np.add.at(sums, at, [value for *_, value, _ in rows])
    np.add.at(counts, at, [n for *_, n in rows])
    return Blocks(np.array([late for late, _ in places]), sums, counts)


def _ranks(measure: Measure) -> dict[float, float]:
    """The middle rank of each value among all, over their number: the mean of the later ones less that of the earlier
    ones is how much more often than half a later value is larger."""
    counts = Counter(value for _, value, _ in (*measure.before, *measure.after))
    total, below, found = counts.total(), 0, {}
    for value in sorted(counts):
        found[value] = (below + (counts[value] + 1) / 2) / total
        below += counts[value]
    return found


def _check(measure: Measure, found: Difference) -> Check:
    n = (members(measure.before), members(measure.after))
    of = (measure.name, measure.about, measure.kind)
    if measure.kind is Kind.LENGTH:
        before, after = (median([value for _, value, _ in rows]).value for rows in (measure.before, measure.after))
        return Check(*of, before, after, found.value, found.value, found.p_value, *n)
    effect, reach = cohens_h(found.before, found.after), z_score(0.95) * found.spread
    interval = Interval(max(-1.0, found.value - reach), min(1.0, found.value + reach))
    return Check(*of, found.before, found.after, found.value, effect, found.p_value, *n, interval)


def _annotators(people: AnnotatorDrift | None) -> list[Check]:
    """Of each person, the clearest change that others do not show, and the time: adjusted among themselves already."""
    clearest: dict[str, Check] = {}
    for one in people.answers if people else ():  # whoever drifted comes first there
        name = f"{one.person} answers “{one.answer}” to “{one.question}”"
        before, after = one.before.value, one.after.value
        p = one.adjusted if one.drifted else 1.0
        of, effect = (name, About.ANNOTATORS, Kind.SHARE), cohens_h(before, after)
        found = Check(*of, before, after, after - before, effect, p, one.before.n, one.after.n)
        clearest.setdefault(one.person, found)
    times: dict[str, Check] = {}
    for each in people.times if people else ():
        took = (f"Seconds that {each.person} takes", About.ANNOTATORS, Kind.LENGTH)
        longer, n = each.longer - 0.5, (each.before.n, each.after.n)
        found = Check(*took, each.before.value, each.after.value, longer, longer, each.adjusted, *n)
        times.setdefault(each.person, found)
    return [*clearest.values(), *times.values()]


def _texts(before: Sequence[RunBrief], after: Sequence[RunBrief]) -> tuple[list[Check], tuple[Telling, ...]]:
    """Whether other things are asked: the energy test on the vectors of what runs were given, one a task and window."""
    lists = [_once_a_task(runs) for runs in (before, after)]
    if min(len(tasks) for tasks in lists) < FEWEST:
        return [], ()
    chosen = [*lists[0], *lists[1]]
    late = np.arange(len(chosen)) >= len(lists[0])
    vectors = default_embedder().embed([run.title for run, _ in chosen])
    apart = energy_test(vectors, np.array([float(n) for _, n in chosen]), late)
    n = [sum(n for _, n in side) for side in lists]
    of = ("What is asked", About.TRAFFIC, Kind.TEXT)
    check = Check(*of, None, None, apart.effect, apart.effect, apart.p_value, n[0], n[1])
    order: npt.NDArray[np.intp] = np.argsort(-apart.telling, kind="stable")
    told = []
    for current in (True, False):
        best = [place for place in order if late[place] == current and apart.telling[place] > 0][:TELLING]
        told += [Telling(chosen[place][0].id, chosen[place][0].title, current) for place in best]
    return [check], tuple(told)


def _once_a_task(runs: Sequence[RunBrief]) -> list[tuple[RunBrief, int]]:
    """One run of each task that says what is asked, and how many there are of it; some evenly, where they are many."""
    found: dict[int, tuple[RunBrief, int]] = {}
    for run in runs:
        if run.title:
            first, n = found.get(run.cluster, (run, 0))
            found[run.cluster] = (first, n + 1)
    listed = list(found.values())
    return listed[:: max(1, -(-len(listed) // MOST_TEXTS))]
