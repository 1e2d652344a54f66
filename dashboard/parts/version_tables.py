"""What Evaluation says of two versions and of all of them, as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluate.comparison import Side, VersionComparison
from core.evaluate.history import History, TaskLine, VersionPoint
from core.evaluate.published import PublishedRate
from core.evaluate.weeks import FEW
from core.measure.paired import Comparison
from core.measure.passk import PassK
from core.records import Outcome
from core.store.results import RunLink
from dashboard.parts.numbers import between, clipped, difference, dollars, duration, mean, percent, share

BOTH = "Both runs"
VERDICTS = {
    "better": (":material/trending_up:", "blue"),
    "worse": (":material/trending_down:", "red"),
    "no difference shown": (":material/drag_handle:", "gray"),
    "cannot be told at this n": (":material/question_mark:", "gray"),
}
"""Icon and colour of each verdict."""


def comparison_rows(compared: VersionComparison) -> list[dict[str, str]]:
    """How much each tried; success, reliability, cost and latency on what both did, and how far apart they are."""
    base, candidate, paired = compared.base, compared.candidate, compared.paired
    columns = ("", f"Base: {base.version}", f"Candidate: {candidate.version}", "Difference")
    tried = f"{paired.n_tasks:,} by both"
    rows = [
        ("Tasks tried", *(f"{side.n_tasks:,} of {compared.n_cases:,}" for side in (base, candidate)), tried),
        ("Tasks solved", share(paired.base), share(paired.candidate), _points(paired)),
        ("Cost a task", mean(base.cost, dollars), mean(candidate.cost, dollars), difference(compared.cost, dollars)),
        (
            "Time a task",
            mean(base.latency, duration),
            mean(candidate.latency, duration),
            difference(compared.latency, duration),
        ),
    ]
    for before, after in list(zip(base.pass_k, candidate.pass_k, strict=False))[1:]:
        rows.append((f"Solved {before.k} times of {before.k}", _pass(before), _pass(after), ""))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _points(paired: Comparison) -> str:
    low, high = 100 * paired.interval.low, 100 * paired.interval.high
    return f"{100 * paired.difference:+.1f} points ({low:+.1f} to {high:+.1f}, n {_count(paired.n_tasks, 'task')})"


def _pass(found: PassK) -> str:
    low, high = 100 * found.hat_interval.low, 100 * found.hat_interval.high
    return f"{100 * found.hat:.0f} % ({low:.0f} to {high:.0f} %, n {found.n_tasks} tasks)"


def tried_line(compared: VersionComparison) -> str:
    """How many of the tasks each version tried, as a line; "" where both tried them all."""
    if compared.paired.n_tasks == compared.n_cases:
        return ""
    sides = " and ".join(f"{side.version} {side.n_tasks:,}" for side in (compared.base, compared.candidate))
    return f"tried: of {_count(compared.n_cases, 'task')} {sides}, {compared.paired.n_tasks:,} by both"


def left_out(compared: VersionComparison) -> list[str]:
    """Sentences on what the comparison does not speak of; none where it speaks of everything."""
    said = []
    sides = [(compared.base, compared.candidate), (compared.candidate, compared.base)]
    # A version compared with itself is said once.
    for side, other in sides[: 1 if compared.base == compared.candidate else 2]:
        name = side.version
        if side.only:
            said.append(f"{_count(len(side.only), 'task')} that {name} tried and {other.version} did not")
        if side.unknown:
            said.append(f"{_count(side.unknown, 'run')} of {name} whose outcome nobody knows")
        if side.infrastructure:
            said.append(f"{_count(side.infrastructure, 'run')} of {name} that broke through infrastructure")
        if side.not_comparable:
            said.append(f"{_count(side.not_comparable, 'run')} of {name} whose task is guessed or missing")
    if compared.closed:
        said.append(f"{_count(compared.closed, 'task')} of the holdout, which is closed")
    if compared.untried:
        said.append(f"{_count(len(compared.untried), 'task')} of the suite that neither has an outcome on")
    return said


def tag_rows(compared: VersionComparison) -> list[dict[str, str]]:
    """Success of both versions for each tag of the suite, and how far apart they are."""
    return [
        {
            "Tag": one.tag,
            f"Base: {compared.base.version}": share(one.paired.base),
            f"Candidate: {compared.candidate.version}": share(one.paired.candidate),
            "Difference": _tag_points(one.paired),
            "p, adjusted": f"{one.p_adjusted:.3f}" if one.paired.n_tasks >= FEW else "",
        }
        for one in compared.by_tag
    ]


def _tag_points(paired: Comparison) -> str:
    return _points(paired) if paired.n_tasks >= FEW else f"not enough data (n {_count(paired.n_tasks, 'task')})"


def tag_lines(compared: VersionComparison) -> list[str]:
    """The same in lines, what differs marked; and how often the holdout was opened."""
    said = [
        f"{'*' if one.differs else ' '} {one.tag}: {_tag_points(one.paired)}, p {one.p_adjusted:.3f} among "
        f"{_count(len(compared.by_tag), 'tag')}"
        for one in compared.by_tag
    ]
    if compared.openings:
        said.append(f"The holdout of {compared.suite} was opened {_count(compared.openings, 'time')}.")
    return said


def _count(n: int, noun: str) -> str:
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"


def changed_rows(
    tasks: Sequence[str], runs: Sequence[RunLink], base: Side, candidate: Side, broken: bool
) -> list[dict[str, str]]:
    """One row a task that was broken (or fixed), with links to the run of each version that shows it, and to both."""
    by_place: dict[tuple[str, int], list[RunLink]] = {}
    for run in runs:
        by_place.setdefault((run.task, run.version_id), []).append(run)
    rows = []
    for task in tasks:
        before, after = (by_place.get((task, side.version_id), []) for side in (base, candidate))
        one, other = _shows(before, solved=broken), _shows(after, solved=not broken)
        rows.append(
            {
                "Task": task,
                "What it asks": clipped(next((run.title for run in (*before, *after)), ""), 70),
                "Solved": f"{_solved(before)} → {_solved(after)}",
                BOTH: f"/traces?trace={one}&beside={other}" if one and other else "",
                f"Base: {base.version}": _link(one),
                f"Candidate: {candidate.version}": _link(other),
            }
        )
    return rows


def _solved(runs: Sequence[RunLink]) -> str:
    known = [run for run in runs if run.outcome is not Outcome.UNKNOWN]
    return f"{sum(run.outcome is Outcome.SOLVED for run in known)} of {len(known)}" if known else "result only"


def _shows(runs: Sequence[RunLink], solved: bool) -> int:
    """The first run that shows it; 0 where only results were recorded."""
    known = [run for run in runs if run.outcome is not Outcome.UNKNOWN]
    return next((run.trace_id for run in known if (run.outcome is Outcome.SOLVED) is solved), 0)


def _link(trace: int) -> str:
    return f"/traces?trace={trace}" if trace else ""


def success_rows(points: Sequence[VersionPoint]) -> list[dict[str, str]]:
    """All versions in the order of their release: how good, and what each broke and fixed against which."""
    broke = any(point.infrastructure for point in points)
    return [
        {
            "Version": point.version,
            "Date": _date(point),
            "Tasks solved": share(point.success),
            "Without outcome": f"{point.unknown:,} of {point.n_runs:,} runs",
            **({"Infrastructure": f"{point.infrastructure:,} broke"} if broke else {}),
            "Against": point.against or "none before it",
            "Broken": str(len(point.broken)) if point.against else "",
            "Fixed": str(len(point.fixed)) if point.against else "",
            "Lost of what that solved": share(point.regression) if point.against else "",
        }
        for point in points
    ]


def published_rows(rates: Sequence[PublishedRate]) -> list[dict[str, str]]:
    """Published rates, the highest first, with what the version's own runs come to beside them."""
    return [
        {
            "Version": one.version,
            "Published": published_share(one),
            "From its runs here": share(one.recomputed) if one.recomputed else "no runs here",
            "Date": f"{one.date:%Y-%m-%d}" if one.date else "not known",
            "Cost a task": dollars(one.cost) if one.cost is not None else "not said",
            "Time a task": duration(one.seconds) if one.seconds is not None else "not said",
            "Note": one.note,
        }
        for one in sorted(rates, key=lambda one: -one.rate)
    ]


