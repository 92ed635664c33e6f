"""Opt-outs that outlive an erasure: a keyed hash of each number, and of nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "erased_opt_outs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_opt_outs")),
    )
    op.create_index(op.f("ix_erased_opt_outs_person"), "erased_opt_outs", ["person"])


def downgrade():
    op.drop_table("erased_opt_outs")
