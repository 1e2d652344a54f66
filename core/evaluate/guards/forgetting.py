"""Forgetting: does the newest version fail at a kind of task that the one before it could do?"""

from __future__ import annotations

from core.evaluate.guards.newest import Newest
from core.evaluate.guards.state import Guard, State
from core.measure.paired import Trials, compare
from core.measure.proportions import holm

NAME = "Forgetting"
FEWEST = 5
"""Tasks of a group that both versions tried, at the least."""
MOST_GROUPS = 20
"""Groups that are looked at: those with most tasks."""


def forgetting(versions: Newest | None) -> Guard:
    """The groups of tasks (what stands before the last "/" of their keys), each compared as on Evaluation."""
    if versions is None:
        return Guard(NAME, State.CANNOT_TELL, "There is no second version yet to compare with.", page="evaluation")
    groups = _groups(versions)
    names = f"{versions.candidate.name} and {versions.base.name}"
    if not groups:
        few = f"No group has {FEWEST} tasks that both {names} tried."
        return Guard(NAME, State.CANNOT_TELL, few, "Run the newest version on the tasks of the one before it.")
    found = {name: compare(base, candidate) for name, (base, candidate) in groups.items()}
    adjusted = dict(zip(found, holm([one.p_value for one in found.values()]), strict=True))
    worse = sorted((name for name in found if found[name].difference < 0), key=lambda name: adjusted[name])
    lines = tuple(
        f"{name}: {100 * found[name].difference:+.0f} points on {found[name].n_tasks} tasks, p {adjusted[name]:.3f}"
        for name in sorted(found, key=lambda name: found[name].difference)
    )
    if not worse:
        none = f"In none of {len(found)} groups of tasks does {versions.candidate.name} solve fewer."
        return Guard(NAME, State.FINE, none, p_value=1.0, evidence=lines)
    first = found[worse[0]]
    said = (
        f"{worse[0]}: {versions.candidate.name} solves {-100 * first.difference:.0f} points fewer than "
        f"{versions.base.name} on {first.n_tasks} tasks (p {adjusted[worse[0]]:.3f}, of {len(found)} groups)."
    )
    advice = "See what it broke before it is released; teach with examples of the old tasks beside the new ones."
    return Guard(NAME, State.FINE, said, advice, p_value=adjusted[worse[0]], evidence=lines)


def _groups(versions: Newest) -> dict[str, tuple[Trials, Trials]]:
    shared: dict[str, list[str]] = {}
    for task in versions.before.tasks:
        if task in versions.after.tasks:
            shared.setdefault(task.rpartition("/")[0] or "all tasks", []).append(task)
    many = sorted((name for name in shared if len(shared[name]) >= FEWEST), key=lambda name: -len(shared[name]))
    return {
        name: (
            {task: versions.before.tasks[task].trials for task in shared[name]},
            {task: versions.after.tasks[task].trials for task in shared[name]},
        )
        for name in many[:MOST_GROUPS]
    }
