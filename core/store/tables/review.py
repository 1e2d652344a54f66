"""People, the questions they are asked, what they said: append-only, an edit is a new row and `current` moves to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
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
    """One version of the questions and guidelines of a queue; never changed once it has been answered.

    `note` says what was changed since the version before. A schema whose versions are all `retired_at` some time is
    offered to no new queue.
    """

    __tablename__ = "label_schema"
    __table_args__ = (UniqueConstraint("key", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    guidelines: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class QueueRow(Base):
    """A set of items to review under one label schema; `subject` is what an item is: trace, step, pair or ranking.

    `filter` is what was put into it, as it was chosen; a `standing` queue takes what comes later and fits, too.
    `ranked_at` is when its items were last put in order. Of what a reviewer is given, `repeat_share` are items of their
    own again, unannounced, and `gold_share` items whose answer is known. With `votes_to_discard` k, k reviewers who
    vote so take an item out; with 0 only a lead does.
    """

    __tablename__ = "queue"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(String(20))
    schema_id: Mapped[int | None] = mapped_column(ForeignKey("label_schema.id"))
    overlap: Mapped[int] = mapped_column(default=1)
    blind: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    filter: Mapped[dict[str, Any]] = mapped_column(default=dict)
    standing: Mapped[bool] = mapped_column(default=False)
    order: Mapped[str] = mapped_column(String(20), default="random")
    seed: Mapped[int] = mapped_column(default=0)
    ranked_at: Mapped[datetime | None]
    repeat_share: Mapped[float] = mapped_column(Float, default=0.0)
    gold_share: Mapped[float] = mapped_column(Float, default=0.0)
    votes_to_discard: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class QueuePersonRow(Base):
    """Somebody who reviews a queue; a queue without any is everybody's."""

    __tablename__ = "queue_person"
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class ItemRow(Base):
    """One thing to review: a trace, a step of one (`step_uid`), a pair or a set of candidates to rank.

    `n_done` counts the people whose answers on it count; `rank` is the order of the queue. `gold` is its known answer
    (question → answer): such an item is given to everybody once. `for_person` (0: everybody) has only this person
    review it, because it is a hidden repeat of the item `repeat_of`.
    """

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("queue_id", "trace_id", "step_uid", "for_person"),
        UniqueConstraint("queue_id", "pair_id", "for_person"),
        UniqueConstraint("queue_id", "ranking_id", "for_person"),
        Index("ix_item_next", "queue_id", "state", "rank", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    trace_id: Mapped[int | None] = reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    pair_id: Mapped[int | None] = reference("pair.id")
    ranking_id: Mapped[int | None] = reference("ranking.id")
    rank: Mapped[float] = mapped_column(Float, default=0.0)
    state: Mapped[str] = mapped_column(String(20), default="open")
    n_done: Mapped[int] = mapped_column(default=0)
    flag: Mapped[str] = mapped_column(Text, default="")
    gold: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    repeat_of: Mapped[int | None] = reference("item.id")
    for_person: Mapped[int] = mapped_column(default=0)
    discarded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    discard_reason: Mapped[str] = mapped_column(Text, default="")


class ClaimRow(Base):
    """One person's hold on one item: claimed, lapsed once others took it, skipped or submitted.

    `left` is how the candidates stood for them: the side on the left ("a" or "b"), or all in order ("cab").
    `schema_id` is the version of the questions they were given. `discard` says that they vote to take the item out,
    `reason` why.
    """

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("item_id", "person_id"), Index("ix_claim_person_state", "person_id", "state"))
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(20))
    left: Mapped[str] = mapped_column(String(10), default="")
    schema_id: Mapped[int | None] = mapped_column(ForeignKey("label_schema.id"))
    discard: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
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
    """One submission (or edit, or withdrawal) by one person on one trace, or step, under one schema version.

    Only a `current` one counts. What stands apart says why in `place`: a "surplus" answer came when enough others had
    answered, until a lead takes it over (`adopted_by`); a "repeat" is what somebody said of an item they had answered
    before; a "requeued" one was given under guidelines that were changed since; a "retracted" one was taken back
    by a lead (`retraction`). Of answers apart the newest counts.
    """

    __tablename__ = "annotation"
    __table_args__ = (
        Index("ix_annotation_trace_current", "trace_id", "current"),
        Index("ix_annotation_person_submitted", "person_id", "submitted_at"),
        Index(
            "uq_annotation_current",
            "trace_id",
            "step_uid",
            "person_id",
            "schema_key",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[int] = mapped_column(ForeignKey("trace.id"))
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    item_id: Mapped[int | None] = reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schema_id: Mapped[int] = reference("label_schema.id")
    schema_key: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str] = mapped_column(String(10), default="")
    adopted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    bulk_id: Mapped[int | None] = reference("bulk.id")
    blind: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[dict[str, Any]]
    marks: Mapped[list[Any]] = mapped_column(default=list)
    corrections: Mapped[list[Any]] = mapped_column(default=list)
    active_seconds: Mapped[float | None] = mapped_column(Float)
    submitted_at: Mapped[datetime]
    key: Mapped[str] = mapped_column(String(200), default="", index=True)
