"""lessons that help: approvals, relations, scope and validity; what became of each lesson that fitted a recall"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime

revision = "0005"
down_revision = "0004"
BATCH = 500


def upgrade() -> None:
    _make_tables()
    with op.batch_alter_table("lesson") as lesson:
        lesson.add_column(sa.Column("tags", sa.String(length=300), nullable=False, server_default=""))
        lesson.add_column(sa.Column("valid_until", sa.String(length=10), nullable=False, server_default=""))
    _spread_recalls()
    with op.batch_alter_table("recall") as recall:
        recall.drop_column("lessons")
        recall.add_column(sa.Column("tool", sa.String(length=200), nullable=False, server_default=""))


def _make_tables() -> None:
    op.create_table(
        "lesson_approval",
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_approval_lesson_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_approval_person_id")),
        sa.PrimaryKeyConstraint("lesson_id", "person_id", "words", name=op.f("pk_lesson_approval")),
    )
    op.create_table(
        "lesson_relation",
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_relation_lesson_id")),
        sa.ForeignKeyConstraint(["other_id"], ["lesson.id"], name=op.f("fk_lesson_relation_other_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_relation_person_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["person.id"], name=op.f("fk_lesson_relation_settled_by")),
        sa.PrimaryKeyConstraint("lesson_id", "other_id", name=op.f("pk_lesson_relation")),
    )
    with op.batch_alter_table("lesson_relation") as relation:
        relation.create_index(relation.f("ix_lesson_relation_other_id"), ["other_id"])
    op.create_table(
        "retraction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_retraction_person_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_retraction_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraction")),
    )
    op.create_table(
        "retracted",
        sa.Column("retraction_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["retraction_id"], ["retraction.id"], name=op.f("fk_retracted_retraction_id")),
        sa.PrimaryKeyConstraint("retraction_id", "kind", "row_id", name=op.f("pk_retracted")),
    )
    op.create_table(
        "recall_lesson",
        sa.Column("recall_id", sa.Integer(), nullable=False),
        sa.Column("lesson_uid", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("fate", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recall.id"], name=op.f("fk_recall_lesson_recall_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recall_id", "lesson_uid", name=op.f("pk_recall_lesson")),
    )
    with op.batch_alter_table("recall_lesson") as fitted:
        fitted.create_index(fitted.f("ix_recall_lesson_lesson_uid"), ["lesson_uid"])


def _spread_recalls() -> None:
    """The lessons of a recall become rows of their own; older ones named a lesson of ours by its row id."""
    connection = op.get_bind()
    lessons = sa.table("lesson", sa.column("id", sa.Integer), sa.column("uid", sa.String))
    uids = {str(row): uid for row, uid in connection.execute(sa.select(lessons.c.id, lessons.c.uid))}
    recalls = sa.table(
        "recall", sa.column("id", sa.Integer), sa.column("lessons", sa.JSON), sa.column("arm", sa.String)
    )
    fitted = sa.table(
        "recall_lesson", *(sa.column(name) for name in ("recall_id", "lesson_uid", "revision", "score", "fate"))
    )
    last = 0
    while True:
        query = sa.select(recalls).where(recalls.c.id > last).order_by(recalls.c.id).limit(BATCH)
        some = connection.execute(query).all()
        if not some:
            return
        rows: list[dict[str, Any]] = []
        for row in some:
            said = {uids.get(str(one["id"]), str(one["id"]))[:64]: one for one in row.lessons}
            rows += [
                {
                    "recall_id": row.id,
                    "lesson_uid": uid,
                    "revision": int(one.get("revision") or 1),
                    "score": float(one.get("score") or 0),
                    "fate": "given" if one.get("given") else "control" if row.arm == "control" else "not given",
                }
                for uid, one in said.items()
            ]
        if rows:
            connection.execute(fitted.insert(), rows)
        last = some[-1].id
