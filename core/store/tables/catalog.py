"""What is evaluated, apart from its runs: agents, versions, tasks, suites, results without steps, prices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class AgentRow(Base):
    """The thing that is taught."""

    __tablename__ = "agent"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class VersionRow(Base):
    """One deployable state of an agent. Without `date_set` the date is the earliest trace's."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("agent_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = reference("agent.id")
    name: Mapped[str] = mapped_column(String(300))
    date: Mapped[datetime | None]
    date_set: Mapped[bool] = mapped_column(default=False)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"))
    note: Mapped[str] = mapped_column(Text, default="")


class TaskRow(Base):
    """What runs had to do; `split` is a property of the task, so that no run of it leaks."""

    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    definition: Mapped[Any | None]
    derived: Mapped[bool] = mapped_column(default=False)
    split: Mapped[str] = mapped_column(String(20), default="train")


class SuiteRow(Base):
    """One revision of a fixed evaluation set; frozen explicitly or at its first comparison, then never changed."""

    __tablename__ = "suite"
    __table_args__ = (UniqueConstraint("name", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(default=1)
    note: Mapped[str] = mapped_column(Text, default="")
    frozen_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    margin: Mapped[float] = mapped_column(Float, default=0.05)
    created_at: Mapped[datetime]


class SuiteCaseRow(Base):
    """One task in a suite: its tags, how difficult it is, and what a good outcome is, in words."""

    __tablename__ = "suite_case"
    suite_id: Mapped[int] = mapped_column(ForeignKey("suite.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    difficulty: Mapped[str] = mapped_column(String(40), default="")
    expected: Mapped[str] = mapped_column(Text, default="")


class SuiteOpeningRow(Base):
    """One opening of a suite's holdout: who compared what on it, and why."""

    __tablename__ = "suite_opening"
    id: Mapped[int] = mapped_column(primary_key=True)
    suite_id: Mapped[int] = reference("suite.id")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    base: Mapped[str] = mapped_column(String(300))
    candidate: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class ResultRow(Base):
    """The outcome of a trial of which nothing else was recorded; "infrastructure" where that broke it."""

    __tablename__ = "result"
    __table_args__ = (Index("ix_result_version_task", "version_id", "task_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    task_id: Mapped[int] = reference("task.id")
    trial: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20))
    cost: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float | None] = mapped_column(Float)
    source: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime | None]


class AggregateRow(Base):
    """A published rate without its tasks: shown in history, compared with nothing."""

    __tablename__ = "aggregate"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    version_id: Mapped[int] = reference("version.id")
    benchmark: Mapped[str] = mapped_column(String(200))
    rate: Mapped[float] = mapped_column(Float)
    n: Mapped[int | None]
    date: Mapped[datetime | None]
    cost: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float | None] = mapped_column(Float)
    source: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text, default="")


class PriceRow(Base):
    """What a million tokens of a model cost from a day on, in US dollars; None where that kind is not sold apart."""

    __tablename__ = "price"
    __table_args__ = (UniqueConstraint("model", "since"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]
    input: Mapped[float] = mapped_column(Float)
    output: Mapped[float] = mapped_column(Float)
    cached: Mapped[float | None] = mapped_column(Float)
    cache_write: Mapped[float | None] = mapped_column(Float)
    source: Mapped[str] = mapped_column(Text, default="")


class PolicyRow(Base):
    """What a lead decided for one agent ("" for all others): `kind` is redaction or retention, `rules` what holds."""

    __tablename__ = "policy"
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent: Mapped[str] = mapped_column(String(200), primary_key=True)
    rules: Mapped[dict[str, Any]]
