"""Webhooks that hold nothing but receipts, so that customers' messages need not wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UNPROCESSED = sa.text("processed_at IS NULL")


def upgrade():
    op.add_column(
        "webhook_payloads",
        sa.Column("only_receipts", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_webhook_payloads_waiting",
        "webhook_payloads",
        ["account_id", "only_receipts", "id"],
        postgresql_where=UNPROCESSED,
        sqlite_where=UNPROCESSED,
    )
    op.drop_index("ix_webhook_payloads_unprocessed", "webhook_payloads")


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
