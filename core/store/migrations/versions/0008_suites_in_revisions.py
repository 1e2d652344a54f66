"""suites in revisions, with tags, difficulty and known good outcomes; each opening of a holdout is kept"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("suite") as suite:
        suite.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        suite.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        suite.drop_constraint("uq_suite_name", type_="unique")
        suite.create_unique_constraint(op.f("uq_suite_name_revision"), ["name", "revision"])
    with op.batch_alter_table("suite_case") as case:
        case.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
        case.add_column(sa.Column("difficulty", sa.String(length=40), nullable=False, server_default=""))
        case.add_column(sa.Column("expected", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "suite_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("suite_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("base", sa.String(length=300), nullable=False),
        sa.Column("candidate", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_suite_opening_person_id")),
        sa.ForeignKeyConstraint(["suite_id"], ["suite.id"], name=op.f("fk_suite_opening_suite_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suite_opening")),
    )
    op.create_index(op.f("ix_suite_opening_suite_id"), "suite_opening", ["suite_id"])
