"""Agents, their versions, and tasks: found by name, made when they are new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import Ambiguous, Conflict, NotFound
from core.records import Task, Version
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.tables import AgentRow, TaskRow, TraceRow, VersionRow

UNNAMED_AGENT = "agent"
UNNAMED_VERSION = "unversioned"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with what a list of versions shows: its date (and whether somebody set it), base, number of runs."""

    id: int
    agent: str
    name: str
    date: datetime | None
    date_set: bool
    base: str
    n_traces: int
    note: str


def agent_id(session: Session, name: str) -> int:
    """The row id of an agent, made when it is new."""
    name = clean(name or UNNAMED_AGENT, 200)
    insert_new(session, AgentRow, [{"name": name}], AgentRow.id)
    return session.scalars(select(AgentRow.id).where(AgentRow.name == name)).one()


def version_id(session: Session, agent: str, name: str) -> int:
    """The row id of a version of an agent, both made when they are new."""
    owner = agent_id(session, agent)
    name = clean(name or UNNAMED_VERSION, 300)
    insert_new(session, VersionRow, [{"agent_id": owner, "name": name, "date_set": False, "note": ""}], VersionRow.id)
    return session.scalars(select(VersionRow.id).where(VersionRow.agent_id == owner, VersionRow.name == name)).one()


def set_version(session: Session, version: Version) -> None:
    """Make a version if it is new and set what is given of date, base and note; raises Conflict for a circle."""
    row = session.get_one(VersionRow, version_id(session, version.agent, version.name))
    if version.date is not None:
        row.date, row.date_set = version.date, True
    if version.note:
        row.note = version.note
    if version.base:
        _rest_on(session, row, session.get_one(VersionRow, version_id(session, version.agent, version.base)))
    session.flush()


def set_version_date(session: Session, version: int, date: datetime | None) -> None:
    """Say when a version (row id) was made; None takes that back: then it is the time of its earliest run."""
    row = session.get_one(VersionRow, version)
    row.date, row.date_set = date, date is not None
    session.flush()
    if date is None:
        refresh_version_dates(session, [version])
        session.refresh(row)


def set_version_base(session: Session, version: int, base: str) -> None:
    """Say which version of its agent a version (row id) was made from, "" for none.

    Raises NotFound, and Conflict where that one rests on it already.
    """
    row = session.get_one(VersionRow, version)
    if not base:
        row.base_id = None
    else:
        of_agent = select(VersionRow).where(VersionRow.agent_id == row.agent_id, VersionRow.name == base)
        found = session.scalars(of_agent).first()
        if found is None:
            raise NotFound(f"Its agent has no version {base}.", field="base")
        _rest_on(session, row, found)
    session.flush()


def _rest_on(session: Session, row: VersionRow, base: VersionRow) -> None:
    ancestor: VersionRow | None = base
    while ancestor is not None:
        if ancestor.id == row.id:
            raise Conflict(f"{base.name} already rests on {row.name}: a version cannot be its own base.", field="base")
        ancestor = session.get(VersionRow, ancestor.base_id) if ancestor.base_id else None
    row.base_id = base.id


def refresh_version_dates(session: Session, version_ids: Iterable[int]) -> None:
    """Give versions without a date of their own the time of their earliest trace that has one."""
    earliest = (
        select(func.min(TraceRow.started_at))
        .where(TraceRow.version_id == VersionRow.id, TraceRow.time_known)
        .scalar_subquery()
    )
    session.execute(
        update(VersionRow)
        .where(VersionRow.id.in_(set(version_ids)), VersionRow.date_set.is_(False))
        .values(date=earliest)
        .execution_options(synchronize_session=False)
    )


def task_ids(session: Session, tasks: Sequence[Task]) -> dict[str, int]:
    """Task key → row id, with new tasks made; a task that is there keeps its title, definition and split."""
    unique = {task.key: task for task in tasks}
    rows = [
        {
            "key": clean(task.key, 300),
            "title": clean(task.title),
            "definition": task.definition,
            "derived": task.derived,
            "split": "train",
        }
        for task in unique.values()
    ]
    insert_new(session, TaskRow, rows, TaskRow.id)
    found: dict[str, int] = {}
    keys = [row["key"] for row in rows]
    for some in parts(keys):
        query = select(TaskRow.key, TaskRow.id).where(TaskRow.key.in_(some))
        found.update(dict(session.execute(query).all()))
    return {key: found[clean(key, 300)] for key in unique}


def list_agents(session: Session) -> list[str]:
    """The names of all agents, sorted."""
    return list(session.scalars(select(AgentRow.name).order_by(AgentRow.name)))


def list_versions(session: Session, agent: str | None = None) -> list[VersionLine]:
    """Versions in the order in which they were made: a base before what rests on it, then by date, then by name."""
    base = VersionRow.__table__.alias("base")
    query = (
        select(VersionRow, AgentRow.name, base.c.name, func.count(TraceRow.id))
        .join(AgentRow, AgentRow.id == VersionRow.agent_id)
        .outerjoin(base, base.c.id == VersionRow.base_id)
        .outerjoin(TraceRow, TraceRow.version_id == VersionRow.id)
        .group_by(VersionRow.id, AgentRow.name, base.c.name)
    )
    if agent is not None:
        query = query.where(AgentRow.name == agent)
    lines = [
        VersionLine(row.id, owner, row.name, row.date, row.date_set, base_name or "", count, row.note)
        for row, owner, base_name, count in session.execute(query)
    ]
    return _bases_first(lines)


def _bases_first(lines: list[VersionLine]) -> list[VersionLine]:
    waiting = sorted(
        lines, key=lambda line: (line.agent, line.date is None, line.date.timestamp() if line.date else 0.0, line.name)
    )
    known = {(line.agent, line.name) for line in lines}
    ordered: list[VersionLine] = []
    placed: set[tuple[str, str]] = set()
    while waiting:
        ready = next(
            line for line in waiting if (line.agent, line.base) in placed or (line.agent, line.base) not in known
        )
        waiting.remove(ready)
        placed.add((ready.agent, ready.name))
        ordered.append(ready)
    return ordered


def find_version(session: Session, agent: str | None, name: str) -> VersionRow:
    """A version by name; raises NotFound, or Ambiguous when several agents have one of that name and none is given."""
    query = (
        select(VersionRow, AgentRow.name)
        .join(AgentRow, AgentRow.id == VersionRow.agent_id)
        .where(VersionRow.name == name)
    )
    if agent:
        query = query.where(AgentRow.name == agent)
    found = list(session.execute(query))
    if not found:
        of = f" of {agent}" if agent else ""
        raise NotFound(
            f"There is no version {name}{of}. `loopwright import … --version {name}` makes one.", field="version"
        )
    if len(found) > 1:
        owners = ", ".join(sorted(owner for _, owner in found))
        raise Ambiguous(f"Several agents have a version {name}: {owners}. Say which with --agent.", field="agent")
    row: VersionRow = found[0][0]
    return row
