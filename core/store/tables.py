"""The tables. What a person said is append-only: an edit is a new row, and `current` moves to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The metadata, with names for every constraint so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTime, dict[str, Any]: JSON, list[Any]: JSON, Any: JSON(none_as_null=True)}


def _reference(target: str) -> Any:
    return mapped_column(ForeignKey(target), index=True)


class PersonRow(Base):
    """Somebody who may act or has labelled; machines too, told apart by their role."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


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
    agent_id: Mapped[int] = _reference("agent.id")
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


class TraceRow(Base):
    """One run, with what lists and charts need of it kept beside it (see core.store.traces).

    It is open until `closed_at`; `changed_at` is when the last step came after that. The first `n_indexed` of its
    steps, as they came, are in the text index. `n_unpriced` model calls have tokens and no known price.
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
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(String(100))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    task_id: Mapped[int | None] = _reference("task.id")
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
    trace_id: Mapped[int | None] = _reference("trace.id")
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
    trace_id: Mapped[int | None] = _reference("trace.id")
    pair_id: Mapped[int | None] = _reference("pair.id")
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
    item_id: Mapped[int] = _reference("item.id")
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
    item_id: Mapped[int | None] = _reference("item.id")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schema_id: Mapped[int] = _reference("label_schema.id")
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


class PairRow(Base):
    """Two candidate answers to one task."""

    __tablename__ = "pair"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(String(100))
    task_id: Mapped[int | None] = _reference("task.id")
    prompt: Mapped[str] = mapped_column(Text)
    text_a: Mapped[str] = mapped_column(Text, default="")
    text_b: Mapped[str] = mapped_column(Text, default="")
    trace_a_id: Mapped[int | None] = _reference("trace.id")
    trace_b_id: Mapped[int | None] = _reference("trace.id")
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
    pair_id: Mapped[int] = _reference("pair.id")
    item_id: Mapped[int | None] = _reference("item.id")
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
    lesson_id: Mapped[int] = _reference("lesson.id")
    trace_id: Mapped[int] = _reference("trace.id")
    step_uid: Mapped[str] = mapped_column(String(200), default="")
    annotation_id: Mapped[int | None] = _reference("annotation.id")


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


class SuiteRow(Base):
    """A fixed evaluation set; frozen explicitly or at its first comparison."""

    __tablename__ = "suite"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    frozen_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    margin: Mapped[float] = mapped_column(Float, default=0.05)
    created_at: Mapped[datetime]


class SuiteCaseRow(Base):
    """One task in a suite."""

    __tablename__ = "suite_case"
    suite_id: Mapped[int] = mapped_column(ForeignKey("suite.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)


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


class ResultRow(Base):
    """The outcome of a trial of which nothing else was recorded."""

    __tablename__ = "result"
    __table_args__ = (Index("ix_result_version_task", "version_id", "task_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    task_id: Mapped[int] = _reference("task.id")
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
    version_id: Mapped[int] = _reference("version.id")
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


class RemovalRow(Base):
    """One removal: who, when, what kind of thing, why, and how much; never what it was, nor whose."""

    __tablename__ = "removal"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    counts: Mapped[dict[str, Any]]
