"""What is looked at again and again: the guards of each agent as they stand, and weeks added up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base


class GuardRow(Base):
    """One guard of one agent as it was last looked at; `since` is when it came into its state.

    An alarm is told once: `telling_at` is when a process took it up, `told_at` when it was received, `trouble` why it
    could not be told.
    """

    __tablename__ = "guard"
    agent: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    sentence: Mapped[str] = mapped_column(Text)
    advice: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime]
    looked_at: Mapped[datetime]
    telling_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(Text, default="")


class WeekRow(Base):
    """What the runs of one week came to, of one agent or (0) of all, as core.evaluate.weeks has it."""

    __tablename__ = "week_rollup"
    agent_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[str] = mapped_column(String(10), primary_key=True)
    made_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
