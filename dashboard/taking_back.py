"""The command `retract`: it answers (JSON object, lines of words)."""

from __future__ import annotations

from typing import Any

import typer
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.records import Role
from core.retract.retracting import Radius, find_target, radius, retract, undo
from core.store.people import PersonLine, list_people
from core.store.retractions import Retraction, list_retractions
from dashboard.commands.printing import Answer
from dashboard.process import store


def take_back(kind: str, name: str, by: str, reason: str, yes: bool, undone: int | None) -> Answer:
    """List what a retraction would touch, or (`yes`) make it; undo one; without any of these list them all."""
    if undone is not None and (kind or name):
        raise typer.BadParameter("--undo takes the number of a retraction, and nothing else")
    if undone is not None:
        with store().session() as session:
            undo(session, undone, _lead(session, by))
        return {"undone": undone}, [f"Retraction {undone} is undone: what it took back counts again."]
    if not kind:
        with store().reading() as session:
            found = list_retractions(session)
        return {"retractions": [_as_json(one) for one in found]}, [_line(one) for one in found] or ["None was made."]
    with store().session() as session:
        target = find_target(session, kind, name)
        touched = radius(session, target)
        if not yes:
            return touched.as_json() | {"retraction": None}, [
                *_words(touched), "" if touched.nothing else "Nothing was changed: add --yes and --reason to do it."
            ]  # fmt: skip
        number = retract(session, target, _lead(session, by), reason)
    undoing = f"Retraction {number} is made. `loopwright retract --undo {number}` brings all of it back."
    return touched.as_json() | {"retraction": number}, [*_words(touched), undoing]


def _lead(session: Session, name: str) -> PersonLine:
    leads = [one for one in list_people(session, active_only=True) if one.role is Role.LEAD]
    mine = [one for one in leads if name in ("", one.name)]
    if len(mine) != 1:
        known = ", ".join(one.name for one in leads)
        raise InvalidInput(f"Say which lead does this with --by NAME: {known}.", field="by")
    return mine[0]


def _words(found: Radius) -> list[str]:
    if found.nothing:
        return [f"Nothing hangs on the {found.target.kind} {found.target.name}."]
    lines = [f"  {words}" for words in found.told]
    lines += [
        f"  The lesson “{one.when}” is {one.state.value}"
        + (f" and becomes {one.after.value}." if one.after is not one.state else " and stays so.")
        for one in found.lessons
    ]
    lines += [
        f"  {one.dataset} {one.number} was made with {one.rows:,} of its {one.of:,} rows from these runs; it stays."
        for one in found.versions
    ]
    return [f"On {found.runs:,} runs, this counts no more:", *lines]


def _as_json(one: Retraction) -> dict[str, Any]:
    return {
        "retraction": one.id,
        "kind": one.target.kind,
        "name": one.target.name,
        "by": one.by,
        "reason": one.reason,
        "at": one.at.isoformat(),
        "undone_at": None if one.undone_at is None else one.undone_at.isoformat(),
    }


def _line(one: Retraction) -> str:
    undone = "" if one.undone_at is None else f"; undone {one.undone_at:%Y-%m-%d %H:%M}"
    return f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {one.target.kind} {one.target.name}, by {one.by}: {one.reason}{undone}"
