"""The guards of each agent as they were last looked at, and the alarms that are still to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from core.store.dialect import insert_new
from core.store.tables import GuardRow

ALARM = "alarm"
SILENT = timedelta(minutes=5)
"""Whoever took up an alarm and has not told it for so long is gone: another tells it."""


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One guard of one agent; `since` is when it came into its state, `told_at` when its alarm was received."""

    agent: str
    name: str
    state: str
    sentence: str
    advice: str
    since: datetime
    looked_at: datetime
    told_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look said of a guard."""

    name: str
    state: str
    sentence: str
    advice: str


def keep_look(session: Session, agent: str, seen: Sequence[Seen], at: datetime) -> None:
    """Write what a look said. A state that is the same goes on since when it began; what is no guard any more goes."""
    session.execute(delete(GuardRow).where(GuardRow.agent == agent, GuardRow.name.not_in([one.name for one in seen])))
    known = {row.name: row for row in session.scalars(select(GuardRow).where(GuardRow.agent == agent))}
    new = []
    for one in seen:
        values = {"state": one.state, "sentence": one.sentence, "advice": one.advice, "looked_at": at}
        row = known.get(one.name)
        if row is None:
            fresh = {"since": at, "telling_at": None, "told_at": None, "trouble": ""}
            new.append({"agent": agent, "name": one.name, **values, **fresh})
            continue
        if row.state != one.state:
            row.since, row.telling_at, row.told_at, row.trouble = at, None, None, ""
        for name, value in values.items():
            setattr(row, name, value)
    if new:
        insert_new(session, GuardRow, new, GuardRow.name)
    session.flush()


def forget_agents(session: Session, kept: Sequence[str]) -> None:
    """Drop the guards of agents that are here no more."""
    session.execute(delete(GuardRow).where(GuardRow.agent.not_in(kept)))


def guard_lines(session: Session, agent: str | None = None) -> list[GuardLine]:
    """The guards of an agent (None: of all) as they were last looked at."""
    query = select(GuardRow).order_by(GuardRow.agent, GuardRow.name)
    if agent is not None:
        query = query.where(GuardRow.agent == agent)
    return [_line(row) for row in session.scalars(query)]


def take_alarm(session: Session, at: datetime) -> GuardLine | None:
    """Take up one alarm that nobody was told of; None when there is none. It is told with `told`."""
    row = GuardRow
    free = or_(row.telling_at.is_(None), row.telling_at < at - SILENT)
    due = (row.state == ALARM, row.told_at.is_(None), free)
    first = session.execute(select(row.agent, row.name).where(*due).order_by(row.since, row.agent, row.name)).first()
    if first is None:
        return None
    mine = update(row).where(row.agent == first.agent, row.name == first.name, *due).values(telling_at=at)
    taken = session.scalars(mine.returning(row)).first()
    return _line(taken) if taken is not None else None


def told(session: Session, alarm: GuardLine, at: datetime, trouble: str = "") -> None:
    """It was received, or could not be told and why: then it is taken up again after a while."""
    row = GuardRow
    same = (row.agent == alarm.agent, row.name == alarm.name, row.since == alarm.since)
    session.execute(update(row).where(*same).values(told_at=None if trouble else at, trouble=trouble))


def _line(row: GuardRow) -> GuardLine:
    times = (row.since, row.looked_at, row.told_at)
    return GuardLine(row.agent, row.name, row.state, row.sentence, row.advice, *times, row.trouble)
