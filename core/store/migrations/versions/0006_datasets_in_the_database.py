"""dataset versions in the database: their files as compressed parts, no folder; one that is being made has no number"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("dataset_version") as version:
        version.alter_column("number", existing_type=sa.Integer(), nullable=True)
        version.drop_column("folder")
    op.create_table(
        "dataset_part",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["dataset_version.id"], name=op.f("fk_dataset_part_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "file", "part", name=op.f("pk_dataset_part")),
    )
