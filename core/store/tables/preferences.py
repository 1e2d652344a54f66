"""Pairs of candidate answers, and which side people prefer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables.base import Base, reference


class PairRow(Base):
    """Two candidate answers to one task: texts, or whole runs, or (`step_a`, `step_b`) single steps of them."""

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
    step_a: Mapped[str] = mapped_column(String(200), default="")
    step_b: Mapped[str] = mapped_column(String(200), default="")
    name_a: Mapped[str] = mapped_column(Text, default="")
    name_b: Mapped[str] = mapped_column(Text, default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class PreferenceRow(Base):
    """One submission (or edit, or withdrawal) by one person on one pair.

    `place` says why one that is not `current` stands apart (see AnnotationRow); `given_id` is the ranking that it was
    part of. `answers` are those to the questions of the queue's schema, among them the tags of the reason.
    """

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
    place: Mapped[str] = mapped_column(String(10), default="")
    adopted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    given_id: Mapped[int | None] = reference("ranking_given.id")
    schema_id: Mapped[int | None] = reference("label_schema.id")
    blind: Mapped[bool] = mapped_column(default=False)
    choice: Mapped[str] = mapped_column(String(20))
    left: Mapped[str] = mapped_column(String(1), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    confidence: Mapped[int | None]
    active_seconds: Mapped[float | None] = mapped_column(Float)
    submitted_at: Mapped[datetime]


class RankingRow(Base):
    """Two to six candidate answers to one task, to be put in order."""

    __tablename__ = "ranking"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(String(100))
    task_id: Mapped[int | None] = reference("task.id")
    prompt: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class CandidateRow(Base):
    """One of the answers that a ranking puts in order: a text, a whole run, or (`step_uid`) a step of it."""

    __tablename__ = "candidate"
    ranking_id: Mapped[int] = mapped_column(ForeignKey("ranking.id"), primary_key=True)
    letter: Mapped[str] = mapped_column(String(1), primary_key=True)
    trace_id: Mapped[int | None] = reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text, default="")


class RankingGivenRow(Base):
    """One person's order of the candidates (or its edit, or withdrawal); `order` is tiers of letters, the best first.

    What it says of each two candidates stands as a preference on their pair.
    """

    __tablename__ = "ranking_given"
    __table_args__ = (
        Index(
            "uq_ranking_given_current",
            "ranking_id",
            "person_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ranking_id: Mapped[int] = mapped_column(ForeignKey("ranking.id"))
    item_id: Mapped[int | None] = reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schema_id: Mapped[int | None] = mapped_column(ForeignKey("label_schema.id"))
    revision: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str] = mapped_column(String(10), default="")
    adopted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    blind: Mapped[bool] = mapped_column(default=False)
    order: Mapped[list[Any]]
    shown: Mapped[str] = mapped_column(String(10), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active_seconds: Mapped[float | None] = mapped_column(Float)
    submitted_at: Mapped[datetime]
