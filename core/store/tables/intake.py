"""What came in and what went out: imports, deliveries, refusals, removals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base


class ImportRow(Base):
    """One file that was imported, what came of it, and the first of its rejected records."""

    __tablename__ = "import"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(100), default="")
    counts: Mapped[dict[str, Any]]
    rejected: Mapped[list[Any]]
    at: Mapped[datetime]


class DeliveryRow(Base):
    """One accepted request of spans or log records, redacted, until what it holds stands in traces.

    `body` is its protobuf message, compressed; `redactions` is trace id → kind → how often something was replaced.
    """

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    door: Mapped[str] = mapped_column(String(20))
    n: Mapped[int]
    size: Mapped[int]
    at: Mapped[datetime]
    redactions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class RefusalRow(Base):
    """Something that was handed in and not taken, and why; `body` is what it was, redacted, compressed, for a replay.

    `source` says more of where it came from (a file, an agent); `replayed_at` is when it was taken after all.
    """

    __tablename__ = "refusal"
    __table_args__ = (Index("ix_refusal_at", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    door: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Text, default="")
    record: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(100), default="")
    at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class IntakeRow(Base):
    """What came in during one minute through one door from one agent: counts, bytes and what was replaced."""

    __tablename__ = "intake"
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    door: Mapped[str] = mapped_column(String(20), primary_key=True)
    agent: Mapped[str] = mapped_column(String(200), primary_key=True)
    accepted: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    redacted: Mapped[int] = mapped_column(default=0)


class RemovalRow(Base):
    """One removal: who, when, what kind of thing, why, and how much; never what it was, nor whose."""

    __tablename__ = "removal"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    counts: Mapped[dict[str, Any]]