def published_share(one: PublishedRate) -> str:
    """88.0 % (83 to 92 %, n 225), as it was published: also of few tasks, for they cannot be looked at."""
    if one.interval is None:
        return f"{100 * one.rate:.1f} % (n not said)"
    return f"{100 * one.rate:.1f} % ({between(one.interval, percent)}, n {one.n})"


def cost_rows(points: Sequence[VersionPoint]) -> list[dict[str, str]]:
    """All versions with what a task costs and how long it takes."""
    return [
        {
            "Version": point.version,
            "Date": _date(point),
            "Runs": f"{point.n_runs:,}",
            "Cost a task": mean(point.cost, dollars),
            "Time a task": mean(point.latency, duration),
        }
        for point in points
    ]


def _date(point: VersionPoint) -> str:
    if point.date is None:
        return "not known"
    return f"{point.date:%Y-%m-%d}" + ("" if point.date_set else " (earliest run)")


def task_rows(history: History, tasks: Sequence[TaskLine]) -> list[dict[str, str]]:
    """Tasks with what each version did on them, and who broke and mended them."""
    return [
        {
            "Task": line.task,
            "Broken by": ", ".join(breakage.version for breakage in line.breakages),
            "Mended by": ", ".join(breakage.mended or "nobody yet" for breakage in line.breakages),
        }
        | {
            point.version: f"{cell.solved} of {cell.n}" if (cell := line.cells.get(point.version)) else "not tried"
            for point in history.points
        }
        for line in tasks
    ]
