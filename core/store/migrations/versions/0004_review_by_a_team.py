"""review by a team: queues with people, order and control items; schemas as data; rankings, resolutions, comments"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _make_tables()
    _change_tables()
    _change_schemas()


def _make_tables() -> None:
    op.create_table(
        "answer_word",
        sa.Column("schema_key", sa.String(length=100), nullable=False),
        sa.Column("question", sa.String(length=100), nullable=False),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("means", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("schema_key", "question", "word", name=op.f("pk_answer_word")),
    )
    op.create_table(
        "ranking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_ranking_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking")),
        sa.UniqueConstraint("uid", name=op.f("uq_ranking_uid")),
    )
    with op.batch_alter_table("ranking") as ranking:
        ranking.create_index(ranking.f("ix_ranking_task_id"), ["task_id"])

    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("person_id", "page", "name", name=op.f("uq_saved_filter_person_id_page_name")),
    )
    op.create_table(
        "bulk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("schema_id", sa.Integer(), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulk_person_id")),
        sa.ForeignKeyConstraint(["schema_id"], ["label_schema.id"], name=op.f("fk_bulk_schema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk")),
    )
    op.create_table(
        "candidate",
        sa.Column("ranking_id", sa.Integer(), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("step_uid", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name=op.f("fk_candidate_ranking_id")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_candidate_trace_id")),
        sa.PrimaryKeyConstraint("ranking_id", "letter", name=op.f("pk_candidate")),
    )
    with op.batch_alter_table("candidate") as candidate:
        candidate.create_index(candidate.f("ix_candidate_trace_id"), ["trace_id"])

    op.create_table(
        "queue_person",
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_queue_person_person_id")),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_queue_person_queue_id")),
        sa.PrimaryKeyConstraint("queue_id", "person_id", name=op.f("pk_queue_person")),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("step_uid", sa.String(length=200), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("resolved_by", sa.Integer(), nullable=True),
        sa.Column("resolved_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_comment_pair_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comment_person_id")),
        sa.ForeignKeyConstraint(["reply_to"], ["comment.id"], name=op.f("fk_comment_reply_to")),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"], name=op.f("fk_comment_resolved_by")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_comment_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment") as comment:
        comment.create_index(comment.f("ix_comment_pair_id"), ["pair_id"])
        comment.create_index(comment.f("ix_comment_reply_to"), ["reply_to"])
        comment.create_index(comment.f("ix_comment_trace_id"), ["trace_id"])

    op.create_table(
        "resolution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("step_uid", sa.String(length=200), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("ranking_id", sa.Integer(), nullable=True),
        sa.Column("part_of", sa.Integer(), nullable=True),
        sa.Column("schema_id", sa.Integer(), nullable=True),
        sa.Column("schema_key", sa.String(length=100), nullable=False),
        sa.Column("question", sa.String(length=100), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("adopted_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_resolution_pair_id")),
        sa.ForeignKeyConstraint(["part_of"], ["resolution.id"], name=op.f("fk_resolution_part_of")),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name=op.f("fk_resolution_ranking_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_resolution_person_id")),
        sa.ForeignKeyConstraint(["schema_id"], ["label_schema.id"], name=op.f("fk_resolution_schema_id")),
        sa.ForeignKeyConstraint(["trace_id"], ["trace.id"], name=op.f("fk_resolution_trace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolution")),
    )
    with op.batch_alter_table("resolution") as resolution:
        resolution.create_index(resolution.f("ix_resolution_pair_id"), ["pair_id"])
        resolution.create_index(resolution.f("ix_resolution_part_of"), ["part_of"])
        resolution.create_index(resolution.f("ix_resolution_ranking_id"), ["ranking_id"])
        resolution.create_index(
            "uq_resolution_ranking_current",
            ["ranking_id", "question"],
            unique=True,
            sqlite_where=sa.text("current AND ranking_id IS NOT NULL"),
            postgresql_where=sa.text("current AND ranking_id IS NOT NULL"),
        )
        resolution.create_index(resolution.f("ix_resolution_trace_id"), ["trace_id"])
        resolution.create_index(
            "uq_resolution_pair_current",
            ["pair_id", "question"],
            unique=True,
            sqlite_where=sa.text("current AND pair_id IS NOT NULL"),
            postgresql_where=sa.text("current AND pair_id IS NOT NULL"),
        )
        resolution.create_index(
            "uq_resolution_trace_current",
            ["trace_id", "step_uid", "schema_key", "question"],
            unique=True,
            sqlite_where=sa.text("current AND trace_id IS NOT NULL"),
            postgresql_where=sa.text("current AND trace_id IS NOT NULL"),
        )

    op.create_table(
        "ranking_given",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ranking_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("schema_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("adopted_by", sa.Integer(), nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("shown", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["adopted_by"], ["person.id"], name=op.f("fk_ranking_given_adopted_by")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_ranking_given_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ranking_given_person_id")),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name=op.f("fk_ranking_given_ranking_id")),
        sa.ForeignKeyConstraint(["schema_id"], ["label_schema.id"], name=op.f("fk_ranking_given_schema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_given")),
    )
    with op.batch_alter_table("ranking_given") as ranking_given:
        ranking_given.create_index(ranking_given.f("ix_ranking_given_item_id"), ["item_id"])
        ranking_given.create_index(
            "uq_ranking_given_current",
            ["ranking_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )


def _change_tables() -> None:
    with op.batch_alter_table("annotation") as annotation:
        annotation.add_column(sa.Column("step_uid", sa.String(length=200), nullable=False, server_default=""))
        annotation.add_column(sa.Column("place", sa.String(length=10), nullable=False, server_default=""))
        annotation.add_column(sa.Column("adopted_by", sa.Integer(), nullable=True))
        annotation.add_column(sa.Column("bulk_id", sa.Integer(), nullable=True))
        annotation.drop_index(annotation.f("uq_annotation_current"), sqlite_where=sa.text("current"))
        annotation.create_index(
            "uq_annotation_current",
            ["trace_id", "step_uid", "person_id", "schema_key"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )
        annotation.create_index(annotation.f("ix_annotation_bulk_id"), ["bulk_id"])
        annotation.create_foreign_key(annotation.f("fk_annotation_adopted_by"), "person", ["adopted_by"], ["id"])
        annotation.create_foreign_key(annotation.f("fk_annotation_bulk_id"), "bulk", ["bulk_id"], ["id"])

    with op.batch_alter_table("claim") as claim:
        claim.add_column(sa.Column("schema_id", sa.Integer(), nullable=True))
        claim.add_column(sa.Column("discard", sa.Boolean(), nullable=False, server_default=sa.false()))
        claim.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
        claim.alter_column(
            "left", existing_type=sa.VARCHAR(length=1), type_=sa.String(length=10), existing_nullable=False
        )
        claim.create_foreign_key(claim.f("fk_claim_schema_id"), "label_schema", ["schema_id"], ["id"])

    with op.batch_alter_table("item") as item:
        item.add_column(sa.Column("step_uid", sa.String(length=200), nullable=False, server_default=""))
        item.add_column(sa.Column("ranking_id", sa.Integer(), nullable=True))
        item.add_column(sa.Column("gold", sa.JSON(none_as_null=True), nullable=True))
        item.add_column(sa.Column("repeat_of", sa.Integer(), nullable=True))
        item.add_column(sa.Column("for_person", sa.Integer(), nullable=False, server_default="0"))
        item.add_column(sa.Column("discarded_by", sa.Integer(), nullable=True))
        item.add_column(sa.Column("discard_reason", sa.Text(), nullable=False, server_default=""))
        item.drop_constraint(item.f("uq_item_queue_id_pair_id"), type_="unique")
        item.drop_constraint(item.f("uq_item_queue_id_trace_id"), type_="unique")
        item.create_index(item.f("ix_item_ranking_id"), ["ranking_id"])
        item.create_index(item.f("ix_item_repeat_of"), ["repeat_of"])
        item.create_unique_constraint(
            item.f("uq_item_queue_id_pair_id_for_person"), ["queue_id", "pair_id", "for_person"]
        )
        item.create_unique_constraint(
            item.f("uq_item_queue_id_ranking_id_for_person"), ["queue_id", "ranking_id", "for_person"]
        )
        item.create_unique_constraint(
            item.f("uq_item_queue_id_trace_id_step_uid_for_person"), ["queue_id", "trace_id", "step_uid", "for_person"]
        )
        item.create_foreign_key(item.f("fk_item_repeat_of"), "item", ["repeat_of"], ["id"])
        item.create_foreign_key(item.f("fk_item_ranking_id"), "ranking", ["ranking_id"], ["id"])
        item.create_foreign_key(item.f("fk_item_discarded_by"), "person", ["discarded_by"], ["id"])

    with op.batch_alter_table("label_schema") as label_schema:
        label_schema.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        label_schema.add_column(sa.Column("created_by", sa.Integer(), nullable=True))
        label_schema.add_column(sa.Column("created_at", UtcTime(), nullable=True))
        label_schema.add_column(sa.Column("retired_at", UtcTime(), nullable=True))
        label_schema.create_foreign_key(label_schema.f("fk_label_schema_created_by"), "person", ["created_by"], ["id"])

    with op.batch_alter_table("pair") as pair:
        pair.add_column(sa.Column("step_a", sa.String(length=200), nullable=False, server_default=""))
        pair.add_column(sa.Column("step_b", sa.String(length=200), nullable=False, server_default=""))

    with op.batch_alter_table("preference") as preference:
        preference.add_column(sa.Column("place", sa.String(length=10), nullable=False, server_default=""))
        preference.add_column(sa.Column("adopted_by", sa.Integer(), nullable=True))
        preference.add_column(sa.Column("given_id", sa.Integer(), nullable=True))
        preference.add_column(sa.Column("schema_id", sa.Integer(), nullable=True))
        preference.add_column(sa.Column("answers", sa.JSON(), nullable=False, server_default="{}"))
        preference.create_index(preference.f("ix_preference_given_id"), ["given_id"])
        preference.create_index(preference.f("ix_preference_schema_id"), ["schema_id"])
        preference.create_foreign_key(preference.f("fk_preference_given_id"), "ranking_given", ["given_id"], ["id"])
        preference.create_foreign_key(preference.f("fk_preference_adopted_by"), "person", ["adopted_by"], ["id"])
        preference.create_foreign_key(preference.f("fk_preference_schema_id"), "label_schema", ["schema_id"], ["id"])

    with op.batch_alter_table("queue") as queue:
        queue.add_column(sa.Column("state", sa.String(length=20), nullable=False, server_default="open"))
        queue.add_column(sa.Column("filter", sa.JSON(), nullable=False, server_default="{}"))
        queue.add_column(sa.Column("standing", sa.Boolean(), nullable=False, server_default=sa.false()))
        queue.add_column(sa.Column("order", sa.String(length=20), nullable=False, server_default="random"))
        queue.add_column(sa.Column("seed", sa.Integer(), nullable=False, server_default="0"))
        queue.add_column(sa.Column("ranked_at", UtcTime(), nullable=True))
        queue.add_column(sa.Column("repeat_share", sa.Float(), nullable=False, server_default="0"))
        queue.add_column(sa.Column("gold_share", sa.Float(), nullable=False, server_default="0"))
        queue.add_column(sa.Column("votes_to_discard", sa.Integer(), nullable=False, server_default="0"))
        queue.add_column(sa.Column("created_by", sa.Integer(), nullable=True))
        queue.create_foreign_key(queue.f("fk_queue_created_by"), "person", ["created_by"], ["id"])

    with op.batch_alter_table("trace") as trace:
        trace.add_column(sa.Column("n_embedded", sa.Integer(), nullable=False, server_default="-1"))
        trace.create_index(
            "ix_trace_unembedded",
            ["id"],
            sqlite_where=sa.text("n_embedded <> n_steps"),
            postgresql_where=sa.text("n_embedded <> n_steps"),
        )


QUESTION = {
    "belongs": "either",
    "impact": False,
    "evidence": False,
    "minimum": None,
    "maximum": None,
    "cascade": False,
    "shown_if": None,
}


def _change_schemas() -> None:
    """Options become objects, and questions get the fields that are new."""
    schemas = sa.table("label_schema", sa.column("id", sa.Integer), sa.column("questions", sa.JSON))
    connection = op.get_bind()
    for row, questions in connection.execute(sa.select(schemas.c.id, schemas.c.questions)).all():
        for question in questions:
            named = ("value", "label", "definition")
            question["options"] = [
                dict(zip(named, option, strict=True)) | {"group": "", "key": ""} for option in question["options"]
            ]
            marked = question["kind"] == "taxonomy"
            question.update(QUESTION | {"impact": marked, "evidence": marked})
        connection.execute(schemas.update().where(schemas.c.id == row).values(questions=questions))
