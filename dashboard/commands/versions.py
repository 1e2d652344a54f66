"""Versions of agents: when each was made, and from which."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.errors import InvalidInput
from dashboard.commands.printing import Agent, Answer, Json

NONE = "none"


def version(
    name: Annotated[str, typer.Argument(help="The version to look at or to change; all of them without it.")] = "",
    date: Annotated[str, typer.Option(help="When it was made, such as 2026-08-31; none: its earliest run.")] = "",
    base: Annotated[str, typer.Option(help="The version that it was made from; none for no other.")] = "",
    agent: Agent = "",
    json: Json = False,
) -> Answer:
    """Versions in their order, with date and base; for one of them, set these."""
    from core.clock import parse_time
    from core.store.catalog import find_version, list_versions, set_version_base, set_version_date
    from dashboard.process import store

    if (date or base) and not name:
        raise typer.BadParameter("name the version whose date or base is set")
    made = parse_time(date) if date and date != NONE else None
    if date and date != NONE and made is None:
        raise InvalidInput(f"--date {date} is no date. Write it like 2026-08-31.", field="date")
    with store().session() as session:
        found = find_version(session, agent or None, name) if name else None
        if found is not None and base:
            set_version_base(session, found.id, "" if base == NONE else base)
        if found is not None and date:
            set_version_date(session, found.id, made)
        lines = [line for line in list_versions(session, agent or None) if found is None or line.id == found.id]
    told = [_json(line) for line in lines]
    return {"versions": told}, [_words(one) for one in told] or ["No version yet."]


def _json(line: Any) -> dict[str, Any]:
    return {
        "agent": line.agent,
        "version": line.name,
        "date": line.date,
        "date_set": line.date_set,
        "base": line.base or None,
        "n_traces": line.n_traces,
    }


def _words(one: dict[str, Any]) -> str:
    when = f"{one['date']:%Y-%m-%d}" + ("" if one["date_set"] else ", its earliest run") if one["date"] else "no date"
    base = f", from {one['base']}" if one["base"] else ""
    return f"{one['agent']} {one['version']} ({when}{base}): {one['n_traces']:,} runs"
