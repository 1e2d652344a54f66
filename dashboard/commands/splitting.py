"""Which tasks teach, and which are kept to evaluate."""

from __future__ import annotations

from typing import Annotated

import typer

from core.errors import InvalidInput
from dashboard.commands.printing import Answer, Json


def split(
    task: Annotated[list[str] | None, typer.Argument(help="The keys of single tasks, with --as.")] = None,
    as_: Annotated[str, typer.Option("--as", help="train, validation or holdout.")] = "",
    validation: Annotated[float, typer.Option(help="The share of tasks to keep for validation, 0 to 1.")] = 0.0,
    holdout: Annotated[float, typer.Option(help="The share of tasks to keep as holdout, 0 to 1.")] = 0.0,
    seed: Annotated[str, typer.Option(help="Another one deals the tasks out otherwise.")] = "",
    begins: Annotated[str, typer.Option(help="Only tasks whose key begins so.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Deal out what is kept already, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only listed.")] = False,
    json: Json = False,
) -> Answer:
    """Keep tasks for evaluation: single ones, or shares by a stable hash. Without --yes it lists what would change."""
    from core.records import Role, Split
    from core.store.task_splits import task_splits
    from core.tasks.splits import by_shares, keep_apart, plan
    from dashboard.parts.split_words import change_lines
    from dashboard.process import store

    if bool(task) != bool(as_):
        raise typer.BadParameter("name tasks together with --as")
    if as_ and as_ not in list(Split):
        raise InvalidInput(f"There is no split {as_}. Splits are {', '.join(Split)}.", field="as")
    with store().session() as session:
        if task:
            chosen = dict.fromkeys(task, Split(as_))
        elif validation or holdout:
            chosen = by_shares(task_splits(session, begins), validation, holdout, seed, again)
        else:
            chosen = {}
        change = keep_apart(session, Role.LEAD, chosen) if yes else plan(session, chosen, task_splits(session))
    lines = change_lines(change)
    if change.changes and not yes:
        lines.append("Nothing was changed: add --yes to do it.")
    result = {
        "changed": {key: value.value for key, value in change.changes.items()},
        "counts": {key.value: value for key, value in change.counts.items()},
        "lessons": [{"id": one.uid, "when": one.when, "task": one.task} for one in change.lessons],
        "done": yes and bool(change.changes),
    }
    return result, lines
