"""What was learned: lessons, how they were recalled, and dataset versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class LessonRow(Base):
    """A lesson as it stands; every change of it is a row of `lesson_revision`.

    `indexed_revision` is the outbox: where it differs from `revision`, the index owes this lesson an update.
    """

    __tablename__ = "lesson"
    __table_args__ = (Index("ix_lesson_outbox", "revision", "indexed_revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    revision: Mapped[int]
    indexed_revision: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(20), index=True)
    when: Mapped[str] = mapped_column(Text)
    guidance: Mapped[str] = mapped_column(Text)
    avoid: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    tool: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class LessonRevisionRow(Base):
    """What a lesson said and was at one revision, who changed it and why."""

    __tablename__ = "lesson_revision"
    __table_args__ = (UniqueConstraint("lesson_id", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"))
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    text: Mapped[dict[str, Any]]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class LessonEvidenceRow(Base):
    """What a lesson rests on: a step of a trace, and the annotation it was written in, where there was one."""

    __tablename__ = "lesson_evidence"
    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = reference("lesson.id")
    trace_id: Mapped[int] = reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    annotation_id: Mapped[int | None] = reference("annotation.id")


class RecallRow(Base):
    """One retrieval of lessons by an agent, in the memory or the control arm."""

    __tablename__ = "recall"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    run_key: Mapped[str] = mapped_column(String(200), default="", index=True)
    trace_uid: Mapped[str] = mapped_column(String(200), default="", index=True)
    session: Mapped[str] = mapped_column(String(200), default="", index=True)
    agent: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[str] = mapped_column(String(300), default="")
    query: Mapped[str] = mapped_column(Text)
    arm: Mapped[str] = mapped_column(String(10))
    lessons: Mapped[list[Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class DatasetVersionRow(Base):
    """An immutable snapshot of a dataset definition: its manifest, and where its files were written."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(String(200))
    number: Mapped[int]
    format: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]]
    folder: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
