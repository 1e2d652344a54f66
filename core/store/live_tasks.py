"""The tasks that runs came in on, with how many; and those of an agent that fit what somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session

from core.records import Outcome, Split
from core.store.tables import AgentRow, ResultRow, TaskRow, TraceRow, VersionRow


@dataclass(frozen=True, slots=True)
class LiveTask:
    """A task, whether its key was guessed from what was said first, and how many runs of it came in."""

    key: str
    title: str
    derived: bool
    runs: int


def live_tasks(session: Session, most: int, agent: str = "", since: datetime | None = None) -> list[LiveTask]:
    """Up to so many tasks with the most runs (of an agent, that began since then), the most frequent first."""
    runs = func.count(TraceRow.id)
    query = select(TaskRow.key, TaskRow.title, TaskRow.derived, runs).join(TraceRow, TraceRow.task_id == TaskRow.id)
    if agent:
        query = query.where(TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == agent).scalar_subquery())
    if since is not None:
        query = query.where(TraceRow.started_at >= since)
    query = query.group_by(TaskRow.id, TaskRow.key, TaskRow.title, TaskRow.derived).order_by(runs.desc(), TaskRow.id)
    return [LiveTask(*row) for row in session.execute(query.limit(most))]


@dataclass(frozen=True, slots=True)
class TriedTask:
    """A task with a key of its own, and what came of an agent's `runs` (and results) of it."""

    key: str
    title: str
    split: Split
    runs: int
    solved: int
    known: int


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks of an agent are meant; every empty field lets all through.

    `words` stand in the task's key or in what it asks, `begins` at the start of its key. `outcome`: at least one run of
    it came to that; for *unknown*, none has an outcome.
    """

    agent: str
    words: str = ""
    begins: str = ""
    outcome: str = ""


def tried_tasks(session: Session, wanted: TaskFilter, most: int) -> tuple[list[TriedTask], int]:
    """Up to so many tasks that fit, in the order of their keys, and how many there are in all."""
    agent = select(AgentRow.id).where(AgentRow.name == wanted.agent).scalar_subquery()
    runs = select(TraceRow.task_id, TraceRow.outcome).where(TraceRow.agent_id == agent)
    results = select(ResultRow.task_id, ResultRow.outcome).join(VersionRow, VersionRow.id == ResultRow.version_id)
    tried = union_all(runs, results.where(VersionRow.agent_id == agent)).subquery()
    n = {one: func.count().filter(tried.c.outcome == one.value) for one in Outcome}
    known = n[Outcome.SOLVED] + n[Outcome.PARTLY] + n[Outcome.FAILED]
    query = select(TaskRow.id, func.count().label("runs"), n[Outcome.SOLVED].label("solved"), known.label("known"))
    query = query.join(tried, tried.c.task_id == TaskRow.id).where(TaskRow.derived.is_(False))
    for word in wanted.words.split():
        query = query.where(
            or_(TaskRow.key.icontains(word, autoescape=True), TaskRow.title.icontains(word, autoescape=True))
        )
    if wanted.begins:
        query = query.where(TaskRow.key.startswith(wanted.begins, autoescape=True))
    query = query.group_by(TaskRow.id)
    if wanted.outcome:
        query = query.having(known == 0 if wanted.outcome == Outcome.UNKNOWN else n[Outcome(wanted.outcome)] > 0)
    fits = query.subquery()
    rows = select(TaskRow.key, TaskRow.title, TaskRow.split, fits.c.runs, fits.c.solved, fits.c.known)
    rows = rows.join(fits, fits.c.id == TaskRow.id).order_by(TaskRow.key).limit(most)
    found = [TriedTask(key, title, Split(split), *counts) for key, title, split, *counts in session.execute(rows)]
    if len(found) < most:
        return found, len(found)
    return found, session.scalar(select(func.count()).select_from(fits)) or 0
