"""the first schema"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime
from core.store.text_search import CREATE

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("name", name=op.f("uq_agent_name")),
    )
    op.create_table(
        "dataset_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_version")),
        sa.UniqueConstraint("dataset", "number", name=op.f("uq_dataset_version_dataset_number")),
    )
    op.create_table(
        "import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=100), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("rejected", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
    )
    op.create_table(
        "label_schema",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("guidelines", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_schema")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_label_schema_key_version")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("name", name=op.f("uq_person_name")),
    )
    op.create_table(
        "recall",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("run_key", sa.String(length=200), nullable=False),
        sa.Column("trace_uid", sa.String(length=200), nullable=False),
        sa.Column("session", sa.String(length=200), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=300), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("arm", sa.String(length=10), nullable=False),
        sa.Column("lessons", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("uid", name=op.f("uq_recall_uid")),
    )
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_recall_run_key"), ["run_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_recall_trace_uid"), ["trace_uid"], unique=False)

    op.create_table(
        "suite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("frozen_at", UtcTime(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suite")),
        sa.UniqueConstraint("name", name=op.f("uq_suite_name")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("definition", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.Column("split", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("key", name=op.f("uq_task_key")),
    )
    op.create_table(
        "lesson",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("indexed_revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("when", sa.Text(), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("avoid", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("tool", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_lesson_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
        sa.UniqueConstraint("uid", name=op.f("uq_lesson_uid")),
    )
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.create_index("ix_lesson_outbox", ["revision", "indexed_revision"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_state"), ["state"], unique=False)

    op.create_table(
        "queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("schema_id", sa.Integer(), nullable=True),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["schema_id"], ["label_schema.id"], name=op.f("fk_queue_schema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("name", name=op.f("uq_queue_name")),
    )
    op.create_table(
        "suite_case",
        sa.Column("suite_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["suite_id"], ["suite.id"], name=op.f("fk_suite_case_suite_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_suite_case_task_id")),
        sa.PrimaryKeyConstraint("suite_id", "task_id", name=op.f("pk_suite_case")),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("date", UtcTime(), nullable=True),
        sa.Column("date_set", sa.Boolean(), nullable=False),
        sa.Column("base_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_version_agent_id")),
        sa.ForeignKeyConstraint(["base_id"], ["version.id"], name=op.f("fk_version_base_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
        sa.UniqueConstraint("agent_id", "name", name=op.f("uq_version_agent_id_name")),
    )
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "lesson_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_revision_lesson_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_revision_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_revision")),
        sa.UniqueConstraint("lesson_id", "revision", name=op.f("uq_lesson_revision_lesson_id_revision")),
    )
    op.create_table(
        "trace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("session", sa.String(length=200), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("arrived_at", UtcTime(), nullable=False),
        sa.Column("time_known", sa.Boolean(), nullable=False),
        sa.Column("n_steps", sa.Integer(), nullable=False),
        sa.Column("n_errors", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_from", sa.String(length=40), nullable=False),
        sa.Column("n_annotations", sa.Integer(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_trace_agent_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_trace_task_id")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_trace_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
        sa.UniqueConstraint("uid", name=op.f("uq_trace_uid")),
    )
    with op.batch_alter_table("trace", schema=None) as batch_op:
        batch_op.create_index("ix_trace_agent_started", ["agent_id", "started_at", "id"], unique=False)
        batch_op.create_index("ix_trace_labelled_started", ["n_annotations", "started_at", "id"], unique=False)
        batch_op.create_index("ix_trace_outcome_started", ["outcome", "started_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trace_session"), ["session"], unique=False)
        batch_op.create_index("ix_trace_started", ["started_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trace_task_id"), ["task_id"], unique=False)
        batch_op.create_index("ix_trace_version_started", ["version_id", "started_at", "id"], unique=False)

    op.create_table(
        "pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("text_a", sa.Text(), nullable=False),
        sa.Column("text_b", sa.Text(), nullable=False),
        sa.Column("trace_a_id", sa.Integer(), nullable=True),
        sa.Column("trace_b_id", sa.Integer(), nullable=True),
        sa.Column("name_a", sa.Text(), nullable=False),
        sa.Column("name_b", sa.Text(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_pair_task_id")),
        sa.ForeignKeyConstraint(["trace_a_id"], ["trace.id"], name=op.f("fk_pair_trace_a_id")),
        sa.ForeignKeyConstraint(["trace_b_id"], ["trace.id"], name=op.f("fk_pair_trace_b_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
        sa.UniqueConstraint("uid", name=op.f("uq_pair_uid")),
    )
    with op.batch_alter_table("pair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pair_task_id"), ["task_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pair_trace_a_id"), ["trace_a_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pair_trace_b_id"), ["trace_b_id"], unique=False)

    op.create_table(
        "signal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("trace_uid", sa.String(length=200), nullable=False),
        sa.Column("step_uid", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_signal_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        sa.UniqueConstraint("key", name=op.f("uq_signal_key")),
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signal_trace_id"), ["trace_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_signal_trace_uid"), ["trace_uid"], unique=False)

    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("parent_uid", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_step_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint("trace_id", "position", name=op.f("uq_step_trace_id_position")),
        sa.UniqueConstraint("trace_id", "uid", name=op.f("uq_step_trace_id_uid")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("n_done", sa.Integer(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_item_pair_id")),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_item_queue_id")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_item_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("queue_id", "pair_id", name=op.f("uq_item_queue_id_pair_id")),
        sa.UniqueConstraint("queue_id", "trace_id", name=op.f("uq_item_queue_id_trace_id")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index("ix_item_next", ["queue_id", "state", "rank", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_pair_id"), ["pair_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_trace_id"), ["trace_id"], unique=False)

    op.create_table(
        "annotation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("schema_id", sa.Integer(), nullable=False),
        sa.Column("schema_key", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_annotation_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_annotation_person_id")),
        sa.ForeignKeyConstraint(["schema_id"], ["label_schema.id"], name=op.f("fk_annotation_schema_id")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_annotation_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
    )
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_key"), ["key"], unique=False)
        batch_op.create_index("ix_annotation_person_submitted", ["person_id", "submitted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_schema_id"), ["schema_id"], unique=False)
        batch_op.create_index("ix_annotation_trace_current", ["trace_id", "current"], unique=False)
        batch_op.create_index(
            "uq_annotation_current",
            ["trace_id", "person_id", "schema_key"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )

    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("left", sa.String(length=1), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_claim_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("item_id", "person_id", name=op.f("uq_claim_item_id_person_id")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index("ix_claim_person_state", ["person_id", "state"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tab", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_draft_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("item_id", "person_id", name=op.f("uq_draft_item_id_person_id")),
    )
    op.create_table(
        "draft_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("tab", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_draft_copy_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_copy_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_copy")),
    )
    with op.batch_alter_table("draft_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_copy_item_id"), ["item_id"], unique=False)

    op.create_table(
        "preference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("choice", sa.String(length=20), nullable=False),
        sa.Column("left", sa.String(length=1), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_preference_item_id")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_preference_pair_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_preference_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preference")),
    )
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_preference_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_preference_pair_id"), ["pair_id"], unique=False)
        batch_op.create_index("ix_preference_person_submitted", ["person_id", "submitted_at"], unique=False)
        batch_op.create_index(
            "uq_preference_current",
            ["pair_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )

    op.create_table(
        "lesson_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("step_uid", sa.String(length=200), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["annotation_id"], ["annotation.id"], name=op.f("fk_lesson_evidence_annotation_id")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_evidence_lesson_id")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_lesson_evidence_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_evidence")),
    )
    with op.batch_alter_table("lesson_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_evidence_annotation_id"), ["annotation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_evidence_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_evidence_trace_id"), ["trace_id"], unique=False)
    for statement in CREATE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE step_text")
    with op.batch_alter_table("lesson_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_evidence_trace_id"))
        batch_op.drop_index(batch_op.f("ix_lesson_evidence_lesson_id"))
        batch_op.drop_index(batch_op.f("ix_lesson_evidence_annotation_id"))

    op.drop_table("lesson_evidence")
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_preference_current", sqlite_where=sa.text("current"), postgresql_where=sa.text("current")
        )
        batch_op.drop_index("ix_preference_person_submitted")
        batch_op.drop_index(batch_op.f("ix_preference_pair_id"))
        batch_op.drop_index(batch_op.f("ix_preference_item_id"))

    op.drop_table("preference")
    with op.batch_alter_table("draft_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_copy_item_id"))

    op.drop_table("draft_copy")
    op.drop_table("draft")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_person_state")

    op.drop_table("claim")
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_annotation_current", sqlite_where=sa.text("current"), postgresql_where=sa.text("current")
        )
        batch_op.drop_index("ix_annotation_trace_current")
        batch_op.drop_index(batch_op.f("ix_annotation_schema_id"))
        batch_op.drop_index("ix_annotation_person_submitted")
        batch_op.drop_index(batch_op.f("ix_annotation_key"))
        batch_op.drop_index(batch_op.f("ix_annotation_item_id"))

    op.drop_table("annotation")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_trace_id"))
        batch_op.drop_index(batch_op.f("ix_item_pair_id"))
        batch_op.drop_index("ix_item_next")

    op.drop_table("item")
    op.drop_table("step")
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signal_trace_uid"))
        batch_op.drop_index(batch_op.f("ix_signal_trace_id"))

    op.drop_table("signal")
    with op.batch_alter_table("pair", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pair_trace_b_id"))
        batch_op.drop_index(batch_op.f("ix_pair_trace_a_id"))
        batch_op.drop_index(batch_op.f("ix_pair_task_id"))

    op.drop_table("pair")
    with op.batch_alter_table("trace", schema=None) as batch_op:
        batch_op.drop_index("ix_trace_version_started")
        batch_op.drop_index(batch_op.f("ix_trace_task_id"))
        batch_op.drop_index("ix_trace_started")
        batch_op.drop_index(batch_op.f("ix_trace_session"))
        batch_op.drop_index("ix_trace_outcome_started")
        batch_op.drop_index("ix_trace_labelled_started")
        batch_op.drop_index("ix_trace_agent_started")

    op.drop_table("trace")
    op.drop_table("lesson_revision")
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_agent_id"))

    op.drop_table("version")
    op.drop_table("suite_case")
    op.drop_table("queue")
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_state"))
        batch_op.drop_index("ix_lesson_outbox")

    op.drop_table("lesson")
    op.drop_table("task")
    op.drop_table("suite")
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recall_trace_uid"))
        batch_op.drop_index(batch_op.f("ix_recall_run_key"))
        batch_op.drop_index(batch_op.f("ix_recall_at"))

    op.drop_table("recall")
    op.drop_table("person")
    op.drop_table("label_schema")
    op.drop_table("import")
    op.drop_table("dataset_version")
    op.drop_table("agent")
