"""Pairs of candidate answers, and which side people prefer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class PairRow(Base):
    """Two candidate answers to one task."""

    __tablename__ = "pair"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(String(100))
    task_id: Mapped[int | None] = reference("task.id")
    prompt: Mapped[str] = mapped_column(Text)
    text_a: Mapped[str] = mapped_column(Text, default="")
    text_b: Mapped[str] = mapped_column(Text, default="")
    trace_a_id: Mapped[int | None] = reference("trace.id")
    trace_b_id: Mapped[int | None] = reference("trace.id")
    name_a: Mapped[str] = mapped_column(Text, default="")
    name_b: Mapped[str] = mapped_column(Text, default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class PreferenceRow(Base):
    """One submission (or edit, or withdrawal) by one person on one pair."""

    __tablename__ = "preference"
    __table_args__ = (
        Index(
            "uq_preference_current",
            "pair_id",
            "person_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
        Index("ix_preference_person_submitted", "person_id", "submitted_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    pair_id: Mapped[int] = reference("pair.id")
    item_id: Mapped[int | None] = reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    blind: Mapped[bool] = mapped_column(default=False)
    choice: Mapped[str] = mapped_column(String(20))
    left: Mapped[str] = mapped_column(String(1), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    confidence: Mapped[int | None]
    active_seconds: Mapped[float | None] = mapped_column(Float)
    submitted_at: Mapped[datetime]
