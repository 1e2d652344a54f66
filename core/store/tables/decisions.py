"""What leads and readers add to reviews: resolutions, comments, labels given in bulk, saved filters, judges' words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class ResolutionRow(Base):
    """A lead's answer to one question where annotations disagree; append-only as they are.

    `question` of a pair is "preference", of a ranking "order", or a question of its schema. `answer` is what an
    annotation's answers would hold, `marks` its marks for this question. `adopted_id` is the annotation (preference,
    order) whose answer it is. What a resolved order says of two candidates is the resolution of their pair: `part_of`.
    """

    __tablename__ = "resolution"
    __table_args__ = (
        Index(
            "uq_resolution_trace_current",
            "trace_id",
            "step_uid",
            "schema_key",
            "question",
            unique=True,
            sqlite_where=text("current AND trace_id IS NOT NULL"),
            postgresql_where=text("current AND trace_id IS NOT NULL"),
        ),
        Index(
            "uq_resolution_pair_current",
            "pair_id",
            "question",
            unique=True,
            sqlite_where=text("current AND pair_id IS NOT NULL"),
            postgresql_where=text("current AND pair_id IS NOT NULL"),
        ),
        Index(
            "uq_resolution_ranking_current",
            "ranking_id",
            "question",
            unique=True,
            sqlite_where=text("current AND ranking_id IS NOT NULL"),
            postgresql_where=text("current AND ranking_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[int | None] = reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    pair_id: Mapped[int | None] = reference("pair.id")
    ranking_id: Mapped[int | None] = reference("ranking.id")
    part_of: Mapped[int | None] = reference("resolution.id")
    schema_id: Mapped[int | None] = mapped_column(ForeignKey("label_schema.id"))
    schema_key: Mapped[str] = mapped_column(String(100), default="")
    question: Mapped[str] = mapped_column(String(100))
    answer: Mapped[Any | None]
    marks: Mapped[list[Any]] = mapped_column(default=list)
    adopted_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class CommentRow(Base):
    """Something said about a trace, a step of one, or a pair, to be answered; a thread is resolved at its first."""

    __tablename__ = "comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[int | None] = reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    pair_id: Mapped[int | None] = reference("pair.id")
    reply_to: Mapped[int | None] = reference("comment.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolved_at: Mapped[datetime | None]


class BulkRow(Base):
    """One time that somebody gave all runs of a filter the same answers; `n` of them, until `undone_at`."""

    __tablename__ = "bulk"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schema_id: Mapped[int] = mapped_column(ForeignKey("label_schema.id"))
    filter: Mapped[dict[str, Any]]
    answers: Mapped[dict[str, Any]]
    n: Mapped[int]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class SavedFilterRow(Base):
    """A filter of a page under a name; a shared one is everybody's to use."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("person_id", "page", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    page: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    params: Mapped[dict[str, Any]]
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class AnswerWordRow(Base):
    """A word that raters answered a question with, and the answer that it is counted as in agreement."""

    __tablename__ = "answer_word"
    schema_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    question: Mapped[str] = mapped_column(String(100), primary_key=True)
    word: Mapped[str] = mapped_column(String(200), primary_key=True)
    means: Mapped[str] = mapped_column(String(200))


class RetractionRow(Base):
    """What a lead has taken back: a reviewer, a run or a version of a guideline (`target` is its row id)."""

    __tablename__ = "retraction"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class RetractedRow(Base):
    """A row that a retraction changed or took away, and how it was, so that an undo brings exactly that back."""

    __tablename__ = "retracted"
    retraction_id: Mapped[int] = mapped_column(ForeignKey("retraction.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    row_id: Mapped[int] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]
