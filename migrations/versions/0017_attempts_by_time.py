"""Campaigns' attempts by when they began, for the report that lists them."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "ix_campaign_attempts_started", "campaign_attempts", ["started_at", "recipient_id"]
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
