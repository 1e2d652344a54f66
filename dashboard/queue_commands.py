"""The command `queue`: list queues, make one, put more into one; answers (JSON object, lines of words)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import typer

from core.errors import NotFound
from core.records import Role
from core.review.orders import RENEWED
from core.review.queue_making import QueuePlan, QueueRules, fill, make
from core.store.judgements import find_queue
from core.store.people import PersonLine, list_people
from core.store.queue_filters import QueueFilter
from core.store.queues import count_queue, list_queues
from dashboard.commands.printing import Answer
from dashboard.process import store

ACTIONS = ("list", "make", "add")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `loopwright queue`; `people` are names."""

    name: str
    of: str
    questions: str
    wanted: QueueFilter
    rules: QueueRules
    people: Sequence[str]


def queue(action: str, asked: Asked) -> Answer:
    """Carry out one of ACTIONS."""
    if action not in ACTIONS:
        raise typer.BadParameter(f"say what to do: {', '.join(ACTIONS)}")
    if action == "list":
        return _listed()
    if not asked.name:
        raise typer.BadParameter(f"name the queue: loopwright queue {action} NAME")
    return _make(asked) if action == "make" else _add(asked)


def _listed() -> Answer:
    with store().reading() as session:
        found = [(row, count_queue(session, row)) for row in list_queues(session)]
    rows = [
        {
            "name": row.name,
            "of": row.subject,
            "state": row.state,
            "standing": row.standing,
            "order": row.order,
            "overlap": row.overlap,
            "done": counts.done,
            "in_work": counts.in_work,
            "waiting": counts.waiting,
            "discarded": counts.discarded,
            "answers_left": counts.answers_left,
        }
        for row, counts in found
    ]
    lines = [
        f"{row['name']}: {row['done']:,} of {row['done'] + row['in_work'] + row['waiting']:,} {row['of']} items done, "
        f"{row['answers_left']:,} answers left ({row['state']}{', standing' if row['standing'] else ''})"
        for row in rows
    ]
    return {"queues": rows}, lines or ["No queue yet: the first run that comes in makes one of all runs."]


def _make(asked: Asked) -> Answer:
    with store().session() as session:
        active = list_people(session, active_only=True)
        lead = next(one for one in active if one.role is Role.LEAD)  # there always is one
        rules = _with_people(asked.rules, asked.people, active)
        row = make(session, QueuePlan(asked.name, asked.of, asked.wanted, asked.questions or None, rules), lead)
        number, order = row.id, row.order
    filled = fill(store(), number)
    lines = [f"{asked.name} is open, with {filled.added:,} items"]
    if order in RENEWED:
        lines.append("Its order is made by the server, within a minute.")
    return {"queue": asked.name, "fitting": filled.fitting, "added": filled.added}, lines


def _with_people(rules: QueueRules, names: Sequence[str], active: Sequence[PersonLine]) -> QueueRules:
    known = {one.name: one.id for one in active}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(
            f"There is nobody called {missing[0]} who may act. There are: {', '.join(known)}.", field="person"
        )
    return replace(rules, people=tuple(sorted(known[name] for name in names)))


def _add(asked: Asked) -> Answer:
    with store().reading() as session:
        number = find_queue(session, asked.name)
    filled = fill(store(), number, asked.wanted)
    known = filled.fitting - filled.added
    return {"queue": asked.name, "fitting": filled.fitting, "added": filled.added}, [
        f"{filled.added:,} were new to {asked.name}; {known:,} were in it already"
    ]
