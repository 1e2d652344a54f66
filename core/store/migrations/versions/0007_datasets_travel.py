"""what a dataset withholds travels with it; versions that are to be made wait in a line"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "withheld",
        sa.Column("candidate", sa.String(length=500), nullable=False),
        sa.Column("gate", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("candidate", name=op.f("pk_withheld")),
    )
    op.create_table(
        "dataset_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("doing", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("ordered_at", UtcTime(), nullable=False),
        sa.Column("alive_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dataset_order_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_order")),
    )
