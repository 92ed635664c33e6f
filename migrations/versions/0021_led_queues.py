"""Which queues a supervisor leads, all of them unless said otherwise; and when an alarm rule was
deleted whose last mail is still to be written."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.add_column(
        "users", sa.Column("leads_all", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "led_queues",
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("queue_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "queue_id"),
    )
    op.create_index("ix_led_queues_queue_id", "led_queues", ["queue_id"])
    op.add_column("alarm_rules", sa.Column("deleted_at", sa.DateTime(timezone=True)))


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
