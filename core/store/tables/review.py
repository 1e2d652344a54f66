"""People, the questions they are asked, what they said: append-only, an edit is a new row and `current` moves to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class PersonRow(Base):
    """Somebody who may act or has labelled; machines too, told apart by their role."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class LabelSchemaRow(Base):
    """One version of the questions of a queue; never changed once it has been answered."""

    __tablename__ = "label_schema"
    __table_args__ = (UniqueConstraint("key", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    guidelines: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[Any]]


class QueueRow(Base):
    """A set of items to review under one label schema. `subject` is trace or pair."""

    __tablename__ = "queue"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(String(20))
    schema_id: Mapped[int | None] = mapped_column(ForeignKey("label_schema.id"))
    overlap: Mapped[int] = mapped_column(default=1)
    blind: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class ItemRow(Base):
    """One thing to review. `n_done` counts its reviewers' current submissions; `rank` is the order of the queue."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("queue_id", "trace_id"),
        UniqueConstraint("queue_id", "pair_id"),
        Index("ix_item_next", "queue_id", "state", "rank", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    trace_id: Mapped[int | None] = reference("trace.id")
    pair_id: Mapped[int | None] = reference("pair.id")
    rank: Mapped[float] = mapped_column(Float, default=0.0)
    state: Mapped[str] = mapped_column(String(20), default="open")
    n_done: Mapped[int] = mapped_column(default=0)
    flag: Mapped[str] = mapped_column(Text, default="")


class ClaimRow(Base):
    """One person's hold on one item: claimed, lapsed once others took it, skipped or submitted."""

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("item_id", "person_id"), Index("ix_claim_person_state", "person_id", "state"))
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(20))
    left: Mapped[str] = mapped_column(String(1), default="")
    claimed_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class DraftRow(Base):
    """Text and answers in progress. `tab` is the browser tab that wrote last."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("item_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int]
    tab: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class DraftCopyRow(Base):
    """A draft that another tab's newer one replaced, or that came after the end: kept until its writer looks."""

    __tablename__ = "draft_copy"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    tab: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class AnnotationRow(Base):
    """One submission (or edit, or withdrawal) by one person on one trace under one schema version."""

    __tablename__ = "annotation"
    __table_args__ = (
        Index("ix_annotation_trace_current", "trace_id", "current"),
        Index("ix_annotation_person_submitted", "person_id", "submitted_at"),
        Index(
            "uq_annotation_current",
            "trace_id",
            "person_id",
            "schema_key",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[int] = mapped_column(ForeignKey("trace.id"))
    item_id: Mapped[int | None] = reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schema_id: Mapped[int] = reference("label_schema.id")
    schema_key: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    blind: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[dict[str, Any]]
    marks: Mapped[list[Any]] = mapped_column(default=list)
    corrections: Mapped[list[Any]] = mapped_column(default=list)
    active_seconds: Mapped[float | None] = mapped_column(Float)
    submitted_at: Mapped[datetime]
    key: Mapped[str] = mapped_column(String(200), default="", index=True)
