"""Weeks that were added up once and are read many times; each can be made again from the runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.store.dialect import parts
from core.store.results import Span, began_in, of_agent, week_of
from core.store.tables import AgentRow, TraceRow, WeekRow

EVERYBODY = 0
"""The row id under which all agents stand together."""


@dataclass(frozen=True, slots=True)
class KeptWeek:
    """A week as it was added up at `made_at`; `body` is what core.evaluate.week wrote."""

    week: date
    made_at: datetime
    body: Mapping[str, Any]


def agent_row(session: Session, agent: str | None) -> int | None:
    """The row id of an agent, `EVERYBODY` for None; None for one that is not here."""
    return EVERYBODY if agent is None else session.scalar(select(AgentRow.id).where(AgentRow.name == agent))


def n_runs(session: Session, agent: str | None, span: Span | None = None) -> int:
    """How many runs of an agent began within a span, from an index."""
    query = select(func.count()).select_from(TraceRow).where(*of_agent(agent), *began_in(span))
    return session.scalar(query) or 0


def kept_weeks(session: Session, agent: int) -> list[KeptWeek]:
    """The weeks of an agent (row id), in order."""
    rows = session.scalars(select(WeekRow).where(WeekRow.agent_id == agent).order_by(WeekRow.week))
    return [KeptWeek(date.fromisoformat(row.week), row.made_at, row.body) for row in rows]


def made_at(session: Session, agent: int) -> dict[date, datetime]:
    """When each week of an agent (row id) was added up."""
    rows = session.execute(select(WeekRow.week, WeekRow.made_at).where(WeekRow.agent_id == agent))
    return {date.fromisoformat(week): at for week, at in rows}


def keep_week(session: Session, agent: int, kept: KeptWeek) -> None:
    """Write a week in place of what stood there."""
    old = (WeekRow.agent_id == agent, WeekRow.week == kept.week.isoformat())
    session.execute(delete(WeekRow).where(*old))
    values = {"agent_id": agent, "week": kept.week.isoformat(), "made_at": kept.made_at, "body": dict(kept.body)}
    session.execute(insert(WeekRow), values)


def forget_weeks_of(session: Session, traces: Iterable[int]) -> None:
    """Drop the weeks in which these runs (row ids) began, for they are to be added up anew."""
    weeks: set[str] = set()
    for some in parts(traces):
        weeks.update(session.scalars(select(week_of(session)).where(TraceRow.id.in_(some)).distinct()))
    session.execute(delete(WeekRow).where(WeekRow.week.in_(sorted(weeks))))
