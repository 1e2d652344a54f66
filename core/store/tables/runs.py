"""Traces, their steps, and the signals about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class TraceRow(Base):
    """One run, with what lists and charts need of it kept beside it (see core.store.traces).

    It is open until `closed_at`; `changed_at` is when the last step came after that. The first `n_indexed` of its
    steps, as they came, are in the text index; `n_embedded` of them were read for its vector in the index of runs, -1
    where there is none yet. `n_unpriced` model calls have tokens and no known price.
    """

    __tablename__ = "trace"
    __table_args__ = (
        Index("ix_trace_started", "started_at", "id"),
        Index("ix_trace_agent_started", "agent_id", "started_at", "id"),
        Index("ix_trace_version_started", "version_id", "started_at", "id"),
        Index("ix_trace_outcome_started", "outcome", "started_at", "id"),
        Index("ix_trace_labelled_started", "n_annotations", "started_at", "id"),
        Index(
            "ix_trace_open",
            "last_arrival_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_trace_unindexed",
            "id",
            sqlite_where=text("n_indexed < n_steps"),
            postgresql_where=text("n_indexed < n_steps"),
        ),
        Index(
            "ix_trace_unembedded",
            "id",
            sqlite_where=text("n_embedded <> n_steps"),
            postgresql_where=text("n_embedded <> n_steps"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(String(100))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    task_id: Mapped[int | None] = reference("task.id")
    session: Mapped[str] = mapped_column(String(200), default="", index=True)
    user: Mapped[str] = mapped_column(String(200), default="", index=True)
    trial: Mapped[int | None]
    title: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime]
    last_arrival_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    root_ended: Mapped[bool] = mapped_column(default=True)
    time_known: Mapped[bool] = mapped_column(default=True)
    n_steps: Mapped[int]
    n_indexed: Mapped[int] = mapped_column(default=0)
    n_embedded: Mapped[int] = mapped_column(default=-1)
    n_errors: Mapped[int] = mapped_column(default=0)
    n_unpriced: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float | None] = mapped_column(Float)
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    tokens_cached: Mapped[int | None]
    cost: Mapped[float | None] = mapped_column(Float)
    outcome: Mapped[str] = mapped_column(String(20), default="unknown")
    outcome_from: Mapped[str] = mapped_column(String(40), default="")
    n_annotations: Mapped[int] = mapped_column(default=0)
    tools: Mapped[list[Any]] = mapped_column(default=list)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    redactions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)


STEP_BITS = 20
"""A step's id is its trace's, shifted by this, plus its number in the order of arrival: one trace's steps lie together
in the table and in the text index, and a place in the index names its trace."""


MOST_STEPS = 1 << STEP_BITS
"""Steps that one trace can have."""


class StepRow(Base):
    """One step; `content` is its messages, arguments, result and attributes as compressed JSON (core.store.content).

    `position` is its place in reading order, which changes when a late step comes before it; its id never does.
    """

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("trace_id", "uid"), Index("ix_step_position", "trace_id", "position"))
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    trace_id: Mapped[int] = mapped_column(ForeignKey("trace.id"))
    position: Mapped[int]
    uid: Mapped[str] = mapped_column(String(200))
    parent_uid: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    seconds: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str] = mapped_column(String(200), default="")
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    tokens_cached: Mapped[int | None]
    cost: Mapped[float | None] = mapped_column(Float)
    cost_from: Mapped[str] = mapped_column(String(40), default="")
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SignalRow(Base):
    """Evidence of quality; `trace_uid` is kept beside `trace_id` because a signal may arrive before its trace.

    `created_at` is when it happened, where its source says so, else when it arrived. `replaced_at` is when another
    value was sent under its key: it is kept, under a key of its own, and no longer counts.
    """

    __tablename__ = "signal"
    __table_args__ = (
        Index(
            "ix_signal_name_trace",
            "name",
            "trace_id",
            "success",
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    trace_id: Mapped[int | None] = reference("trace.id")
    trace_uid: Mapped[str] = mapped_column(String(200), index=True)
    step_uid: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[Any]
    success: Mapped[bool | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(index=True)
    replaced_at: Mapped[datetime | None]
