"""guards as they stand, whose alarms are told once; weeks added up"""

import sqlalchemy as sa
from alembic import op

from core.store.tables import UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "guard",
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=False),
        sa.Column("telling_at", UtcTime(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "name", name=op.f("pk_guard")),
    )
    op.create_table(
        "week_rollup",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.String(length=10), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "week", name=op.f("pk_week_rollup")),
    )
