"""spans arrive over time: open traces, deliveries, refusals, intake; steps numbered by their trace; results, prices"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime
from core.store.text_search import CREATE

revision = "0002"
down_revision = "0001"

EPOCH = "1970-01-01 00:00:00"


def upgrade() -> None:
    _change_traces()
    _change_steps()
    op.add_column("signal", sa.Column("replaced_at", UtcTime(), nullable=True))
    counts = {"sqlite_where": sa.text("replaced_at IS NULL"), "postgresql_where": sa.text("replaced_at IS NULL")}
    op.create_index("ix_signal_name_trace", "signal", ["name", "trace_id", "success"], **counts)
    op.create_index("ix_signal_created_at", "signal", ["created_at"])
    _make_the_doors()
    _make_results()
    op.create_table(
        "price",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("input", sa.Float(), nullable=False),
        sa.Column("output", sa.Float(), nullable=False),
        sa.Column("cached", sa.Float(), nullable=True),
        sa.Column("cache_write", sa.Float(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint("model", "since", name=op.f("uq_price_model_since")),
    )
    op.create_table(
        "policy",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "agent", name=op.f("pk_policy")),
    )


def _change_traces() -> None:
    """What is there came from files: closed when it arrived. The text index is made anew, with the steps' new ids."""
    new = (
        sa.Column("last_arrival_at", UtcTime(), nullable=False, server_default=EPOCH),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("root_ended", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("n_indexed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_unpriced", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tokens_cached", sa.Integer(), nullable=True),
        sa.Column("redactions", sa.JSON(), nullable=False, server_default="{}"),
    )
    for column in new:
        op.add_column("trace", column)
    op.execute("UPDATE trace SET last_arrival_at = arrived_at, closed_at = arrived_at")
    for name, columns, only in (
        ("ix_trace_open", ["last_arrival_at"], "closed_at IS NULL"),
        ("ix_trace_unindexed", ["id"], "n_indexed < n_steps"),
        ("ix_trace_user", ["user"], None),
    ):
        where = sa.text(only) if only else None
        op.create_index(name, "trace", columns, sqlite_where=where, postgresql_where=where)


def _change_steps() -> None:
    """A step's id becomes its trace's, shifted by 20 bits, plus its place; first below zero, where no id is taken."""
    with op.batch_alter_table("step") as step:
        step.alter_column("id", existing_type=sa.Integer(), type_=sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
        step.drop_constraint("uq_step_trace_id_position", type_="unique")
        step.add_column(sa.Column("tokens_cached", sa.Integer(), nullable=True))
        step.add_column(sa.Column("cost_from", sa.String(length=40), nullable=False, server_default=""))
        step.create_index("ix_step_position", ["trace_id", "position"])
    op.execute("UPDATE step SET id = -(CAST(trace_id AS BIGINT) * 1048576 + position)")
    op.execute("UPDATE step SET id = -id")
    op.execute("DROP TABLE step_text")
    for statement in CREATE[op.get_bind().dialect.name]:
        op.execute(statement)


def _make_the_doors() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("redactions", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("record", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=100), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("replayed_at", UtcTime(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_index("ix_refusal_at", "refusal", ["at"])
    op.create_table(
        "intake",
        sa.Column("minute", UtcTime(), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("redacted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "door", "agent", name=op.f("pk_intake")),
    )


def _make_results() -> None:
    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_result_task_id")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_result_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
        sa.UniqueConstraint("key", name=op.f("uq_result_key")),
    )
    op.create_index("ix_result_version_task", "result", ["version_id", "task_id"])
    op.create_index("ix_result_task_id", "result", ["task_id"])
    op.create_table(
        "aggregate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("benchmark", sa.String(length=200), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("date", UtcTime(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_aggregate_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aggregate")),
        sa.UniqueConstraint("key", name=op.f("uq_aggregate_key")),
    )
    op.create_index("ix_aggregate_version_id", "aggregate", ["version_id"])
