"""What was learned: lessons, how they were recalled, and dataset versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
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
    tags: Mapped[str] = mapped_column(String(300), default="")
    valid_until: Mapped[str] = mapped_column(String(10), default="")
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


class LessonApprovalRow(Base):
    """A reviewer's word that a lesson is right; `words` tells the text that they read from any other."""

    __tablename__ = "lesson_approval"
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    words: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]


class LessonRelationRow(Base):
    """What somebody said of a lesson and one that is near it (core.memory.neighbours), so that nobody is asked again.

    A contradiction is open until a lead has settled it.
    """

    __tablename__ = "lesson_relation"
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]


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
    tool: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(index=True)


class RecallLessonRow(Base):
    """A lesson that fitted a recall, and what became of it: given, or why not (core.memory.recall).

    It is named by its uid: an imported recall may name one that is not here.
    """

    __tablename__ = "recall_lesson"
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id", ondelete="CASCADE"), primary_key=True)
    lesson_uid: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    revision: Mapped[int]
    score: Mapped[float] = mapped_column(Float)
    fate: Mapped[str] = mapped_column(String(20))


class DatasetVersionRow(Base):
    """An immutable snapshot of a dataset definition. Without a number it is still being made, since `created_at`."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(String(200))
    number: Mapped[int | None]
    format: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class DatasetOrderRow(Base):
    """A dataset version that somebody asked for and that is made in the background, and how far that is.

    Whoever makes it says so at `alive_at`. `number` is the version that came of it, `message` why none did.
    """

    __tablename__ = "dataset_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(String(200))
    definition: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20))
    doing: Mapped[str] = mapped_column(String(40), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    number: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ordered_at: Mapped[datetime]
    alive_at: Mapped[datetime]


class WithheldRow(Base):
    """A candidate (by its key) that came with another installation's dataset, and the gate that stopped it there."""

    __tablename__ = "withheld"
    candidate: Mapped[str] = mapped_column(String(500), primary_key=True)
    gate: Mapped[str] = mapped_column(String(40))


class DatasetPartRow(Base):
    """Some lines of one file of a dataset version, compressed."""

    __tablename__ = "dataset_part"
    version_id: Mapped[int] = mapped_column(ForeignKey("dataset_version.id", ondelete="CASCADE"), primary_key=True)
    file: Mapped[str] = mapped_column(String(40), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
